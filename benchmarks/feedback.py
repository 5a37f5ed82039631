"""Measure how a query of several sounds is best made: which answers it finds after feedback.

Each clip is searched for; the first K right and the first K wrong of its ten first answers become
positives and negatives; the search is repeated in several ways, and ranks the remaining clips.
Clips of one recording are never answers to each other. ``docs/feedback.md`` has the results.

``python benchmarks/feedback.py FOLDER``, with a ``labels.csv`` of ``path``, ``label`` and, where
clips share a recording, ``freesound_id``. Prints a Markdown table.
"""

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from audiosearch.config import flow_settings
from audiosearch.embedding import embed_files
from audiosearch.feedback import combine
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize

PAGE = 10  # answers that a person looks at
FEEDBACK = ((0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3))  # positives and negatives, at most

Distances: TypeAlias = NDArray[np.float32]
Sounds: TypeAlias = Sequence[Vectors]
Scores: TypeAlias = tuple[float, float]
Way: TypeAlias = Callable[["Collection", Sounds, Sounds], Distances]


@dataclass(frozen=True)
class Collection:
    """Labelled clips with their windows, in one array."""

    labels: NDArray[np.str_]
    sources: NDArray[np.str_]
    vectors: Vectors
    firsts: NDArray[np.intp]  # of each clip's windows

    def sound(self, clip: int) -> Vectors:
        """Give a clip's windows."""
        stops = [*self.firsts[1:], len(self.vectors)]
        return self.vectors[self.firsts[clip] : stops[clip]]

    def distances(self, queries: Vectors) -> Distances:
        """Give each clip's distance, that of its best window to any query vector."""
        nearest: Distances = (1 - self.vectors @ queries.T).min(axis=1)
        return np.minimum.reduceat(nearest, self.firsts)


def query_alone(clips: Collection, positives: Sounds, negatives: Sounds) -> Distances:
    return clips.distances(positives[0])


def nearest_positive(clips: Collection, positives: Sounds, negatives: Sounds) -> Distances:
    return clips.distances(np.concatenate(positives))


def mean_over_positives(clips: Collection, positives: Sounds, negatives: Sounds) -> Distances:
    distances: Distances = np.mean([clips.distances(each) for each in positives], axis=0)
    return distances


def rocchio(
    alpha: float, beta: float, clips: Collection, positives: Sounds, negatives: Sounds
) -> Distances:
    """Move the query's windows only, by the means of all positives and of all negatives."""
    moved = positives[0]
    if positives[1:]:
        moved = moved + alpha * np.concatenate(positives[1:]).mean(axis=0)
    if negatives:
        moved = moved - beta * np.concatenate(negatives).mean(axis=0)
    return clips.distances(l2_normalize(moved))


def subtract_nearest(
    beta: float, clips: Collection, positives: Sounds, negatives: Sounds
) -> Distances:
    """Move each positive's windows away from the nearest negative, however far that is."""
    queries = np.concatenate(combine(positives, []))
    if negatives:
        away = np.concatenate(negatives)
        queries = l2_normalize(queries - beta * away[(queries @ away.T).argmax(axis=1)])
    return clips.distances(queries)


def combined(
    alpha: float, beta: float, clips: Collection, positives: Sounds, negatives: Sounds
) -> Distances:
    return clips.distances(np.concatenate(combine(positives, negatives, alpha, beta)))


def penalised(way: Way, beta: float, clips: Collection, *query: Sounds) -> Distances:
    """Add to each clip's distance its likeness to the nearest negative."""
    positives, negatives = query
    distances = way(clips, positives, [])
    if negatives:
        distances = distances + beta * (1 - clips.distances(np.concatenate(negatives)))
    return distances


WAYS: dict[str, Way] = {
    "the query alone": query_alone,
    "nearest positive (OR)": nearest_positive,
    "mean over positives (AND)": mean_over_positives,
    **{
        f"Rocchio, α {alpha}, β {beta}": partial(rocchio, alpha, beta)
        for alpha, beta in [(0.5, 0.25), (1, 0.25), (1, 0.5), (1, 0.75)]
    },
    **{
        f"positives attracted, nearest negative subtracted, β {beta}": partial(
            subtract_nearest, beta
        )
        for beta in (0.25, 0.5)
    },
    **{
        f"`combine`, α {alpha}, β {beta}": partial(combined, alpha, beta)
        for alpha, beta in [(0, 0.5), (0.5, 0.25), (0.5, 0.5), (0.5, 0.75), (0.9, 0.5)]
    },
    **{
        f"nearest positive, penalty β {beta}": partial(penalised, nearest_positive, beta)
        for beta in (0.25, 0.5)
    },
    "positives attracted, penalty β 0.5": partial(penalised, partial(combined, 0.5, 0), 0.5),
}


def main() -> None:
    """Print the table."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    clips = read_collection(Path(sys.argv[1]))
    columns = [measure(clips, *each) for each in FEEDBACK]
    titles = [
        f"{n_positives} + {n_negatives} ({len(column)})"
        for (n_positives, n_negatives), column in zip(FEEDBACK, columns, strict=True)
    ]
    print(f"| {len(clips.labels)} clips | " + " | ".join(titles) + " |")
    print("|---" * (len(FEEDBACK) + 1) + "|")
    for row, way in enumerate(WAYS):
        means = [np.mean(column, axis=0)[row] for column in columns]
        cells = [f"{precision:.3f} / {average:.3f}" for precision, average in means]
        print(f"| {way} | " + " | ".join(cells) + " |")


def read_collection(folder: Path) -> Collection:
    """Embed the clips that a folder's ``labels.csv`` lists, cut as flow.yml says."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    files = [folder / row["path"] for row in rows]
    with TemporaryDirectory() as workspace:
        embeddings = embed_files(files, flow_settings("yamnet"), Path(workspace))
    _, firsts = np.unique(embeddings.uri, return_index=True)
    return Collection(
        labels=np.array([row["label"] for row in rows]),
        sources=np.array([row.get("freesound_id", row["path"]) for row in rows]),
        vectors=embeddings.embeddings,
        firsts=np.sort(firsts),
    )


def measure(clips: Collection, k_positives: int, k_negatives: int) -> list[list[Scores]]:
    """Give each way's scores of each query whose page has something to mark."""
    measured = []
    for query, (label, source) in enumerate(zip(clips.labels, clips.sources, strict=True)):
        right, others = clips.labels == label, clips.sources != source
        page = rank(clips.distances(clips.sound(query)), others)[:PAGE]
        positives = page[right[page]][:k_positives]
        negatives = page[~right[page]][:k_negatives]
        marked = [*positives, *negatives]
        remaining = others & ~np.isin(clips.sources, clips.sources[marked])
        has_marks = (len(positives) or not k_positives) and (len(negatives) or not k_negatives)
        if has_marks and right[remaining].any():
            sounds = [clips.sound(each) for each in (query, *positives)]
            away = [clips.sound(each) for each in negatives]
            ranked = [rank(way(clips, sounds, away), remaining) for way in WAYS.values()]
            measured.append([evaluate(right[each]) for each in ranked])
    return measured


def rank(distances: Distances, among: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Order some clips by their distance."""
    order = np.argsort(distances, kind="stable")
    return order[among[order]]


def evaluate(right: NDArray[np.bool_]) -> Scores:
    """Give the precision of the first five answers, and the average precision of all."""
    precisions = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float(right[:5].mean()), float(precisions[right].mean())


if __name__ == "__main__":
    main()
