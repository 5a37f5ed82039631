"""Resampling to the encoders' rate through librosa."""

from audiosearch.types import Waveform


def resample(
    waveform: Waveform, orig_sr: int, target_sr: int, res_type: str = "soxr_hq"
) -> Waveform:
    """Resample mono samples.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        Mono samples at ``orig_sr``.
    orig_sr, target_sr : int
        Sample rates, in Hz.
    res_type : str
        A resampler that librosa knows: ``soxr_hq`` (the fast default), ``kaiser_best`` or
        ``kaiser_fast`` (resampy's), …

    Returns
    -------
    [shape=(ceil(n_samples * target_sr / orig_sr),)], float32
        The same sound at ``target_sr``; the very array where the rates agree.
    """
    if orig_sr == target_sr or not waveform.size:
        return waveform
    import librosa

    resampled: Waveform = librosa.resample(
        waveform, orig_sr=orig_sr, target_sr=target_sr, res_type=res_type
    )
    return resampled
