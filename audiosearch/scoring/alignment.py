"""Shows that two recordings are the same audio: laid upon each other, their loudness moves alike.

Compared are the steps from bin to bin of the waveform's height, in the bins of 50 ms that the store
keeps for drawing. They hardly change when sound is encoded anew, made louder or resampled, and
differ between two takes of the same kind of sound, whose vectors may be as near.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from audiosearch.peaks import PEAKS_PER_S
from audiosearch.store.rows import WindowDistances
from audiosearch.types import Peaks, Vectors

PHASES = 8
"""From so many places within a bin a query's bins are tried: a cut seldom fits the library's."""
FINE_PEAKS_PER_S = PHASES * PEAKS_PER_S

_MIN_OVERLAP_S = 1.0
_MIN_SHARE = 0.75  # of the shorter sound
_CANDIDATES = 8  # pairs of windows whose place is tried
_NO_STEP = 1e-6  # a sum of squared steps, in 127ths of full scale: silence, a steady tone

Steps = NDArray[np.float64]

PeaksOf = Callable[[int, int], Peaks]
"""Gives the bins of a recording from a first one up to another, those of them that it has."""


@dataclass(frozen=True)
class Asked:
    """A sound of a query.

    Parameters
    ----------
    vectors : [shape=(n_windows, dim)], float32
        Of its windows.
    start_s : [shape=(n_windows,)], float64
        Where they begin, in seconds from the sound's own beginning.
    peaks : [shape=(n_bins, 2)], int8
        Of its waveform, ``FINE_PEAKS_PER_S`` a second.
    """

    vectors: Vectors
    start_s: NDArray[np.float64]
    peaks: Peaks

    @cached_property
    def steps(self) -> Steps:
        """Its steps in bins that begin a little later each time, shape=(PHASES, n_steps)."""
        n_bins = (len(self.peaks) - PHASES + 1) // PHASES
        if n_bins < 2:
            return np.empty((PHASES, 0))
        phases = []
        for first in range(PHASES):
            bins = self.peaks[first : first + n_bins * PHASES].reshape(n_bins, PHASES, 2)
            phases.append(_steps(np.stack([bins[..., 0].min(axis=1), bins[..., 1].max(axis=1)], 1)))
        return np.stack(phases)


@dataclass(frozen=True)
class Alignment:
    """How a query fits a recording where it fits best.

    Parameters
    ----------
    correlation : float
        Of the steps of both where they overlap, in [-1, 1].
    significance : float
        How many standard deviations that is from none (Fisher's z), counting only as many steps as
        matter: one bark in silence is one event, however long the silence.
    distance : float
        The mean cosine distance of the recording's windows there to their nearest query windows.
    """

    correlation: float
    significance: float
    distance: float


def align(
    asked: Asked, peaks: PeaksOf, n_bins: int, windows: WindowDistances, stride_s: float
) -> Alignment | None:
    """Lay a query upon a recording so that its consecutive windows fit.

    The nearest pairs of windows propose places; all within a stride of each are tried.

    Parameters
    ----------
    asked : Asked
        The query.
    peaks : callable
        Gives a stretch of the recording's, ``PEAKS_PER_S`` a second.
    n_bins : int
        How many the whole recording has.
    windows : WindowDistances
        All windows of the recording, compared with the query's.
    stride_s : float
        Distance between the starts of windows, in seconds.

    Returns
    -------
    Alignment or None
        ``None`` where they overlap too little: by less than a second, or than three quarters of the
        shorter.
    """
    query, recording = asked.steps, _Recording(peaks, n_bins - 1)
    if not query.size or recording.n_steps < 1:
        return None
    lags = _lags_to_try(asked, windows, round(stride_s * PEAKS_PER_S))
    correlation, lag, phase = max(_best_fit(query, recording, each) for each in lags)
    if not np.isfinite(correlation):
        return None
    first, stop = max(0, lag), min(lag + query.shape[1], recording.n_steps)
    n_events = min(
        _count_events(query[phase, first - lag : stop - lag]),
        _count_events(recording.steps(first, stop)[0]),
    )
    return Alignment(
        correlation,
        float(np.arctanh(min(correlation, 1 - 1e-9)) * np.sqrt(max(n_events - 3, 0))),
        _distance_between(windows, first / PEAKS_PER_S, stop / PEAKS_PER_S),
    )


@dataclass(frozen=True)
class _Recording:
    """The steps of a recording, read as they are asked for: a day's are many."""

    peaks: PeaksOf
    n_steps: int

    def steps(self, first: int, stop: int) -> tuple[Steps, NDArray[np.float64]]:
        """Give a stretch, which may reach beyond the recording, and 1 where it does not, else 0."""
        steps, there = np.zeros(stop - first), np.zeros(stop - first)
        known = _steps(self.peaks(max(0, first), max(0, stop + 1)))
        inside = slice(max(0, -first), max(0, -first) + known.size)
        steps[inside], there[inside] = known, 1.0
        return steps, there


def _count_events(steps: Steps) -> float:
    """Count the steps that matter: all, if they are alike, one, if it outdoes the others."""
    return float((steps**2).sum() ** 2 / (steps**4).sum())


def _distance_between(windows: WindowDistances, start_s: float, end_s: float) -> float:
    """Give the mean distance of the windows whose middle lies in a stretch, else the nearest's."""
    middles_s = (windows.start_s + windows.end_s) / 2
    inside = windows.distances[(middles_s >= start_s) & (middles_s <= end_s)]
    return float(inside.mean() if inside.size else windows.distances.min())


def _steps(peaks: Peaks) -> Steps:
    """Tell how the waveform's height changes from bin to bin, shape=(n_bins - 1,)."""
    heights = peaks[:, 1].astype(np.float64) - peaks[:, 0]
    return np.diff(heights)


def _lags_to_try(asked: Asked, windows: WindowDistances, reach: int) -> list[range]:
    """Give where the query may begin in the recording, in bins: within reach of some places."""
    nearest = np.argsort(windows.distances, kind="stable")[:_CANDIDATES]
    places_s = windows.start_s[nearest] - asked.start_s[windows.queries[nearest]]
    lags: list[range] = []
    for place in np.unique(np.rint(places_s * PEAKS_PER_S).astype(int)).tolist():
        first = place - reach
        if lags and first <= lags[-1].stop:
            first = lags.pop().start
        lags.append(range(first, place + reach + 1))
    return lags


def _best_fit(query: Steps, recording: _Recording, lags: range) -> tuple[float, int, int]:
    """Give the highest correlation at some lags, at which it is, and in which phase."""
    n_steps = query.shape[1]
    section, there = recording.steps(lags.start, lags.stop - 1 + n_steps)
    n, power_x = _sums(there, n_steps), _sums(section**2, n_steps)
    products = _products(section, query)
    power_y = (query**2).sum(axis=1) if there.all() else _products(there, query**2)
    enough = max(_MIN_OVERLAP_S * PEAKS_PER_S, _MIN_SHARE * min(n_steps, recording.n_steps))
    moves = (n >= enough) & (np.minimum(power_x, power_y) > _NO_STEP)
    scale = np.sqrt(np.where(moves, power_x * power_y, 1.0))
    correlations = np.where(moves, products / scale, -np.inf)
    place, phase = np.unravel_index(correlations.argmax(), correlations.shape)
    return float(correlations[place, phase]), lags[int(place)], int(phase)


def _products(values: Steps, rows: Steps) -> Steps:
    """Multiply stretches of values with rows as long, shape=(n_stretches, n_rows)."""
    return np.stack([np.correlate(values, row) for row in rows], axis=1)


def _sums(values: Steps, n: int) -> Steps:
    """Add up each n values that follow each other, shape=(n_values - n + 1, 1)."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    added: Steps = (sums[n:] - sums[:-n])[:, np.newaxis]
    return added
