from pathlib import Path

import pytest

from audiosearch.errors import NotFoundError
from audiosearch.scan import find_media


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = """
        b.wav a.MP3 c.txt README labels.csv .hidden.wav noise.wav.bak film.Mp4 wav
        B/d.ogg B/.git/e.wav a/deep/f.flac .cache/g.wav a/z.opus empty.wav/h.m4a
    """
    for name in names.split():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_media_are_found_in_depth_and_in_order(folder: Path) -> None:
    found = [str(path.relative_to(folder)) for path in find_media(folder)]
    assert found == [
        "a.MP3",
        "b.wav",
        "film.Mp4",
        "B/d.ogg",
        "a/z.opus",
        "a/deep/f.flac",
        "empty.wav/h.m4a",
    ]


@pytest.mark.parametrize("name", ["c.txt", ".hidden.wav", "README", "a/z.opus"])
def test_a_named_file_is_taken_whatever_its_name(folder: Path, name: str) -> None:
    assert list(find_media(folder / name)) == [folder / name]


def test_a_named_hidden_folder_is_searched(folder: Path) -> None:
    assert list(find_media(folder / ".cache")) == [folder / ".cache" / "g.wav"]


def test_paths_are_absolute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "a")
    assert list(find_media(Path("z.opus"))) == [folder / "a" / "z.opus"]
    assert list(find_media(Path("../B"))) == [folder / "B" / "d.ogg"]


def test_links_to_files_are_found_and_to_folders_are_not_followed(folder: Path) -> None:
    (folder / "a" / "link.wav").symlink_to(folder / "b.wav")
    (folder / "a" / "broken.wav").symlink_to("absent.wav")
    (folder / "a" / "loop").symlink_to(folder)
    found = [path.name for path in find_media(folder / "a")]
    assert found == ["broken.wav", "link.wav", "z.opus", "f.flac"]


def test_nothing_there_is_told(folder: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no file or folder .*absent"):
        list(find_media(folder / "absent"))


def test_a_named_broken_link_is_given_on(folder: Path) -> None:
    (folder / "broken.wav").symlink_to("absent.wav")
    assert list(find_media(folder / "broken.wav")) == [folder / "broken.wav"]


def test_a_folder_without_media(tmp_path: Path) -> None:
    assert list(find_media(tmp_path)) == []
