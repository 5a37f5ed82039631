"""Long recordings in which it is known where each sound is."""

import numpy as np
import pytest

from audiosearch.evaluation.linking import LabelledMoment, link
from audiosearch.evaluation.moment_summary import summarise_moments
from audiosearch.evaluation.moments import MomentsResult, Outcome, evaluate_moments
from audiosearch.ranking import rank
from audiosearch.retrieval import Hit, SearchOptions, retrieve
from audiosearch.store.base import Store
from audiosearch.types import Vectors
from tests.unit.evaluation.libraries import STRIDE_S, WINDOW_S, add, random_vectors, row

DIM, N_WINDOWS = 64, 60
SOUNDS = dict(zip(("dog", "cat", "cow"), random_vectors(3, DIM, seed=0), strict=True))


def fill(store: Store, seed: int = 0, moved_s: float = 0.0) -> list[LabelledMoment]:
    """Add three recordings of noise in which four sounds of each label are, three windows long.

    Parameters
    ----------
    moved_s : float
        How much later the table says that the sounds are.
    """
    rows = []
    for number in range(3):
        name = f"tape {number}"
        vectors = random_vectors(N_WINDOWS, DIM, seed=1000 + seed + number)
        for place, label in enumerate([*SOUNDS] * 4):
            first = 5 * place
            vectors[first : first + 3] = SOUNDS[label]
            start_s = first * STRIDE_S + moved_s
            rows.append(row(len(rows) + 2, name, label, "", start_s, start_s + 2 * STRIDE_S + 4))
        add(store, name, vectors)
    return link(rows, store).moments


def evaluated(store: Store, moments: list[LabelledMoment]) -> MomentsResult:
    vectors = {each: SOUNDS[each.label][None] for each in moments}
    return evaluate_moments(store, moments, vectors)


def test_a_perfect_labelling_rises_to_1(store: Store) -> None:
    result = evaluated(store, fill(store))
    assert len(result.queries) == 36
    for each in summarise_moments(result):
        for scores in (each.best, each.default):
            assert scores
            assert (scores.precision.value, scores.recall.value, scores.f1.value) == (1, 1, 1)
            assert (scores.f1.low, scores.f1.high) == (1, 1)
            assert scores.onset_error_s == 0


def test_a_labelling_of_the_wrong_places_finds_nothing(store: Store) -> None:
    overall = summarise_moments(evaluated(store, fill(store, moved_s=500.0)))[0]
    assert overall.best and overall.best.f1.value == 0
    assert overall.best.onset_error_s is None


def test_onset_errors_are_in_seconds(store: Store) -> None:
    overall = summarise_moments(evaluated(store, fill(store, moved_s=0.75)))[0]
    assert overall.default and overall.default.recall.value == 1
    assert overall.default.onset_error_s == pytest.approx(0.75)


def test_shuffled_labels_are_found_by_chance_alone(store: Store) -> None:
    """A third of what is found has the query's label, whatever that is."""
    moments = fill(store)
    labels = np.random.default_rng(3).permutation([each.label for each in moments])
    vectors = {each: SOUNDS[str(label)][None] for each, label in zip(moments, labels, strict=True)}
    overall = summarise_moments(evaluate_moments(store, moments, vectors))[0]
    assert overall.default
    assert overall.default.precision.value == pytest.approx(1 / 3, abs=0.12)


def test_thresholds_are_those_of_searches(store: Store) -> None:
    """At any distance, what is found is what a search answers that sets it."""
    moments = fill(store)
    noisy = {each: noised(SOUNDS[each.label], each.line) for each in moments}
    result = evaluate_moments(store, moments, noisy)
    for query, outcomes, default in zip(
        result.queries, result.outcomes, result.defaults, strict=True
    ):
        for threshold, outcome in list(zip(result.thresholds, outcomes, strict=True))[::7]:
            options = SearchOptions(100, float(threshold), float(threshold))
            found = stretches_of(retrieve(store, noisy[query], options))
            assert counts(outcome, query) == expected_counts(found, query, moments)
        found = stretches_of(retrieve(store, noisy[query], SearchOptions()))
        assert counts(default, query) == expected_counts(found, query, moments)


def noised(vector: Vectors, seed: int) -> Vectors:
    mixed = vector[None] + 0.8 * random_vectors(2, DIM, seed)
    return (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)


def stretches_of(hits: list[Hit]) -> list[tuple[str, float, float]]:
    """Give the moments of an answer as the ranker makes them."""
    pairs = {
        hit.recording.id: np.column_stack(
            [hit.windows.distances, hit.windows.start_s, hit.windows.end_s]
            + 3 * [np.zeros(len(hit.windows.distances))]
        ).astype(np.float64)
        for hit in hits
    }
    ranked = rank(pairs, moments=1000)
    return [(each.id, pair.start_s, pair.end_s) for each in ranked for pair in each.moments]


def counts(outcome: Outcome, query: LabelledMoment) -> tuple[int, int, int]:
    assert len(outcome.onset_errors_s) == outcome.n_right
    return outcome.n_right, outcome.n_wrong, outcome.n_missed


def expected_counts(
    found: list[tuple[str, float, float]], query: LabelledMoment, moments: list[LabelledMoment]
) -> tuple[int, int, int]:
    """Count greedily: the wanted stretches are far apart, and none is shorter than a window."""
    assert all(each.end_s - each.start_s >= WINDOW_S for each in moments)
    wanted = [each for each in moments if each.label == query.label and each != query]
    right = wrong = 0
    for recording_id, start_s, end_s in found:
        fits = [
            each
            for each in wanted
            if each.id == recording_id and iou((start_s, end_s), (each.start_s, each.end_s)) >= 0.3
        ]
        own = query.id == recording_id and start_s < query.end_s and end_s > query.start_s
        right += len(fits)
        wrong += not fits and not own
        assert len(fits) <= 1
    return right, wrong, len(wanted) - right


def iou(a: tuple[float, float], b: tuple[float, float]) -> float:
    common = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return common / (a[1] - a[0] + b[1] - b[0] - common)


def test_a_group_does_not_count_for_itself(store: Store) -> None:
    moments = fill(store)
    grouped = [
        LabelledMoment(**{**vars(each), "group": each.id}) for each in moments
    ]  # each tape is a group
    result = evaluated(store, grouped)
    for outcome in result.defaults:
        assert (outcome.n_right, outcome.n_wrong, outcome.n_missed) == (8, 0, 0)
    one = [LabelledMoment(**{**vars(each), "group": "all"}) for each in moments]
    result = evaluated(store, one)
    assert (result.queries, len(result.left_out)) == ([], 36)
    assert summarise_moments(result)[0].best is None


def test_wrong_moments_are_kept_nearest_first(store: Store) -> None:
    moments = [each for each in fill(store) if not (each.label == "dog" and each.id == "tape 1")]
    result = evaluated(store, moments)
    defaults = dict(zip(result.queries, result.defaults, strict=True))
    outcome = next(outcome for query, outcome in defaults.items() if query.label == "dog")
    assert outcome.n_wrong == 4
    assert {each.recording_id for each in outcome.wrong} == {"tape 1"}
    assert [each.distance for each in outcome.wrong] == sorted(
        each.distance for each in outcome.wrong
    )
    assert (outcome.wrong[0].end_s - outcome.wrong[0].start_s) == 2 * STRIDE_S + WINDOW_S
