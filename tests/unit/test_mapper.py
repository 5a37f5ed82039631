"""The map in the background: made, kept, stale, made anew; lost and damaged maps."""

import base64
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audiosearch.map_file import MAP, read_map
from audiosearch.map_maker import ROUGH, make_map
from audiosearch.mapper import Mapper
from audiosearch.store.base import Store
from audiosearch.store.rows import File
from audiosearch.store.sqlite import SQLiteStore
from tests.contract.test_stores import add
from tests.integration.service import wait_for


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = SQLiteStore(tmp_path)
    yield opened
    opened.close()


def fill(store: Store, n: int = 4) -> None:
    for number in range(n):
        add(store, "x" * (number + 1), label="ab"[number % 2])


def ready(mapper: Mapper, store: Store) -> dict[str, Any]:
    """Wait until the map is what the library holds."""

    def told() -> dict[str, Any] | None:
        now = mapper.tell(store)
        assert now["state"] in ("computing", "ready"), now
        return now if now["state"] == "ready" and not now["stale"] else None

    return dict(wait_for(told, "the map"))


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_an_empty_library_has_none(store: Store, tmp_path: Path) -> None:
    assert Mapper(tmp_path).tell(store)["state"] == "empty"
    assert not (tmp_path / MAP).exists()


def test_the_map_is_made_in_the_background(store: Store, tmp_path: Path) -> None:
    fill(store)
    mapper = Mapper(tmp_path)
    first = mapper.tell(store)
    assert (first["state"], first["points"]) == ("computing", None)
    points = ready(mapper, store)["points"]
    assert points["ids"] == ["x", "xx", "xxx", "xxxx"]
    assert points["uris"][0] == "lib/x.ogg"
    [tag] = points["tags"]
    assert (tag["key"], tag["values"]) == ("label", ["a", "b"])
    assert base64.b64decode(tag["codes"]) == bytes([0, 1, 0, 1])
    kept = read_map(tmp_path)
    assert kept is not None
    np.testing.assert_array_equal(floats(points["x"]), kept.points[:, 0])
    np.testing.assert_array_equal(floats(points["y"]), kept.points[:, 1])


def test_a_known_version_is_not_told_again(store: Store, tmp_path: Path) -> None:
    fill(store)
    mapper = Mapper(tmp_path)
    version = ready(mapper, store)["version"]
    assert mapper.tell(store, known=version)["points"] is None
    assert mapper.tell(store, known="another")["points"]


def test_a_changed_library_makes_it_stale_until_it_is_made_anew(
    store: Store, tmp_path: Path
) -> None:
    fill(store)
    before = ready(Mapper(tmp_path), store)
    add(store, "new")
    mapper = Mapper(tmp_path, min_rest_s=0)
    stale = mapper.tell(store)
    assert (stale["state"], stale["stale"], stale["version"]) == ("ready", True, before["version"])
    assert "new" in ready(mapper, store)["points"]["ids"]


def test_it_rests_before_it_works_again(store: Store, tmp_path: Path) -> None:
    fill(store)
    mapper = Mapper(tmp_path, min_rest_s=3600)
    version = ready(mapper, store)["version"]
    add(store, "new")
    for _ in range(20):
        assert mapper.tell(store)["version"] == version
        time.sleep(0.05)


def test_other_tags_and_names_leave_the_points_where_they_are(store: Store, tmp_path: Path) -> None:
    fill(store)
    make_map(tmp_path)
    before = read_map(tmp_path)
    store.set_tags("x", {"label": "b"})
    store.put_file(File("lib/moved.ogg", recording_id="xx"))
    store.remove_file("lib/xx.ogg")
    assert before is not None
    moved = replace(before, points=before.points[::-1].copy())  # as nothing would lay them out
    np.savez(tmp_path / MAP, **vars(moved))
    make_map(tmp_path)
    after = read_map(tmp_path)
    assert after is not None
    assert after.fingerprint == store.fingerprint() != before.fingerprint
    np.testing.assert_array_equal(after.points, moved.points)
    assert after.uris[1] == "lib/moved.ogg"
    assert after.tag_codes.tolist() == [[0, 0, 1, 0]]


def test_the_first_is_a_sketch_at_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)

    def look(vectors: np.ndarray) -> np.ndarray:
        sketch = Mapper(tmp_path, min_rest_s=3600).tell(store)
        assert (sketch["state"], sketch["stale"], sketch["version"]) == ("ready", True, ROUGH)
        assert len(sketch["points"]["ids"]) == len(vectors)
        return np.zeros((len(vectors), 2), np.float32)

    monkeypatch.setattr("audiosearch.map_maker.project", look)
    make_map(tmp_path)
    kept = read_map(tmp_path)
    assert kept is not None
    assert kept.fingerprint == store.fingerprint()
    assert not kept.points.any()


def test_a_damaged_map_is_made_anew(store: Store, tmp_path: Path) -> None:
    fill(store)
    whole = ready(Mapper(tmp_path), store)
    (tmp_path / MAP).write_bytes((tmp_path / MAP).read_bytes()[:500])
    mapper = Mapper(tmp_path)
    assert mapper.tell(store)["state"] == "computing"
    assert ready(mapper, store)["points"] == whole["points"]


def test_no_flipped_byte_is_told(store: Store, tmp_path: Path) -> None:
    fill(store)
    make_map(tmp_path)
    whole, truth = (tmp_path / MAP).read_bytes(), read_map(tmp_path)
    assert truth is not None
    n_refused = 0
    for at in range(0, len(whole), 3):
        (tmp_path / MAP).write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        found = read_map(tmp_path)
        n_refused += found is None
        if found is not None:
            for name, value in vars(truth).items():
                np.testing.assert_array_equal(getattr(found, name), value, err_msg=f"byte {at}")
    assert n_refused > 300  # zip files tell some things twice


def test_a_map_that_cannot_be_written_is_told(store: Store, tmp_path: Path) -> None:
    fill(store)
    (tmp_path / f"{MAP}.part").mkdir()
    mapper = Mapper(tmp_path)

    def failed() -> dict[str, Any] | None:
        now = mapper.tell(store)
        return now if now["state"] == "failed" else None

    assert "log says why" in wait_for(failed, "the failure")["message"]
