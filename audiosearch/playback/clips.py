"""A stretch of a recording as a small file."""

import io
import math
from typing import Literal

from audiosearch.decode import decode
from audiosearch.errors import InvalidQueryError, TooLongError
from audiosearch.playback.pcm import pcm_format, to_pcm, wav_header
from audiosearch.seek_table import read_table
from audiosearch.sources import Source
from audiosearch.types import Waveform

ClipFormat = Literal["wav", "ogg"]
MAX_CLIP_S = 300
_CHUNK = 8192  # samples: libsndfile's Vorbis encoder overflows its stack on large chunks


def clip(
    source: Source,
    start_s: float,
    end_s: float,
    format: ClipFormat,
    seek_table: bytes | None = None,
) -> bytes:
    """Cut a stretch out of a recording.

    Parameters
    ----------
    source : Path or bytes
        The recording.
    start_s, end_s : float
        The stretch, in seconds; what lies beyond the recording's end is left out.
    format : {'wav', 'ogg'}
        16-bit PCM, or Vorbis.
    seek_table : bytes, optional
        Of the recording, as the library knows it; see ``SeekTable``.

    Returns
    -------
    bytes
        A file of the recording's own rate and channels, at most 48 kHz and stereo.

    Raises
    ------
    InvalidQueryError
        If the stretch is none, or begins beyond the recording's end.
    TooLongError
        If it is longer than 300 s.
    AudioSearchError
        As of ``decode``.
    """
    if not 0 <= start_s < end_s < math.inf:
        raise InvalidQueryError(
            f"received start: {start_s:g} and end: {end_s:g}, expected seconds, 0 <= start < end"
        )
    if end_s - start_s > MAX_CLIP_S:
        raise TooLongError(
            f"received a stretch of {end_s - start_s:g} s, expected at most {MAX_CLIP_S} s; "
            "ask for parts of it, or for the whole recording's audio"
        )
    pcm = pcm_format(source)
    table = read_table(seek_table)
    waveform = decode(source, pcm.sample_rate, start_s, end_s, channels=pcm.channels, table=table)
    if not len(waveform):
        raise InvalidQueryError(
            f"received start: {start_s:g} and end: {end_s:g}, where the recording has no sample; "
            "expected a stretch before its end"
        )
    if format == "wav":
        return wav_header(pcm, len(waveform)) + to_pcm(waveform)
    return _to_ogg(waveform, pcm.sample_rate)


def _to_ogg(waveform: Waveform, sample_rate: int) -> bytes:
    import soundfile

    data = io.BytesIO()
    channels = 1 if waveform.ndim == 1 else waveform.shape[1]
    with soundfile.SoundFile(
        data, "w", sample_rate, channels, format="OGG", subtype="VORBIS"
    ) as file:
        for first in range(0, len(waveform), _CHUNK):
            file.write(waveform[first : first + _CHUNK])
    return data.getvalue()
