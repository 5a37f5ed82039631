from collections.abc import Iterator
from pathlib import Path

import pytest

from audiosearch.catalogue import find_files, find_recording, list_failures, list_recordings
from audiosearch.errors import NotFoundError
from audiosearch.store import open_store
from audiosearch.store.base import Store
from audiosearch.store.rows import File
from tests.contract.test_stores import add


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def recordings(store: Store) -> list[str]:
    """Add recordings, each with a file on the disk; give their ids."""
    for number, name in enumerate(("Hund", "Katze", "Vögel")):
        add(store, name, year=1990 + number, label="tier")
        store.put_file(File(f"lib/{name}.ogg", f"/music/{name}.ogg", 1, 1, name))
    return ["Hund", "Katze", "Vögel"]


def test_nothing_is_not_the_current_folder(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_file(File("clips/a.wav", str(tmp_path / "clips/a.wav"), 1, 1))
    monkeypatch.chdir(tmp_path)
    assert find_files(["."], store) == ["clips/a.wav"]
    for nothing in ("", "/"):
        with pytest.raises(NotFoundError, match="is no recording id"):
            find_files([nothing], store)


def test_recordings_come_in_pages(store: Store, recordings: list[str]) -> None:
    page = list_recordings(store, limit=2)
    assert ([each.id for each in page.recordings], page.after) == (recordings[:2], "lib/Katze.ogg")
    page = list_recordings(store, after=page.after or "", limit=1)
    assert ([each.id for each in page.recordings], page.after) == (recordings[2:], None)


def test_recordings_are_chosen_by_words_tags_and_prefix(
    store: Store, recordings: list[str]
) -> None:
    def ids(**conditions: object) -> list[str]:
        return [each.id for each in list_recordings(store, **conditions).recordings]  # type: ignore[arg-type]

    assert ids(text="VÖGEL tier") == ["Vögel"]
    assert ids(text="tier", tags={"year": ["1991", "1992"]}) == recordings[1:]
    assert ids(text="tier", tags={"year": ["1991"]}, prefix="lib/H") == []


@pytest.mark.parametrize("target", ["Katze", "lib/Katze.ogg", "/music/Katze.ogg"])
def test_a_recording_is_found_by_its_names(
    store: Store, recordings: list[str], target: str
) -> None:
    assert find_recording(target, store).id == "Katze"
    assert find_files([target, target], store) == ["lib/Katze.ogg"]
    with pytest.raises(NotFoundError):
        find_recording("/music", store)
    assert len(find_files(["/music/"], store)) == 3


def test_failures_come_in_pages(store: Store, recordings: list[str]) -> None:
    for number in range(3):
        store.put_file(File(f"lib/{number}.wav", code="silent"))
    page = list_failures(store, limit=2)
    assert ([each.uri for each in page.files], page.after) == (
        ["lib/0.wav", "lib/1.wav"],
        "lib/1.wav",
    )
    page = list_failures(store, after="lib/1.wav", limit=1)
    assert ([each.uri for each in page.files], page.after) == (["lib/2.wav"], None)
    assert len(list_failures(store, limit=None).files) == 3
