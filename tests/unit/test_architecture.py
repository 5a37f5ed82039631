"""What the layout promises: dependencies point one way, and files stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT_DIR

MAX_LINES = 300
FRAMEWORK = {"jina", "docarray"}

CORE = sorted((PROJECT_DIR / "audiosearch").rglob("*.py"))
EXECUTORS = sorted((PROJECT_DIR / "executors").rglob("*.py"))
APP = PROJECT_DIR / "app.py"


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT_DIR))


def imported_packages(source: str) -> Iterator[str]:
    """Yield the first part of all that is imported, within functions and by name too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield ast.unparse(node.args[0]).strip("'\"").partition(".")[0]


def test_imports_are_found_wherever_they_are() -> None:
    source = """
import jina.logging
def load():
    from docarray import DocList
    importlib.import_module("executors.encoder")
"""
    assert set(imported_packages(source)) == {"jina", "docarray", "executors"}


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_the_core_knows_no_framework(path: Path) -> None:
    assert not {*FRAMEWORK, "executors", "app"} & set(imported_packages(path.read_text()))


@pytest.mark.parametrize("path", EXECUTORS, ids=name_of)
def test_executors_do_not_know_the_command_line(path: Path) -> None:
    assert "app" not in set(imported_packages(path.read_text()))


@pytest.mark.parametrize("path", [*CORE, *EXECUTORS, APP], ids=name_of)
def test_files_are_small(path: Path) -> None:
    n_lines = len(path.read_text().splitlines())
    assert n_lines <= MAX_LINES, f"{name_of(path)} has {n_lines} lines: split it"


def test_all_modules_are_looked_at() -> None:
    assert {"audiosearch/store/sqlite.py", "audiosearch/vggish/log_mel.py"} <= set(
        map(name_of, CORE)
    )
    assert "executors/indexer.py" in map(name_of, EXECUTORS)
