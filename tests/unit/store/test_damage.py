"""A flipped byte is found, and what it damaged is never answered."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiosearch.errors import AudioSearchError, IndexMismatchError, LibraryDamagedError
from audiosearch.heard.windows import N_CLASSES, keep_best
from audiosearch.store.database import Database
from audiosearch.store.rows import Damage, File, Filter, Recording, Space, WindowBlock
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.store.workspace import read_space
from audiosearch.types import Heard, Peaks, Vectors

DIM = 16
SPACE = Space("yamnet", "v1", DIM, 4.0, 2.0)
DATABASE = "library.sqlite"
PAGE = 4096
KEYS = {"recordings": "id", "files": "uri", "blocks": "recording_id", "folders": "name"}


def unit_vectors(n: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def make_peaks(block: int, n_windows: int) -> Peaks:
    return np.random.default_rng(block).integers(-128, 128, (40 * n_windows, 2), np.int8)


def make_heard(block: int, n_windows: int) -> Heard:
    probabilities = np.random.default_rng(block).random((n_windows, N_CLASSES), np.float32)
    return keep_best(probabilities**100)


QUERIES = unit_vectors(3, seed=99)


def add(store: SQLiteStore, name: str, n_blocks: int, n_windows: int) -> None:
    for block in range(n_blocks):
        start_s = 600.0 * block + 2.0 * np.arange(n_windows)
        vectors = unit_vectors(n_windows, seed=100 * len(name) + block)
        store.add_block(
            File(f"music/{name}.ogg", f"/home/me/music/{name}.ogg", 100, 200, name),
            Recording(name, 600.0 * (block + 1), block == n_blocks - 1, tags={"label": name}),
            WindowBlock(
                block,
                start_s,
                start_s + 4,
                vectors,
                make_peaks(block, n_windows),
                make_heard(block, n_windows),
            ),
            SPACE,
        )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose tables fill several pages, with overflow pages and free ones."""
    workspace = tmp_path_factory.mktemp("library")
    with closing(SQLiteStore(workspace)) as store:
        store.add_folder("music", "/home/me/music")
        for number in range(30):
            add(store, f"r{number:02}" + "x" * number, 1 + number % 3, 3 + number % 7)
        add(store, "long", 2, 300)
        add(store, "gone", 2, 300)
        store.remove("gone")
        store.put_file(File("music/copy.ogg", recording_id="long"))
        for number in range(40):
            store.put_file(File(f"music/bad{number}.ogg", code="silent", message="all is quiet"))
    return workspace


def copy(library: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(library, to))


def answers(store: SQLiteStore) -> set[object]:
    """Give all that a library answers, in pieces, each of which is right or wrong by itself."""
    listed = list(store.recordings())
    recordings = listed + [one for each in listed if (one := store.recording(each.id))]
    found = store.nearest(QUERIES, 10_000)
    pieces: set[object] = {store.space, *store.files(), *store.folders().items()}
    pieces |= {json.dumps(replace(each, uris=()).__dict__) for each in recordings}
    pieces |= {(each.id, uri) for each in recordings for uri in each.uris}
    pieces |= set(zip(found.recording_ids, found.distances.tolist(), strict=True))
    for each in recordings:
        one = store.window_distances(each.id, QUERIES)
        pieces |= set(zip(one.start_s.tolist(), one.distances.tolist(), strict=True))
        peaks = store.peaks(each.id).tolist()
        pieces |= {(each.id, number, *peak) for number, peak in enumerate(peaks)}
        for heard in (one.heard, store.window_heard(each.id)):
            pieces |= {(each.id, "heard", window.tobytes()) for window in heard}
    return pieces


def flip(file: Path, position: int, bits: int) -> None:
    data = bytearray(file.read_bytes())
    data[position] ^= bits
    file.write_bytes(data)


def survey(workspace: Path, truth: set[object]) -> str:
    """Tell how damage shows: refused, found, or not at all."""
    try:
        store = SQLiteStore(workspace)
    except AudioSearchError:
        return "refused"
    with closing(store):
        try:
            given = answers(store)
        except LibraryDamagedError:
            given = set()
        assert given <= truth
        damage = store.check()
        if not damage:
            assert given == truth
            return "harmless"
        assert store.repair() == damage
        assert store.check() == []
        assert answers(store) <= truth | {None}  # an empty library has no space
    return "found"


@pytest.fixture(scope="module")
def truth(library: Path) -> set[object]:
    with closing(SQLiteStore(library, read_only=True)) as store:
        assert store.check() == []
        return answers(store)


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_byte_is_found_or_harms_nothing(
    library: Path, truth: set[object], tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    shown = []
    size = (library / DATABASE).stat().st_size
    for start in range(0, size, PAGE):
        inside = rng.integers(PAGE) if seed % 2 else rng.integers(100)  # page headers are dense
        workspace = copy(library, tmp_path / "copy")
        flip(workspace / DATABASE, start + int(inside), int(rng.integers(1, 256)))
        shown.append(survey(workspace, truth))
    assert shown.count("found") > len(shown) / 4


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("recordings", each) for each in ("duration_s", "n_windows", "tags", "added_at")),
        *(("files", each) for each in ("uri", "path", "size", "mtime_ns", "message")),
        *(("blocks", each) for each in ("block", "start_s", "end_s", "vectors", "checksum")),
        ("blocks", "peaks"),
        ("blocks", "heard"),
        *(("folders", each) for each in ("name", "path")),
    ],
)
def test_a_changed_value_is_never_answered(
    library: Path, truth: set[object], tmp_path: Path, table: str, column: str
) -> None:
    """Changed through SQLite, whose structure stays right: only the checksum tells."""
    workspace = copy(library, tmp_path / "copy")
    with closing(sqlite3.connect(workspace / DATABASE)) as database:
        key = database.execute(f"SELECT min({KEYS[table]}) FROM {table}").fetchone()
        (old,) = database.execute(
            f"SELECT {column} FROM {table} WHERE {KEYS[table]} = ? LIMIT 1", key
        ).fetchone()
        new = old[:-1] + (b"!" if isinstance(old, bytes) else "!") if hasattr(old, "__len__") else 9
        changed = f"UPDATE {table} SET {column} = ? WHERE {KEYS[table]} = ? AND {column} IS ?"
        assert database.execute(changed, (new, *key, old)).rowcount
        database.commit()
    with closing(SQLiteStore(workspace)) as store:
        given = answers(store)
        assert given < truth
        assert any(each.what.startswith(table) for each in store.check())
        store.repair()
        assert store.check() == []
        assert answers(store) <= truth


