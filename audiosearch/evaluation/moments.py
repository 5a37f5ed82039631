"""Searches for every labelled moment, and compares what is found with the others of its label."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audiosearch.evaluation.linking import LabelledMoment
from audiosearch.evaluation.matching import Stretches, match_stretches, overlaps
from audiosearch.ranking import Pair, merge_moments
from audiosearch.retrieval import SearchOptions, retrieve
from audiosearch.store.base import Store
from audiosearch.store.rows import Filter, WindowDistances
from audiosearch.types import Vectors

N_THRESHOLDS = 50
_SHOWN = 3  # wrong moments that a report can show
_NOTHING: Stretches = np.empty((0, 2))


@dataclass(frozen=True)
class WrongMoment:
    """A stretch that was found and does not hold the label, with its cosine distance."""

    recording_id: str
    start_s: float
    end_s: float
    distance: float


@dataclass(frozen=True)
class Outcome:
    """What a query found.

    Parameters
    ----------
    n_right, n_wrong, n_missed : int
        Found stretches that count for wanted ones, that do not, and wanted ones without any.
    onset_errors_s : tuple of float
        How much later each right one begins than what it counts for, in seconds.
    wrong : tuple of WrongMoment
        The nearest of the wrong ones.
    """

    n_right: int
    n_wrong: int
    n_missed: int
    onset_errors_s: tuple[float, ...]
    wrong: tuple[WrongMoment, ...]

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; there is something wanted."""
        return 2 * self.n_right / (2 * self.n_right + self.n_wrong + self.n_missed)


@dataclass(frozen=True)
class MomentQuery:
    """A moment to search for.

    Parameters
    ----------
    moment : LabelledMoment
        What it is.
    vectors : [shape=(n_windows, dim)], float32
        Of its windows, as of a user's query.
    wanted : dict
        By recording: the moments of the same label, but for those of its own group.
    neutral : dict
        By recording: itself and the moments of its group.
    """

    moment: LabelledMoment
    vectors: Vectors
    wanted: Mapping[str, Stretches]
    neutral: Mapping[str, Stretches]


@dataclass(frozen=True)
class MomentsResult:
    """What came of searching for all moments.

    Parameters
    ----------
    queries : list of LabelledMoment
        What was searched for.
    left_out : list of LabelledMoment
        The moments whose label no other one has.
    thresholds : [shape=(n_thresholds,)], float64
        Cosine distances, ascending.
    outcomes : list of list of Outcome
        Of each query at each threshold.
    defaults : list of Outcome
        Of each query, as a search answers it that sets no distance.
    """

    queries: list[LabelledMoment]
    left_out: list[LabelledMoment]
    thresholds: NDArray[np.float64]
    outcomes: list[list[Outcome]]
    defaults: list[Outcome]

    @property
    def best(self) -> int:
        """Number of the threshold whose F1 over all queries is highest."""
        sums = [
            [(each.n_right, each.n_wrong + each.n_missed) for each in own] for own in self.outcomes
        ]
        right, others = np.sum(sums, axis=0).T
        return int(np.argmax(2 * right / (2 * right + others)))


def evaluate_moments(
    store: Store, moments: Sequence[LabelledMoment], vectors: Mapping[LabelledMoment, Vectors]
) -> MomentsResult:
    """Search for every moment, at many distances and at the default one.

    Parameters
    ----------
    store : Store
        The library; of its recordings those that hold labelled moments are searched.
    moments : sequence of LabelledMoment
        All that there is to find in them.
    vectors : mapping
        The windows [shape=(n_windows, dim)] of those that are searched for.
    """
    queries, left_out = _make_queries(moments, vectors)
    ids = sorted({each.id for each in moments})
    window_s = store.space.window_s if store.space else 0.0
    thresholds = _thresholds(store, queries)
    everywhere = SearchOptions(filter=Filter(recording_id=tuple(ids)))
    outcomes, defaults = [], []
    for query in queries:
        compared = {each: store.window_distances(each, query.vectors) for each in ids}
        outcomes.append(list(_sweep(query, compared, thresholds, window_s)))
        hits = retrieve(store, query.vectors, everywhere)
        found = {hit.recording.id: hit.windows for hit in hits}
        defaults.append(_outcome(query, found, window_s))
    return MomentsResult(
        [each.moment for each in queries], left_out, thresholds, outcomes, defaults
    )


