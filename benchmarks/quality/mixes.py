"""Make long recordings of labelled clips with gaps, over a background."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audiosearch.types import Waveform
from audiosearch.vggish.params import SAMPLE_RATE
from benchmarks.quality.clips import Clip

GAPS_S = (2.0, 8.0)
BACKGROUND_DBFS = -40.0
_QUIET = 10 ** (-50 / 20)  # of a clip's loudest sample: what is below at its ends is cut off


@dataclass(frozen=True)
class Event:
    """Where in a mix a clip of a label and group sounds, in seconds."""

    label: str
    group: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Mix:
    """A long recording and what sounds in it.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        At 16 kHz.
    events : tuple of Event
        In the order of time.
    """

    waveform: Waveform
    events: tuple[Event, ...]


def mix_clips(clips: Sequence[Clip], background: Waveform, snr_db: float, seed: int) -> Mix:
    """Lay clips into a background, in a random order with random gaps.

    Parameters
    ----------
    clips : sequence of Clip
        Each is used once; silence before and after its sound does not count as the event.
    background : [shape=(n_samples,)], float32
        Repeated as often as needed, at -40 dB of full scale.
    snr_db : float
        How much louder (RMS over the sound) each clip is than the background, in dB.
    seed : int
        Of order and gaps.
    """
    rng = np.random.default_rng(seed)
    background_rms = 10 ** (BACKGROUND_DBFS / 20)
    parts: list[Waveform] = []
    events: list[Event] = []
    position = 0
    for index in rng.permutation(len(clips)):
        gap = np.zeros(round(rng.uniform(*GAPS_S) * SAMPLE_RATE), np.float32)
        sound = _trimmed(clips[index].waveform)
        sound = sound * np.float32(background_rms * 10 ** (snr_db / 20) / _rms(sound))
        start = position + gap.size
        position = start + sound.size
        times = start / SAMPLE_RATE, position / SAMPLE_RATE
        events.append(Event(clips[index].label, clips[index].group, *times))
        parts += [gap, sound]
    foreground = np.concatenate([*parts, np.zeros(2 * SAMPLE_RATE, np.float32)])
    bed = np.resize(background, foreground.size) * np.float32(background_rms / _rms(background))
    return Mix(np.clip(foreground + bed, -1, 1), tuple(events))


def pink_noise(n_samples: int, seed: int) -> Waveform:
    """Make noise whose power falls as the frequency grows, as that of rooms and streets does."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n_samples))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    return np.fft.irfft(spectrum, n_samples).astype(np.float32)


def _trimmed(waveform: Waveform) -> Waveform:
    """Cut off what is much quieter than the loudest sample, at both ends."""
    loud = np.flatnonzero(np.abs(waveform) > np.abs(waveform).max() * _QUIET)
    return waveform[loud[0] : loud[-1] + 1]


def _rms(waveform: Waveform) -> float:
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64))))
