"""Bootstrap confidence intervals of measures over many queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95
N_RESAMPLES = 2000
_BATCH = 100  # resamples at once: they take memory
_SEED = 0  # the same answers have the same intervals


@dataclass(frozen=True)
class Estimate:
    """A measure with its 95 % confidence interval.

    Parameters
    ----------
    value : float
        As measured.
    low, high : float, optional
        ``None`` where there are fewer than two groups, from which nothing can be told.
    """

    value: float
    low: float | None
    high: float | None


def estimate_ratio(
    numerators: ArrayLike, denominators: ArrayLike, groups: Sequence[str]
) -> Estimate:
    """Estimate a ratio of sums over queries; a mean has denominators of 1.

    Whole groups are drawn again and again, with replacement: the queries of one group are not
    independent, and drawing them one by one would make the interval too narrow.

    Parameters
    ----------
    numerators, denominators : [shape=(n_queries,)]
        Of each query, 0 or more.
    groups : sequence of str
        Of each query.

    Returns
    -------
    Estimate
        0 where the denominators sum up to 0.
    """
    from scipy.stats import bootstrap

    _, members = np.unique(np.asarray(groups), return_inverse=True)
    tops = np.bincount(members, np.asarray(numerators, np.float64))
    bottoms = np.bincount(members, np.asarray(denominators, np.float64))
    value = float(_ratio(tops, bottoms))
    if len(tops) < 2:
        return Estimate(value, None, None)
    drawn = bootstrap(
        (tops, bottoms),
        _ratio,
        paired=True,
        n_resamples=N_RESAMPLES,
        batch=_BATCH,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=_SEED,
    )
    low, high = drawn.confidence_interval
    return Estimate(value, float(low), float(high))


def _ratio(tops: NDArray[Any], bottoms: NDArray[Any], axis: int = -1) -> NDArray[np.float64]:
    total = bottoms.sum(axis=axis)
    ratio: NDArray[np.float64] = tops.sum(axis=axis) / np.where(total > 0, total, 1)
    return ratio
