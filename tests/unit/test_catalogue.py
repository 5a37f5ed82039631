from pathlib import Path

import pytest

from audiosearch.catalogue import find_files
from audiosearch.errors import NotFoundError
from audiosearch.store.rows import File
from audiosearch.store.sqlite import SQLiteStore


def test_nothing_is_not_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SQLiteStore(tmp_path / "workspace")
    store.put_file(File("clips/a.wav", str(tmp_path / "clips/a.wav"), 1, 1))
    monkeypatch.chdir(tmp_path)
    assert find_files(["."], store) == ["clips/a.wav"]
    with pytest.raises(NotFoundError, match="is no recording id"):
        find_files([""], store)
    store.close()
