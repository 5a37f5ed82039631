"""Checks that an array is sound before anything is computed from it."""

import numpy as np

from audiosearch.errors import InvalidWaveformError
from audiosearch.types import Waveform

# Decoded lossy audio may pass full scale a little; integers taken for floats pass it by far.
MAX_AMPLITUDE = 10.0


def check_waveform(waveform: Waveform) -> None:
    """Raise InvalidWaveformError unless ``waveform`` is mono floating point sound.

    Parameters
    ----------
    waveform : array
        What a caller passes as a waveform.
    """
    expected = "expected mono float32 samples of shape (n_samples,) in [-1, 1]"
    if not isinstance(waveform, np.ndarray) or waveform.ndim != 1 or not waveform.size:
        received = getattr(waveform, "shape", type(waveform).__name__)
        raise InvalidWaveformError(f"received a waveform of shape {received}; {expected}")
    if waveform.dtype != np.float32:
        raise InvalidWaveformError(
            f"received a waveform of type {waveform.dtype}; {expected}. "
            "Divide integers by their full scale first (32768 for int16)"
        )
    peak = float(np.max(np.abs(waveform)))
    if not np.isfinite(peak):
        raise InvalidWaveformError(f"received a waveform with NaN or infinite samples; {expected}")
    if peak > MAX_AMPLITUDE:
        raise InvalidWaveformError(
            f"received a waveform with a peak of {peak:g}; {expected}. "
            "Were integers taken for floats?"
        )


def check_sample_rate(sample_rate: int) -> None:
    """Raise InvalidWaveformError unless ``sample_rate`` is a whole number of Hz in use for audio.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    """
    if not isinstance(sample_rate, int | np.integer) or not 1_000 <= sample_rate <= 768_000:
        raise InvalidWaveformError(
            f"received a sample rate of {sample_rate!r}, expected a whole number of Hz "
            "from 1000 to 768000"
        )
