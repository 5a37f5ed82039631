"""Writes audio and video files of many formats, so that tests need none of other people's."""

import io
from pathlib import Path

import av
import numpy as np
import soundfile as sf

SAMPLE_RATE = 44_100


def chirp(seconds: float, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Make a tone that rises from 200 to 3000 Hz, shape=(n_samples,), float32."""
    time_s = np.arange(round(seconds * sample_rate)) / sample_rate
    phase = 2 * np.pi * (200 * time_s + (3000 - 200) / (2 * seconds) * time_s**2)
    return (0.5 * np.sin(phase)).astype(np.float32)


def write_soundfile(
    path: Path | io.BytesIO, samples: np.ndarray, sample_rate: int, **options: str
) -> None:
    """Write samples [shape=(n_samples,) or (n_samples, n_channels)] in small chunks.

    libsndfile's Vorbis encoder overflows its stack on large ones.
    """
    n_channels = 1 if samples.ndim == 1 else samples.shape[1]
    with sf.SoundFile(path, "w", sample_rate, n_channels, **options) as file:
        for start in range(0, len(samples), 8192):
            file.write(samples[start : start + 8192])


def write_ffmpeg(
    path: Path,
    samples: np.ndarray,
    codec: str,
    sample_rate: int = SAMPLE_RATE,
    format: str | None = None,
    picture: bool = False,
    picture_codec: str = "mpeg4",
    bit_rate: int = 0,
    **options: str,
) -> None:
    """Write samples [shape=(n_samples,) or (n_samples, 2)] by FFmpeg.

    With a picture track of grey frames where asked for. ``bit_rate`` of the sound is in bits a
    second; 0: as the codec likes.
    """
    planar = np.ascontiguousarray(np.atleast_2d(samples.T))
    layout = "mono" if len(planar) == 1 else "stereo"
    with av.open(str(path), "w", format=format, options=options) as container:
        sound = container.add_stream(codec, rate=sample_rate)
        sound.layout = layout
        sound.bit_rate = bit_rate
        if picture:
            _write_picture(container, len(samples) / sample_rate, picture_codec)
        frame = av.AudioFrame.from_ndarray(planar, format="fltp", layout=layout)
        frame.sample_rate = sample_rate
        frame.pts = 0
        resampler = av.AudioResampler(format=sound.format.name, layout=layout, rate=sample_rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(sound.encode(part))
        container.mux(sound.encode(None))


def write_silent_video(path: Path, seconds: float = 1.0) -> None:
    """Write a video without sound."""
    with av.open(str(path), "w") as container:
        _write_picture(container, seconds)


def _write_picture(
    container: av.container.OutputContainer, seconds: float, codec: str = "mpeg4"
) -> None:
    stream = container.add_stream(codec, rate=10)
    stream.width = stream.height = 32
    stream.pix_fmt = "yuv420p"
    for number in range(round(10 * seconds)):
        grey = np.full((32, 32, 3), (40 + number) % 256, np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, "rgb24")
        frame.pts = number
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
