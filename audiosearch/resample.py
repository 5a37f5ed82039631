"""Resampling to the encoders' rate, by the resamplers that librosa knows."""

import math

import numpy as np

from audiosearch.types import Waveform


def resample(
    waveform: Waveform, orig_sr: int, target_sr: int, res_type: str = "soxr_hq"
) -> Waveform:
    """Resample sound.

    Parameters
    ----------
    waveform : [shape=(n_samples,) or (n_samples, n_channels)], float32
        Samples at ``orig_sr``.
    orig_sr, target_sr : int
        Sample rates, in Hz.
    res_type : str
        A resampler by librosa's name: ``soxr_hq`` (the fast default), ``kaiser_best`` or
        ``kaiser_fast`` (resampy's), …

    Returns
    -------
    [shape=(ceil(n_samples * target_sr / orig_sr), …)], float32
        The same sound at ``target_sr``; the very array where the rates agree.
    """
    if orig_sr == target_sr or not waveform.size:
        return waveform
    if res_type.startswith("soxr"):
        return _resample_by_soxr(waveform, orig_sr, target_sr, res_type)
    import librosa

    resampled: Waveform = librosa.resample(
        waveform, orig_sr=orig_sr, target_sr=target_sr, res_type=res_type, axis=0
    )
    return resampled


def _resample_by_soxr(waveform: Waveform, orig_sr: int, target_sr: int, res_type: str) -> Waveform:
    """Do what librosa does, without the second and the 200 MB that importing it costs."""
    import soxr

    n_samples = math.ceil(len(waveform) * target_sr / orig_sr)
    resampled = soxr.resample(waveform, orig_sr, target_sr, res_type)[:n_samples]
    missing = np.zeros((n_samples - len(resampled), *waveform.shape[1:]), np.float32)
    return np.concatenate([resampled, missing])
