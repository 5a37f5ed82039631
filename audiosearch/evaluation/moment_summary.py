"""Sums up the answers to many searches for moments: per label and overall."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audiosearch.evaluation.intervals import Estimate, estimate_ratio
from audiosearch.evaluation.moments import MomentsResult, Outcome


@dataclass(frozen=True)
class MomentScores:
    """How well moments are found.

    Parameters
    ----------
    precision, recall, f1 : Estimate
        Over the stretches of all queries together, each stretch alike.
    onset_error_s : float, optional
        Median of how far the starts of right stretches are off, in seconds; ``None`` without any.
    """

    precision: Estimate
    recall: Estimate
    f1: Estimate
    onset_error_s: float | None


@dataclass(frozen=True)
class LabelMoments:
    """The scores of the queries of one label, or of all.

    Parameters
    ----------
    label : str, optional
        ``None`` for all.
    n_queries, n_left_out : int
        How many moments were searched for; how many had nothing to find.
    best, default : MomentScores, optional
        At the threshold that is best for all queries together, and as a search answers that sets
        none; ``None`` without queries.
    """

    label: str | None
    n_queries: int
    n_left_out: int
    best: MomentScores | None
    default: MomentScores | None


def summarise_moments(result: MomentsResult) -> list[LabelMoments]:
    """Sum up all queries, then those of each label, in the order of the labels."""
    left_out = Counter(each.label for each in result.left_out)
    labels = sorted(left_out.keys() | {each.label for each in result.queries})
    overall = _of_label(result, None, left_out.total())
    return [overall, *(_of_label(result, each, left_out[each]) for each in labels)]


def score_outcomes(outcomes: Sequence[Outcome], groups: Sequence[str]) -> MomentScores:
    """Score the outcomes of some queries.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One or more.
    groups : sequence of str
        Of each query; those of one are drawn together for the confidence intervals.
    """
    counts = [(each.n_right, each.n_wrong, each.n_missed) for each in outcomes]
    right, wrong, missed = np.array(counts).T
    errors = [abs(error) for each in outcomes for error in each.onset_errors_s]
    return MomentScores(
        estimate_ratio(right, right + wrong, groups),
        estimate_ratio(right, right + missed, groups),
        estimate_ratio(2 * right, 2 * right + wrong + missed, groups),
        float(np.median(errors)) if errors else None,
    )


def _of_label(result: MomentsResult, label: str | None, n_left_out: int) -> LabelMoments:
    chosen = [n for n, each in enumerate(result.queries) if label in (None, each.label)]
    if not chosen:
        return LabelMoments(label, 0, n_left_out, None, None)
    groups = [result.queries[n].group or result.queries[n].id for n in chosen]
    best = score_outcomes([result.outcomes[n][result.best] for n in chosen], groups)
    default = score_outcomes([result.defaults[n] for n in chosen], groups)
    return LabelMoments(label, len(chosen), n_left_out, best, default)
