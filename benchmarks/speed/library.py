"""Fills a library with vectors and peaks at random, as if they were of recordings."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from audiosearch.encoders import load_encoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.peaks import count_bins
from audiosearch.store.rows import File, Recording, Space, WindowBlock
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize
from audiosearch.windows import WindowPlan
from benchmarks.speed.inputs import Setup

WINDOWS_A_RECORDING = 40
CLUSTERS = 500
SPREAD = 0.5  # of a cluster, where its centre's length is 1


def space_of(setup: Setup) -> Space:
    """Tell what an encoder's vectors are made with."""
    settings = EncoderSettings(models_dir=setup.models, unverified_weights=True)
    encoder, plan = load_encoder(setup.encoder, settings), WindowPlan()
    return Space(encoder.name, encoder.version, encoder.dim, plan.window_s, plan.stride_s)


def grow(workspace: Path, space: Space, n_windows: int) -> None:
    """Add recordings to a library until it has so many windows, and have its index built.

    Parameters
    ----------
    workspace : Path
        The folder of the library.
    space : Space
        What its vectors pretend to be made with.
    n_windows : int
        How many to reach.
    """
    store = SQLiteStore(workspace)
    totals = store.totals()
    start_s = space.stride_s * np.arange(WINDOWS_A_RECORDING, dtype=np.float64)
    end_s = start_s + space.window_s
    missing, rng = n_windows - totals.windows, np.random.default_rng(n_windows)
    for number, vectors in enumerate(clustered(missing, space.dim, totals.recordings)):
        name = f"{totals.recordings + number:08}"
        file = File(f"filled/{name}.ogg", f"/filled/{name}.ogg", 1, 1, name)
        n = len(vectors)
        recording = Recording(name, float(end_s[n - 1]), complete=True)
        peaks = rng.integers(-100, 100, (count_bins(recording.duration_s), 2), np.int8)
        block = WindowBlock(0, start_s[:n], end_s[:n], vectors, peaks)
        store.add_block(file, recording, block, space)
    store.nearest(next(clustered(1, space.dim, 0)), 1)  # begins to build what large libraries need
    store.finish_building()
    store.close()


def clustered(n: int, dim: int, seed: int) -> Iterator[Vectors]:
    """Draw vectors of unit length around common centres, in recordings.

    Parameters
    ----------
    n : int
        How many in all.
    dim : int
        Their length.
    seed : int
        Of these vectors; the centres are always the same.

    Yields
    ------
    [shape=(n_windows, dim)], float32
        A recording's.
    """
    centres = l2_normalize(np.random.default_rng(0).standard_normal((CLUSTERS, dim), np.float32))
    rng = np.random.default_rng(seed + 1)
    for first in range(0, n, WINDOWS_A_RECORDING):
        size = min(WINDOWS_A_RECORDING, n - first)
        noise = rng.standard_normal((size, dim), np.float32) * np.float32(SPREAD / dim**0.5)
        yield l2_normalize(centres[rng.integers(CLUSTERS, size=size)] + noise)
