"""Measures of a ranking, what they are by chance, and at best.

All count ranks alone: where distances are equal, the order is that in which a search answers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RECALL_LEVELS = np.linspace(0, 1, 101)
"""Where the curves of precision are read."""

Relevance = NDArray[np.bool_]
"""Which recordings of a ranking are relevant, best rank first, shape=(n_ranked,)."""


class Measures(NamedTuple):
    """How good a ranking is, from 0 to 1.

    Parameters
    ----------
    average_precision : float
        Mean of the precisions at the ranks of the relevant; its mean over queries is the mAP.
    precision_at_1, precision_at_5 : float
        Share of relevant ones among the first, and the first five.
    r_precision : float
        Share among the first R, where R are relevant.
    """

    average_precision: float
    precision_at_1: float
    precision_at_5: float
    r_precision: float


def measure(relevant: Relevance) -> Measures:
    """Measure a ranking that holds at least one relevant recording.

    Parameters
    ----------
    relevant : [shape=(n_ranked,)], bool
        Best rank first.

    Examples
    --------
    >>> measure(np.array([False, True, True, False])).r_precision
    0.5
    """
    from sklearn.metrics import average_precision_score

    return Measures(
        average_precision=float(average_precision_score(relevant, _scores(relevant))),
        precision_at_1=float(relevant[0]),
        precision_at_5=float(relevant[:5].sum() / 5),
        r_precision=float(relevant[: relevant.sum()].mean()),
    )


def precision_curve(relevant: Relevance) -> NDArray[np.float64]:
    """Give the highest precision at each of ``RECALL_LEVELS`` or more, shape=(101,)."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(relevant, _scores(relevant))
    falling, reached = precision[:-1], recall[:-1]  # without the point at recall 0 that it adds
    highest = np.maximum.accumulate(falling)[::-1]
    curve: NDArray[np.float64] = highest[np.searchsorted(reached[::-1], RECALL_LEVELS)]
    return curve


def at_chance(n_relevant: int, n_ranked: int) -> Measures:
    """Give the measures that a random order has on average.

    The average precision is a little more than the share of relevant recordings, the more so the
    fewer there are: with one of two it is 0.75.
    """
    share = n_relevant / n_ranked
    harmonic = float((1 / np.arange(1, n_ranked + 1)).sum())
    others = (n_relevant - 1) / max(1, n_ranked - 1)
    expected = (harmonic + others * (n_ranked - harmonic)) / n_ranked
    return Measures(expected, share, share * min(1.0, n_ranked / 5), share)


def at_best(n_relevant: int) -> Measures:
    """Give the measures of a perfect order: the first five cannot hold more than there are."""
    return Measures(1.0, 1.0, min(1.0, n_relevant / 5), 1.0)


def _scores(relevant: Relevance) -> NDArray[np.int64]:
    """Make scores of the ranks: scikit-learn would see equal distances as one rank."""
    return -np.arange(len(relevant))
