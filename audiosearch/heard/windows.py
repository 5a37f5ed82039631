"""Keeps the classes heard in windows, and tells what windows have in common."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from audiosearch.heard.ontology import ontology
from audiosearch.types import Heard

N_CLASSES = 521
N_KEPT = 12
FULL_SCALE = 65_535
THRESHOLD = 0.06
"""The score from which a class counts as heard; ``benchmarks/heard.py`` shows how it was chosen.
A library keeps what is heard by it: with another value its format is another one."""


def keep_best(probabilities: NDArray[np.float32]) -> Heard:
    """Keep the best classes of each window; a class scores at least as high as those it covers.

    Parameters
    ----------
    probabilities : [shape=(n, 521)], float32
        Of each window, in [0, 1].

    Returns
    -------
    [shape=(n, 12, 2)], uint16
        As of ``Heard``, best first.
    """
    members, firsts = _families()
    scores = np.maximum.reduceat(probabilities[:, members], firsts, axis=1)
    classes = np.argsort(-scores, axis=1, kind="stable")[:, :N_KEPT]
    best = np.rint(np.take_along_axis(scores, classes, axis=1) * FULL_SCALE)
    return np.stack([classes, best], axis=-1).astype(np.uint16)


def nothing_heard(n_windows: int) -> Heard:
    """Give what is kept of windows of which nothing is known."""
    return np.zeros((n_windows, N_KEPT, 2), np.uint16)


def class_scores(heard: Heard) -> NDArray[np.uint16]:
    """Give the score of each class in each window, shape=(n, 521), in 65,535ths."""
    scores = np.zeros((len(heard), N_CLASSES), np.uint16)
    np.put_along_axis(scores, heard[..., 0].astype(np.intp), heard[..., 1], axis=1)
    return scores


def in_common(found: Heard, queries: Heard, nearest: NDArray[np.int64]) -> Heard:
    """Tell what is heard in both windows of each pair: of two scores the smaller one.

    Parameters
    ----------
    found : [shape=(n_pairs, n_kept, 2)], uint16
        What is heard in the windows found.
    queries : [shape=(n_queries, n_kept, 2)], uint16
        What is heard in the query's windows.
    nearest : [shape=(n_pairs,)], int64
        Which of these each is paired with.

    Returns
    -------
    [shape=(n_pairs, n_kept, 2)], uint16
    """
    classes = found[..., 0]
    asked = class_scores(queries)[nearest[:, np.newaxis], classes]
    return np.stack([classes, np.minimum(found[..., 1], asked)], axis=-1)


def best_scores(heard: Heard) -> dict[int, int]:
    """Give the best score, in 65,535ths, of each class that is heard in one of the windows."""
    best = class_scores(heard).max(axis=0, initial=0)
    return {number: int(best[number]) for number in np.flatnonzero(is_heard(best)).tolist()}


def is_heard(scores: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Tell which scores, in 65,535ths, are those of classes that are heard."""
    return scores >= THRESHOLD * FULL_SCALE


def name_heard(heard: Heard, most: int | None = 3) -> list[str]:
    """Name what is heard in some of the windows.

    Parameters
    ----------
    heard : [shape=(n, n_kept, 2)], uint16
        What is heard in each.
    most : int, optional
        How many names to give, at most; ``None`` for all.

    Returns
    -------
    list of str
        The classes that cover no other one heard, best first; then those that cover them, from
        specific to general: ``["Church bell", "Bell"]``.
    """
    known, best = ontology(), best_scores(heard)

    def order(number: int) -> tuple[bool, int, float]:
        covers = not best.keys().isdisjoint(known.classes_below[number])
        depth = len(known.classes_above[number]) if covers else 0
        return covers, -depth, -best[number]

    return [known.class_names[number] for number in sorted(best, key=order)[:most]]


@cache
def _families() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give the classes that each class covers, itself first, and where each class's begin."""
    families = [[number, *below] for number, below in enumerate(ontology().classes_below)]
    sizes = [len(each) for each in families]
    return np.concatenate(families), np.cumsum([0, *sizes[:-1]])
