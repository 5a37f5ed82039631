"""Increments: what a second run finds, reads and encodes. The boxes are the real ones."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import soundfile as sf
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from audiosearch.catalogue import find_files
from audiosearch.client import Client
from audiosearch.errors import DiskFullError, ServerError, ServerUnavailableError
from audiosearch.identity import recording_id
from audiosearch.indexing import BYTES_A_REQUEST, TRIES, index_paths
from audiosearch.removal import remove_files
from audiosearch.report import Report
from audiosearch.store.sqlite import SQLiteStore
from tests.boxes import Boxes
from tests.conftest import sine


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Boxes:
    return Boxes(tmp_path_factory.mktemp("boxes"))


class Disk:
    """A folder of tiny recordings, and its library."""

    def __init__(self, folder: Path, boxes: Boxes) -> None:
        self.library, self.workspace = folder / "lib", folder / "workspace"
        self.library.mkdir()
        self.boxes = boxes
        self.clock = 1_700_000_000_000_000_000

    def write(self, name: str, pitch: int) -> Path:
        path = self.library / name
        path.parent.mkdir(exist_ok=True)
        sf.write(path, sine(0.3, 200.0 + 50 * pitch), 16_000)
        self.tick(path)
        return path

    def tick(self, path: Path) -> None:
        """Set a time that the file never had: a file system's clock may be coarse."""
        self.clock += 1_000_000_000
        os.utime(path, ns=(self.clock, self.clock))

    def label(self, **labels: str) -> None:
        rows = "".join(f"{name}.wav,{label}\n" for name, label in labels.items())
        (self.library / "labels.csv").write_text(f"path,label\n{rows}")
        self.tick(self.library / "labels.csv")

    def index(self, prune: bool = False, **options: bool) -> Report:
        def connection() -> object:
            return self.boxes.connection(self.workspace)

        remove = partial(remove_files, workspace=self.workspace) if prune else None

        self.boxes.identified.clear()
        self.boxes.encoded.clear()
        return index_paths(
            [self.library], self.workspace, connection, no_progress, prune=remove, **options
        )

    def uris(self) -> dict[str, str]:
        """Give the recording of each file."""
        with self.reading() as store:
            return {file.uri: file.recording_id for file in store.files() if file.recording_id}

    def tags(self, name: str) -> dict[str, str]:
        with self.reading() as store:
            return store.recording(self.uris()[f"lib/{name}"]).tags

    @contextmanager
    def reading(self) -> Iterator[SQLiteStore]:
        store = SQLiteStore(self.workspace, read_only=True)
        try:
            yield store
        finally:
            store.close()


def no_progress(report: Report, done: int, total: int) -> None:
    pass


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.known, report.unchanged, len(report.failed)


@pytest.fixture
def disk(tmp_path: Path, boxes: Boxes) -> Disk:
    made = Disk(tmp_path, boxes)
    for pitch, name in enumerate(("a.wav", "b.wav", "deep/c.wav")):
        made.write(name, pitch)
    assert counts(made.index()) == (3, 0, 0, 0)
    return made


def test_second_run_opens_no_file(disk: Disk) -> None:
    state = (disk.library / "a.wav").stat()
    (disk.library / "a.wav").write_bytes(b"\0" * state.st_size)
    os.utime(disk.library / "a.wav", ns=(state.st_atime_ns, state.st_mtime_ns))
    before = disk.uris()
    assert counts(disk.index()) == (0, 0, 3, 0)
    assert (disk.boxes.identified, disk.uris()) == ([], before)


def test_changed_file_is_replaced(disk: Disk) -> None:
    old = disk.uris()["lib/a.wav"]
    path = disk.write("a.wav", 7)
    assert counts(disk.index()) == (1, 0, 2, 0)
    assert disk.uris()["lib/a.wav"] == recording_id(path) != old
    with disk.reading() as store:
        assert store.recording(old) is None
        assert len(list(store.recordings())) == 3


def test_file_that_breaks_loses_its_recording(disk: Disk) -> None:
    (disk.library / "a.wav").write_bytes(b"no sound")
    report = disk.index()
    assert counts(report) == (0, 0, 2, 1)
    assert sorted(disk.uris()) == ["lib/b.wav", "lib/deep/c.wav"]


def test_touched_file_is_identified_not_encoded(disk: Disk) -> None:
    disk.tick(disk.library / "a.wav")
    assert counts(disk.index()) == (0, 0, 3, 0)
    assert (disk.boxes.identified, disk.boxes.encoded) == (["lib/a.wav"], [])
    disk.index()
    assert disk.boxes.identified == []


def test_moved_file_keeps_its_recording(disk: Disk) -> None:
    before = disk.uris()
    (disk.library / "a.wav").rename(disk.library / "deep" / "z.wav")
    report = disk.index()
    assert counts(report) == (0, 1, 2, 0)
    assert (report.vanished, disk.boxes.encoded) == ([], [])
    after = disk.uris()
    assert after.pop("lib/deep/z.wav") == before.pop("lib/a.wav")
    assert after == before


