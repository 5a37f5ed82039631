"""The map over HTTP: made while searches go on, kept, told in full and in short; folders to add."""

import base64
import csv
from typing import Any

import numpy as np
import pytest

from tests.conftest import TOY_DATA
from tests.integration.service import Service, serving, wait_for
from tests.integration.test_http_errors import check_problem
from tests.integration.test_http_library import listed, recording

MADE_WITHIN_S = 600  # UMAP compiles itself first, and stands back for all else


@pytest.fixture(scope="module")
def made(toy_service: Service) -> dict[str, Any]:
    """Wait for the map of the toy data."""

    def fresh() -> dict[str, Any] | None:
        now = toy_service.get("/map").json()
        assert now["state"] in ("computing", "ready"), now
        return now if now["state"] == "ready" and not now["stale"] else None

    assert toy_service.search({"uri": "toy-data/bell_perc_bell.ogg"}), "searches go on"
    return dict(wait_for(fresh, "the map", MADE_WITHIN_S))


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_all_recordings_are_on_the_map(toy_service: Service, made: dict[str, Any]) -> None:
    points = made["points"]
    assert sorted(points["uris"]) == listed(toy_service)
    at = points["uris"].index("toy-data/bell_perc_bell.ogg")
    assert points["ids"][at] == recording(toy_service, "toy-data/bell_perc_bell.ogg")["id"]
    for axis in ("x", "y"):
        assert len(floats(points[axis])) == 33
        assert np.abs(floats(points[axis])).max() <= 1


def test_points_have_their_tags(made: dict[str, Any]) -> None:
    [label] = [each for each in made["points"]["tags"] if each["key"] == "label"]
    codes = base64.b64decode(label["codes"])
    told = {
        uri.removeprefix("toy-data/"): label["values"][code]
        for uri, code in zip(made["points"]["uris"], codes, strict=True)
    }
    with (TOY_DATA / "labels.csv").open(newline="") as file:
        assert told == {row["path"]: row["label"] for row in csv.DictReader(file)}


def test_near_is_similar(made: dict[str, Any]) -> None:
    points = made["points"]
    places = np.stack([floats(points["x"]), floats(points["y"])], axis=1)
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    is_speech = np.array(["speech" in uri for uri in points["uris"]])
    within = distances[np.ix_(is_speech, is_speech)]
    between = distances[np.ix_(is_speech, ~is_speech)]
    assert np.median(within) < 0.5 * np.median(between)


def test_a_known_map_is_not_sent_again(toy_service: Service, made: dict[str, Any]) -> None:
    short = toy_service.get("/map", params={"known": made["version"]})
    assert short.json() == {**made, "points": None}
    whole = toy_service.get("/map", params={"known": "another"})
    assert whole.json() == made


def test_it_is_compressed_for_those_who_can_read_that(
    toy_service: Service, made: dict[str, Any]
) -> None:
    squeezed = toy_service.get("/map", headers={"Accept-Encoding": "gzip"})
    plain = toy_service.get("/map", headers={"Accept-Encoding": "identity"})
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert squeezed.json() == plain.json() == made


def test_the_answer_is_as_described(toy_service: Service, made: dict[str, Any]) -> None:
    schemas = toy_service.get("/openapi.json").json()["components"]["schemas"]
    assert made.keys() == schemas["MapAnswer"]["properties"].keys()
    assert made["points"].keys() == schemas["MapPoints"]["properties"].keys()
    assert made["points"]["tags"][0].keys() == schemas["MapTag"]["properties"].keys()


def test_a_library_without_recordings_has_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("empty") / "workspace", "--encoder", "yamnet") as service:
        assert service.get("/map").json()["state"] == "empty"


def test_folders(toy_service: Service) -> None:
    found = toy_service.get("/folders").json()["folders"]
    [toy] = [each for each in found if each["path"] == "toy-data"]
    assert toy == {
        "path": "toy-data",
        "name": "toy-data",
        "in_library": True,
        "has_folders": False,
    }
    assert str(TOY_DATA.parent) not in str(found)
    assert toy_service.get("/folders", params={"within": "toy-data"}).json() == {"folders": []}


@pytest.mark.parametrize(
    ("within", "expected"),
    [("/etc", (403, "forbidden")), ("../..", (403, "forbidden")), ("gone", (404, "not_found"))],
)
def test_folders_elsewhere(toy_service: Service, within: str, expected: tuple[int, str]) -> None:
    check_problem(toy_service.get("/folders", params={"within": within}), *expected)


@pytest.mark.parametrize("limit", [5, 33])
def test_recordings_by_length(toy_service: Service, limit: int) -> None:
    lengths: list[float] = []
    after: str | None = ""
    while after is not None:
        query = {"order": "longest", "after": after, "limit": limit}
        page = toy_service.get("/recordings", params=query).json()
        lengths += [each["duration_s"] for each in page["recordings"]]
        after = page["after"]
    assert len(lengths) == 33
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize(
    "query", [{"order": "upwards"}, {"order": "longest", "after": "toy-data/a.ogg"}]
)
def test_wrong_orders(toy_service: Service, query: dict[str, str]) -> None:
    check_problem(toy_service.get("/recordings", params=query), 422, "invalid_query")
