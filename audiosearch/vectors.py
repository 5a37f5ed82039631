"""Arithmetic on embeddings."""

import numpy as np

from audiosearch.types import Vectors


def l2_normalize(vectors: Vectors) -> Vectors:
    """Scale a vector, or each row of several, to unit length; zeros stay as they are."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32, copy=False)
