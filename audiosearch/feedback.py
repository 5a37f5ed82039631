"""Makes one query of several sounds: those that the answers shall be like, and those not.

After Rocchio, "Relevance feedback in information retrieval", in Salton (ed.), The SMART Retrieval
System, Prentice-Hall 1971. Two things differ: every window of every positive stays a query of its
own, and a negative takes away in proportion to its nearness. ``docs/feedback.md`` compares.
"""

from collections.abc import Sequence

import numpy as np

from audiosearch.errors import InvalidQueryError
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize

# Below 1 each, so that no vector can vanish.
POSITIVE_WEIGHT = 0.5
NEGATIVE_WEIGHT = 0.5


def combine(
    positives: Sequence[Vectors],
    negatives: Sequence[Vectors],
    positive_weight: float = POSITIVE_WEIGHT,
    negative_weight: float = NEGATIVE_WEIGHT,
) -> list[Vectors]:
    """Move the windows of positives towards each other, and away from those of negatives.

    Parameters
    ----------
    positives : sequence of [shape=(n_windows, dim)], float32
        The windows of each sound to find the likes of, of unit length; at least one sound.
    negatives : sequence of [shape=(n_windows, dim)], float32
        The windows of each sound to find no likes of, of unit length.
    positive_weight : float
        How far a window moves towards the mean of the other positives, from 0 to below 1.
    negative_weight : float
        How much it loses of its component along each negative's nearest window, averaged over the
        negatives; from 0 to below 1.

    Returns
    -------
    list of [shape=(n_windows, dim)], float32
        For each positive its windows, of unit length: query vectors for a search by cosine.

    Raises
    ------
    InvalidQueryError
        If there is no positive.

    Examples
    --------
    >>> right, up = np.eye(2, dtype=np.float32)
    >>> wanted = (right + up) / np.sqrt(2)
    >>> [moved] = combine([wanted[np.newaxis]], [up[np.newaxis]])
    >>> moved.round(2)
    array([[0.89, 0.45]], dtype=float32)
    """
    if not positives:
        raise InvalidQueryError(
            "received a query of negatives alone, expected a sound to find the likes of"
        )
    attracted = _attract(positives, positive_weight)
    return [_repel(each, negatives, negative_weight) for each in attracted]


def _attract(positives: Sequence[Vectors], weight: float) -> list[Vectors]:
    """Move each sound's windows towards the mean of the other sounds, which count alike."""
    if len(positives) == 1:
        return list(positives)
    means = np.stack([windows.mean(axis=0) for windows in positives])
    others = (means.sum(axis=0) - means) / (len(means) - 1)
    return [
        l2_normalize(windows + weight * other)
        for windows, other in zip(positives, others, strict=True)
    ]


def _repel(windows: Vectors, negatives: Sequence[Vectors], weight: float) -> Vectors:
    """Take away from each window what it has in common with the negatives."""
    if not negatives:
        return windows
    common = [_common(windows, negative) for negative in negatives]
    return l2_normalize(windows - weight * np.mean(common, axis=0))


def _common(windows: Vectors, negative: Vectors) -> Vectors:
    """Project each window on the negative's nearest one, shape=(n_windows, dim).

    Opposite vectors have nothing in common: taking that away would lead towards the negative.
    """
    cosines = windows @ negative.T
    nearest = negative[cosines.argmax(axis=1)]
    common: Vectors = np.maximum(cosines.max(axis=1, keepdims=True), 0) * nearest
    return common
