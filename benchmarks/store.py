"""Measure the store at scale: writing, opening, searching, and how much the search misses.

Makes a library of so many windows from the embeddings of real clips: a window of one, plus the
difference of two others, scaled down. Clips of the last fold are held out and are the queries.
``docs/library.md`` has the results.

``python benchmarks/store.py ESC10_FOLDER [--windows 200000] [--dim 1024]``; another ``--dim``
projects YAMNet's vectors at random, as a stand-in for VGGish's 512 numbers.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.decode import decode
from audiosearch.encoders import load_encoder
from audiosearch.store.database import Database
from audiosearch.store.rows import File, Recording, Space, WindowBlock
from audiosearch.store.sqlite import DATABASE, SQLiteStore
from audiosearch.store.workspace import APPROXIMATE
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize
from audiosearch.windows import WindowPlan

HELD_OUT = "5"
JITTER = 0.3
WINDOWS_A_RECORDING = 40
K = 50
ROUNDS = 20


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--windows", type=int, default=200_000)
    arguments.add_argument("--dim", type=int, default=1024)
    given = arguments.parse_args()
    library, held_out = embed(given.folder)
    if given.dim != library.shape[1]:
        shape = library.shape[1], given.dim
        projection = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
        library, held_out = library @ projection, l2_normalize(held_out @ projection)
    print(f"{given.windows} windows of {given.dim} numbers\n\n| | |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        measure_writing(Path(folder), library, given.windows)
        measure_searching(Path(folder), held_out, given.windows, given.dim)


def embed(folder: Path) -> tuple[Vectors, Vectors]:
    """Embed the windows of all clips; give those to make a library of, and those to ask with."""
    encoder, plan = load_encoder("yamnet"), WindowPlan()
    with (folder / "labels.csv").open(newline="") as file:
        clips = list(csv.DictReader(file))
    waveforms = [decode(folder / clip["path"]) for clip in clips]
    vectors = encoder.embed_recordings([(each, plan.spans(each.size)) for each in waveforms])
    own = [each for each, clip in zip(vectors, clips, strict=True) if clip["fold"] != HELD_OUT]
    held_out = [each for each, clip in zip(vectors, clips, strict=True) if clip["fold"] == HELD_OUT]
    return np.concatenate(own), np.concatenate(held_out)


def jittered(vectors: Vectors, n_windows: int) -> Iterator[Vectors]:
    """Make vectors near the given ones, in recordings."""
    rng = np.random.default_rng(0)
    for _ in range(0, n_windows, WINDOWS_A_RECORDING):
        base, plus, minus = vectors[rng.integers(len(vectors), size=(3, WINDOWS_A_RECORDING))]
        yield l2_normalize(base + JITTER * (plus - minus))


def measure_writing(workspace: Path, vectors: Vectors, n_windows: int) -> None:
    space = Space("yamnet", "benchmark", vectors.shape[1], 4.0, 2.0)
    start_s = 2 * np.arange(WINDOWS_A_RECORDING, dtype=np.float64)
    store, taken_s = SQLiteStore(workspace), 0.0
    for number, each in enumerate(jittered(vectors, n_windows)):
        name = f"{number:08}"
        file = File(f"music/{name}.ogg", f"/music/{name}.ogg", 1, 1, name)
        recording = Recording(name, 82.0, complete=True)
        block = WindowBlock(0, start_s, start_s + 4, each)
        started = time.perf_counter()
        store.add_block(file, recording, block, space)
        taken_s += time.perf_counter() - started
    store.close()
    n_bytes = (workspace / DATABASE).stat().st_size
    row("windows written a second, 40 a transaction", f"{n_windows / taken_s:,.0f}")
    row("bytes on disk a window", f"{n_bytes / n_windows:.0f}")


def measure_searching(workspace: Path, held_out: Vectors, n_windows: int, dim: int) -> None:
    rng = np.random.default_rng(2)
    store, opened_s = opened(workspace, held_out)
    row("opening the first time, s", f"{opened_s:.2f}")
    started = time.perf_counter()
    store.finish_building()
    row("building the approximate index after it, s", f"{time.perf_counter() - started:.1f}")
    store.close()
    n_bytes = (workspace / APPROXIMATE).stat().st_size
    row("bytes on disk a window of the approximate index", f"{n_bytes / n_windows:.0f}")
    with get_context("spawn").Pool(1) as fresh:
        opened_s, before, after = fresh.apply(measure_opening, (workspace, held_out))
    row("opening again, s", f"{opened_s:.2f}")
    size = n_windows * dim * 4
    row("memory that opening takes / (windows × dim × 4 bytes)", f"{(after - before) / size:.2f}")
    row("— the whole process's", f"{after / size:.2f}")
    store, _ = opened(workspace, held_out)
    matrix = stored_matrix(workspace, n_windows, dim)
    for n_queries in (4, 45):
        sets = [rng.choice(held_out, n_queries, replace=False) for _ in range(ROUNDS)]
        recalls = [recall(store, matrix, queries) for queries in sets]
        approximate = timed(lambda queries: store.nearest(queries, K), sets)
        numpy = timed(lambda queries: nearest_of_all(matrix, queries), sets[:5])
        filtered = timed(lambda queries: store.nearest(queries, K, exclude=["00000000"]), sets[:5])
        row(f"query of {n_queries} windows, ms: median (95th percentile)", describe(approximate))
        row("— all recordings but one", describe(filtered))
        row("— NumPy, all compared", describe(numpy))
        row("— times faster than that", f"{np.median(numpy) / np.median(approximate):.1f}")
        row(
            f"— recall@{K}: mean (worst of {ROUNDS})",
            f"{np.mean(recalls):.4f} ({min(recalls):.2f})",
        )
    store.close()


def opened(workspace: Path, queries: Vectors) -> tuple[SQLiteStore, float]:
    """Open a library and search once, which loads the index; tell how long that took."""
    started = time.perf_counter()
    store = SQLiteStore(workspace)
    store.nearest(queries[:1], 1)
    return store, time.perf_counter() - started


def measure_opening(workspace: Path, queries: Vectors) -> tuple[float, int, int]:
    """Tell how long opening takes, in seconds, and the process's memory before and after it."""
    before = resident_bytes()
    store, opened_s = opened(workspace, queries)
    store.nearest(queries[:45], K)
    after = resident_bytes()
    store.close()
    return opened_s, before, after


