"""AudioSet's ontology as it comes with the project."""

import csv
import hashlib
from pathlib import Path

import pytest

from audiosearch.errors import ModelNotFoundError
from audiosearch.heard import ontology as module
from audiosearch.heard.ontology import CLASS_MAP, FOLDER, ONTOLOGY, ontology


def number(name: str) -> int:
    return ontology().class_names.index(name)


def test_is_the_file_that_the_readme_describes() -> None:
    digest = hashlib.sha256((FOLDER / ONTOLOGY).read_bytes()).hexdigest()
    assert digest in (FOLDER / "README.md").read_text()


def test_classes_are_those_of_the_class_map() -> None:
    with (FOLDER / CLASS_MAP).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == list(range(521))
    assert [row["mid"] for row in rows] == list(ontology().class_ids)
    assert [row["display_name"] for row in rows] == list(ontology().class_names)


def test_what_covers_what() -> None:
    below = ontology().classes_below[number("Dog")]
    assert {number("Bark"), number("Howl")} <= below
    assert number("Dog") not in below
    assert number("Dog") in ontology().classes_above[number("Bark")]
    assert ontology().classes_of("/m/0bt9lr") == below | {number("Dog")}
    assert ontology().classes_below[number("Bark")] == frozenset()


def test_above_is_the_reverse_of_below() -> None:
    above, below = ontology().classes_above, ontology().classes_below
    assert all(each in below[other] for each in range(521) for other in above[each])
    assert sum(map(len, above)) == sum(map(len, below)) > 521


def test_a_lost_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    ontology.cache_clear()
    try:
        with pytest.raises(ModelNotFoundError, match=rf"{ONTOLOGY} is not in .* restore it"):
            ontology()
    finally:
        ontology.cache_clear()
