"""What every store promises, compared with dictionaries and NumPy."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audiosearch.errors import (
    IndexMismatchError,
    InvalidQueryError,
    NotFoundError,
    WorkspaceBusyError,
)
from audiosearch.heard.windows import FULL_SCALE, N_KEPT, THRESHOLD, nothing_heard
from audiosearch.store.base import Store
from audiosearch.store.ordering import position_of
from audiosearch.store.rows import File, Filter, Order, Recording, Space, WindowBlock
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.store.workspace import read_space
from audiosearch.types import Heard, Vectors
from tests.conftest import PROJECT_DIR

StoreClass = Callable[..., Store]
STORES: list[StoreClass] = [SQLiteStore, partial(SQLiteStore, approximate_from=1)]

DIM = 8
SPACE = Space("yamnet", "v1", DIM, 4.0, 2.0)
N_HEARD_CLASSES = 20
IDS = ("a1", "b2", "c3", "d4")
URIS = tuple(f"lib/{name}.ogg" for name in "tuvwxyz")


@pytest.fixture(params=STORES, ids=["exact", "approximate"])
def open_store(request: pytest.FixtureRequest) -> StoreClass:
    store_class: StoreClass = request.param
    return store_class


@pytest.fixture
def store(open_store: StoreClass, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def unit_vectors(n: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((n, DIM))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def make_block(index: int, n_windows: int, seed: int) -> WindowBlock:
    start_s = 600.0 * index + 2.0 * np.arange(n_windows)
    rng = np.random.default_rng(seed)
    peaks = rng.integers(-128, 128, (40 * n_windows, 2), np.int8)
    vectors = unit_vectors(n_windows, seed)
    heard = None if seed % 5 == 0 else draw_heard(n_windows, rng)
    return WindowBlock(index, start_s, start_s + 4.0, vectors, peaks, heard)


def draw_heard(n_windows: int, rng: np.random.Generator) -> Heard:
    """Draw classes of a few, so that recordings share some, with scores about the threshold."""
    heard = nothing_heard(n_windows)
    for window in heard:
        window[:, 0] = rng.permutation(N_HEARD_CLASSES)[:N_KEPT]
        window[:, 1] = rng.integers(0, 2 * THRESHOLD * FULL_SCALE, N_KEPT)
    return heard


def add(store: Store, recording_id: str, uri: str | None = None, **tags: object) -> None:
    file = File(uri or f"lib/{recording_id}.ogg", recording_id=recording_id)
    recording = Recording(recording_id, 4.0, complete=True, tags=tags)
    store.add_block(file, recording, make_block(0, 1, seed=len(recording_id)), SPACE)


def stored(vectors: Vectors) -> np.ndarray:
    """Give vectors as a store may round them: to float16, then to unit length again."""
    rounded = vectors.astype(np.float16).astype(np.float64)
    return rounded / np.linalg.norm(rounded, axis=1, keepdims=True)


class Library:
    """What a store should hold."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.recordings: dict[str, Recording] = {}
        self.blocks: dict[str, list[WindowBlock]] = {}

    def put_file(self, file: File) -> None:
        self.files[file.uri] = file
        self._drop_orphans()

    def remove_file(self, uri: str) -> bool:
        was_there = self.files.pop(uri, None) is not None
        self._drop_orphans()
        return was_there

    def _drop_orphans(self) -> None:
        held = {each.recording_id for each in self.files.values()}
        for orphan in self.recordings.keys() - held:
            del self.recordings[orphan], self.blocks[orphan]

    def add_block(self, file: File, recording: Recording, block: WindowBlock) -> None:
        before = self.recordings.get(recording.id)
        silent = recording.silent_windows + (before.silent_windows if before else 0)
        self.recordings[recording.id] = replace(recording, silent_windows=silent)
        self.blocks.setdefault(recording.id, []).append(block)
        self.put_file(file)

    def remove(self, recording_id: str) -> bool:
        self.files = {u: f for u, f in self.files.items() if f.recording_id != recording_id}
        self.blocks.pop(recording_id, None)
        return self.recordings.pop(recording_id, None) is not None

    def listing(self) -> list[Recording]:
        return [
            replace(
                recording,
                n_blocks=len(self.blocks[recording_id]),
                n_windows=sum(len(block.vectors) for block in self.blocks[recording_id]),
                uris=tuple(u for u, f in sorted(self.files.items()) if f.recording_id == each),
            )
            for recording_id, recording in sorted(self.recordings.items())
            for each in [recording_id]
        ]

    def distances(self, recording_id: str, queries: Vectors) -> np.ndarray:
        """Compute distances [shape=(n_windows, n_queries)]."""
        unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        vectors = [stored(block.vectors) for block in self.blocks[recording_id]]
        distances: np.ndarray = 1 - np.concatenate(vectors) @ unit.T.astype(np.float64)
        return distances

    def heard(self, recording_id: str) -> Heard:
        """Give what is heard in each window."""
        blocks = self.blocks[recording_id]
        known = [nothing_heard(len(b.vectors)) if b.heard is None else b.heard for b in blocks]
        return np.concatenate(known)

    def heard_in(self, classes: set[int]) -> dict[str, int]:
        best: dict[str, int] = {}
        for recording_id in self.recordings:
            for number, score in self.heard(recording_id).reshape(-1, 2).tolist():
                if number in classes and score >= THRESHOLD * FULL_SCALE:
                    best[recording_id] = max(score, best.get(recording_id, 0))
        return best

    def nearest(self, queries: Vectors, among: set[str]) -> list[tuple[float, str]]:
        return sorted(
            (float(distance), recording_id)
            for recording_id in self.recordings.keys() & among
            for distance in self.distances(recording_id, queries).min(axis=1)
        )