def test_copy_is_another_uri_of_the_recording(disk: Disk) -> None:
    shutil.copy(disk.library / "a.wav", disk.library / "copy.wav")
    assert counts(disk.index()) == (0, 1, 3, 0)
    assert disk.uris()["lib/copy.wav"] == disk.uris()["lib/a.wav"]
    assert disk.boxes.encoded == []


def test_vanished_file_is_reported_and_pruned(disk: Disk) -> None:
    (disk.library / "deep" / "c.wav").unlink()
    for _ in range(2):
        report = disk.index()
        assert (report.vanished, report.pruned, counts(report)) == (
            ["lib/deep/c.wav"],
            0,
            (0, 0, 2, 0),
        )
    report = disk.index(prune=True)
    assert (report.vanished, report.pruned) == ([], 1)
    assert sorted(disk.uris()) == ["lib/a.wav", "lib/b.wav"]
    with disk.reading() as store:
        assert len(list(store.recordings())) == 2


def test_failed_file_is_tried_again_when_it_changes_or_is_asked_for(disk: Disk) -> None:
    bad = disk.library / "bad.wav"
    bad.write_bytes(b"no sound")
    first = disk.index()
    assert (counts(first), first.failed_before) == ((0, 0, 3, 1), 0)
    again = disk.index()
    assert (counts(again), again.failed_before) == ((0, 0, 3, 1), 1)
    assert (again.failed, disk.boxes.identified) == (first.failed, [])
    assert disk.index(retry_failed=True).failed_before == 0
    assert disk.boxes.identified == ["lib/bad.wav"]
    disk.write("bad.wav", 9)
    assert counts(disk.index()) == (1, 0, 3, 0)


def test_what_is_no_readable_file_is_in_the_ledger(disk: Disk) -> None:
    (disk.library / "broken.wav").symlink_to("absent.wav")
    assert counts(disk.index()) == (0, 0, 3, 1)
    with disk.reading() as store:
        noted = store.file("lib/broken.wav")
    assert (noted.code, noted.path) == ("not_found", str(disk.library / "broken.wav"))


def test_changed_labels_are_read_and_nothing_is_encoded(disk: Disk) -> None:
    disk.label(a="dog", b="cat")
    assert counts(disk.index()) == (0, 2, 1, 0)
    disk.label(a="wolf", b="cat")
    assert counts(disk.index()) == (0, 1, 2, 0)
    assert (disk.boxes.identified, disk.boxes.encoded) == (["lib/a.wav"], [])
    assert (disk.tags("a.wav"), disk.tags("b.wav")) == ({"label": "wolf"}, {"label": "cat"})
    (disk.library / "labels.csv").unlink()
    assert counts(disk.index()) == (0, 2, 1, 0)
    assert disk.tags("a.wav") == {}
    assert counts(disk.index()) == (0, 0, 3, 0)


def test_retagged_file_is_not_encoded(disk: Disk) -> None:
    with sf.SoundFile(disk.library / "a.wav", "r+") as file:
        file.title = "Bark"
    disk.tick(disk.library / "a.wav")
    assert counts(disk.index()) == (0, 1, 2, 0)
    assert (disk.tags("a.wav"), disk.boxes.encoded) == ({"title": "Bark"}, [])


def test_tags_of_two_files_with_the_same_audio(disk: Disk) -> None:
    shutil.copy(disk.library / "a.wav", disk.library / "z.wav")
    disk.label(a="dog", z="wolf")
    disk.index()
    assert disk.tags("z.wav") == {"label": "dog"}, "the first by its uri is right"
    disk.label(z="wolf")
    disk.index()
    assert disk.tags("a.wav") == {"label": "wolf"}
    assert counts(disk.index()) == (0, 0, 4, 0)


