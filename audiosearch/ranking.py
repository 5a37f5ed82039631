"""Makes recordings of matching windows: each scored by its best, with its moments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pairs: TypeAlias = NDArray[np.float64]
"""Pairs of windows, one a row, shape=(n_pairs, 6); the columns are the fields of ``Pair``."""


class Pair(NamedTuple):
    """A library window and the query window nearest to it. Pairs order by distance, then time.

    Parameters
    ----------
    cosine : float
        Their cosine distance.
    start_s, end_s : float
        The library window, in seconds.
    query_start_s, query_end_s : float
        The query window, in seconds.
    query_sound : int
        Which of the query's sounds that is a window of.
    """

    cosine: float
    start_s: float
    end_s: float
    query_start_s: float
    query_end_s: float
    query_sound: int = 0


DISTANCE, START, END = map(Pair._fields.index, ("cosine", "start_s", "end_s"))


@dataclass(frozen=True)
class RankedRecording:
    """A recording with its matching stretches.

    Parameters
    ----------
    id : str
        The recording.
    best : Pair
        The pair that scores it.
    moments : list of Pair
        Its stretches, best first.
    """

    id: str
    best: Pair
    moments: list[Pair]


def rank(
    found: Mapping[str, Pairs], limit: int | None = None, moments: int = 5
) -> list[RankedRecording]:
    """Score each recording by its best pair (max-score, since small distances score high).

    Parameters
    ----------
    found : mapping of str to [shape=(n_pairs, 6)], float64
        The pairs of each recording, one or more, by its id.
    limit : int, optional
        How many recordings to return; ``None`` for all.
    moments : int
        How many stretches a recording to return.

    Returns
    -------
    list of RankedRecording
        Best first, ties in the order of recording ids.
    """
    ranked = [
        RankedRecording(
            recording_id,
            _pair(pairs[_ascending(pairs)[0]]),
            [_pair(row) for row in merge_moments(pairs)[:moments]],
        )
        for recording_id, pairs in found.items()
    ]
    return sorted(ranked, key=lambda each: (each.best.cosine, each.id))[:limit]


def merge_moments(pairs: Pairs) -> Pairs:
    """Merge touching and overlapping windows to stretches.

    Parameters
    ----------
    pairs : [shape=(n_pairs, 6)], float64
        A recording's matching windows.

    Returns
    -------
    [shape=(n_stretches, 6)], float64
        Best first. A stretch has the distance and the query window of its best pair.

    Examples
    --------
    >>> near, far = Pair(0.1, 2.0, 6.0, 0.0, 4.0), Pair(0.2, 0.0, 4.0, 0.0, 4.0)
    >>> merge_moments(np.array([far, near]))
    array([[0.1, 0. , 6. , 0. , 4. , 0. ]])
    """
    pairs = pairs[np.argsort(pairs[:, START])]
    reached = np.maximum.accumulate(pairs[:, END])
    begins = pairs[:, START] > np.append(-np.inf, reached[:-1])
    firsts = np.flatnonzero(begins)
    best_first = _ascending(np.column_stack([np.cumsum(begins), pairs]))
    merged: Pairs = pairs[best_first[firsts]]
    merged[:, START] = pairs[firsts, START]
    merged[:, END] = np.maximum.reduceat(pairs[:, END], firsts)
    return merged[_ascending(merged)]


def _ascending(rows: NDArray[np.float64]) -> NDArray[np.intp]:
    """Give the order in which rows ascend by their first column, then their second, and so on."""
    return np.lexsort(rows.T[::-1])


def _pair(row: NDArray[np.float64]) -> Pair:
    pair = Pair._make(row.tolist())
    return pair._replace(query_sound=int(pair.query_sound))
