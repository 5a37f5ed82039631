"""Small libraries whose vectors and labels are known."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from audiosearch.evaluation.labels import Row
from audiosearch.store.base import Store
from audiosearch.store.rows import File, Recording, Space, WindowBlock
from audiosearch.types import Vectors

WINDOW_S, STRIDE_S = 4.0, 2.0


def add(store: Store, recording_id: str, vectors: Vectors, name: str | None = None) -> None:
    """Add a recording of such windows, in the file ``/sounds/<name>``."""
    start_s = STRIDE_S * np.arange(len(vectors))
    store.add_block(
        File(f"lib/{recording_id}", f"/sounds/{name or recording_id}", recording_id=recording_id),
        Recording(recording_id, float(start_s[-1]) + WINDOW_S, complete=True),
        WindowBlock(0, start_s, start_s + WINDOW_S, vectors),
        Space("yamnet", "v1", vectors.shape[1], WINDOW_S, STRIDE_S),
    )


def row(line: int, name: str, label: str, group: str = "", *stretch: float) -> Row:
    """Make a row of the file ``/sounds/<name>``; of a stretch of it, from and to in seconds."""
    return Row(line, name, Path("/sounds", name), label, group, *stretch)


def random_vectors(n: int, dim: int, seed: int) -> Vectors:
    """Draw directions at random, shape=(n, dim)."""
    vectors = np.random.default_rng(seed).standard_normal((n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def rows_of(labels: Mapping[str, str], groups: Mapping[str, str] | None = None) -> list[Row]:
    """Make a row for each recording."""
    return [
        row(line, name, label, (groups or {}).get(name, ""))
        for line, (name, label) in enumerate(labels.items(), start=2)
    ]
