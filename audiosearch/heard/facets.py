"""Tells what is heard in a library, and in how many recordings."""

from collections.abc import Mapping
from dataclasses import dataclass

from audiosearch.heard.ontology import ontology


@dataclass(frozen=True)
class Facet:
    """A class that is heard in recordings.

    Parameters
    ----------
    name : str
        Its name.
    id : str
        AudioSet's name for programs, such as ``/m/0bt9lr``.
    recordings : int
        How many there are.
    """

    name: str
    id: str
    recordings: int


def facets_of(counts: Mapping[int, int]) -> list[Facet]:
    """Name the classes that a store counted, the most frequent first, then by name."""
    known = ontology()
    facets = (
        Facet(known.class_names[number], known.class_ids[number], count)
        for number, count in counts.items()
    )
    return sorted(facets, key=lambda each: (-each.recordings, each.name))