class Broken(Client):
    """A real client of an address where nobody listens, or an error in its stead."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("http://127.0.0.1:9")
        self.error = error
        self.asked: list[list[str]] = []

    def index(self, uris: list[str], folders: list[str]) -> list[dict[str, object]]:
        self.asked.append(uris)
        if self.error:
            raise self.error
        return super().index(uris, folders)


@pytest.fixture
def new_files(tmp_path: Path) -> Path:
    folder = tmp_path / "new"
    folder.mkdir()
    for name in ("a.wav", "b.wav"):
        (folder / name).write_bytes(b"x")
    return folder


@pytest.mark.parametrize("error", [None, ServerError("answered 500")], ids=["no answer", "500"])
def test_requests_are_tried_again_then_listed(
    new_files: Path, tmp_path: Path, error: Exception | None
) -> None:
    client = Broken(error)
    report = index_paths(
        [new_files], tmp_path / "workspace", lambda: nullcontext(client), no_progress
    )
    names = [[Path(uri).name for uri in uris] for uris in client.asked]
    assert names[0] == ["a.wav", "b.wav"]
    assert sorted(names[1:]) == sorted([["a.wav"], ["b.wav"]] * (TRIES - 1))
    assert {failure["code"] for failure in report.failed} == {
        "server" if error else ServerUnavailableError.code
    }
    assert len(report.failed) == 2


def test_small_files_come_first(new_files: Path, tmp_path: Path) -> None:
    os.truncate(new_files / "a.wav", BYTES_A_REQUEST)
    client = Broken()
    index_paths([new_files], tmp_path / "workspace", lambda: nullcontext(client), no_progress)
    assert [Path(uri).name for uri in client.asked[0]] == ["b.wav"]


def test_a_file_that_breaks_the_server_takes_no_other_with_it(disk: Disk) -> None:
    for pitch in range(20, 30):
        disk.write(f"{pitch}.wav", pitch)
    restarts = 0

    @contextmanager
    def connection() -> Iterator[object]:
        nonlocal restarts
        restarts += 1
        with disk.boxes.connection(disk.workspace) as client:
            works = client.index

            def index(uris: list[str], folders: list[str]) -> list[dict[str, object]]:
                if any(uri.endswith("23.wav") for uri in uris):
                    raise ServerUnavailableError("a microservice does not answer")
                return works(uris, folders)

            client.index = index
            yield client

    report = index_paths([disk.library], disk.workspace, connection, no_progress)
    assert report.added + report.unchanged == 12
    assert [Path(failure["path"]).name for failure in report.failed] == ["23.wav"]
    assert restarts <= 1 + TRIES


def test_a_full_disk_ends_the_work(new_files: Path, tmp_path: Path) -> None:
    client = Broken()
    full = {"status": "failed", "code": "disk_full", "message": "the disk of x is full"}
    client.index = lambda uris, folders: [full] * len(uris)
    with pytest.raises(DiskFullError, match="the disk of x is full"):
        index_paths([new_files], tmp_path / "workspace", lambda: nullcontext(client), no_progress)


NAMES = st.sampled_from(["a.wav", "b.wav", "c.wav", "deep/d.wav"])
PITCHES = st.integers(0, 3)


class DiskMachine(RuleBasedStateMachine):
    """Changes a folder and indexes it; a dictionary tells what the library should hold."""

    boxes: Boxes

    def __init__(self) -> None:
        super().__init__()
        self.temporary = TemporaryDirectory()
        self.disk = Disk(Path(self.temporary.name), self.boxes)
        self.files: dict[str, tuple[int, int]] = {}  # pitch and time of each file of the disk
        self.known: dict[str, tuple[int, int]] = {}  # the same, as the library knows it
        self.ids: dict[int, str] = {}

    def teardown(self) -> None:
        self.temporary.cleanup()

    @rule(name=NAMES, pitch=PITCHES)
    def add_or_change(self, name: str, pitch: int) -> None:
        path = self.disk.write(name, pitch)
        self.ids[pitch] = recording_id(path)
        self.files[f"lib/{name}"] = (pitch, self.disk.clock)

    @rule(old=NAMES, new=NAMES)
    def move(self, old: str, new: str) -> None:
        source, target = self.disk.library / old, self.disk.library / new
        if source.exists() and old != new:
            target.parent.mkdir(exist_ok=True)
            source.replace(target)
            self.files[f"lib/{new}"] = self.files.pop(f"lib/{old}")

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        (self.disk.library / name).unlink(missing_ok=True)
        self.files.pop(f"lib/{name}", None)

    @rule(name=NAMES)
    def remove_from_library(self, name: str) -> None:
        uri = f"lib/{name}"
        if uri in self.known:
            with self.disk.reading() as store:
                uris = find_files([str(self.disk.library / name)], store)
            assert remove_files(uris, self.disk.workspace) == [uri]
            del self.known[uri]

    @rule(prune=st.booleans())
    def index(self, prune: bool) -> None:
        changed = {uri: file for uri, file in self.files.items() if self.known.get(uri) != file}
        read = {pitch for pitch, _ in changed.values()}
        gone = self.known.keys() - self.files.keys()
        moved = {uri for uri in gone if self.known[uri][0] in read}
        if not (self.files or gone):
            return
        report = self.disk.index(prune=prune)
        assert report.unchanged >= len(self.files) - len(changed)
        assert report.added + report.known + report.unchanged == len(self.files)
        assert sorted([*report.vanished]) == ([] if prune else sorted(gone - moved))
        assert report.pruned == (len(gone - moved) if prune else 0)
        self.known |= changed
        for uri in gone if prune else moved:
            del self.known[uri]
        self.check()

    def check(self) -> None:
        expected = {uri: self.ids[pitch] for uri, (pitch, _) in self.known.items()}
        if not expected and not self.disk.workspace.exists():
            return
        assert self.disk.uris() == expected
        with self.disk.reading() as store:
            recordings = list(store.recordings())
            assert store.check() == []
        assert {each.id for each in recordings} == set(expected.values())
        for each in recordings:
            assert each.n_windows == 1
            assert each.complete
            assert list(each.uris) == sorted(uri for uri in expected if expected[uri] == each.id)


def test_any_sequence_equals_a_dictionary(boxes: Boxes) -> None:
    machine: Callable[[], DiskMachine] = type("Machine", (DiskMachine,), {"boxes": boxes})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=20, deadline=None)
    )
