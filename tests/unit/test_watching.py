from contextlib import closing
from pathlib import Path

import pytest

from audiosearch.errors import NotFoundError
from audiosearch.watching import watch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder that is reached by a link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    return tmp_path / "linked"


def test_hidden_files_and_folders_do_not_count(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is not hidden wakes it: the files that it waits for are told apart by name."""
    waited: list[str] = []
    monkeypatch.setattr("audiosearch.watching.wait_until_settled", waited.extend)
    (folder / ".cache" / "inner").mkdir(parents=True)
    with closing(watch([folder], tmp_path / "workspace")) as events:
        next(events)
        (folder / ".cache" / "inner" / "a.wav").write_bytes(b"1")
        (folder / ".b.wav").write_bytes(b"1")
        (folder / "c.wav").write_bytes(b"1")
        next(events)
    assert {Path(each).name for each in waited} == {"c.wav"}


def test_what_is_named_counts_though_it_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[str] = []
    monkeypatch.setattr("audiosearch.watching.wait_until_settled", waited.extend)
    monkeypatch.chdir(tmp_path)
    Path(".music").mkdir()
    with closing(watch([Path(".music")], tmp_path / "workspace")) as events:
        next(events)
        Path(".music/a.wav").write_bytes(b"1")
        next(events)
    assert {Path(each).name for each in waited} == {"a.wav"}


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no file or folder"):
        next(watch([tmp_path / "absent"], tmp_path / "workspace"))
