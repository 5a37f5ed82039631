"""What comes out where the right answer is known: perfect, at chance, by groups."""

import numpy as np
import pytest

from audiosearch.evaluation.linking import LabelledRecording, link
from audiosearch.evaluation.recordings import evaluate_recordings, rank_all
from audiosearch.evaluation.summary import summarise
from audiosearch.retrieval import SearchOptions, retrieve
from audiosearch.store.base import Store
from tests.unit.evaluation.libraries import add, random_vectors, rows_of

N_LABELS, N_EACH, DIM = 6, 12, 32


def fill(store: Store) -> dict[str, str]:
    """Add recordings of two windows that lie around the direction of their label."""
    centres = random_vectors(N_LABELS, DIM, seed=1)
    labels = {}
    for number in range(N_LABELS * N_EACH):
        name = f"sound {number:03}"
        labels[name] = f"label {number % N_LABELS}"
        vectors = centres[number % N_LABELS] + 0.3 * random_vectors(2, DIM, seed=100 + number)
        add(store, name, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return labels


def linked(store: Store, labels: dict[str, str], **groups: str) -> list[LabelledRecording]:
    return link(rows_of(labels, groups), store).recordings


def test_a_perfect_labelling_rises_to_1(store: Store) -> None:
    result = evaluate_recordings(store, linked(store, fill(store)))
    for each in summarise(result):
        for score in each.scores.values():
            found = score.measured
            assert (found.value, found.low, found.high, score.best) == (1.0, 1.0, 1.0, 1.0)
    assert len(result.answers) == N_LABELS * N_EACH
    assert not (result.same * result.other).any(), "the distances are apart"
    for answer in result.answers:
        assert np.all(answer.curve == 1)


def test_a_shuffled_labelling_falls_to_chance(store: Store) -> None:
    labels = fill(store)
    means = []
    for seed in range(8):
        shuffled = np.random.default_rng(seed).permutation(list(labels.values())).tolist()
        recordings = linked(store, dict(zip(labels, shuffled, strict=True)))
        overall = summarise(evaluate_recordings(store, recordings))[0]
        means.append([score.measured.value for score in overall.scores.values()])
        chance = [score.chance for score in overall.scores.values()]
    assert chance[1] == pytest.approx((N_EACH - 1) / (N_LABELS * N_EACH - 1))
    assert np.mean(means, axis=0) == pytest.approx(chance, abs=0.03)


def test_the_order_is_that_of_searches(store: Store) -> None:
    labels = fill(store)
    labels.pop("sound 007")  # it is in the library, and does not count
    for ranking in rank_all(store, linked(store, labels)):
        vectors = store.window_vectors(ranking.query.id)
        hits = retrieve(store, vectors, SearchOptions(limit=1000))
        expected = [
            (hit.recording.id, float(hit.windows.distances.min()))
            for hit in hits
            if hit.recording.id not in ("sound 007", ranking.query.id)
        ]
        assert [each.id for each in ranking.found] == [name for name, _ in expected]
        np.testing.assert_allclose(ranking.distances, [d for _, d in expected], atol=1e-6)


def test_equal_distances_are_in_the_order_of_ids(store: Store) -> None:
    for name in "dbca":
        add(store, name, random_vectors(1, 4, seed=0))
    recordings = linked(store, {"c": "x", "a": "y", "b": "x", "d": "x"})
    orders = [[each.id for each in ranking.found] for ranking in rank_all(store, recordings)]
    assert orders == [["a", "b", "d"], ["b", "c", "d"], ["a", "c", "d"], ["a", "b", "c"]]


def test_a_group_does_not_count_for_itself(store: Store) -> None:
    """The nearest of each is its other half, from the same tape: without it all are wrong."""
    for number in range(4):
        for half in "ab":
            add(store, f"{number}{half}", random_vectors(1, 8, seed=number // 2 + 10 * number))
    labels = {f"{number}{half}": "xyxy"[number] for number in range(4) for half in "ab"}
    tapes = {name: f"tape {name[0]}" for name in labels}
    alone = summarise(evaluate_recordings(store, linked(store, labels)))[0]
    grouped = evaluate_recordings(store, linked(store, labels, **tapes))
    assert alone.scores["precision_at_1"].measured.value == 1
    for answer in grouped.answers:
        assert (answer.n_relevant, answer.n_ranked) == (2, 6)
        assert all(other.group != answer.query.group for _, other in answer.nearest)
    assert grouped.same.sum() == 8 * 2
    assert grouped.other.sum() == 8 * 4


def test_what_has_nothing_to_find_is_left_out_and_counted(store: Store) -> None:
    for number, name in enumerate("abcde"):
        add(store, name, random_vectors(1, 8, seed=number))
    labels = {"a": "dog", "b": "dog", "c": "cat", "d": "cow", "e": "cow"}
    result = evaluate_recordings(store, linked(store, labels, d="farm", e="farm"))
    overall, *by_label = summarise(result)
    counts = {each.label: (each.n_queries, each.n_left_out) for each in by_label}
    assert counts == {"cat": (0, 1), "cow": (0, 2), "dog": (2, 0)}
    assert (overall.label, overall.n_queries, overall.n_left_out) == (None, 2, 3)
    assert [each.scores == {} for each in by_label] == [True, True, False]
    assert overall.scores["precision_at_5"].best == 0.2
