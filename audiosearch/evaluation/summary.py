"""Sums up the answers to many queries: per label and overall."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audiosearch.evaluation.intervals import Estimate, estimate_ratio
from audiosearch.evaluation.metrics import Measures, at_best, at_chance
from audiosearch.evaluation.recordings import Answer, RecordingsResult


@dataclass(frozen=True)
class Score:
    """A measure's mean over queries.

    Parameters
    ----------
    measured : Estimate
        With its confidence interval.
    chance, best : float
        What a random order would have on average, and a perfect one.
    """

    measured: Estimate
    chance: float
    best: float


@dataclass(frozen=True)
class LabelScores:
    """The measures of the queries of one label, or of all.

    Parameters
    ----------
    label : str, optional
        ``None`` for all; there every query counts alike.
    n_queries : int
        How many queries were measured.
    n_left_out : int
        How many had nothing to find: no recording of another group has their label.
    scores : dict
        Score by the names of ``Measures``; empty without queries.
    """

    label: str | None
    n_queries: int
    n_left_out: int
    scores: dict[str, Score]


def summarise(result: RecordingsResult) -> list[LabelScores]:
    """Sum up all queries, then those of each label, in the order of the labels."""
    answers: dict[str, list[Answer]] = {each.label: [] for each in result.left_out}
    for answer in result.answers:
        answers.setdefault(answer.query.label, []).append(answer)
    left_out = Counter(each.label for each in result.left_out)
    overall = _scores(None, result.answers, left_out.total())
    return [overall, *(_scores(each, answers[each], left_out[each]) for each in sorted(answers))]


def _scores(label: str | None, answers: Sequence[Answer], n_left_out: int) -> LabelScores:
    if not answers:
        return LabelScores(label, 0, n_left_out, {})
    measured = np.array([each.measures for each in answers])
    chance = np.mean([at_chance(each.n_relevant, each.n_ranked) for each in answers], axis=0)
    best = np.mean([at_best(each.n_relevant) for each in answers], axis=0)
    groups = [each.query.group for each in answers]
    ones = np.ones(len(answers))
    scores = {
        name: Score(
            estimate_ratio(measured[:, place], ones, groups),
            float(chance[place]),
            float(best[place]),
        )
        for place, name in enumerate(Measures._fields)
    }
    return LabelScores(label, len(answers), n_left_out, scores)
