"""The indexer box, called without a Flow."""

from pathlib import Path
from typing import Any

import pytest

from audiosearch.errors import InvalidQueryError, WorkspaceBusyError
from executors.indexer import SimpleIndexer

WRONG = [
    {"traversal_rdarray": "@r"},
    {"traversal_ldarray": "@r,c"},
    {"limit": 0},
    {"limit": -1},
    {"limit": 2.5},
    {"limit": "10"},
    {"limits": 10},
]


@pytest.mark.parametrize("match_args", WRONG, ids=str)
def test_wrong_match_args_are_refused(tmp_path: Path, match_args: dict[str, Any]) -> None:
    [(name, value)] = match_args.items()
    with pytest.raises(InvalidQueryError, match=f"received match_args {name}: ") as raised:
        SimpleIndexer(match_args, workspace=str(tmp_path))
    assert repr(value) in str(raised.value)
    assert not list(tmp_path.iterdir()), "nothing was made"


def test_workspace_has_one_writer(tmp_path: Path) -> None:
    match_args = {"limit": 3, "traversal_rdarray": "@c", "traversal_ldarray": "@c"}
    indexer = SimpleIndexer(match_args, workspace=str(tmp_path))
    assert indexer.limit == 3
    with pytest.raises(WorkspaceBusyError, match="is writing to"):
        SimpleIndexer(workspace=str(tmp_path))
    indexer.close()
    SimpleIndexer(workspace=str(tmp_path)).close()
