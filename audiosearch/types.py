"""Array types shared by all modules."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Waveform: TypeAlias = NDArray[np.float32]
"""Mono samples in [-1, 1], shape=(n_samples,)."""

Vectors: TypeAlias = NDArray[np.float32]
"""Embeddings, one a row, shape=(n, dim)."""

Peaks: TypeAlias = NDArray[np.int8]
"""Minimum and maximum of each bin of a waveform, in 127ths of full scale, shape=(n_bins, 2)."""

Heard: TypeAlias = NDArray[np.uint16]
"""The best classes of sounds, shape=(n, n_kept, 2): each one's number, its place in YAMNet's class
map, and its score, in 65,535ths."""

Tags: TypeAlias = dict[str, Any]
"""What is known of a recording beside its sound."""
