"""Searches every labelled recording against all others, as a user would."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audiosearch.evaluation.linking import LabelledRecording
from audiosearch.evaluation.metrics import Measures, measure, precision_curve
from audiosearch.retrieval import SearchOptions, rank_recordings
from audiosearch.store.base import Store

DISTANCE_EDGES = np.linspace(0, 2, 201)
"""Bounds of the bins that distances are counted in: cosine distances are 0 to 2."""

_SHOWN = 5  # neighbours that a report can show


@dataclass(frozen=True)
class Ranking:
    """The recordings that count for a query, best first.

    Parameters
    ----------
    query : LabelledRecording
        What was searched for.
    found : list of LabelledRecording
        All labelled recordings of other groups.
    distances : [shape=(n_found,)], float64
        Their cosine distances.
    """

    query: LabelledRecording
    found: list[LabelledRecording]
    distances: NDArray[np.float64]

    @property
    def relevant(self) -> NDArray[np.bool_]:
        """Which of them have the query's label, shape=(n_found,)."""
        return np.array([each.label == self.query.label for each in self.found], np.bool_)


@dataclass(frozen=True)
class Answer:
    """How good the answer to a query is.

    Parameters
    ----------
    query : LabelledRecording
        What was searched for.
    nearest : list of tuple of float and LabelledRecording
        The first few of the answer with their distances.
    n_relevant, n_ranked : int
        How many recordings of other groups have its label; how many there are.
    measures : Measures
        Of the ranking.
    curve : [shape=(101,)], float64
        Precision by recall; see ``precision_curve``.
    """

    query: LabelledRecording
    nearest: list[tuple[float, LabelledRecording]]
    n_relevant: int
    n_ranked: int
    measures: Measures
    curve: NDArray[np.float64]


@dataclass(frozen=True)
class RecordingsResult:
    """What came of searching all recordings.

    Parameters
    ----------
    answers : list of Answer
        Of the queries for which there is something to find.
    left_out : list of LabelledRecording
        The others: no recording of another group has their label.
    same, other : [shape=(200,)], int64
        How many pairs of recordings of the same label, and of different ones, are at the
        distances between ``DISTANCE_EDGES``.
    """

    answers: list[Answer]
    left_out: list[LabelledRecording]
    same: NDArray[np.int64]
    other: NDArray[np.int64]


def evaluate_recordings(store: Store, labelled: Sequence[LabelledRecording]) -> RecordingsResult:
    """Search every recording against all, and measure the answers.

    Parameters
    ----------
    store : Store
        The library; of its recordings the labelled ones count.
    labelled : sequence of LabelledRecording
        Each recording once.
    """
    n_bins = len(DISTANCE_EDGES) - 1
    result = RecordingsResult([], [], np.zeros(n_bins, np.int64), np.zeros(n_bins, np.int64))
    for ranking in rank_all(store, labelled):
        relevant = ranking.relevant
        result.same[:] += np.histogram(ranking.distances[relevant], DISTANCE_EDGES)[0]
        result.other[:] += np.histogram(ranking.distances[~relevant], DISTANCE_EDGES)[0]
        if relevant.any():
            result.answers.append(_answer(ranking, relevant))
        else:
            result.left_out.append(ranking.query)
    return result


def rank_all(store: Store, labelled: Sequence[LabelledRecording]) -> Iterator[Ranking]:
    """Rank all recordings for each, with the default ranking of searches.

    Parameters
    ----------
    store, labelled
        As of ``evaluate_recordings``.
    """
    by_id = {each.id: each for each in labelled}
    everything = SearchOptions(limit=max(1, store.totals().recordings))
    for query in labelled:
        ranked = rank_recordings(store, store.window_vectors(query.id), everything)
        yield _ranking(query, ranked, by_id)


def _ranking(
    query: LabelledRecording,
    ranked: Sequence[tuple[float, str]],
    by_id: Mapping[str, LabelledRecording],
) -> Ranking:
    known = ((distance, by_id[each]) for distance, each in ranked if each in by_id)
    counted = [(distance, each) for distance, each in known if each.group != query.group]
    distances = np.array([distance for distance, _ in counted], np.float64)
    return Ranking(query, [each for _, each in counted], distances)


def _answer(ranking: Ranking, relevant: NDArray[np.bool_]) -> Answer:
    return Answer(
        query=ranking.query,
        nearest=list(zip(ranking.distances[:_SHOWN].tolist(), ranking.found, strict=False)),
        n_relevant=int(relevant.sum()),
        n_ranked=len(relevant),
        measures=measure(relevant),
        curve=precision_curve(relevant),
    )
