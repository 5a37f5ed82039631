"""Finds the kinds of sounds whose names hold some words, in any form, or with slips."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import snowballstemmer
from rapidfuzz import fuzz, process

from audiosearch.heard.ontology import Kind, ontology

IN_NAMES_ABOVE = 0.9
IN_DESCRIPTION = 0.5
"""What a word counts that is found there, beside 1 in the name itself."""
LIKENESS = 80
"""From which likeness of 100 a word is the other one with a slip."""
SHORTEST = 4
"""Shorter words have no slips, and no endings but those that the stemmer knows."""

Words = frozenset[str]
"""Stems of words."""
Alike = Mapping[str, Mapping[str, float]]
"""For each word of a query those of the ontology that are like it, from 0 to 1."""

_stemmer = snowballstemmer.stemmer("english")


@dataclass(frozen=True)
class Entry:
    """A kind with the words of its names, of the names above it, and of its description.

    ``is_known``: by YAMNet, or a kind that it covers.
    """

    kind: Kind
    is_known: bool
    names: tuple[Words, ...]
    above: Words
    described: Words


@cache
def entries() -> tuple[Entry, ...]:
    """Give all kinds with their words."""
    known = ontology()
    return tuple(
        Entry(
            kind,
            bool(known.classes_of(kind.id)),
            tuple(map(stems, (*_names(kind.name), *_joined(kind.name)))),
            stems(" ".join(known.kinds[each].name for each in known.above(kind.id))),
            stems(kind.description),
        )
        for kind in known.kinds.values()
    )


def stems(text: str) -> Words:
    """Give the stems of a text's words."""
    return frozenset(map(_stem, re.findall(r"[^\W_]+", text.casefold())))


def find_kinds(words: Words) -> list[Kind]:
    """Give the kinds that words fit best, by the first way in which one of YAMNet's fits.

    A kind that only AudioSet knows, with that very name, ends the search: it is no slip.
    """
    unknown: list[Kind] = []
    for likeness, fit in (
        (_equal, _fit_wholly),
        (_begin_alike, _fit_wholly),
        (_equal, _fit_partly),
        (_slipped, _fit_wholly),
    ):
        if not words or (unknown and likeness is _slipped):
            break
        alike = {word: likeness(word) for word in words}
        fits = [(fit(alike, entry), entry) for entry in entries()]
        known = [(value, entry.kind) for value, entry in fits if value and entry.is_known]
        if known:
            best, _ = max(known, key=lambda each: each[0])
            return [kind for value, kind in known if value == best]
        unknown = unknown or [entry.kind for value, entry in fits if value]
    return unknown


def _fit_wholly(alike: Alike, entry: Entry) -> float:
    """Tell how well words fit that hold one of the names; the others must be said of the kind."""
    every = {each for likes in alike.values() for each in likes}
    held = (name for name in entry.names if name <= every)
    return max((_value(alike, name, entry) for name in held), default=0.0)


def _value(alike: Alike, name: Words, entry: Entry) -> float:
    places = ((name, 1.0), (entry.above, IN_NAMES_ABOVE), (entry.described, IN_DESCRIPTION))
    values = [
        max(
            (weight * likes[each] for place, weight in places for each in likes.keys() & place),
            default=0.0,
        )
        for likes in alike.values()
    ]
    return sum(values) if all(values) else 0.0


def _fit_partly(alike: Alike, entry: Entry) -> float:
    """Tell whether all words occur in one of the names."""
    likes = alike.values()
    return float(any(all(each.keys() & name for each in likes) for name in entry.names))


def _equal(word: str) -> dict[str, float]:
    return {word: 1.0}


def _begin_alike(word: str) -> dict[str, float]:
    """Give the words that begin with a word, or it with them: laughter of laugh."""
    longer = {each for each in _vocabulary() if len(word) >= SHORTEST and each.startswith(word)}
    shorter = {word[:length] for length in range(SHORTEST, len(word))}.intersection(_vocabulary())
    return dict.fromkeys({word} | longer | shorter, 1.0)


def _slipped(word: str) -> dict[str, float]:
    """Give the words that are spelt much like a word."""
    if len(word) < SHORTEST:
        return {word: 1.0}
    found = process.extract(
        word, _vocabulary(), scorer=fuzz.ratio, score_cutoff=LIKENESS, limit=None
    )
    return {each: value / 100 for each, value, _ in found if len(each) >= SHORTEST}


@lru_cache(maxsize=10_000)
def _stem(word: str) -> str:
    """Give a word's stem; those of purr and purring end in one r."""
    return re.sub(r"(.)\1$", r"\1", _stemmer.stemWord(word))


@cache
def _vocabulary() -> tuple[str, ...]:
    """Give all words of the ontology, each once."""
    words = (each for entry in entries() for each in (*entry.names, entry.above, entry.described))
    return tuple(sorted(frozenset[str]().union(*words)))


def _names(name: str) -> Iterator[str]:
    """Yield a name, what its commas part, and each without what is in brackets."""
    for each in (name, *name.split(", ")):
        yield each
        yield re.sub(r" \(.*?\)", "", each)


def _joined(name: str) -> Iterator[str]:
    """Yield the names of two words as one: lawnmower."""
    return (each.replace(" ", "") for each in _names(name) if each.count(" ") == 1)
