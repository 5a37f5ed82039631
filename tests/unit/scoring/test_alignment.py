"""On noise whose loudness wanders, and windows whose distances tell about where the query is."""

import numpy as np
import pytest

from audiosearch.heard.windows import nothing_heard
from audiosearch.peaks import no_peaks, peaks_of
from audiosearch.scoring.alignment import FINE_PEAKS_PER_S, Alignment, Asked, align
from audiosearch.store.rows import WindowDistances
from audiosearch.types import Peaks, Waveform
from audiosearch.windows import WindowPlan
from tests.conftest import sine

RATE = 16_000
PLAN = WindowPlan()


def murmur(seconds: float, seed: int) -> Waveform:
    """Make noise whose level wanders each 100 ms."""
    rng = np.random.default_rng(seed)
    n_samples = round(seconds * RATE)
    knots = rng.uniform(0.05, 0.9, round(seconds / 0.1) + 2)
    levels = np.interp(np.arange(n_samples) / (0.1 * RATE), np.arange(knots.size), knots)
    return (levels * rng.uniform(-1, 1, n_samples)).astype(np.float32)


def silence(seconds: float) -> Waveform:
    return np.zeros(round(seconds * RATE), np.float32)


def ask(waveform: Waveform) -> Asked:
    spans = PLAN.spans(waveform.size)
    start_s = np.array([span.start for span in spans]) / RATE
    peaks = peaks_of(waveform, RATE, FINE_PEAKS_PER_S)
    return Asked(np.empty((len(spans), 0), np.float32), start_s, peaks)


def compare(asked: Asked, recording: Waveform, place_s: float) -> WindowDistances:
    """Make windows the nearer the better they coincide with those of a query at its place."""
    start_s, stop_s = np.array(PLAN.spans(recording.size)).T / RATE
    apart_s = np.abs(start_s[:, None] - place_s - asked.start_s)
    return WindowDistances(
        start_s=start_s,
        end_s=np.minimum(stop_s, recording.size / RATE),
        distances=(apart_s.min(axis=1) / 100).astype(np.float32),
        queries=apart_s.argmin(axis=1),
        heard=nothing_heard(len(start_s)),
    )


def fit(query: Waveform, recording: Waveform, place_s: float = 0.0) -> Alignment | None:
    asked = ask(query)
    windows = compare(asked, recording, place_s)
    return lay(asked, peaks_of(recording, RATE), windows)


def lay(asked: Asked, peaks: Peaks, windows: WindowDistances) -> Alignment | None:
    def read(first: int, stop: int) -> Peaks:
        assert first >= 0  # a stretch before the beginning is none of the end
        assert stop >= 0
        return peaks[first:stop]

    return align(asked, read, len(peaks), windows, PLAN.stride_s)


RECORDING = murmur(31.0, seed=1)


@pytest.mark.parametrize("place_s", [0.0, 4.0, 5.0, 7.37, 20.003])
@pytest.mark.parametrize("length_s", [3.0, 9.5])
@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_cuts_fit(place_s: float, length_s: float, gain: float) -> None:
    first = round(place_s * RATE)
    query = np.float32(gain) * RECORDING[first : first + round(length_s * RATE)]
    found = fit(query, RECORDING, place_s)
    assert found is not None
    assert found.correlation > 0.95
    assert found.significance > 5
    assert found.distance <= 0.01


def test_the_query_may_be_the_longer_one() -> None:
    found = fit(RECORDING, RECORDING[8 * RATE : 20 * RATE], place_s=-8.0)
    assert found is not None
    assert found.correlation > 0.99


def test_three_quarters_of_the_shorter_must_overlap() -> None:
    recording = RECORDING[4 * RATE :]
    most, less = RECORDING[: 20 * RATE], RECORDING[: 12 * RATE]
    found = fit(most, recording, place_s=-4.0)
    assert found is not None
    assert found.correlation > 0.99
    other = fit(less, recording, place_s=-4.0)
    assert other is None or other.correlation < 0.6


def test_other_noise_does_not_fit() -> None:
    found = [fit(murmur(9.0, seed), RECORDING, place_s=6.0) for seed in range(2, 12)]
    assert max(each.correlation for each in found if each) < 0.6


def test_one_event_is_little_evidence() -> None:
    bang = murmur(0.05, seed=1)
    one = np.concatenate([silence(3.0), bang, silence(5.0)])
    other = np.concatenate([silence(4.0), 0.5 * bang[::-1], silence(4.0)])
    found = fit(one, other)
    assert found is not None
    assert found.correlation > 0.9
    assert found.significance == 0


@pytest.mark.parametrize("query", [sine(8.0), silence(8.0), murmur(0.6, seed=1)])
def test_nothing_to_go_by(query: Waveform) -> None:
    assert fit(query, query) is None


def test_what_has_no_peaks_fits_nothing() -> None:
    asked = ask(RECORDING)
    windows = compare(asked, RECORDING, 0.0)
    unknown = Asked(asked.vectors, asked.start_s, no_peaks())
    assert lay(asked, no_peaks(), windows) is None
    assert lay(unknown, peaks_of(RECORDING, RATE), windows) is None
