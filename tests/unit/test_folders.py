"""The folders that may be indexed: those with media, and no others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from audiosearch.errors import ForbiddenPathError, NotFoundError
from audiosearch.folders import Folder, list_folders
from audiosearch.library import Library
from audiosearch.scan import holds_media
from audiosearch.store.base import Store
from audiosearch.store.sqlite import SQLiteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = SQLiteStore(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def library(store: Store, tmp_path: Path) -> Library:
    for name in (
        "root/music/live/a.ogg",
        "root/music/b.MP3",
        "root/.hidden/c.ogg",
        "root/programs/main.ts",
        "root/texts/d.txt",
        "elsewhere/e.ogg",
        "kept/deep/f.wav",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "elsewhere")
    library = Library(store, [tmp_path / "root"])
    library.register(tmp_path / "kept")
    return library


def test_the_outermost(library: Library) -> None:
    assert list_folders(library) == [
        Folder("kept", "kept", in_library=True, has_folders=True),
        Folder("music", "music", in_library=False, has_folders=True),
    ]


def test_those_within_one(library: Library) -> None:
    assert list_folders(library, "music/") == [
        Folder("music/live", "live", in_library=False, has_folders=False)
    ]
    assert [each.path for each in list_folders(library, "kept")] == ["kept/deep"]
    assert list_folders(library, "music/live") == []


def test_each_can_be_named(library: Library) -> None:
    for outer in list_folders(library):
        for inner in list_folders(library, outer.path):
            assert library.locate(inner.path).is_dir()


def test_a_folder_of_a_root_that_is_in_the_library_comes_once(
    library: Library, tmp_path: Path
) -> None:
    library.register(tmp_path / "root" / "music")
    assert [(each.path, each.in_library) for each in list_folders(library)] == [
        ("kept", True),
        ("music", True),
    ]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/etc", ForbiddenPathError),
        ("music/../../elsewhere", ForbiddenPathError),
        ("link", ForbiddenPathError),
        ("nothing", NotFoundError),
    ],
)
def test_what_is_refused(library: Library, path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        list_folders(library, path)


def test_looking_for_media_ends(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}").mkdir()
    (tmp_path / "4" / "a.ogg").touch()
    assert holds_media(tmp_path)
    assert not holds_media(tmp_path, max_folders=3)
