"""Understands names of sounds as people write them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process, utils

from audiosearch.errors import InvalidQueryError
from audiosearch.heard.matching import entries, find_kinds, stems
from audiosearch.heard.ontology import Kind, ontology

N_SUGGESTED = 5
LIKENESS_SUGGESTED = 60
"""From which likeness of 100 a class is suggested in a name's stead."""
UNLIKE_ANY = "one of AudioSet's names; python app.py heard, or GET /heard, lists the library's"


@dataclass(frozen=True)
class Meaning:
    """What a name means.

    Parameters
    ----------
    names : tuple of str
        Of the kinds of sounds.
    classes : frozenset of int
        Numbers of the classes that these are or cover.
    """

    names: tuple[str, ...]
    classes: frozenset[int]


@lru_cache(maxsize=1000)
def understand(name: str) -> Meaning:
    """Find the kinds of sounds that a name means, and the classes that belong to them.

    Parameters
    ----------
    name : str
        Such as ``laughing baby``, ``dogs`` or ``Vehicle horn, car horn, honking``.

    Returns
    -------
    Meaning
        Of several kinds that fit alike, all.

    Raises
    ------
    InvalidQueryError
        If no kind fits, or YAMNet knows no class of it; the message tells classes that are near.

    Examples
    --------
    >>> understand("laughing baby").names
    ('Baby laughter',)
    """
    kinds = (
        _find_literally(name) or find_kinds(stems(name)) or find_kinds(stems(name.replace(" ", "")))
    )
    classes = frozenset[int]().union(*(ontology().classes_of(kind.id) for kind in kinds))
    if not classes:
        near = " or ".join(map(repr, _suggest(name, kinds)))
        expected = f"one of AudioSet's names, such as {near}" if near else UNLIKE_ANY
        raise InvalidQueryError(
            f"received heard: {name!r}, which "
            + ("YAMNet does not tell from others" if kinds else "names no kind of sounds")
            + f"; expected {expected}"
        )
    return Meaning(tuple(kind.name for kind in kinds), classes)


def classes_named(names: Iterable[str]) -> tuple[int, ...]:
    """Give the numbers of the classes that one of some names means, as of ``understand``."""
    return tuple(sorted({number for name in names for number in understand(name).classes}))


def _find_literally(name: str) -> list[Kind]:
    """Give the kinds of exactly that name, in any case."""
    wanted = name.casefold().strip()
    found = (entry.kind for entry in entries() if entry.is_known)
    return [kind for kind in found if wanted == kind.name.casefold()]


def _suggest(name: str, kinds: list[Kind]) -> list[str]:
    """Give classes that cover the kinds, are described by the words, or are spelt alike."""
    known, words = ontology(), stems(name)
    names = known.class_names
    above = [names[each] for kind in kinds for each in known.classes_covering(kind.id)]
    described = [
        entry.kind.name
        for entry in entries()
        if words and entry.is_known and words <= entry.described
    ]
    spelt = process.extract(
        name,
        names,
        scorer=fuzz.token_sort_ratio,
        processor=utils.default_process,
        score_cutoff=LIKENESS_SUGGESTED,
    )
    return list(dict.fromkeys([*above, *described, *(each for each, *_ in spelt)]))[:N_SUGGESTED]
