"""Sound as 16-bit PCM, at the rate and channels that it is played with."""

import struct
from dataclasses import dataclass

import numpy as np

from audiosearch.ffmpeg import open_audio
from audiosearch.sources import Source, check_readable, openable
from audiosearch.types import Waveform

MAX_SAMPLE_RATE = 48_000
BYTES_PER_SAMPLE = 2
HEADER_SIZE = 44

_FULL_SCALE = 32_768  # 16-bit files come out as they went in
_PCM = 1  # WAVE_FORMAT_PCM of Microsoft's mmreg.h
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


@dataclass(frozen=True)
class PCMFormat:
    """How PCM is to be read.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    channels : int
        1 or 2.
    """

    sample_rate: int
    channels: int

    @property
    def frame_size(self) -> int:
        """Bytes of a sample of all channels."""
        return BYTES_PER_SAMPLE * self.channels


def pcm_format(source: Source) -> PCMFormat:
    """Give a file's own rate and channels, at most 48 kHz and stereo.

    Raises
    ------
    AudioSearchError
        As of ``decode``.
    """
    import soundfile

    check_readable(source)
    try:
        info = soundfile.info(openable(source))
        sample_rate, channels = info.samplerate, info.channels
    except (soundfile.LibsndfileError, RuntimeError):
        with open_audio(source) as (_, stream):
            sample_rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    return PCMFormat(min(sample_rate, MAX_SAMPLE_RATE), min(channels, 2))


def to_pcm(waveform: Waveform) -> bytes:
    """Turn samples [shape=(n_samples,) or (n_samples, 2)] into 16-bit PCM; louder ones are cut."""
    scaled = np.rint(waveform * np.float32(_FULL_SCALE)).clip(-_FULL_SCALE, _FULL_SCALE - 1)
    data: bytes = scaled.astype("<i2").tobytes()
    return data


def wav_header(format: PCMFormat, n_frames: int) -> bytes:
    """Make the header of a WAV file of so many samples a channel."""
    n_bytes = n_frames * format.frame_size
    return _HEADER.pack(
        b"RIFF",
        HEADER_SIZE - 8 + n_bytes,
        b"WAVE",
        b"fmt ",
        16,  # bytes of what follows, up to the data
        _PCM,
        format.channels,
        format.sample_rate,
        format.sample_rate * format.frame_size,
        format.frame_size,
        8 * BYTES_PER_SAMPLE,
        b"data",
        n_bytes,
    )
