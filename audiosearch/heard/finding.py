"""Finds the recordings in which a kind of sounds is heard, and where in them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audiosearch.heard.names import understand
from audiosearch.heard.windows import FULL_SCALE, is_heard, name_heard
from audiosearch.ranking import END, START, Pairs, merge_moments
from audiosearch.store.base import Store
from audiosearch.store.rows import Filter, Recording
from audiosearch.types import Heard

MOMENTS = 5
"""How many stretches of a recording are answered by default."""


@dataclass(frozen=True)
class Found:
    """What a query by name finds.

    Parameters
    ----------
    heard : tuple of str
        The kinds of sounds that the name was taken for.
    matches : list of dict
        Recordings, best first, as ``POST /search`` answers them.
    """

    heard: tuple[str, ...]
    matches: list[dict[str, Any]]


def find_heard(
    store: Store, name: str, limit: int, moments: int = MOMENTS, condition: Filter | None = None
) -> Found:
    """Find the recordings in which something is heard, by the best score of any window.

    Parameters
    ----------
    store : Store
        The library.
    name : str
        What is heard, as of ``understand``.
    limit : int
        How many recordings.
    moments : int
        How many stretches of each.
    condition : Filter, optional
        Which recordings to look at.

    Returns
    -------
    Found
        Recordings of equal scores in the order of their ids.

    Raises
    ------
    InvalidQueryError
        If the name means nothing that YAMNet knows.
    """
    meaning = understand(name)
    scores = store.heard_in(meaning.classes)
    among = store.select(condition or Filter())
    chosen = scores.keys() if among is None else scores.keys() & among
    best = sorted(chosen, key=lambda each: (-scores[each], each))[:limit]
    recordings = filter(None, map(store.recording, best))
    matches = [_match(store, each, meaning.classes, moments) for each in recordings]
    return Found(meaning.names, matches)


def _match(
    store: Store, recording: Recording, classes: Collection[int], moments: int
) -> dict[str, Any]:
    """Tell where in a recording some classes are heard, best first."""
    heard = _only(store.window_heard(recording.id), classes)
    times = store.window_times(recording.id)[: len(heard)]  # it may have grown meanwhile
    scores = heard[..., 1].max(axis=1)
    where = is_heard(scores)
    pairs = _pairs(scores[where] / FULL_SCALE, times[where])
    stretches = [_stretch(row, pairs, heard[where]) for row in merge_moments(pairs)[:moments]]
    best = _stretch(pairs[np.lexsort((pairs[:, START], pairs[:, 0]))[0]], pairs, heard[where])
    score = best.pop("score")
    return {
        "id": recording.id,
        "uri": recording.uris[0],
        "scores": {"heard": {"value": score}},
        "similarity": score,
        "percentile": None,
        "verdict": None,
        **best,
        "duration_s": recording.duration_s,
        "tags": recording.tags,
        "moments": stretches,
    }


def _only(heard: Heard, classes: Collection[int]) -> Heard:
    """Drop all but some classes."""
    wanted = np.isin(heard[..., 0], list(classes))
    return np.where(wanted[..., np.newaxis], heard, 0).astype(np.uint16)


def _pairs(scores: NDArray[np.float64], times: NDArray[np.float64]) -> Pairs:
    """Make pairs of windows and a query that has no times: what a score lacks is the distance."""
    return np.column_stack([1 - scores, times, np.zeros((len(scores), 3))])


def _stretch(row: NDArray[np.float64], pairs: Pairs, heard: Heard) -> dict[str, Any]:
    """Describe a stretch, as of ``merge_moments``, with what is heard in its windows."""
    distance, start_s, end_s, *_ = row.tolist()
    inside = (pairs[:, START] >= start_s) & (pairs[:, END] <= end_s)
    return {
        "start_s": start_s,
        "end_s": end_s,
        "score": 1 - distance,
        "heard": name_heard(heard[inside]),
    }
