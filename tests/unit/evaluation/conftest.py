from collections.abc import Iterator
from pathlib import Path

import pytest

from audiosearch.store.base import Store
from audiosearch.store.sqlite import SQLiteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = SQLiteStore(tmp_path / "workspace")
    yield opened
    opened.close()