def stored_matrix(workspace: Path, n_windows: int, dim: int) -> Vectors:
    """Read all vectors as they are stored."""
    database = Database(workspace / DATABASE, read_only=True)
    matrix = np.empty((n_windows, dim), np.float32)
    done = 0
    for block in database.rows("blocks", "ORDER BY rowid"):
        vectors = np.frombuffer(block[5], np.float16).reshape(-1, dim)
        matrix[done : done + len(vectors)] = l2_normalize(vectors.astype(np.float32))
        done += len(vectors)
    database.close()
    return matrix


def nearest_of_all(matrix: Vectors, queries: Vectors) -> NDArray[np.float32]:
    """Compute the distances of the K rows nearest to any query, in order."""
    distances = 1 - (matrix @ queries.T).max(axis=1)
    nearest: NDArray[np.float32] = np.sort(np.partition(distances, K)[:K])
    return nearest


def recall(store: SQLiteStore, matrix: Vectors, queries: Vectors) -> float:
    """Tell which share of what is found is among the K nearest."""
    found = store.nearest(queries, K).distances
    return float(np.mean(found <= nearest_of_all(matrix, queries)[-1] + 1e-6))


def timed(search: Callable[[Vectors], object], sets: Sequence[Vectors]) -> NDArray[np.float64]:
    """Measure each search, in milliseconds."""
    taken_ms = []
    for queries in sets:
        started = time.perf_counter()
        search(queries)
        taken_ms.append(1000 * (time.perf_counter() - started))
    return np.array(taken_ms)


def resident_bytes() -> int:
    """Tell how much memory this process holds."""
    status = Path("/proc/self/status").read_text()
    (line,) = [each for each in status.splitlines() if each.startswith("VmRSS")]
    return 1024 * int(line.split()[1])


def describe(taken_ms: NDArray[np.float64]) -> str:
    return f"{np.median(taken_ms):.1f} ({np.percentile(taken_ms, 95):.1f})"


def row(what: str, value: str) -> None:
    print(f"| {what} | {value} |", flush=True)


if __name__ == "__main__":
    main()
