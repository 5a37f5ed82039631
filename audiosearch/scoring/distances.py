"""What a distance is among those of a library."""

import numpy as np
from numpy.typing import NDArray


def percentile(distance: float, pairs: NDArray[np.float32]) -> float | None:
    """Tell how many of a library's pairs of windows are farther from each other.

    Parameters
    ----------
    distance : float
        A cosine distance.
    pairs : [shape=(n_pairs,)], float32
        Those of the library, ascending; see ``Store.pair_distances``.

    Returns
    -------
    float or None
        In percent, to three decimals; ``None`` where there are no pairs.

    Examples
    --------
    >>> percentile(0.2, np.array([0.1, 0.3, 0.4, 0.5], np.float32))
    75.0
    """
    if not pairs.size:
        return None
    n_farther = pairs.size - np.searchsorted(pairs, np.float32(distance), side="right")
    return round(100 * float(n_farther) / pairs.size, 3)
