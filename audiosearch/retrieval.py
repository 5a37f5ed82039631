"""Finds the recordings nearest to a query, whatever store holds them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import InvalidQueryError
from audiosearch.store.base import Store
from audiosearch.store.rows import Filter, Neighbours, Recording, WindowDistances
from audiosearch.types import Vectors

# Which windows count by default: learnt on long recordings of labelled sounds, docs/quality.md.
_MOMENT_DEPTH = 0.4  # of the way from the recording's best distance to its median
_MOMENT_MARGIN = 0.1  # beyond its best, in a recording that is alike throughout …
_MOMENT_NEAR = 0.3  # … and near the query


@dataclass(frozen=True)
class SearchOptions:
    """What a search returns.

    Parameters
    ----------
    limit : int
        How many recordings.
    moment_distance : float, optional
        Cosine distance up to which windows count; by default ``default_moment_distance``.
    max_distance : float, optional
        Cosine distance beyond which recordings are dropped.
    filter : Filter
        Which recordings to search.
    exclude : tuple of str
        Ids of recordings to leave out.
    """

    limit: int = 10
    moment_distance: float | None = None
    max_distance: float | None = None
    filter: Filter = field(default_factory=Filter)
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise InvalidQueryError(f"received limit: {self.limit}, expected 1 or more recordings")


@dataclass(frozen=True)
class Hit:
    """A recording near the query, with those of its windows that count.

    Parameters
    ----------
    recording : Recording
        What was found.
    windows : WindowDistances
        Its matching windows, in the order of time; the best is among them.
    """

    recording: Recording
    windows: WindowDistances


def retrieve(store: Store, queries: Vectors, options: SearchOptions) -> list[Hit]:
    """Find the recordings whose best window is nearest to any query window.

    Parameters
    ----------
    store : Store
        The library.
    queries : [shape=(n_queries, dim)], float32
        The query's windows.
    options : SearchOptions
        How many, and which.

    Returns
    -------
    list of Hit
        Best first, ties in the order of recording ids: exactly ``options.limit`` distinct
        recordings where the library has them.
    """
    hits = []
    for _, recording_id in rank_recordings(store, queries, options):
        recording = store.recording(recording_id)
        windows = store.window_distances(recording_id, queries)
        best = float(windows.distances.min())
        if recording and (options.max_distance is None or best <= options.max_distance):
            hits.append(Hit(recording, _matching(windows, best, options.moment_distance)))
    return hits


def rank_recordings(
    store: Store, queries: Vectors, options: SearchOptions
) -> list[tuple[float, str]]:
    """Find the nearest recordings without looking at their windows one by one.

    More windows are asked for until they hold ``limit`` recordings, and all that tie with the last.
    At worst all windows of the recordings that were found come first: of so many more.

    Parameters
    ----------
    store, queries, options
        As of ``retrieve``; ``max_distance`` and ``moment_distance`` do not matter.

    Returns
    -------
    list of tuple of float and str
        Each recording's cosine distance and id, best first, ties in the order of ids.
    """
    among, limit = store.select(options.filter), options.limit
    k = 16 * limit
    while True:
        found = store.nearest(queries, k, among, options.exclude)
        ranked = _best_of_each(found)
        exhausted = len(found.recording_ids) < k
        if exhausted or (len(ranked) > limit and ranked[limit - 1][0] < float(found.distances[-1])):
            return ranked[:limit]
        known = [store.recording(each) for _, each in ranked]
        k = max(4 * k, k + sum(each.n_windows for each in known if each))


def default_moment_distance(distances: NDArray[np.float32]) -> float:
    """Tell up to which distance the windows of a recording belong to its moments.

    Two fifths of the way from the best distance to the median: what stands out of the recording.
    Where all of it is like the query nothing stands out, and windows a little farther count too.

    Parameters
    ----------
    distances : [shape=(n_windows,)], float32
        Cosine distances of all its windows, one or more, to the query.

    Examples
    --------
    >>> round(default_moment_distance(np.array([0.4, 0.45, 0.7, 0.8, 0.9], np.float32)), 3)
    0.52
    """
    best, median = float(np.min(distances)), float(np.median(distances))
    near = min(best + _MOMENT_MARGIN, _MOMENT_NEAR)
    return max(best + _MOMENT_DEPTH * (median - best), near)


def _best_of_each(found: Neighbours) -> list[tuple[float, str]]:
    best: dict[str, float] = {}
    for recording_id, distance in zip(found.recording_ids, found.distances, strict=True):
        best.setdefault(recording_id, float(distance))
    return sorted((distance, recording_id) for recording_id, distance in best.items())


def _matching(
    windows: WindowDistances, best: float, moment_distance: float | None
) -> WindowDistances:
    if moment_distance is None:
        moment_distance = default_moment_distance(windows.distances)
    return windows.where(windows.distances <= max(best, moment_distance))
