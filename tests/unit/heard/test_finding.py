"""Queries by name, answered from a store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audiosearch.errors import InvalidQueryError
from audiosearch.heard.facets import Facet, facets_of
from audiosearch.heard.finding import find_heard
from audiosearch.store import open_store
from audiosearch.store.base import Store
from audiosearch.store.rows import File, Filter, Recording, Space, WindowBlock
from tests.unit.heard.test_windows import heard

SPACE = Space("yamnet", "v1", 4, 4.0, 2.0)
LIBRARY = {  # of each recording what is heard in its windows, 4 s each 2 s
    "bells": [{"Church bell": 0.5}, {"Church bell": 0.9}, {}, {}, {}, {"Bell": 0.3}],
    "yard": [{"Bark": 0.4, "Speech": 0.2}, {}, {}],
    "talk": [{"Speech": 1.0}, {"Speech": 1.0}],
    "mute": [{}],
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path)
    for name, windows in LIBRARY.items():
        start_s = 2.0 * np.arange(len(windows))
        store.add_block(
            File(f"lib/{name}.ogg", recording_id=name),
            Recording(name, float(start_s[-1] + 4), True, tags={"label": name}),
            WindowBlock(
                0,
                start_s,
                start_s + 4,
                np.eye(len(windows), 4, dtype=np.float32),
                heard=heard(*windows),
            ),
            SPACE,
        )
    yield store
    store.close()


def ids(matches: list[dict[str, Any]]) -> list[str]:
    return [match["id"] for match in matches]


def test_moments_of_the_best_recordings(store: Store) -> None:
    found = find_heard(store, "bells", 10)
    assert found.heard == ("Bell",)
    [match] = found.matches
    assert (match["id"], match["uri"], match["duration_s"]) == ("bells", "lib/bells.ogg", 14)
    assert match["similarity"] == match["scores"]["heard"]["value"] == pytest.approx(0.9, abs=1e-4)
    assert (match["start_s"], match["end_s"]) == (2, 6)
    assert match["heard"] == ["Church bell", "Bell"]
    times = [(each["start_s"], each["end_s"], each["heard"]) for each in match["moments"]]
    assert times == [(0, 6, ["Church bell", "Bell"]), (10, 14, ["Bell"])]
    scores = [each["score"] for each in match["moments"]]
    assert scores == pytest.approx([0.9, 0.3], abs=1e-4)


def test_best_first_and_no_more_than_asked_for(store: Store) -> None:
    assert ids(find_heard(store, "speech", 10).matches) == ["talk", "yard"]
    assert ids(find_heard(store, "speech", 1).matches) == ["talk"]
    assert find_heard(store, "bell", 10, moments=1).matches[0]["moments"][0]["end_s"] == 6
    assert find_heard(store, "bell", 10, moments=0).matches[0]["moments"] == []


def test_a_kind_covers_those_below(store: Store) -> None:
    [match] = find_heard(store, "dog", 10).matches
    assert match["heard"] == ["Bark", "Dog"]
    assert ids(find_heard(store, "domestic animals", 10).matches) == ["yard"]
    assert find_heard(store, "cat", 10).matches == []


def test_filters(store: Store) -> None:
    labelled = Filter(tags={"label": ("yard",)})
    assert ids(find_heard(store, "speech", 10, condition=labelled).matches) == ["yard"]
    dog = find_heard(store, "dog", 10).matches[0]["id"]
    assert dog == "yard"


def test_unknown_names(store: Store) -> None:
    with pytest.raises(InvalidQueryError, match="unicorn"):
        find_heard(store, "unicorn", 10)


def test_facets_count_recordings(store: Store) -> None:
    facets = facets_of(store.count_heard(Filter()))
    assert facets[0] == Facet("Speech", "/m/09x0r", 2)
    counts = {facet.name: facet.recordings for facet in facets}
    assert (counts["Bell"], counts["Church bell"], counts["Dog"]) == (1, 1, 1)
    assert "Rain" not in counts
    only = facets_of(store.count_heard(Filter(uri_prefix=("lib/yard",))))
    assert {"Dog", "Bark", "Speech"} <= {facet.name for facet in only}
    assert {facet.recordings for facet in only} == {1}