def test_a_bad_block_is_left_out_told_and_encoded_again(
    library: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = copy(library, tmp_path / "copy")
    with closing(sqlite3.connect(workspace / DATABASE)) as database:
        database.execute(
            "UPDATE blocks SET vectors = zeroblob(length(vectors)) "
            "WHERE recording_id = 'long' AND block = 1"
        )
        database.commit()
    with closing(SQLiteStore(workspace)) as store:
        assert len(store.window_distances("long", QUERIES).distances) == 300
        np.testing.assert_array_equal(store.peaks("long"), make_peaks(0, 300))
        assert "a row of blocks is damaged" in caplog.text
        assert "1 blocks of the recording long are missing" in caplog.text
        assert store.repair() == [
            Damage("blocks 'long'", "its checksum is wrong"),
            Damage(
                "recording 'long'", "its row, files or blocks are missing or contradict each other"
            ),
        ]
        assert store.recording("long") is None
        assert store.file("music/long.ogg") is store.file("music/copy.ogg") is None
        add(store, "long", 2, 300)
        assert store.check() == []
        assert len(store.window_distances("long", QUERIES).distances) == 600


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM blocks WHERE recording_id = 'long' AND block = 0",
        "DELETE FROM recordings WHERE id = 'long'",
        "DELETE FROM files WHERE recording_id = 'long'",
    ],
)
def test_rows_that_miss_others_are_found(library: Path, tmp_path: Path, statement: str) -> None:
    workspace = copy(library, tmp_path / "copy")
    with closing(sqlite3.connect(workspace / DATABASE)) as database:
        database.execute(statement)
        database.commit()
    with closing(SQLiteStore(workspace)) as store:
        assert "recording 'long'" in {each.what for each in store.repair()}
        assert store.check() == []
        assert store.recording("long") is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE heard SET score = score + 1 WHERE recording_id = 'long'",
        "DELETE FROM heard WHERE recording_id = 'long'",
        "INSERT INTO heard VALUES (1000, 'long', 60000)",
    ],
)
def test_what_is_heard_is_made_anew_of_the_windows(
    library: Path, tmp_path: Path, statement: str
) -> None:
    workspace = copy(library, tmp_path / "copy")
    with closing(SQLiteStore(workspace)) as store:
        counts = store.count_heard(Filter())
    with closing(sqlite3.connect(workspace / DATABASE)) as database:
        assert database.execute(statement).rowcount
        database.commit()
    with closing(SQLiteStore(workspace)) as store:
        expected = Damage("heard 'long'", "it is not what is heard in its windows")
        assert store.repair() == [expected]
        assert store.check() == []
        assert store.recording("long")
        assert store.count_heard(Filter()) == counts


@pytest.mark.parametrize("position", range(0, 100, 7))
def test_a_damaged_space_file_is_found(library: Path, tmp_path: Path, position: int) -> None:
    workspace = copy(library, tmp_path / "copy")
    flip(workspace / "space.json", position, 1)
    with pytest.raises(LibraryDamagedError, match=r"space\.json is damaged; delete it"):
        read_space(workspace)
    with closing(SQLiteStore(workspace, read_only=True)) as reader:
        assert [each.what for each in reader.check()] == ["space.json"]
    with closing(SQLiteStore(workspace)) as store:
        assert store.check() == []
    assert read_space(workspace) == SPACE


def test_a_lost_space_is_learned_from_the_file_beside(library: Path, tmp_path: Path) -> None:
    workspace = copy(library, tmp_path / "copy")
    with closing(Database(workspace / DATABASE)) as database:
        database.execute("UPDATE meta SET value = value || ' ' WHERE key = 'space'")
    with closing(SQLiteStore(workspace)) as store:
        with pytest.raises(LibraryDamagedError, match="space is not as it was written"):
            store.nearest(QUERIES, 1)
        store.repair()
        assert store.space == SPACE
        assert store.recording("long")
        assert store.check() == []


@pytest.mark.parametrize(
    "content", [b"no database", b"SQLite format 3\0" + bytes(4080), b"x" * 9999]
)
@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes, read_only: bool) -> None:
    (tmp_path / DATABASE).write_bytes(content)
    with pytest.raises((LibraryDamagedError, IndexMismatchError), match=tmp_path.name):
        SQLiteStore(tmp_path, read_only)
    assert (tmp_path / DATABASE).read_bytes() == content
