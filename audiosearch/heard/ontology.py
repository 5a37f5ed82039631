"""AudioSet's ontology of sounds, and the 521 classes of it that YAMNet knows.

Gemmeke et al., "Audio Set: An ontology and human-labeled dataset for audio events", ICASSP 2017.
``models/README.md`` tells where the two files come from.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from audiosearch.errors import ModelNotFoundError
from audiosearch.weights import PROJECT_DIR

FOLDER = PROJECT_DIR / "models"
ONTOLOGY = "audioset_ontology.json"
CLASS_MAP = "yamnet_class_map.csv"


@dataclass(frozen=True)
class Kind:
    """A kind of sounds: an entry of the ontology.

    Parameters
    ----------
    id : str
        AudioSet's name for programs, such as ``/m/0bt9lr``.
    name : str
        Its name for people; a comma parts several: ``Vehicle horn, car horn, honking``.
    description : str
        What it covers.
    children : tuple of str
        Ids of the kinds that it covers.
    """

    id: str
    name: str
    description: str
    children: tuple[str, ...]


class Ontology:
    """The kinds of sounds, from general to specific, and which of them are classes of YAMNet.

    Parameters
    ----------
    kinds : iterable of Kind
        All of them.
    classes : iterable of str
        Ids of the kinds that are classes; a class's number is its place.
    """

    def __init__(self, kinds: Iterable[Kind], classes: Iterable[str]) -> None:
        self.kinds = {kind.id: kind for kind in kinds}
        self.class_ids = tuple(classes)
        self.class_names = tuple(self.kinds[each].name for each in self.class_ids)
        self._numbers = {each: number for number, each in enumerate(self.class_ids)}
        self._parents: dict[str, list[str]] = {}
        for kind in self.kinds.values():
            for child in kind.children:
                self._parents.setdefault(child, []).append(kind.id)

    def above(self, kind_id: str) -> set[str]:
        """Give the ids of the kinds that cover a kind, itself not among them."""
        return set(_walk(kind_id, lambda each: self._parents.get(each, ())))

    def below(self, kind_id: str) -> set[str]:
        """Give the ids of the kinds that a kind covers, itself not among them."""
        return set(_walk(kind_id, lambda each: self.kinds[each].children))

    def classes_of(self, kind_id: str) -> frozenset[int]:
        """Give the numbers of the classes that a kind is or covers."""
        return self._classes({kind_id, *self.below(kind_id)})

    @cached_property
    def classes_below(self) -> tuple[frozenset[int], ...]:
        """Of each class the numbers of those that it covers."""
        return tuple(self._classes(self.below(each)) for each in self.class_ids)

    @cached_property
    def classes_above(self) -> tuple[frozenset[int], ...]:
        """Of each class the numbers of those that cover it."""
        return tuple(map(self.classes_covering, self.class_ids))

    def classes_covering(self, kind_id: str) -> frozenset[int]:
        """Give the numbers of the classes that cover a kind."""
        return self._classes(self.above(kind_id))

    def _classes(self, kind_ids: Iterable[str]) -> frozenset[int]:
        return frozenset(self._numbers[each] for each in kind_ids if each in self._numbers)


def _walk(start: str, neighbours: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """Yield all that can be reached from a kind, some more than once."""
    for each in neighbours(start):
        yield each
        yield from _walk(each, neighbours)


@cache
def ontology() -> Ontology:
    """Read AudioSet's ontology and YAMNet's class map, once.

    Raises
    ------
    ModelNotFoundError
        If one of the two files is not there.
    """
    kinds = (
        Kind(each["id"], each["name"], each["description"], tuple(each["child_ids"]))
        for each in json.loads(_read(FOLDER / ONTOLOGY))
    )
    rows = csv.DictReader(_read(FOLDER / CLASS_MAP).splitlines())
    return Ontology(kinds, (row["mid"] for row in rows))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ModelNotFoundError(
            f"{file.name} is not in {file.parent.name}/; restore it from the project"
        ) from error
