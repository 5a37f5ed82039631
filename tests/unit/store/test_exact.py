import numpy as np
import pytest

import audiosearch.store.exact
from audiosearch.heard.windows import nothing_heard
from audiosearch.store.exact import ExactIndex


def make_index(rows: dict[str, list[list[float]]]) -> ExactIndex:
    index = ExactIndex(2)
    for recording_id, vectors in rows.items():
        add(index, recording_id, vectors)
    return index


def add(index: ExactIndex, recording_id: str, vectors: list[list[float]]) -> None:
    start_s = np.arange(len(vectors), dtype=np.float64)
    times = np.stack([start_s, start_s + 4], axis=1)
    heard = nothing_heard(len(vectors))
    index.extend([recording_id], [len(vectors)], times, np.array(vectors, np.float32), heard)


EAST, NORTH, WEST, NORTHEAST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.6, 0.8]


def test_known_distances() -> None:
    index = make_index({"a": [EAST, NORTH], "b": [WEST], "c": [NORTHEAST]})
    found = index.nearest(np.array([EAST], np.float32), 10)
    assert found.recording_ids == ["a", "c", "a", "b"]
    np.testing.assert_allclose(found.distances, [0, 0.4, 1, 2], atol=1e-6)


def test_each_window_counts_by_its_nearest_query() -> None:
    index = make_index({"a": [EAST, NORTHEAST, NORTH, WEST]})
    found = index.window_distances("a", np.array([WEST, NORTH], np.float32))
    np.testing.assert_allclose(found.distances, [1, 0.2, 0, 0], atol=1e-6)
    assert found.queries[1:].tolist() == [1, 1, 0]


def test_lengths_of_vectors_do_not_count() -> None:
    index = make_index({"a": [[30.0, 0.0]], "b": [[0.06, 0.08]]})
    found = index.nearest(np.array([[7.0, 0.0]], np.float32), 2)
    np.testing.assert_allclose(found.distances, [0, 0.4], atol=1e-6)


def test_distances_are_never_negative() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((200, 2)).astype(np.float32)
    found = make_index({"a": vectors.tolist()}).nearest(vectors, 200)
    assert found.distances.min() == 0
    assert found.distances.max() < 1e-6


@pytest.mark.parametrize("k", [1, 4, 9, 10, 50])
@pytest.mark.parametrize("among", [None, ["a", "c"], ["b"], ["unknown"], []])
def test_rows_compared_in_steps(
    monkeypatch: pytest.MonkeyPatch, k: int, among: list[str] | None
) -> None:
    monkeypatch.setattr(audiosearch.store.exact, "_ROWS_PER_PART", 3)
    rng = np.random.default_rng(1)
    rows = {name: rng.standard_normal((n, 2)) for name, n in (("a", 5), ("b", 1), ("c", 4))}
    queries = rng.standard_normal((3, 2)).astype(np.float32)
    unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    expected = sorted(
        (float((1 - unit @ row / np.linalg.norm(row)).min()), name)
        for name, own in rows.items()
        if among is None or name in among
        for row in own
    )
    index = make_index({name: own.tolist() for name, own in rows.items()})
    found = index.nearest(queries, k, among)
    assert found.recording_ids == [name for _, name in expected[:k]]
    np.testing.assert_allclose(found.distances, [d for d, _ in expected[:k]], atol=1e-6)


def test_removed_rows_come_back_only_when_added_again() -> None:
    index = make_index({"a": [EAST, NORTH], "b": [WEST], "c": [NORTHEAST]})
    index.remove("a")
    index.remove("unknown")
    query = np.array([EAST], np.float32)
    assert len(index) == 2
    assert index.nearest(query, 9).recording_ids == ["c", "b"]
    assert index.window_distances("b", query).distances.tolist() == [2]
    add(index, "a", [NORTH])
    assert index.nearest(query, 9).recording_ids == ["c", "a", "b"]