def _make_queries(
    moments: Sequence[LabelledMoment], vectors: Mapping[LabelledMoment, Vectors]
) -> tuple[list[MomentQuery], list[LabelledMoment]]:
    queries, left_out = [], []
    for moment in vectors:
        own = {each for each in moments if moment.group and each.group == moment.group} | {moment}
        wanted = [each for each in moments if each.label == moment.label and each not in own]
        if wanted:
            query = MomentQuery(moment, vectors[moment], _by_recording(wanted), _by_recording(own))
            queries.append(query)
        else:
            left_out.append(moment)
    return queries, left_out


def _by_recording(moments: Iterable[LabelledMoment]) -> dict[str, Stretches]:
    times: dict[str, list[tuple[float, float]]] = {}
    for each in moments:
        times.setdefault(each.id, []).append((each.start_s, each.end_s))
    return {recording_id: np.array(own) for recording_id, own in times.items()}


def _thresholds(store: Store, queries: Sequence[MomentQuery]) -> NDArray[np.float64]:
    """Choose distances at which ever more of the wanted moments come in, whatever the encoder."""
    nearest = [
        float(windows.distances[touching].min())
        for query in queries
        for recording_id, wanted in query.wanted.items()
        for windows in [store.window_distances(recording_id, query.vectors)]
        for touching in overlaps(wanted, _times(windows)) > 0
        if touching.any()
    ]
    quantiles = np.linspace(0, 1, N_THRESHOLDS)
    return np.unique(np.quantile(nearest, quantiles)) if nearest else np.zeros(1)


def _sweep(
    query: MomentQuery,
    compared: Mapping[str, WindowDistances],
    thresholds: NDArray[np.float64],
    window_s: float,
) -> Iterator[Outcome]:
    """Give the outcome at each threshold: many leave the windows of a recording as they were."""
    known: dict[tuple[str, int], Outcome] = {}
    for threshold in thresholds:
        outcomes = []
        for recording_id, windows in compared.items():
            near = windows.distances <= threshold
            key = recording_id, int(near.sum())
            if key not in known:
                known[key] = _outcome_in(query, recording_id, windows.where(near), window_s)
            outcomes.append(known[key])
        yield _together(outcomes)


def _outcome(query: MomentQuery, found: Mapping[str, WindowDistances], window_s: float) -> Outcome:
    """Give the outcome of windows found in some recordings; the others hold what is missed."""
    outcomes = [_outcome_in(query, each, windows, window_s) for each, windows in found.items()]
    missed = sum(len(own) for each, own in query.wanted.items() if each not in found)
    return _together([*outcomes, Outcome(0, 0, missed, (), ())])


def _outcome_in(
    query: MomentQuery, recording_id: str, windows: WindowDistances, window_s: float
) -> Outcome:
    wanted = query.wanted.get(recording_id, _NOTHING)
    neutral = query.neutral.get(recording_id, _NOTHING)
    if not len(windows.distances):
        return Outcome(0, 0, len(wanted), (), ())
    pairs = np.zeros((len(windows.distances), len(Pair._fields)))
    pairs[:, 0], pairs[:, 1:3] = windows.distances, _times(windows)
    merged = merge_moments(pairs)
    distances, found = merged[:, 0], merged[:, 1:3]
    matching = match_stretches(found, wanted, neutral, window_s)
    onsets = found[matching.found, 0] - wanted[matching.wanted, 0]
    wrong = [
        WrongMoment(recording_id, float(start_s), float(end_s), float(distance))
        for distance, (start_s, end_s) in zip(
            distances[matching.wrong[:_SHOWN]], found[matching.wrong[:_SHOWN]], strict=True
        )
    ]
    n_right = len(matching.found)
    n_missed = len(wanted) - n_right
    return Outcome(n_right, len(matching.wrong), n_missed, tuple(onsets.tolist()), tuple(wrong))


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    wrong = sorted((each for own in outcomes for each in own.wrong), key=lambda each: each.distance)
    return Outcome(
        sum(each.n_right for each in outcomes),
        sum(each.n_wrong for each in outcomes),
        sum(each.n_missed for each in outcomes),
        tuple(error for each in outcomes for error in each.onset_errors_s),
        tuple(wrong[:_SHOWN]),
    )


def _times(windows: WindowDistances) -> Stretches:
    return np.column_stack([windows.start_s, windows.end_s])