def _has_words(recording: Recording, text: str) -> bool:
    names = [each.casefold() for each in (*recording.uris, *map(str, recording.tags.values()))]
    return all(any(word in name for name in names) for word in text.casefold().split())


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the oracle."""

    def __init__(self, open_store: StoreClass) -> None:
        super().__init__()
        self.open_store = open_store
        self.folder = TemporaryDirectory()
        self.store = open_store(Path(self.folder.name))
        self.library_id = self.store.library_id
        self.library = Library()
        self.seed = 0

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(
        recording_id=st.sampled_from(IDS),
        uri=st.sampled_from(URIS),
        n_windows=st.integers(0, 5),
        silent_windows=st.integers(0, 3),
        complete=st.booleans(),
        tags=st.dictionaries(st.sampled_from(("label", "Größe")), st.integers(0, 2)),
        seek_table=st.binary(max_size=8),
    )
    def add_block(
        self,
        recording_id: str,
        uri: str,
        n_windows: int,
        silent_windows: int,
        complete: bool,
        tags: dict[str, int],
        seek_table: bytes,
    ) -> None:
        known = self.library.recordings.get(recording_id)
        if known and known.complete:
            return
        self.seed += 1
        index = len(self.library.blocks.get(recording_id, []))
        block = replace(make_block(index, n_windows, self.seed), seek_table=seek_table)
        recording = Recording(
            recording_id,
            600.0 * (index + 1),
            complete,
            silent_windows=silent_windows,
            tags=tags,
        )
        file = File(
            uri, f"/music/{uri}", 100 + self.seed, self.seed, recording_id, labels=f"{self.seed}"
        )
        self.store.add_block(file, recording, block, SPACE)
        self.library.add_block(file, recording, block)

    @rule(uri=st.sampled_from(URIS), to=st.sampled_from((*IDS, None)))
    def put_file(self, uri: str, to: str | None) -> None:
        """Let a file hold a known recording, or fail."""
        if to in self.library.recordings:
            file = File(uri, f"/moved/{uri}", 7, 8, to)
        else:
            file = File(uri, code="silent", message="too quiet", failed_at="2024-01-02T03:04:05Z")
        self.store.put_file(file)
        self.library.put_file(file)

    @rule(recording_id=st.sampled_from(IDS))
    def remove(self, recording_id: str) -> None:
        assert self.store.remove(recording_id) == self.library.remove(recording_id)

    @rule(uri=st.sampled_from(URIS))
    def remove_file(self, uri: str) -> None:
        assert self.store.remove_file(uri) == self.library.remove_file(uri)

    @rule(recording_id=st.sampled_from(IDS), label=st.sampled_from(("Vögel", "it's", "100%")))
    def set_tags(self, recording_id: str, label: str) -> None:
        known = self.library.recordings.get(recording_id)
        if known:
            self.store.set_tags(recording_id, {"label": label})
            self.library.recordings[recording_id] = replace(known, tags={"label": label})

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self.open_store(Path(self.folder.name))
        assert self.store.library_id == self.library_id

    @rule()
    def crash(self) -> None:
        """Go on with the files as a killed process leaves them, its log not written back."""
        left = TemporaryDirectory()
        unfinished = shutil.ignore_patterns("*.part")  # an index that a thread is writing
        shutil.copytree(self.folder.name, left.name, ignore=unfinished, dirs_exist_ok=True)
        self.store.close()
        self.folder.cleanup()
        self.folder = left
        self.store = self.open_store(Path(left.name))
        assert self.store.library_id == self.library_id
        assert self.store.check() == []

    @precondition(lambda self: self.store.space)
    @rule(other=st.sampled_from([{"version": "v2"}, {"stride_s": 1.0}, {"encoder": "vggish"}]))
    def refuse_another_space(self, other: dict[str, object]) -> None:
        file, recording = File(URIS[0], recording_id="e5"), Recording("e5", 4.0, complete=True)
        with pytest.raises(IndexMismatchError):
            self.store.add_block(file, recording, make_block(0, 1, 0), replace(SPACE, **other))
        assert self.store.space == SPACE

    @rule(
        n_queries=st.integers(1, 3),
        k=st.integers(1, 12),
        among=st.one_of(st.none(), st.sets(st.sampled_from((*IDS, "unknown")))),
        exclude=st.sets(st.sampled_from((*IDS, "unknown"))),
    )
    def search(self, n_queries: int, k: int, among: set[str] | None, exclude: set[str]) -> None:
        queries = unit_vectors(n_queries, seed=10_000 + self.seed)
        found = self.store.nearest(queries, k, among, exclude)
        searched = (set(IDS) if among is None else among) - exclude
        expected = self.library.nearest(queries, searched)
        distances = np.array([distance for distance, _ in expected])
        np.testing.assert_allclose(found.distances, distances[:k], atol=1e-6, rtol=0)
        for recording_id, distance in zip(found.recording_ids, found.distances, strict=True):
            assert recording_id in {id_ for d, id_ in expected if abs(d - distance) < 2e-6}

    @rule(recording_id=st.sampled_from(IDS), n_queries=st.integers(1, 3))
    def compare_windows(self, recording_id: str, n_queries: int) -> None:
        if recording_id not in self.library.recordings:
            return
        queries = unit_vectors(n_queries, seed=20_000 + self.seed)
        found = self.store.window_distances(recording_id, queries)
        expected = self.library.distances(recording_id, queries)
        blocks = self.library.blocks[recording_id]
        np.testing.assert_array_equal(found.start_s, np.concatenate([b.start_s for b in blocks]))
        np.testing.assert_array_equal(found.end_s, np.concatenate([b.end_s for b in blocks]))
        times = np.stack([found.start_s, found.end_s], axis=1)
        np.testing.assert_array_equal(self.store.window_times(recording_id), times)
        np.testing.assert_array_equal(found.heard, self.library.heard(recording_id))
        np.testing.assert_array_equal(self.store.window_heard(recording_id), found.heard)
        vectors = self.store.window_vectors(recording_id)
        assert vectors.dtype == np.float32
        expected_vectors = stored(np.concatenate([block.vectors for block in blocks]))
        np.testing.assert_allclose(vectors, expected_vectors, atol=1e-6, rtol=0)
        peaks = self.store.peaks(recording_id)
        assert peaks.dtype == np.int8
        np.testing.assert_array_equal(peaks, np.concatenate([b.peaks for b in blocks]))
        first, stop = 30 * n_queries, 100 * n_queries
        stretch = self.store.peaks(recording_id, first, stop)
        np.testing.assert_array_equal(stretch, peaks[first:stop])
        np.testing.assert_array_equal(self.store.peaks(recording_id, first), peaks[first:])
        np.testing.assert_allclose(found.distances, expected.min(axis=1), atol=1e-6, rtol=0)
        at_query = expected[np.arange(len(expected)), found.queries]
        np.testing.assert_allclose(at_query, expected.min(axis=1), atol=2e-6, rtol=0)

    @invariant()
    def same_files(self) -> None:
        assert list(self.store.files()) == [file for _, file in sorted(self.library.files.items())]
        for uri in URIS:
            assert self.store.file(uri) == self.library.files.get(uri)

    @invariant()
    def same_recordings(self) -> None:
        found = list(self.store.recordings())
        assert [replace(each, added_at="") for each in found] == self.library.listing()
        assert all(datetime.fromisoformat(each.added_at).tzinfo for each in found)
        by_id = {each.id: each for each in found}
        assert all(self.store.recording(each) == by_id.get(each) for each in IDS)
        tables = {each: blocks[-1].seek_table for each, blocks in self.library.blocks.items()}
        assert all(self.store.seek_table(each) == tables.get(each, b"") for each in IDS)

    @invariant()
    def same_pages(self) -> None:
        by_uri = sorted(self.library.listing(), key=lambda each: each.uris)
        for after in ("", "lib/v.ogg"):
            later = [each for each in by_uri if each.uris[0] > after]
            for text, limit in (("", 2), ("LIB 1", 9), ("vö", 1)):
                found = self.store.page(Filter(text=text), after, limit)
                expected = [each for each in later if _has_words(each, text)][:limit]
                assert [replace(each, added_at="") for each in found] == expected
        failed = [file for _, file in sorted(self.library.files.items()) if file.code]
        assert self.store.failures() == failed
        assert sum(self.store.failure_counts().values()) == len(failed)

    @invariant()
    def same_filters(self) -> None:
        listing = self.library.listing()
        for prefix in ("lib/t", "lib/", "x"):
            expected = {each.id for each in listing if any(u.startswith(prefix) for u in each.uris)}
            assert self.store.select(Filter(uri_prefix=(prefix,))) == expected
        for text in ("LIB/", "vögel", "1", "t.ogg %", "x v"):
            chosen = [each for each in listing if _has_words(each, text)]
            assert self.store.select(Filter(text=text)) == {each.id for each in chosen}
        for classes in ({0}, {1, 2}, {520}):
            heard_in = self.library.heard_in(classes)
            assert self.store.heard_in(classes) == heard_in
            assert self.store.select(Filter(heard=tuple(classes))) == heard_in.keys()
        sized = {each.id for each in listing if each.tags.get("Größe") in (0, 2)}
        assert self.store.select(Filter(tags={"Größe": (0, 2)})) == sized

    @invariant()
    def same_counts_of_what_is_heard(self) -> None:
        chosen = self.store.select(Filter(text="t.ogg"))
        for condition, among in ((Filter(), set(IDS)), (Filter(text="t.ogg"), chosen)):
            expected = {
                number: len(self.library.heard_in({number}).keys() & among)
                for number in range(N_HEARD_CLASSES)
            }
            counts = self.store.count_heard(condition)
            assert counts == {number: count for number, count in expected.items() if count}


def test_behaves_as_dictionaries_and_numpy(open_store: StoreClass) -> None:
    run_state_machine_as_test(
        lambda: StoreMachine(open_store),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_is_empty_at_first(store: Store) -> None:
    assert store.space is None
    assert list(store.files()) == list(store.recordings()) == []
    assert store.folders() == {}
    assert store.nearest(unit_vectors(1, 0), 5).recording_ids == []
    assert store.recording("a1") is None
    assert store.file("lib/a1.ogg") is None
    assert store.peaks("a1").shape == (0, 2)
    assert store.window_heard("a1").shape == (0, N_KEPT, 2)
    assert store.count_heard(Filter()) == store.heard_in({0}) == {}
    assert store.window_vectors("a1").shape == (0, 0)
    assert store.pair_distances().shape == (0,)
    assert store.space is None


def test_pair_distances(open_store: StoreClass, tmp_path: Path) -> None:
    library = {f"{number:x}1": make_block(0, 3, seed=number) for number in range(6)}
    vectors = [stored(block.vectors) for block in library.values()]

    def expected(n: int) -> np.ndarray:
        pairs = combinations(vectors[:n], 2)
        return np.sort(np.concatenate([(1 - a @ b.T).ravel() for a, b in pairs]))

    store = open_store(tmp_path)
    for number, (name, block) in enumerate(library.items()):
        assert store.pair_distances().size == (0 if number < 5 else 9 * 10)
        file, recording = File(f"lib/{name}.ogg", recording_id=name), Recording(name, 8.0, True)
        store.add_block(file, recording, block, SPACE)
    found = store.pair_distances()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(6), atol=1e-6, rtol=0)
    store.close()
    store = open_store(tmp_path)
    np.testing.assert_array_equal(store.pair_distances(), found)
    store.remove("51")
    np.testing.assert_allclose(store.pair_distances(), expected(5), atol=1e-6, rtol=0)
    store.remove("41")
    assert store.pair_distances().size == 0
    store.close()


def test_folders_are_kept(open_store: StoreClass, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.add_folder("toy-data", "/home/me/toy-data")
    store.add_folder("Geräusche", "/home/me/100 %")
    store.close()
    store = open_store(tmp_path)
    assert store.folders() == {"toy-data": "/home/me/toy-data", "Geräusche": "/home/me/100 %"}
    store.close()


def test_query_vectors_of_another_length_are_refused(store: Store) -> None:
    add(store, "a1")
    with pytest.raises(IndexMismatchError, match=rf"\(3, 5\), expected \(n, {DIM}\)"):
        store.nearest(np.ones((3, 5), np.float32), 1)


def test_an_empty_library_does_not_keep_a_query_vectors_length(store: Store) -> None:
    assert store.nearest(np.ones((1, DIM + 1), np.float32), 5).recording_ids == []
    add(store, "a1")
    assert store.nearest(unit_vectors(1, 0), 5).recording_ids == ["a1"]


def test_a_block_that_cannot_be_written_changes_nothing(store: Store) -> None:
    add(store, "a1", "lib/a.ogg", label="dog")
    before = list(store.recordings()), list(store.files())
    with pytest.raises(Exception, match=r"UNIQUE|exists"):  # its first block is there already
        add(store, "a1", "lib/b.ogg", label="cat")
    assert (list(store.recordings()), list(store.files())) == before
    assert len(store.nearest(unit_vectors(1, 0), 5).recording_ids) == 1


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, None),
        ({"uri_prefix": ("100%",)}, {"percent"}),
        ({"uri_prefix": ("a_b/",)}, {"underscore"}),
        ({"uri_prefix": ("Lib/",)}, set()),
        ({"uri_prefix": ("100%", "axb/x")}, {"percent", "plain"}),
        ({"recording_id": ("percent", "nobody")}, {"percent"}),
        ({"recording_id": ("percent",), "uri_prefix": ("a",)}, set()),
        ({"tags": {"label": ("dog",)}}, {"percent", "plain"}),
        ({"tags": {"label": ("dog", "Vögel")}}, {"percent", "plain", "underscore"}),
        ({"tags": {"label": ("dog",), "year": (1999,)}}, {"plain"}),
        ({"tags": {"year": (1999.0, 2.5)}}, {"plain", "underscore"}),
        ({"tags": {"year": ("1999",)}}, set()),
        ({"tags": {"lab%": ("dog",)}}, set()),
        ({"tags": {"it's": ('"quoted"',)}}, {"plain"}),
        ({"uri_prefix": ("a",), "tags": {"label": ("dog",)}}, {"plain"}),
        ({"text": " "}, None),
        ({"text": "VÖGEL"}, {"underscore"}),
        ({"text": "vo\u0308gel"}, {"underscore"}),
        ({"text": "x.OGG dog"}, {"percent", "plain"}),
        ({"text": "dog a"}, {"plain"}),
        ({"text": "label"}, set()),
        ({"text": "2.5"}, {"underscore"}),
        ({"text": '"quoted"'}, {"plain"}),
        ({"text": "100% _"}, set()),
        ({"text": "failed"}, set()),
        ({"text": " ".join(map(str, range(3000)))}, set()),
        ({"text": "x", "uri_prefix": ("a",), "tags": {"label": ("dog",)}}, {"plain"}),
    ],
)
def test_filters(store: Store, condition: dict[str, object], expected: set[str] | None) -> None:
    add(store, "percent", "100%/x.ogg", label="dog", year=2001)
    store.put_file(File("failed/100%.ogg", code="silent"))
    add(store, "underscore", "a_b/x.ogg", label="Vögel", year=2.5)
    add(store, "plain", "axb/x.ogg", label="dog", year=1999, **{"it's": '"quoted"'})
    found = Filter(**condition)
    assert store.select(found) == expected
    by_uri = ["percent", "underscore", "plain"]
    listed = [each.id for each in store.page(found)]
    assert listed == [each for each in by_uri if expected is None or each in expected]


def test_pages_are_in_the_order_of_first_uris(store: Store) -> None:
    for recording_id, uri in {"a1": "c", "b2": "Ä", "c3": "b", "d4": "a"}.items():
        add(store, recording_id, uri)
    store.put_file(File("0", recording_id="b2"))
    pages, after = [], ""
    while page := store.page(Filter(), after, 3):
        pages.append([each.id for each in page])
        after = page[-1].uris[0]
    assert pages == [["b2", "d4", "c3"], ["a1"]]
    assert [each.id for each in store.page(Filter(uri_prefix=("Ä", "c")))] == ["b2", "a1"]


def test_files_are_found_by_uri_path_or_folder(store: Store) -> None:
    uris = ("lib/a", "lib/a/x", "lib/a/y", "lib/a0", "lib/a.wav", "lib/á")
    for number, uri in enumerate(uris):
        store.put_file(File(uri, f"/disk/{number}/{uri}", code="silent"))
    assert [each.uri for each in store.files_at("lib/a", "/nothing")] == list(uris[:3])
    assert [each.uri for each in store.files_at("nothing", "/disk/2")] == ["lib/a/y"]
    assert [each.uri for each in store.files_at("lib/a0", "/disk/0/lib/a")] == ["lib/a", "lib/a0"]
    assert store.files_at("lib", "/") == sorted(store.files(), key=lambda file: file.uri)
    assert store.files_at("li", "/dis") == []


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("name", ["c3", "a1", "b2", "d4"]),
        ("shortest", ["a1", "c3", "b2", "d4"]),
        ("longest", ["d4", "b2", "c3", "a1"]),
        ("oldest", ["a1", "b2", "c3", "d4"]),
        ("newest", ["d4", "c3", "b2", "a1"]),
    ],
)
def test_pages_in_other_orders(store: Store, order: Order, ids: list[str]) -> None:
    lengths = {"a1": 4.0, "b2": 600.25, "c3": 4.0, "d4": 1000.0}
    for number, uri in zip(IDS, ("b", "c", "a", "d"), strict=True):
        recording = Recording(number, lengths[number], complete=True, tags={"kind": number[0]})
        block = make_block(0, 1, seed=1)
        store.add_block(File(uri, recording_id=number), recording, block, SPACE)
    for limit in (1, 3, 4):
        listed: list[Recording] = []
        after = ""
        while page := store.page(Filter(), after, limit, order):
            listed += page
            after = position_of(page[-1], order)
        assert [each.id for each in listed] == ids
    some = store.page(Filter(tags={"kind": ("a", "d")}), order=order)
    assert [each.id for each in some] == [each for each in ids if each in ("a1", "d4")]


def test_a_position_of_another_order_is_refused(store: Store) -> None:
    add(store, "a1")
    with pytest.raises(InvalidQueryError, match="expected what the page before gave"):
        store.page(Filter(), "lib/a1.ogg", order="longest")


def test_mean_vectors(store: Store) -> None:
    assert store.mean_vectors().recording_ids == []
    blocks = [make_block(0, 3, seed=1), make_block(1, 2, seed=2)]
    for block in blocks:
        recording = Recording("b2", 8.0, complete=bool(block.index))
        store.add_block(File("b2.ogg", recording_id="b2"), recording, block, SPACE)
    add(store, "a1")
    silent = replace(make_block(0, 1, seed=3), vectors=np.empty((0, DIM), np.float32))
    silent = replace(silent, start_s=np.empty(0), end_s=np.empty(0))
    recording = Recording("c3", 600.0, complete=False)
    store.add_block(File("c3.ogg", recording_id="c3"), recording, silent, SPACE)
    means = store.mean_vectors()
    assert means.recording_ids == ["a1", "b2"]
    sums = np.concatenate([stored(block.vectors) for block in blocks]).sum(axis=0)
    np.testing.assert_allclose(means.vectors[1], sums / np.linalg.norm(sums), atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(means.vectors, axis=1), 1, atol=1e-6)


def test_the_fingerprint_changes_with_the_recordings_alone(
    store: Store, open_store: StoreClass, tmp_path: Path
) -> None:
    seen = [store.fingerprint()]
    changes: list[Callable[[], object]] = [
        lambda: add(store, "a1"),
        lambda: add(store, "b2"),
        lambda: store.set_tags("a1", {"label": "dog"}),
        lambda: store.put_file(File("lib/copy.ogg", recording_id="a1")),
        lambda: store.remove("b2"),
    ]
    for change in changes:
        change()
        assert store.fingerprint() not in seen
        seen.append(store.fingerprint())
    store.put_file(File("lib/broken.ogg", code="silent", message="", failed_at=""))
    store.nearest(unit_vectors(1, 0), 1)
    assert store.fingerprint() == seen[-1]
    store.close()
    reopened = open_store(tmp_path)
    assert reopened.fingerprint() == seen[-1]
    reopened.close()


def test_failures_come_in_pages_and_are_counted(store: Store) -> None:
    add(store, "a1", "lib/b")
    failed = {"lib/c": "silent", "lib/a": "silent", "lib/d": "no_audio"}
    for uri, code in failed.items():
        store.put_file(File(uri, code=code))
    assert [each.uri for each in store.failures()] == sorted(failed)
    assert [each.uri for each in store.failures("lib/a", 1)] == ["lib/c"]
    assert store.failure_counts() == {"silent": 2, "no_audio": 1}
    store.remove_file("lib/d")
    assert store.failure_counts() == {"silent": 2}


def test_an_empty_library_takes_another_space(open_store: StoreClass, tmp_path: Path) -> None:
    other = Space("vggish", "v9", 16, 4.0, 2.0)
    start_s = np.zeros(1)
    store = open_store(tmp_path)
    for remove in ("recording", "file", "failure"):
        add(store, "a1")
        assert len(store.nearest(unit_vectors(1, 0), 5).recording_ids) == 1
        assert (store.space, read_space(tmp_path)) == (SPACE, SPACE)
        if remove == "recording":
            store.remove("a1")
        elif remove == "file":
            store.remove_file("lib/a1.ogg")
        else:
            store.put_file(File("lib/a1.ogg", code="silent"))
        assert store.space is read_space(tmp_path) is None
        assert store.check() == []
        block = WindowBlock(0, start_s, start_s + 4, np.eye(1, 16, dtype=np.float32))
        file, recording = File("lib/b.ogg", recording_id="b2"), Recording("b2", 4.0, True)
        store.add_block(file, recording, block, other)
        assert (store.space, read_space(tmp_path)) == (other, other)
        assert store.nearest(block.vectors, 5).recording_ids == ["b2"]
        store.remove("b2")
    store.close()
    store = open_store(tmp_path)
    assert store.space is None
    store.close()


def test_a_reader_finds_what_was_written_meanwhile(open_store: StoreClass, tmp_path: Path) -> None:
    writer = open_store(tmp_path)
    add(writer, "a1")
    reader = open_store(tmp_path, read_only=True)
    query = unit_vectors(1, 0)
    assert reader.nearest(query, 5).recording_ids == ["a1"]
    add(writer, "b2", "lib/b.ogg")
    assert sorted(reader.nearest(query, 5).recording_ids) == ["a1", "b2"]
    writer.remove("a1")
    assert reader.nearest(query, 5).recording_ids == ["b2"]
    assert len(reader.window_distances("a1", query).distances) == 0
    reader.close()
    writer.close()


def test_a_recording_of_two_files_is_found_by_either_and_outlives_one(store: Store) -> None:
    add(store, "a1", "lib/one.ogg")
    store.put_file(File("lib/two.ogg", recording_id="a1"))
    assert store.select(Filter(uri_prefix=("lib/two",))) == {"a1"}
    store.put_file(File("lib/one.ogg", code="silent"))
    recording = store.recording("a1")
    assert recording and recording.uris == ("lib/two.ogg",)
    store.put_file(File("lib/two.ogg", code="silent"))
    assert store.recording("a1") is None
    assert store.nearest(unit_vectors(1, 0), 5).recording_ids == []


def test_only_one_process_writes(open_store: StoreClass, tmp_path: Path) -> None:
    first = open_store(tmp_path)
    with pytest.raises(WorkspaceBusyError, match=str(tmp_path)):
        open_store(tmp_path)
    reader = open_store(tmp_path, read_only=True)
    assert reader.library_id == first.library_id
    reader.close()
    first.close()
    open_store(tmp_path).close()


def test_a_reader_makes_no_library(open_store: StoreClass, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"python app\.py index"):
        open_store(tmp_path / "nothing", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(open_store: StoreClass, tmp_path: Path) -> None:
    writer = open_store(tmp_path)
    reader = open_store(tmp_path, read_only=True)
    with pytest.raises(Exception, match="readonly"):
        add(reader, "a1")
    assert list(writer.recordings()) == []
    reader.close()
    writer.close()


_WRITER = """
import sys
from pathlib import Path
from tests.contract.test_stores import STORES, SPACE, File, Recording, make_block

