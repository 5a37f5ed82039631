"""Compares found stretches of a recording with those that were wanted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_OVERLAP = 0.3
"""Least intersection over union of a found stretch and the wanted one that it counts for."""

Stretches = NDArray[np.float64]
"""Starts and ends, in seconds, shape=(n, 2)."""


@dataclass(frozen=True)
class Matching:
    """What of the found stretches is right.

    Parameters
    ----------
    found, wanted : [shape=(n_right,)], int64
        Which found stretch counts for which wanted one.
    wrong : [shape=(n_wrong,)], int64
        The found stretches that count for none.
    """

    found: NDArray[np.int64]
    wanted: NDArray[np.int64]
    wrong: NDArray[np.int64]


def match_stretches(
    found: Stretches, wanted: Stretches, neutral: Stretches, window_s: float
) -> Matching:
    """Pair found and wanted stretches, each with at most one: as many pairs as can be.

    Two stretches may be paired if their intersection is at least ``MIN_OVERLAP`` of their union.
    A wanted stretch that is shorter than a window counts as one window around it, since nothing
    finer can be found.

    Parameters
    ----------
    found, wanted : [shape=(n, 2)], float64
        Of one recording, in seconds.
    neutral : [shape=(n, 2)], float64
        Stretches that are neither wanted nor wrong: what touches one, and counts for no wanted
        stretch, does not count.
    window_s : float
        Length of a window, in seconds.
    """
    from scipy.optimize import linear_sum_assignment

    overlap = overlaps(found, _widened(wanted, window_s))
    allowed = overlap >= MIN_OVERLAP
    # A further pair weighs more than all overlap that the others could gain without it.
    rows, columns = linear_sum_assignment(allowed * (1 + min(allowed.shape) + overlap), True)
    right = allowed[rows, columns]
    unpaired = np.setdiff1d(np.arange(len(found)), rows[right])
    touching = overlaps(found, neutral).sum(axis=1) > 0
    return Matching(rows[right], columns[right], unpaired[~touching[unpaired]])


def overlaps(these: Stretches, those: Stretches) -> NDArray[np.float64]:
    """Give the intersection over union of each with each, shape=(n_these, n_those)."""
    starts = np.maximum(these[:, None, 0], those[None, :, 0])
    ends = np.minimum(these[:, None, 1], those[None, :, 1])
    common = np.maximum(ends - starts, 0)
    lengths = np.diff(these), np.diff(those).T
    ratio: NDArray[np.float64] = common / (lengths[0] + lengths[1] - common)
    return ratio


def _widened(stretches: Stretches, least_s: float) -> Stretches:
    """Widen short stretches on both sides; none begins before the recording."""
    missing = np.maximum(least_s - np.diff(stretches), 0)
    starts = np.maximum(stretches[:, :1] - missing / 2, 0)
    lengths = np.maximum(np.diff(stretches), least_s)
    return np.concatenate([starts, starts + lengths], axis=1)
