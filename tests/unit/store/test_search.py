"""Approximate search agrees with exact search, whatever happens to the library."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from audiosearch.heard.windows import nothing_heard
from audiosearch.retrieval import SearchOptions, retrieve
from audiosearch.store.rows import File, Recording, Space, WindowBlock
from audiosearch.store.search import SearchIndex
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.store.workspace import APPROXIMATE
from audiosearch.types import Vectors

DIM = 32
SPACE = Space("yamnet", "v1", DIM, 4.0, 2.0)
N_RECORDINGS, N_WINDOWS, K = 300, 40, 20


def clustered(n: int, seed: int) -> Vectors:
    """Make vectors as sounds are: some hundred kinds, each of them varied in few directions."""
    kinds = np.random.default_rng(0).standard_normal((100, DIM))
    directions = np.random.default_rng(1).standard_normal((8, DIM))
    rng = np.random.default_rng(seed)
    vectors = kinds[rng.integers(100, size=n)] + 0.5 * rng.standard_normal((n, 8)) @ directions
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


QUERIES = clustered(16, seed=12345)


def add(store: SQLiteStore, number: int, n_windows: int = N_WINDOWS) -> None:
    start_s = 2.0 * np.arange(n_windows)
    store.add_block(
        File(f"music/{number:04}.ogg", recording_id=f"{number:04}"),
        Recording(f"{number:04}", start_s[-1] + 4, complete=True),
        WindowBlock(0, start_s, start_s + 4, clustered(n_windows, seed=number)),
        SPACE,
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    store = SQLiteStore(tmp_path)
    for number in range(N_RECORDINGS):
        add(store, number)
    store.close()
    return tmp_path


@pytest.fixture
def open_store(workspace: Path) -> Iterator[Callable[..., SQLiteStore]]:
    opened: list[SQLiteStore] = []

    def open_one(**options: object) -> SQLiteStore:
        """Open the library, with its approximate index ready."""
        store = SQLiteStore(workspace, **{"approximate_from": 1000, **options})  # type: ignore[arg-type]
        store.nearest(QUERIES, 1)
        store.finish_building()
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


def recall(approximate: SQLiteStore, exact: SQLiteStore, k: int = K) -> float:
    """Tell the share of the nearest windows that is found, one query at a time and together."""
    shares = []
    for queries in (*QUERIES[:, None], QUERIES):
        found, expected = approximate.nearest(queries, k), exact.nearest(queries, k)
        assert len(found.distances) == len(expected.distances) == k
        assert np.all(np.diff(found.distances) >= 0)
        for distance, recording_id in zip(found.distances, found.recording_ids, strict=True):
            window = exact.window_distances(recording_id, queries)
            assert np.abs(window.distances - distance).min() < 1e-6
        shares.append(np.mean(found.distances <= expected.distances[-1] + 1e-6))
    return float(np.mean(shares))


def test_finds_what_exact_search_finds(open_store: Callable[..., SQLiteStore]) -> None:
    approximate = open_store()
    assert approximate.is_approximate
    exact = open_store(approximate_from=10**9, read_only=True)
    assert not exact.is_approximate
    assert recall(approximate, exact) >= 0.99


def test_below_the_threshold_nothing_is_built(
    open_store: Callable[..., SQLiteStore], workspace: Path
) -> None:
    store = open_store(approximate_from=N_RECORDINGS * N_WINDOWS + 1)
    assert not store.is_approximate
    add(store, 9000, n_windows=1)
    store.finish_building()
    assert store.is_approximate
    assert (workspace / APPROXIMATE).exists()


def test_rows_added_and_removed_later(open_store: Callable[..., SQLiteStore]) -> None:
    store = open_store()
    gone = store.nearest(QUERIES, 1).recording_ids[0]
    store.remove(gone)
    for number in range(1000, 1020):
        add(store, number)
    exact = open_store(approximate_from=10**9, read_only=True)
    assert store.is_approximate
    assert recall(store, exact) >= 0.99
    assert gone not in store.nearest(QUERIES, 1000).recording_ids
    own = clustered(N_WINDOWS, seed=1019)[7:8]
    assert store.nearest(own, 1).recording_ids == ["1019"]


def test_the_file_serves_a_library_that_has_changed(
    open_store: Callable[..., SQLiteStore], workspace: Path
) -> None:
    open_store().close()
    written = (workspace / APPROXIMATE).read_bytes()
    store = SQLiteStore(workspace)  # does not load the index
    for number in range(20):
        store.remove(f"{number:04}")
        add(store, 1000 + number, n_windows=20)
    store.close()
    reader = open_store(read_only=True)
    assert reader.is_approximate
    exact = open_store(approximate_from=10**9, read_only=True)
    assert recall(reader, exact) >= 0.99
    assert (workspace / APPROXIMATE).read_bytes() == written


@pytest.mark.parametrize("position", [10, 5000, -60, -20, -1])
def test_a_damaged_file_is_built_anew(
    open_store: Callable[..., SQLiteStore],
    workspace: Path,
    position: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    open_store().close()
    file = workspace / APPROXIMATE
    data = bytearray(file.read_bytes())
    data[position] ^= 4
    file.write_bytes(data)
    reader = open_store(read_only=True)
    assert "is damaged" in caplog.text
    assert not reader.is_approximate
    assert [each.what for each in reader.check()] == [APPROXIMATE]
    assert open_store().is_approximate
    assert reader.check() == []


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_file_cut_short_is_damaged(
    open_store: Callable[..., SQLiteStore], workspace: Path, content: bytes
) -> None:
    (workspace / APPROXIMATE).write_bytes(content)
    assert not open_store(read_only=True).is_approximate
    assert open_store().is_approximate


def test_a_file_that_cannot_be_written_is_done_without(
    open_store: Callable[..., SQLiteStore], workspace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (workspace / f"{APPROXIMATE}.part").mkdir()
    assert open_store().is_approximate
    assert "could not be written" in caplog.text
    (workspace / f"{APPROXIMATE}.part").rmdir()


@pytest.mark.parametrize("k", [1, 50, 5000, 10**6])
def test_as_many_rows_as_the_library_has(open_store: Callable[..., SQLiteStore], k: int) -> None:
    found = open_store().nearest(QUERIES, k)
    assert len(found.recording_ids) == min(k, N_RECORDINGS * N_WINDOWS)


def test_filters_are_exact(open_store: Callable[..., SQLiteStore]) -> None:
    store, exact = open_store(), open_store(approximate_from=10**9, read_only=True)
    nearest = exact.nearest(QUERIES, 1).recording_ids[0]
    few, most = {"0001", "0002"}, {each.id for each in store.recordings()} - {nearest}
    for among in (few, most):
        found, expected = store.nearest(QUERIES, K, among), exact.nearest(QUERIES, K, among)
        assert set(found.recording_ids) <= among
        assert np.mean(found.distances <= expected.distances[-1] + 1e-6) >= 0.95
        if among is few:
            assert found.recording_ids == expected.recording_ids
            np.testing.assert_allclose(found.distances, expected.distances, atol=1e-6)


def test_a_crowd_leaves_room_for_others(open_store: Callable[..., SQLiteStore]) -> None:
    store = open_store()
    start_s = 2.0 * np.arange(600)
    crowd = np.repeat(QUERIES[:1], 600, axis=0)
    file, recording = File("music/crowd.ogg", recording_id="crowd"), Recording("crowd", 4.0, True)
    store.add_block(file, recording, WindowBlock(0, start_s, start_s + 4, crowd), SPACE)
    assert store.is_approximate
    hits = retrieve(store, QUERIES[:1], SearchOptions(10))
    assert hits[0].recording.id == "crowd"
    assert len({hit.recording.id for hit in hits}) == 10


def test_searches_are_right_while_rows_are_added(open_store: Callable[..., SQLiteStore]) -> None:
    """From below the threshold to the double: the index is built twice meanwhile."""
    store = open_store(approximate_from=N_RECORDINGS * N_WINDOWS + 100)
    best = float(store.nearest(QUERIES, 1).distances[0])
    wrong: list[float] = []
    ended = threading.Event()

    def search() -> None:
        while not ended.is_set():
            wrong.extend(
                each for each in store.nearest(QUERIES, 5).distances[:1] if each > best + 1e-6
            )

    thread = threading.Thread(target=search)
    thread.start()
    for number in range(2000, 2000 + N_RECORDINGS):
        add(store, number)
    ended.set()
    thread.join()
    store.finish_building()
    assert wrong == []
    assert store.is_approximate
    assert recall(store, open_store(approximate_from=10**9, read_only=True)) >= 0.99


def test_what_is_left_is_found_when_much_was_removed(
    open_store: Callable[..., SQLiteStore],
) -> None:
    store = open_store()
    for number in range(N_RECORDINGS // 2):
        store.remove(f"{number:04}")
    exact = open_store(approximate_from=10**9, read_only=True)
    assert recall(store, exact) >= 0.99
    assert len(store.nearest(QUERIES, 10**6).recording_ids) == N_RECORDINGS // 2 * N_WINDOWS


def test_many_unused_rows_are_waste(tmp_path: Path) -> None:
    index = SearchIndex(DIM, tmp_path / "none", 10**9, read_only=True)
    names = [str(number) for number in range(400)]
    times = [np.zeros((N_WINDOWS, 2))] * len(names)
    vectors = clustered(len(names) * N_WINDOWS, seed=0)
    heard = [nothing_heard(N_WINDOWS)] * len(names)
    index.extend(names, [b"12345678"] * len(names), times, vectors, heard)
    index.remove("unknown")
    for number in range(50):
        assert not index.is_wasteful
        index.remove(str(number))
    index.remove("50")
    assert index.is_wasteful


@pytest.mark.parametrize("n_windows", [600, 3000])
def test_what_is_excluded_leaves_room_for_others(
    open_store: Callable[..., SQLiteStore], n_windows: int
) -> None:
    """Of a few windows near each query to a fifth of the library, which is then compared."""
    store = open_store()
    start_s = 2.0 * np.arange(n_windows)
    crowd = np.resize(QUERIES, (n_windows, DIM))
    file, recording = File("music/crowd.ogg", recording_id="crowd"), Recording("crowd", 4.0, True)
    store.add_block(file, recording, WindowBlock(0, start_s, start_s + 4, crowd), SPACE)
    exact = open_store(approximate_from=10**9, read_only=True)
    assert store.is_approximate
    for queries in (QUERIES[:1], QUERIES):
        found = store.nearest(queries, K, exclude=("crowd", "unknown"))
        expected = exact.nearest(queries, K, exclude=("crowd",))
        assert len(found.recording_ids) == K
        assert "crowd" not in {*found.recording_ids, *expected.recording_ids}
        assert np.mean(found.distances <= expected.distances[-1] + 1e-6) >= 0.95
    everybody = exact.nearest(QUERIES, 10**6, exclude=("crowd",))
    assert len(everybody.recording_ids) == N_RECORDINGS * N_WINDOWS
