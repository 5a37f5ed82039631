"""The table of encoders: each way to search, on each set of labelled clips."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audiosearch.encoders import load_encoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.errors import ModelNotFoundError
from audiosearch.evaluation.intervals import Estimate, estimate_ratio
from audiosearch.evaluation.metrics import at_chance, measure
from audiosearch.weights import models_dir
from benchmarks.quality.clips import Clip, LabelledSet
from benchmarks.quality.variants import (
    Distances,
    Variant,
    YAMNetFrames,
    floor,
    of_encoder,
    recording_distances,
    yamnet_variants,
)

ABSENT = "weights absent"


@dataclass(frozen=True)
class Cell:
    """How good a way to search is on a set: P@1, P@5 and mAP with its 95 % interval."""

    precision_at_1: float
    precision_at_5: float
    average_precision: Estimate

    def __str__(self) -> str:
        return f"{self.precision_at_5:.3f} / {self.average_precision.value:.3f}"


@dataclass(frozen=True)
class Row:
    """A way to search and its cells by set; none where its weights are absent."""

    name: str
    cells: dict[str, Cell]


def measure_encoders(sets: Sequence[LabelledSet]) -> Iterator[Row]:
    """Measure all ways to search on all sets; first chance, then the default."""
    yield Row("chance", {each.name: _by_chance(each.clips) for each in sets})
    yamnet = YAMNetFrames(EncoderSettings(models_dir=models_dir()))
    variants = [*yamnet_variants(yamnet), floor()]
    for variant in variants:
        yield Row(variant.name, {each.name: _measure(each.clips, variant) for each in sets})
    try:
        encoder = load_encoder("vggish", EncoderSettings(models_dir=models_dir()))
        vggish = of_encoder("VGGish", encoder)
        yield Row("VGGish", {each.name: _measure(each.clips, vggish) for each in sets})
    except ModelNotFoundError:
        yield Row("VGGish", {})


def encoder_table(rows: Sequence[Row], sets: Sequence[LabelledSet]) -> str:
    """Make the Markdown table: P@5 / mAP."""
    lines = [
        "| | " + " | ".join(each.name for each in sets) + " |",
        "| --- |" + " ---: |" * len(sets),
    ]
    for row in rows:
        cells = [str(row.cells[each.name]) if row.cells else ABSENT for each in sets]
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _measure(clips: Sequence[Clip], variant: Variant) -> Cell:
    return _cell(clips, recording_distances(clips, variant))


def _cell(clips: Sequence[Clip], distances: Distances) -> Cell:
    measured, groups = [], []
    for row, query in enumerate(clips):
        others = [n for n, each in enumerate(clips) if each.group != query.group]
        heard = [n for n in others if np.isfinite(distances[row, n])]
        heard.sort(key=lambda n: (distances[row, n], clips[n].path))
        relevant = np.array([clips[n].label == query.label for n in heard], np.bool_)
        if relevant.any():
            measured.append(measure(relevant))
            groups.append(query.group)
    precisions = [each.average_precision for each in measured]
    return Cell(
        float(np.mean([each.precision_at_1 for each in measured])),
        float(np.mean([each.precision_at_5 for each in measured])),
        estimate_ratio(precisions, np.ones(len(precisions)), groups),
    )


def _by_chance(clips: Sequence[Clip]) -> Cell:
    expected = []
    for query in clips:
        others = [each for each in clips if each.group != query.group]
        n_relevant = sum(each.label == query.label for each in others)
        if n_relevant:
            expected.append(at_chance(n_relevant, len(others)))
    precision = float(np.mean([each.average_precision for each in expected]))
    at_1 = float(np.mean([each.precision_at_1 for each in expected]))
    at_5 = float(np.mean([each.precision_at_5 for each in expected]))
    return Cell(at_1, at_5, Estimate(precision, None, None))
