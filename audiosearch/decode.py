"""Decodes a stretch of any audio or video file: by libsndfile, else by FFmpeg."""

import math
import sys

import numpy as np

from audiosearch.errors import AudioDecodeError, InvalidWaveformError, TooShortError
from audiosearch.ffmpeg import read_by_ffmpeg
from audiosearch.resample import resample
from audiosearch.seek_table import SeekTable
from audiosearch.sources import Native, Source, check_readable, mix, name_of, openable
from audiosearch.types import Waveform
from audiosearch.vggish.params import SAMPLE_RATE

MIN_DURATION_S = 0.1
# Samples beside a stretch that the resampler sees, so that it equals the same stretch of the whole.
# A whole second is a whole number of samples at every rate, which keeps the resampler's phase.
_MARGIN_S = 1
# Samples read at once: many channels at a high rate are mixed down before the next are read.
_CHUNK_S = 10


def decode(
    source: Source,
    sample_rate: int = SAMPLE_RATE,
    start_s: float = 0.0,
    end_s: float | None = None,
    res_type: str = "soxr_hq",
    channels: int = 1,
    table: SeekTable | None = None,
) -> Waveform:
    """Decode a stretch of a recording.

    Parameters
    ----------
    source : Path or bytes
        A file that libsndfile reads (wav, flac, ogg, opus, mp3, aiff) or FFmpeg (m4a, wma, and the
        sound of mp4, mkv, webm, mov …), or its bytes.
    sample_rate : int
        The rate wanted, in Hz.
    start_s, end_s : float
        The stretch, in seconds; ``None``: to the end.
    res_type : str
        The resampler; see ``resample``.
    channels : int
        1 or 2; see ``mix``.
    table : SeekTable, optional
        Of the recording; see ``read_native``.

    Returns
    -------
    [shape=(n_samples,) or (n_samples, 2)], float32
        Mono or stereo samples: fewer than asked for where the recording ends before ``end_s``, none
        where it ends before ``start_s``. A stretch equals the same stretch of the whole.

    Raises
    ------
    NotFoundError, UnreadableFileError
        If the file is not there or may not be read.
    AudioDecodeError
        If neither library makes anything of it; ``NoAudioError`` if it has no audio stream.
    InvalidWaveformError
        If a sample is NaN or infinite.
    """
    check_readable(source)
    first_s = max(0, math.floor(start_s) - _MARGIN_S)
    last_s = None if end_s is None else math.ceil(end_s) + _MARGIN_S
    native = read_native(source, first_s, last_s, channels, table)
    if not np.isfinite(native.waveform).all():
        raise InvalidWaveformError(
            f"received {name_of(source)} with NaN or infinite samples, "
            "expected numbers in [-1, 1]; export it again from its source"
        )
    waveform = resample(native.waveform, native.sample_rate, sample_rate, res_type)
    start = round((start_s - first_s) * sample_rate)
    stop = None if end_s is None else start + round((end_s - start_s) * sample_rate)
    return waveform[start:stop]


def check_duration(waveform: Waveform, sample_rate: int) -> None:
    """Raise TooShortError if a sound is shorter than 0.1 s.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        The whole sound.
    sample_rate : int
        In Hz.
    """
    duration_s = waveform.size / sample_rate
    if duration_s < MIN_DURATION_S:
        raise TooShortError(
            f"received {duration_s:.3f} s of audio, expected at least {MIN_DURATION_S} s"
        )


def read_native(
    source: Source,
    first_s: int = 0,
    last_s: int | None = None,
    channels: int = 1,
    table: SeekTable | None = None,
) -> Native:
    """Read by libsndfile, or where it stumbles by FFmpeg, which steps over broken frames.

    Parameters
    ----------
    source : Path or bytes
        A file or its bytes.
    first_s, last_s : int
        The stretch, in whole seconds; ``None``: to the end.
    channels : int
        1 or 2; see ``mix``.
    table : SeekTable, optional
        With one FFmpeg alone reads: it begins near the stretch if the table tells where, and the
        table grows.

    Returns
    -------
    Native
        Its samples at its own rate.
    """
    import soundfile

    if table is not None:
        return read_by_ffmpeg(source, first_s, last_s, channels, table)
    try:
        native, complete = _read_soundfile(source, first_s, last_s, channels)
    except (soundfile.LibsndfileError, RuntimeError):
        return read_by_ffmpeg(source, first_s, last_s, channels)
    if complete:
        return native
    try:
        tolerant = read_by_ffmpeg(source, first_s, last_s, channels)
    except AudioDecodeError:
        return native
    return max(native, tolerant, key=lambda each: len(each.waveform) / each.sample_rate)


def _read_soundfile(
    source: Source, first_s: int, last_s: int | None, channels: int
) -> tuple[Native, bool]:
    """Read by libsndfile, and tell whether all was there that the file's header promises."""
    import soundfile

    with soundfile.SoundFile(openable(source)) as file:
        rate: int = file.samplerate
        file.seek(min(first_s * rate, file.frames))
        # Else soundfile seeks after each read, which costs an MP3 the frames that others lean on.
        file.seekable = lambda: False
        wanted = (sys.maxsize if last_s is None else last_s * rate) - file.tell()
        chunks = [mix(np.empty((0, 1), np.float32), channels)]
        while wanted > 0:
            chunk = file.read(min(wanted, _CHUNK_S * rate), dtype="float32", always_2d=True)
            if not len(chunk):
                break
            chunks.append(mix(chunk, channels))
            wanted -= len(chunk)
        complete = wanted <= 0 or file.tell() >= file.frames
    return Native(np.concatenate(chunks), rate), complete
