"""Changes a recording as copies of it are changed: encoded anew, louder, cut, resampled."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import soundfile

from audiosearch.decode import decode
from audiosearch.resample import resample
from audiosearch.types import Waveform
from audiosearch.vggish.params import SAMPLE_RATE

_CHUNK = 8192  # samples: libsndfile's Vorbis encoder overflows its stack on many


def encoded(format: str, rate: int, **options: str | float) -> Callable[[Waveform], Waveform]:
    """Encode and decode; ``options`` as of ``soundfile.SoundFile``."""

    def change(waveform: Waveform) -> Waveform:
        file = io.BytesIO()
        samples = resample(waveform, SAMPLE_RATE, rate)
        with soundfile.SoundFile(file, "w", rate, 1, format=format, **options) as encoder:
            for first in range(0, samples.size, _CHUNK):
                encoder.write(samples[first : first + _CHUNK])
        return decode(file.getvalue())

    return change


def mp3(kilobits: int) -> Callable[[Waveform], Waveform]:
    """Encode as MP3 of a constant bit rate."""
    level = (320 - kilobits) / (320 - 32)  # libsndfile's way to say so
    return encoded("MP3", 44_100, bitrate_mode="CONSTANT", compression_level=level)


def louder(db: float) -> Callable[[Waveform], Waveform]:
    """Change the level, upwards no further than full scale."""

    def change(waveform: Waveform) -> Waveform:
        loudest = max(1e-9, float(np.abs(waveform).max()))
        return waveform * np.float32(min(10 ** (db / 20), 1 / loudest))

    return change


def cut(start_s: float, end_s: float = 0.0) -> Callable[[Waveform], Waveform]:
    """Cut off so much at the start and at the end."""
    first, last = round(start_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE)
    return lambda waveform: waveform[first : waveform.size - last]


def resampled(rate: int) -> Callable[[Waveform], Waveform]:
    """Resample to another rate and back."""
    return lambda waveform: resample(resample(waveform, SAMPLE_RATE, rate), rate, SAMPLE_RATE)


CHANGES: dict[str, tuple[Callable[[Waveform], Waveform], ...]] = {
    "MP3, 64 kbit/s": (mp3(64),),
    "MP3, 128 kbit/s": (mp3(128),),
    "Ogg Vorbis, low quality": (encoded("OGG", 44_100, subtype="VORBIS", compression_level=0.9),),
    "Opus, low quality": (encoded("OGG", 48_000, subtype="OPUS", compression_level=0.9),),
    "-12 dB": (louder(-12),),
    "+6 dB": (louder(6),),
    "22.05 kHz": (resampled(22_050),),
    "8 kHz": (resampled(8_000),),
    "cut by 0.37 s": (cut(0.37),),
    "cut by 1 s": (cut(1.0),),
    "cut by 1.3 s and 0.6 s": (cut(1.3, 0.6),),
    "cut, -6 dB, MP3": (cut(1.3, 0.6), louder(-6), mp3(64)),
}


def copies(waveform: Waveform) -> Iterator[tuple[str, Waveform]]:
    """Yield changed copies of a recording, of what is left of it after each change."""
    for name, changes in CHANGES.items():
        changed = waveform
        for change in changes:
            changed = change(changed) if changed.size else changed
        if changed.size:
            yield name, changed
