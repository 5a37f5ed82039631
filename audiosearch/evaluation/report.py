"""Writes an evaluation as one HTML file that needs no other, but for the sounds it plays."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from audiosearch.evaluation.evaluation import Evaluation
from audiosearch.evaluation.linking import LabelledMoment, LabelledRecording
from audiosearch.evaluation.moment_summary import score_outcomes
from audiosearch.evaluation.moments import MomentsResult, WrongMoment
from audiosearch.evaluation.plots import N_COLOURS, draw_curves, draw_distances, draw_thresholds
from audiosearch.evaluation.recordings import Answer, RecordingsResult

MAX_LABELS = 30
"""Labels that the confusion matrix tells apart; the less frequent ones are put together."""
OTHERS = "(others)"

_N_WORST = 12


@dataclass(frozen=True)
class Sound:
    """A sound that the page plays.

    Parameters
    ----------
    name, label : str
        What it is called, and what it is.
    source : str
        Where it is, as seen from the page: a relative link.
    distance : float, optional
        From the query.
    """

    name: str
    label: str
    source: str
    distance: float | None = None


@dataclass(frozen=True)
class Failure:
    """A query that was answered badly: what it measured, and what was found wrongly."""

    query: Sound
    value: float
    wrong: list[Sound]


@dataclass(frozen=True)
class Confusion:
    """How often the nearest recording of a query of one label (row) has another (column).

    Parameters
    ----------
    labels : list of str
        Of the rows and of the columns.
    counts : [shape=(n_labels, n_labels)], int64
        Queries.
    """

    labels: list[str]
    counts: NDArray[np.int64]


def render(evaluation: Evaluation, labels: Path, folder: Path) -> str:
    """Write the report.

    Parameters
    ----------
    evaluation : Evaluation
        What it tells of.
    labels : Path
        The table of labels.
    folder : Path
        Where the report will lie: links to sounds are relative to it.

    Returns
    -------
    str
        HTML.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("audiosearch.evaluation", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    recordings, moments = evaluation.recordings, evaluation.moments
    return environment.get_template("report.html.jinja").render(
        evaluation=evaluation,
        table=str(labels),
        recordings=_of_recordings(recordings, folder) if recordings else None,
        moments=_of_moments(moments, folder) if moments else None,
    )


def confusion(answers: Sequence[Answer]) -> Confusion:
    """Count the labels of the nearest recordings."""
    from sklearn.metrics import confusion_matrix

    pairs = [(each.query.label, each.nearest[0][1].label) for each in answers]
    frequent = Counter(label for pair in pairs for label in pair).most_common(MAX_LABELS)
    kept = {label for label, _ in frequent}
    wanted, found = (
        [label if label in kept else OTHERS for label in labels]
        for labels in zip(*pairs, strict=True)
    )
    names = sorted({*wanted, *found}, key=lambda each: (each == OTHERS, each))
    return Confusion(names, confusion_matrix(wanted, found, labels=names))


def _of_recordings(result: RecordingsResult, folder: Path) -> dict[str, object] | None:
    if not result.answers:
        return None
    curves: dict[str, list[NDArray[np.float64]]] = {}
    for answer in result.answers:
        curves.setdefault(answer.query.label, []).append(answer.curve)
    lines = {label: np.mean(curves[label], axis=0) for label in sorted(curves)}
    shown = lines if 1 < len(lines) <= N_COLOURS else {}
    overall = np.mean([answer.curve for answer in result.answers], axis=0)
    worst = sorted(result.answers, key=lambda each: each.measures.average_precision)
    return {
        "curves": draw_curves(overall, shown),
        "curve_labels": list(shown),
        "distances": draw_distances(result.same, result.other),
        "confusion": confusion(result.answers),
        "worst": [_bad_answer(each, folder) for each in worst[:_N_WORST]],
    }


def _of_moments(result: MomentsResult, folder: Path) -> dict[str, object] | None:
    if not result.queries:
        return None
    by_threshold = list(zip(*result.outcomes, strict=True))
    groups = [each.id for each in result.queries]
    scores = [score_outcomes(each, groups) for each in by_threshold]
    lines = {
        "precision": np.array([each.precision.value for each in scores]),
        "recall": np.array([each.recall.value for each in scores]),
        "F1": np.array([each.f1.value for each in scores]),
    }
    best = float(result.thresholds[result.best])
    moments = {each.id: each for each in (*result.queries, *result.left_out)}
    answered = zip(result.queries, result.defaults, strict=True)
    worst = sorted(answered, key=lambda pair: pair[1].f1)[:_N_WORST]
    return {
        "thresholds": draw_thresholds(result.thresholds, lines, best),
        "lines": list(lines),
        "worst": [
            Failure(
                _moment(query, folder),
                outcome.f1,
                [_wrong(each, moments[each.recording_id], folder) for each in outcome.wrong],
            )
            for query, outcome in worst
        ],
    }


def _bad_answer(answer: Answer, folder: Path) -> Failure:
    label = answer.query.label
    wrong = [
        Sound(each.name, each.label, _link(each.path, folder), distance)
        for distance, each in answer.nearest
        if each.label != label
    ]
    return Failure(_recording(answer.query, folder), answer.measures.average_precision, wrong)


def _recording(query: LabelledRecording, folder: Path) -> Sound:
    return Sound(query.name, query.label, _link(query.path, folder))


def _moment(query: LabelledMoment, folder: Path) -> Sound:
    source = _stretch(_link(query.path, folder), query.start_s, query.end_s)
    return Sound(_named(query.name, query.start_s, query.end_s), query.label, source)


def _wrong(found: WrongMoment, holder: LabelledMoment, folder: Path) -> Sound:
    source = _stretch(_link(holder.path, folder), found.start_s, found.end_s)
    return Sound(_named(holder.name, found.start_s, found.end_s), "", source, found.distance)


def _named(name: str, start_s: float, end_s: float) -> str:
    return f"{name}, {start_s:.1f} – {end_s:.1f} s"


def _stretch(link: str, start_s: float, end_s: float) -> str:
    """Name a stretch by a media fragment: browsers play it alone."""
    return f"{link}#t={start_s:.2f},{end_s:.2f}"


def _link(path: Path, folder: Path) -> str:
    """Give a file's link as seen from a folder; any character may stand in its name."""
    return quote(os.path.relpath(path, folder.resolve()))