store = STORES[int(sys.argv[1])](Path(sys.argv[2]))
for index in range(100_000):
    file, recording = File("lib/long.ogg", recording_id="long"), Recording("long", index, False)
    store.add_block(file, recording, make_block(index, 300, seed=index), SPACE)
    print(index, flush=True)
"""


def test_what_was_written_outlives_a_kill(open_store: StoreClass, tmp_path: Path) -> None:
    """A reader sees whole blocks while another process writes; what that acknowledged stays."""
    command = [sys.executable, "-c", _WRITER, str(STORES.index(open_store)), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT_DIR) as writer:
        assert writer.stdout
        acknowledged = int(writer.stdout.readline())
        for _ in range(10):
            acknowledged = int(writer.stdout.readline())
            reader = open_store(tmp_path, read_only=True)
            (recording,) = reader.recordings()
            seen = reader.window_distances("long", unit_vectors(1, 0))
            assert recording.uris == ("lib/long.ogg",)
            assert acknowledged < recording.n_blocks <= len(seen.distances) / 300
            assert recording.n_windows == 300 * recording.n_blocks
            assert len(seen.distances) % 300 == 0
            reader.close()
        writer.send_signal(signal.SIGKILL)
        acknowledged = int((writer.stdout.read().split() or [acknowledged])[-1])

    store = open_store(tmp_path)
    (recording,) = store.recordings()
    assert recording.n_blocks in (acknowledged + 1, acknowledged + 2)
    assert store.space == SPACE
    for index in range(recording.n_blocks):
        query = unit_vectors(300, seed=index)[:1]
        distances = store.window_distances("long", query).distances
        assert distances.argmin() == 300 * index
        assert distances.min() < 1e-6
    store.close()
