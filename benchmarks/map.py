"""Measure ways to lay a library out in two dimensions: do neighbours stay near, and what it costs.

Lays out the clips of ESC-10, then so many recordings made of their windows: a window of one, plus
the difference of two others, scaled down. ``docs/map.md`` has the results.

``python benchmarks/map.py ESC10_FOLDER [--recordings 50000]``
"""

import argparse
import csv
import os
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.decode import decode
from audiosearch.encoders import load_encoder
from audiosearch.map import Points, project, project_roughly
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize
from audiosearch.windows import WindowPlan

NEIGHBOURS = 10
JITTER = 0.3


def project_by_tsne(vectors: Vectors) -> Points:
    from sklearn.manifold import TSNE

    placed: Points = TSNE(init="pca", random_state=0).fit_transform(vectors)
    return placed


WAYS: dict[str, Callable[[Vectors], Points]] = {
    "PCA": project_roughly,
    "UMAP": project,
    "t-SNE": project_by_tsne,
}
SLOW = ("t-SNE",)


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--recordings", type=int, default=50_000)
    given = arguments.parse_args()
    with (given.folder / "labels.csv").open(newline="") as file:
        clips = list(csv.DictReader(file))
    windows = embed([given.folder / clip["path"] for clip in clips])
    means = l2_normalize(np.stack([each.mean(axis=0) for each in windows]))
    labels = np.array([clip["label"] for clip in clips])
    sources = np.array([clip["freesound_id"] for clip in clips])
    many = made_up(np.concatenate(windows), given.recordings)
    print(f"| | trustworthiness | same label | s | s, {len(many):,} |\n|---|---|---|---|---|")
    same = purity(1 - means @ means.T, labels, sources)
    print(f"| in {means.shape[1]} dimensions | | {same:.3f} | | |")
    for name in WAYS:
        points, few_s = run(name, means)
        many_s = "not tried" if name in SLOW else f"{run(name, many)[1]:.0f}"
        near = trustworthiness(means, points)
        same = purity(squared_distances(points), labels, sources)
        print(f"| {name} | {near:.3f} | {same:.3f} | {few_s:.0f} | {many_s} |", flush=True)


def embed(files: list[Path]) -> list[Vectors]:
    """Embed the windows of each file."""
    encoder, plan = load_encoder("yamnet"), WindowPlan()
    waveforms = [decode(file) for file in files]
    return encoder.embed_recordings([(each, plan.spans(each.size)) for each in waveforms])


def made_up(windows: Vectors, n: int) -> Vectors:
    """Make vectors near the given ones."""
    base, plus, minus = windows[np.random.default_rng(0).integers(len(windows), size=(3, n))]
    return l2_normalize(base + JITTER * (plus - minus))


def run(name: str, vectors: Vectors) -> tuple[Points, float]:
    """Lay vectors out in a process of its own; give places, and seconds with imports."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (name, vectors))


def _run(name: str, vectors: Vectors) -> tuple[Points, float]:
    os.nice(10)
    started = time.perf_counter()
    points = WAYS[name](vectors)
    return points, time.perf_counter() - started


def trustworthiness(vectors: Vectors, points: Points) -> float:
    """Tell how few of the neighbours on the map are none in truth, 1 at best."""
    from sklearn.manifold import trustworthiness

    return float(trustworthiness(vectors, points, n_neighbors=NEIGHBOURS, metric="cosine"))


def purity(
    distances: NDArray[np.float32], labels: NDArray[np.str_], sources: NDArray[np.str_]
) -> float:
    """Tell which share of the nearest neighbours from other sources has the same label."""
    others = np.where(sources[:, None] == sources, np.inf, distances)
    nearest = np.argsort(others, axis=1)[:, :NEIGHBOURS]
    return float((labels[nearest] == labels[:, None]).mean())


def squared_distances(points: Points) -> NDArray[np.float32]:
    """Compute all distances [shape=(n, n)]."""
    squares: NDArray[np.float32] = ((points[:, None] - points) ** 2).sum(axis=2)
    return squares


if __name__ == "__main__":
    main()
