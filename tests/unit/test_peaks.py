import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosearch.errors import InvalidQueryError
from audiosearch.peaks import (
    PEAKS_PER_S,
    bins_between,
    block_peaks,
    count_bins,
    no_peaks,
    peaks_of,
    reduce_peaks,
)
from audiosearch.types import Peaks, Waveform
from audiosearch.windows import Block, WindowPlan
from tests.audio_files import chirp
from tests.conftest import sine

RATE = 16_000
SAMPLES_PER_BIN = RATE // PEAKS_PER_S


def by_loop(waveform: Waveform) -> list[tuple[int, int]]:
    bins = [waveform[i : i + SAMPLES_PER_BIN] for i in range(0, len(waveform), SAMPLES_PER_BIN)]
    return [(round(127 * float(each.min())), round(127 * float(each.max()))) for each in bins]


def test_peaks_are_each_bins_minimum_and_maximum() -> None:
    waveform = chirp(3.21, RATE) * np.linspace(0, 1, round(3.21 * RATE), dtype=np.float32)
    peaks = peaks_of(waveform, RATE)
    assert peaks.dtype == np.int8
    assert peaks.shape == (65, 2)
    assert peaks.tolist() == [list(each) for each in by_loop(waveform)]


def test_a_sine_fills_its_amplitude() -> None:
    assert peaks_of(sine(1.0), RATE).tolist() == [[-64, 64]] * PEAKS_PER_S


@pytest.mark.parametrize(
    ("waveform", "expected"),
    [
        ([], []),
        ([0.5], [[64, 64]]),
        ([-1.0], [[-127, -127]]),
        ([-3.0, 3.0], [[-127, 127]]),
        ([0.0] * (SAMPLES_PER_BIN + 1), [[0, 0], [0, 0]]),
        ([0.0] * SAMPLES_PER_BIN + [1.0], [[0, 0], [127, 127]]),
    ],
)
def test_little_sound(waveform: list[float], expected: list[list[int]]) -> None:
    assert peaks_of(np.array(waveform, np.float32), RATE).tolist() == expected


def blocks_of(waveform: Waveform, plan: WindowPlan, max_duration_s: float) -> list[Peaks]:
    """Compute the peaks of each block as the segmenter decodes them."""
    peaks = []
    for index in range(1000):
        block = Block(plan, index, max_duration_s)
        part = waveform[block.start : block.stop]
        peaks.append(block_peaks(part, block))
        if block.is_last(part.size):
            return peaks
    raise AssertionError("no block is the last")


@given(
    n_samples=st.integers(1, 12 * RATE),
    window_cs=st.integers(5, 400),
    stride_cs=st.integers(1, 200),
    max_duration_s=st.sampled_from([1.0, 2.5, 3.33]),
)
def test_blocks_together_have_the_peaks_of_the_whole(
    n_samples: int, window_cs: int, stride_cs: int, max_duration_s: float
) -> None:
    """Also where a block's border, a multiple of the stride, lies within a bin."""
    waveform = np.random.default_rng(n_samples).uniform(-1, 1, n_samples).astype(np.float32)
    plan = WindowPlan(window_cs / 100, min(window_cs, stride_cs) / 100)
    blocks = blocks_of(waveform, plan, max_duration_s)
    np.testing.assert_array_equal(np.concatenate(blocks), peaks_of(waveform, RATE))


@pytest.mark.parametrize("seconds", [9.99, 10.0, 14.0, 14.01, 23.0])
def test_a_recording_that_ends_near_a_border(seconds: float) -> None:
    waveform = chirp(seconds, RATE)
    blocks = blocks_of(waveform, WindowPlan(), 10.0)
    assert len(blocks) == (1 if seconds < 14 else 2)
    np.testing.assert_array_equal(np.concatenate(blocks), peaks_of(waveform, RATE))


RAMP = np.stack([-np.arange(100), np.arange(100)], axis=1).astype(np.int8)  # 5 s


@pytest.mark.parametrize("points", [1, 2, 7, 50, 99])
def test_reduced_peaks_cover_all(points: int) -> None:
    reduced = reduce_peaks(RAMP, points)
    assert reduced.dtype == np.int8
    assert reduced.shape == (points, 2)
    parts = np.array_split(np.arange(100), [i * 100 // points for i in range(1, points)])
    assert reduced[:, 0].tolist() == [-part.max() for part in parts]
    assert reduced[:, 1].tolist() == [part.max() for part in parts]


@pytest.mark.parametrize("points", [100, 101, 5000])
def test_no_more_points_than_bins(points: int) -> None:
    np.testing.assert_array_equal(reduce_peaks(RAMP, points), RAMP)


@pytest.mark.parametrize(
    ("start_s", "end_s", "first", "stop"),
    [
        (0, 5, 0, 100),
        (1, 2, 20, 40),
        (1.01, 1.99, 20, 40),
        (1.2, None, 24, 100),
        (4.9, 60, 98, 100),
        (5, 6, 100, 100),
        (7, None, 100, 100),
    ],
)
def test_a_stretch_is_widened_to_bins(
    start_s: float, end_s: float | None, first: int, stop: int
) -> None:
    np.testing.assert_array_equal(RAMP[slice(*bins_between(start_s, end_s))], RAMP[first:stop])


def test_no_sound_has_no_points() -> None:
    assert reduce_peaks(no_peaks(), 10).shape == (0, 2)


@pytest.mark.parametrize("points", [0, -1])
def test_no_point_is_refused(points: int) -> None:
    with pytest.raises(InvalidQueryError, match="received"):
        reduce_peaks(RAMP, points)


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, None), (2, 2)])
def test_no_stretch_is_refused(start_s: float, end_s: float | None) -> None:
    with pytest.raises(InvalidQueryError, match="received"):
        bins_between(start_s, end_s)


@pytest.mark.parametrize("n_samples", [1, 799, 800, 801, 16_000, 24 * 3600 * RATE + 1])
def test_bins_are_counted_as_they_are_made(n_samples: int) -> None:
    assert count_bins(n_samples / RATE) == -(-n_samples // SAMPLES_PER_BIN)
