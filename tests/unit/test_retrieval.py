from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosearch.retrieval import Hit, SearchOptions, default_moment_distance, retrieve
from audiosearch.store.base import Store
from audiosearch.store.rows import File, Filter, Recording, Space, WindowBlock
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.types import Vectors

# Unit vectors whose products are exact in float16 and float32: equal distances are truly equal.
EXACT = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5]]
SPACE = Space("yamnet", "v1", 4, 4.0, 2.0)
EAST = np.array([[1, 0, 0, 0]], np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = SQLiteStore(tmp_path)
    yield opened
    opened.close()


def add(store: Store, recording_id: str, vectors: Vectors) -> None:
    start_s = 2.0 * np.arange(len(vectors))
    store.add_block(
        File(f"lib/{recording_id}.ogg", recording_id=recording_id),
        Recording(recording_id, start_s[-1] + 4, complete=True),
        WindowBlock(0, start_s, start_s + 4, vectors),
        SPACE,
    )


def at(cosine: float, n: int = 1) -> Vectors:
    """Make vectors at a cosine distance from east."""
    x = 1 - cosine
    return np.tile(np.array([x, 0, 0, np.sqrt(1 - x * x)], np.float32), (n, 1))


def ids(hits: list[Hit]) -> list[str]:
    return [hit.recording.id for hit in hits]


exact_vectors = st.lists(st.sampled_from(EXACT), min_size=1, max_size=6).map(
    lambda rows: np.array(rows, np.float32)
)
distances = st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5]))


@settings(max_examples=60, deadline=None)
@given(
    library=st.dictionaries(st.sampled_from("abcdefgh"), exact_vectors, max_size=8),
    queries=exact_vectors,
    limit=st.integers(1, 10),
    max_distance=distances,
    moment_distance=distances,
    exclude=st.sets(st.sampled_from("abc")),
)
def test_finds_by_definition(
    library: dict[str, Vectors],
    queries: Vectors,
    limit: int,
    max_distance: float | None,
    moment_distance: float | None,
    exclude: set[str],
) -> None:
    windows = {
        name: (1 - vectors @ queries.T).min(axis=1)
        for name, vectors in library.items()
        if name not in exclude
    }
    best = {name: own.min() for name, own in windows.items()}
    ranked = sorted(best, key=lambda name: (best[name], name))[:limit]
    expected = [each for each in ranked if max_distance is None or best[each] <= max_distance]

    options = SearchOptions(limit, moment_distance, max_distance, exclude=tuple(sorted(exclude)))
    with TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder))
        for name, vectors in library.items():
            add(store, name, vectors)
        hits = retrieve(store, queries, options)
        store.close()

    assert ids(hits) == expected
    for hit in hits:
        own = windows[hit.recording.id]
        within = stands_out(own.tolist()) if moment_distance is None else moment_distance
        counted = np.flatnonzero(own <= max(own.min(), within))
        assert hit.windows.start_s.tolist() == (2.0 * counted).tolist()
        assert hit.windows.distances.tolist() == own[counted].tolist()


def stands_out(distances: list[float]) -> float:
    """The default rule, plainly."""
    best = min(distances)
    two_fifths = best + 0.4 * (median(distances) - best)
    return max(two_fifths, best + 0.1 if best < 0.2 else 0.3)


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ([0.7], 0.7),
        ([0.02, 0.08, 0.1], 0.12),  # alike throughout, and near
        ([0.25, 0.28, 0.3], 0.3),
        ([0.6, 0.62, 0.64], 0.608),  # alike throughout, and far
        ([0.1, 0.9, 0.9, 0.9], 0.42),
    ],
)
def test_default_moments_are_what_stands_out(distances: list[float], expected: float) -> None:
    threshold = default_moment_distance(np.array(distances, np.float32))
    assert threshold == pytest.approx(max(expected, min(distances)))


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 10])
def test_a_crowd_of_near_windows_leaves_room_for_others(store: Store, limit: int) -> None:
    add(store, "crowd", at(0.01, n=700))
    for number in range(5):
        add(store, f"other{number}", at(0.1 * (number + 1), n=3))
    hits = retrieve(store, EAST, SearchOptions(limit))
    expected = ["crowd", "other0", "other1", "other2", "other3", "other4"]
    assert ids(hits) == expected[:limit]
    assert len(hits[0].windows.start_s) == 700


def test_ties_at_the_last_place_go_to_the_first_id(store: Store) -> None:
    add(store, "near", EAST)
    for name in [f"{(17 * number + 20) % 40:02}" for number in range(40)]:  # 00, 01 in the middle
        add(store, name, np.array([EXACT[3]] * 20, np.float32))
    assert ids(retrieve(store, EAST, SearchOptions(3))) == ["near", "00", "01"]


def test_windows_that_count_are_near_the_best(store: Store) -> None:
    add(store, "a", np.concatenate([at(each) for each in (0.3, 0.1, 0.14, 0.22, 0.1)]))
    (hit,) = retrieve(store, EAST, SearchOptions())
    assert hit.windows.start_s.tolist() == [2, 4, 8]
    (hit,) = retrieve(store, EAST, SearchOptions(moment_distance=0.25))
    assert hit.windows.start_s.tolist() == [2, 4, 6, 8]
    np.testing.assert_allclose(hit.windows.distances, [0.1, 0.14, 0.22, 0.1], atol=1e-3)
    (hit,) = retrieve(store, EAST, SearchOptions(moment_distance=0.0))
    assert set(hit.windows.start_s) <= {2, 8}
    assert hit.windows.start_s.size


def test_each_window_tells_its_query(store: Store) -> None:
    add(store, "a", np.array([EXACT[1], EXACT[0]], np.float32))
    queries = np.array([EXACT[0], EXACT[1]], np.float32)
    (hit,) = retrieve(store, queries, SearchOptions())
    assert hit.windows.queries.tolist() == [1, 0]
    assert hit.windows.end_s.tolist() == [4, 6]


def test_an_empty_library_has_nothing(store: Store) -> None:
    assert retrieve(store, EAST, SearchOptions()) == []


def test_a_filter_that_lets_nothing_through(store: Store) -> None:
    add(store, "a", EAST)
    assert retrieve(store, EAST, SearchOptions(filter=Filter(recording_id=("b",)))) == []


def test_recordings_without_windows_are_not_found(store: Store) -> None:
    add(store, "a", EAST)
    none = np.empty(0)
    store.add_block(
        File("lib/silent.ogg", recording_id="silent"),
        Recording("silent", 600.0, complete=False, silent_windows=299),
        WindowBlock(0, none, none, np.empty((0, 4), np.float32)),
        SPACE,
    )
    assert ids(retrieve(store, EAST, SearchOptions())) == ["a"]
