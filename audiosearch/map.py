"""Lays sounds out in two dimensions: near is similar."""

import sys
import warnings

import numpy as np
from numpy.typing import NDArray

from audiosearch.types import Vectors

_COMPONENTS = 50  # what UMAP gets: with all 1024 its map of ESC-10 is no better
_NEIGHBOURS = 15
_FEWEST = 10  # recordings that UMAP makes sense of
_SEED = 0

Points = NDArray[np.float32]
"""Places, shape=(n, 2), in [-1, 1]."""


def project_roughly(vectors: Vectors) -> Points:
    """Place vectors by their first two principal components, in no time; see ``project``."""
    return _fitted(_principal_components(vectors, 2))


def project(vectors: Vectors) -> Points:
    """Place vectors so that those that are near each other stay near.

    UMAP over the first principal components; where there are few vectors, the first two of these.
    The same vectors give the same places.

    Parameters
    ----------
    vectors : [shape=(n, dim)], float32
        Of unit length.

    Returns
    -------
    [shape=(n, 2)], float32
        In [-1, 1], both axes of one scale.

    Examples
    --------
    >>> project(np.array([[1, 0], [0, 1], [0.7, 0.7]], np.float32)).shape
    (3, 2)
    """
    if len(vectors) < _FEWEST:
        return project_roughly(vectors)
    placed = _umap(_principal_components(vectors, _COMPONENTS))
    turned = _principal_components(placed, 2)  # wide rather than high, as screens are
    return _fitted(turned)


def _principal_components(vectors: Vectors, n: int) -> NDArray[np.float32]:
    """Project on the directions of the largest variance, shape=(n_vectors, n); zeros beyond dim."""
    if not len(vectors):
        return np.zeros((0, n), np.float32)
    mean = vectors.mean(axis=0)
    covariance = vectors.T @ vectors / len(vectors) - np.outer(mean, mean)
    axes = np.linalg.eigh(covariance.astype(np.float64))[1][:, ::-1][:, :n]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # LAPACK's vary
    components = np.zeros((len(vectors), n), np.float32)
    axes = (axes * signs).astype(np.float32)
    components[:, : axes.shape[1]] = vectors @ axes - mean @ axes
    return components


def _umap(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type]  # umap would import it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it does so, and that a seed means one thread
        from umap import UMAP

        reducer = UMAP(
            n_neighbors=min(_NEIGHBOURS, len(vectors) - 1), init="pca", random_state=_SEED, n_jobs=1
        )
        placed: NDArray[np.float32] = reducer.fit_transform(vectors)
    return placed


def _fitted(points: NDArray[np.float32]) -> Points:
    """Move and scale points into [-1, 1]."""
    if not len(points):
        return points
    lowest, highest = points.min(axis=0), points.max(axis=0)
    half = max(float((highest - lowest).max()) / 2, np.finfo(np.float32).tiny)
    fitted: Points = ((points - (lowest + highest) / 2) / half).clip(-1, 1).astype(np.float32)
    return fitted
