"""VGGish's log-mel spectrogram, which YAMNet shares but for the offset of the logarithm.

Hershey et al., "CNN Architectures for Large-Scale Audio Classification", ICASSP 2017.
"""

from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import InvalidWaveformError
from audiosearch.vggish import params

Float = TypeVar("Float", np.float32, np.float64)

# Frames transformed at once: their spectra (257 complex64 each) stay in the cache.
_FRAMES_PER_STEP = 512


def n_frames(n_samples: int) -> int:
    """Count the whole STFT windows in ``n_samples`` samples."""
    return max(0, 1 + (n_samples - params.STFT_WINDOW_LENGTH) // params.STFT_HOP_LENGTH)


def log_mel(waveform: NDArray[Float], log_offset: float = params.LOG_OFFSET) -> NDArray[Float]:
    """Compute the log-mel spectrogram of a 16 kHz waveform.

    Frame ``i`` depends on samples ``[160 i, 160 i + 400)`` alone, so the frames of a window that
    starts on a multiple of 10 ms are a slice of the whole recording's.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32 or float64
        Mono samples in [-1, 1] at 16 kHz.
    log_offset : float
        Added to the mel magnitudes before the natural logarithm.

    Returns
    -------
    [shape=(n_frames, 64)]
        Log-mel magnitudes, one frame each 10 ms, in the waveform's type. The transform itself runs
        in float64: in float32 the leakage of a loud tone errs by 2e-4 in the quiet bands.

    Raises
    ------
    InvalidWaveformError
        If the waveform has more than one dimension or is not floating point.
    """
    if waveform.ndim != 1 or waveform.dtype not in (np.float32, np.float64):
        raise InvalidWaveformError(
            f"received an array of shape {waveform.shape} and type {waveform.dtype}, "
            "expected mono float32 or float64 samples of shape (n_samples,)"
        )
    out = np.empty((n_frames(waveform.size), params.N_MELS), waveform.dtype)
    if not len(out):
        return out
    from scipy import fft  # a tenth of a second, which commands that hear nothing do without

    frames = np.lib.stride_tricks.sliding_window_view(waveform, params.STFT_WINDOW_LENGTH)
    frames = frames[:: params.STFT_HOP_LENGTH]
    hann, mel = _hann(), _mel_matrix()
    for first in range(0, len(out), _FRAMES_PER_STEP):
        step = slice(first, first + _FRAMES_PER_STEP)
        spectrum = fft.rfft(frames[step] * hann, params.FFT_LENGTH)
        # np.abs takes hypot's care against overflow, at three times the cost.
        magnitude = np.sqrt(spectrum.real**2 + spectrum.imag**2)
        out[step] = np.log(magnitude @ mel + log_offset)
    return out


@cache
def _hann() -> NDArray[np.float64]:
    """Make the periodic Hann window (SciPy's and NumPy's default are symmetric)."""
    phase = 2 * np.pi * np.arange(params.STFT_WINDOW_LENGTH) / params.STFT_WINDOW_LENGTH
    return 0.5 - 0.5 * np.cos(phase)


@cache
def _mel_matrix() -> NDArray[np.float64]:
    """Make the HTK mel filters [shape=(257, 64)]: triangles linear in mel, the DC bin zero.

    librosa's triangles are linear in Hz and do not agree.
    """
    n_bins = params.FFT_LENGTH // 2 + 1
    bins_mel = _hz_to_mel(np.linspace(0.0, params.SAMPLE_RATE / 2, n_bins))[:, None]
    limits = _hz_to_mel(np.array([params.MEL_MIN_HZ, params.MEL_MAX_HZ]))
    edges = np.linspace(limits[0], limits[1], params.N_MELS + 2)
    lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins_mel - lower) / (center - lower)
    falling = (upper - bins_mel) / (upper - center)
    weights: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    weights[0] = 0.0
    return weights


def _hz_to_mel(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    mel: NDArray[np.float64] = np.log1p(frequency_hz / params.MEL_BREAK_FREQUENCY_HZ)
    return params.MEL_HIGH_FREQUENCY_Q * mel
