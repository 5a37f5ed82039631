"""Reads recordings piece by piece, each once, so that long ones need no more memory than short."""

from collections.abc import Iterator

from audiosearch.decode import decode, read_native
from audiosearch.ffmpeg import open_audio
from audiosearch.seek_table import SeekTable, read_table
from audiosearch.seeking import is_exact
from audiosearch.sources import Native, Source, openable, size_of
from audiosearch.types import Waveform

PIECE_S = 60
SMALL_BYTES = 250_000  # whatever the format, a file of those is decoded in no time
SMALL_MP3_BYTES = 10_000_000  # within so many libsndfile, which is faster, finds a place at once


def decode_block(
    source: Source,
    sample_rate: int,
    start_s: float,
    end_s: float,
    res_type: str,
    seek_table: bytes,
) -> tuple[Waveform, bytes]:
    """Decode the next block of a recording, and learn where in the file it is.

    Parameters
    ----------
    source, sample_rate, start_s, end_s, res_type
        As of ``decode``.
    seek_table : bytes
        What the block before gave; of the first block nothing.

    Returns
    -------
    waveform : [shape=(n_samples,)], float32
        As of ``decode``, to which all blocks together are as the whole.
    seek_table : bytes
        By which ``decode`` finds what was read so far, as of ``SeekTable``; nothing where it is
        found at once, by the format or in a small file.

    Raises
    ------
    AudioSearchError
        As of ``decode``.
    """
    table = read_table(seek_table) if start_s else _new_table(source)
    waveform = decode(source, sample_rate, start_s, end_s, res_type, table=table)
    return waveform, table.to_bytes() if table else b""


def read_pieces(source: Source) -> Iterator[Native]:
    """Read a whole recording in pieces of a minute, at its own rate.

    Raises
    ------
    AudioSearchError
        As of ``decode``.
    """
    table, first_s = _new_table(source), 0
    while True:
        native = read_native(source, first_s, first_s + PIECE_S, table=table)
        yield native
        if len(native.waveform) < PIECE_S * native.sample_rate:
            return
        first_s += PIECE_S


def _new_table(source: Source) -> SeekTable | None:
    """Give an empty table to a long recording whose format does not find its parts by itself.

    libsndfile finds them at once in all formats but long MP3, FFmpeg in MP4.
    """
    import soundfile

    n_bytes = size_of(source)
    if n_bytes < SMALL_BYTES:
        return None
    try:
        with soundfile.SoundFile(openable(source)) as file:
            return SeekTable() if file.format == "MP3" and n_bytes > SMALL_MP3_BYTES else None
    except (soundfile.LibsndfileError, RuntimeError):
        with open_audio(source) as (container, _):
            return None if is_exact(container) else SeekTable()
