"""Tones in stereo, in files of many formats."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.audio_files import write_ffmpeg, write_soundfile
from tests.conftest import sine

SECONDS = 8.0
LEFT_HZ, RIGHT_HZ = 440.0, 660.0

# name: rate, libsndfile's format and subtype
BY_SOUNDFILE = {
    "tones.wav": (44_100, "WAV", "PCM_16"),
    "tones.flac": (96_000, "FLAC", "PCM_24"),
    "tones.mp3": (44_100, "MP3", "MPEG_LAYER_III"),
    "tones.opus": (48_000, "OGG", "OPUS"),
    "tones.ogg": (22_050, "OGG", "VORBIS"),
    "tones.aiff": (32_000, "AIFF", "PCM_16"),
}
# name: rate, FFmpeg's encoder, options
BY_FFMPEG: dict[str, tuple[int, str, dict[str, Any]]] = {
    "tones.m4a": (44_100, "aac", {}),
    "tones.mp4": (48_000, "aac", {"picture": True}),
    "tones.mkv": (44_100, "aac", {}),
    "tones.webm": (48_000, "libopus", {}),
    "tones.aac": (44_100, "aac", {}),
}
FORMATS = [*BY_SOUNDFILE, *BY_FFMPEG]
RATES = {name: each[0] for name, each in (BY_SOUNDFILE | BY_FFMPEG).items()}


def tones(seconds: float, sample_rate: int) -> np.ndarray:
    """Make a tone at the left and another at the right, shape=(n_samples, 2)."""
    return np.stack(
        [sine(seconds, LEFT_HZ, sample_rate), sine(seconds, RIGHT_HZ, sample_rate)], axis=1
    )


def write_tones(folder: Path) -> None:
    """Write them in every format."""
    for name, (rate, container, subtype) in BY_SOUNDFILE.items():
        sound = tones(SECONDS, rate)
        write_soundfile(folder / name, sound, rate, format=container, subtype=subtype)
    for name, (rate, codec, options) in BY_FFMPEG.items():
        write_ffmpeg(folder / name, tones(SECONDS, rate), codec, sample_rate=rate, **options)


def pitch_hz(samples: np.ndarray, sample_rate: int) -> float:
    """Find the loudest frequency of samples [shape=(n_samples,)], by interpolated FFT."""
    spectrum = np.log(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) + 1e-9)
    peak = int(spectrum.argmax())
    below, at, above = spectrum[peak - 1 : peak + 2]
    offset = (below - above) / (2 * (below - 2 * at + above))
    return float((peak + offset) * sample_rate / len(samples))
