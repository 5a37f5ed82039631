import numpy as np
import pytest

from audiosearch.errors import InvalidWaveformError
from audiosearch.waveforms import check_sample_rate, check_waveform
from tests.conftest import sine


@pytest.mark.parametrize("waveform", [sine(0.1), np.zeros(1, np.float32), 2 * sine(0.1) + 1])
def test_sound_passes(waveform: np.ndarray) -> None:
    check_waveform(waveform)


@pytest.mark.parametrize(
    ("waveform", "expected"),
    [
        (np.empty(0, np.float32), r"shape \(0,\)"),
        (np.zeros((2, 100), np.float32), r"shape \(2, 100\)"),
        (np.float32(1), r"shape \(\)"),
        ([0.0, 1.0], "shape list"),
        (None, "shape NoneType"),
        (np.zeros(100), "type float64"),
        (np.zeros(100, np.int16), "type int16.*32768"),
        (np.array([0, np.nan, 1], np.float32), "NaN or infinite"),
        (np.array([0, -np.inf], np.float32), "NaN or infinite"),
        (np.array([0, -32_000], np.float32), "peak of 32000"),
    ],
)
def test_other_arrays_are_told(waveform: object, expected: str) -> None:
    with pytest.raises(InvalidWaveformError, match=expected):
        check_waveform(waveform)


@pytest.mark.parametrize("sample_rate", [1_000, 16_000, np.int64(44_100), 768_000])
def test_rates_in_use_pass(sample_rate: int) -> None:
    check_sample_rate(sample_rate)


@pytest.mark.parametrize("sample_rate", [0, -1, 999, 768_001, 16_000.0, "16000", None])
def test_other_rates_are_told(sample_rate: object) -> None:
    with pytest.raises(InvalidWaveformError, match=f"sample rate of {sample_rate!r}"):
        check_sample_rate(sample_rate)
