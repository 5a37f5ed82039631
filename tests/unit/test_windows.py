from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosearch.errors import InvalidQueryError
from audiosearch.windows import Block, Span, WindowPlan, silent
from tests.conftest import sine

SAMPLE_RATE = 16_000
GRID = 160


@st.composite
def plans(draw: st.DrawFn) -> tuple[WindowPlan, int]:
    """Draw a window of up to 10 s, a stride that is not longer, and a length of up to 5000 strides.

    Lengths are in samples, and of 2 hours at most.
    """
    window = draw(st.integers(1, 1000))
    stride = draw(st.integers(1, window))
    longest = min(2 * 3600 * SAMPLE_RATE, 5000 * stride * GRID)
    return WindowPlan(window / 100, stride / 100), draw(st.integers(1, longest))


@settings(max_examples=150, deadline=None)
@given(drawn=plans())
def test_windows_cover_every_sample_on_the_grid(drawn: tuple[WindowPlan, int]) -> None:
    plan, n_samples = drawn
    spans = plan.spans(n_samples)
    starts = [span.start for span in spans]
    assert starts[: len(spans) - 1] == [k * plan.stride for k in range(len(spans) - 1)]
    assert all(start % GRID == 0 for start in starts)
    assert all(later > earlier for earlier, later in pairwise(starts))
    assert spans[0].start == 0
    assert all(b.start <= a.stop for a, b in pairwise(spans))
    assert n_samples <= spans[-1].stop < n_samples + GRID
    if n_samples <= plan.window:
        assert spans == [Span(0, n_samples)]
    else:
        assert all(span.stop - span.start == plan.window for span in spans)
        assert all(span.stop <= n_samples for span in spans[:-1])


@settings(max_examples=150, deadline=None)
@given(drawn=plans(), max_duration_s=st.floats(0.5, 600.0))
def test_blocks_together_are_the_plan(drawn: tuple[WindowPlan, int], max_duration_s: float) -> None:
    plan, n_samples = drawn
    spans: list[Span] = []
    index = 0
    while True:
        block = Block(plan, index, max_duration_s)
        n_decoded = min(block.stop, n_samples) - block.start
        own = block.spans(n_decoded)
        assert own
        assert (own[-1].start - own[0].start) / SAMPLE_RATE <= max(max_duration_s, plan.stride_s)
        spans += [Span(start + block.start, stop + block.start) for start, stop in own]
        if block.is_last(n_decoded):
            break
        index += 1
    assert spans == plan.spans(n_samples)


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_block_that_ends_with_the_recording(extra: int) -> None:
    plan = WindowPlan(4, 2)
    first = Block(plan, 0, max_duration_s=6.0)
    n_samples = first.stop + extra
    n_decoded = min(n_samples, first.stop)
    assert first.is_last(n_decoded) == (extra < 0)
    assert len(first.spans(n_decoded)) == (4 if extra < 0 else 3)


@pytest.mark.parametrize(
    ("duration_s", "starts_s"),
    [
        (10, [0, 2, 4, 6]),
        (4, [0]),
        (4.01, [0, 0.01]),
        (11.3, [0, 2, 4, 6, 7.3]),
        (0.5, [0]),
        (0, []),
    ],
)
def test_starts_at_the_default_lengths(duration_s: float, starts_s: list[float]) -> None:
    spans = WindowPlan().spans(round(duration_s * SAMPLE_RATE))
    assert [span.start / SAMPLE_RATE for span in spans] == starts_s


def test_last_window_reaches_over_the_end_by_less_than_the_grid() -> None:
    assert WindowPlan(4, 2).spans(64_001) == [Span(0, 64_000), Span(160, 64_160)]


def test_other_sample_rate() -> None:
    assert WindowPlan(1, 0.5, 44_100).spans(66_151) == [
        Span(0, 44_100),
        Span(22_050, 66_150),
        Span(22_491, 66_591),
    ]


@pytest.mark.parametrize(
    "value", [0, -1, -0.01, 0.005, 4.001, float("nan"), float("inf"), "4", None, [4]]
)
@pytest.mark.parametrize("name", ["window_size", "stride"])
def test_bad_lengths_are_told(name: str, value: object) -> None:
    lengths = {"window_size": "window_s", "stride": "stride_s"}
    with pytest.raises(InvalidQueryError) as raised:
        WindowPlan(**{lengths[name]: value})
    assert f"received {name}: {value!r}" in str(raised.value)


@pytest.mark.parametrize(("dbfs", "expected"), [(-59.9, False), (-60.1, True), (-100, True)])
def test_silence_is_sixty_decibels_below_full_scale(dbfs: float, expected: bool) -> None:
    rms = 10 ** (dbfs / 20)
    square_wave = np.where(np.arange(SAMPLE_RATE) % 40 < 20, rms, -rms).astype(np.float32)
    assert silent(square_wave, [Span(0, SAMPLE_RATE)]) == [expected]


def test_zeros_are_silent_and_each_window_is_judged_alone() -> None:
    waveform = np.concatenate([np.zeros(SAMPLE_RATE, np.float32), sine(1.0)])
    spans = [Span(0, 16_000), Span(16_000, 32_000), Span(15_000, 17_000)]
    assert silent(waveform, spans) == [True, False, False]


def test_padding_beyond_the_end_does_not_count() -> None:
    waveform = np.full(100, 0.0011, np.float32)
    assert silent(waveform, [Span(0, 160)]) == [False]
