"""Searches among the toy clips: what they find, and the contract of the answer."""

import base64
import csv
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from tests.conftest import TOY_DATA
from tests.integration.service import Service

with (TOY_DATA / "labels.csv").open(newline="") as table:
    CLIPS = {f"toy-data/{row['path']}": row for row in csv.DictReader(table)}
LABELS = {uri: row["label"] for uri, row in CLIPS.items()}
SIZES = Counter(LABELS.values())

TABLA = "toy-data/drum_loop_loop_tabla.ogg"  # 10 s, four windows
MIKA = "toy-data/drum_loop_loop_mika.mp3"  # 8 s, three windows
TIMES = ("start_s", "end_s", "query_start_s", "query_end_s")

Found = dict[str, list[dict[str, Any]]]


def uris(matches: list[dict[str, Any]]) -> list[str]:
    return [match["uri"] for match in matches]


def distance(match: dict[str, Any]) -> float:
    return match["scores"]["cosine"]["value"]


@pytest.fixture(scope="module")
def found(toy_service: Service) -> Found:
    """Give the 33 matches of each of the 33 clips."""
    return {uri: toy_service.search({"uri": uri}, limit=33) for uri in CLIPS}


def test_all_are_indexed(toy_service: Service) -> None:
    health = toy_service.get("/health").json()
    assert (health["recordings"], health["encoder"], health["status"]) == (33, "yamnet", "ok")
    seconds = sum(float(row["seconds"]) for row in CLIPS.values())
    assert health["duration_s"] == pytest.approx(seconds, abs=0.5)


def test_each_finds_itself_first(found: Found) -> None:
    for uri, matches in found.items():
        assert matches[0]["uri"] == uri
        assert distance(matches[0]) < 1e-3


def test_nearest_other_clip_has_the_label(toy_service: Service) -> None:
    others = [uri for uri, label in LABELS.items() if SIZES[label] > 1]
    assert len(others) == 32
    right = []
    for uri in others:
        first = toy_service.search({"uri": uri}, exclude_self=True, limit=1)[0]["uri"]
        assert first != uri
        right.append(LABELS[first] == LABELS[uri])
    print(f"{sum(right)} of {len(right)} nearest other clips have the label")
    assert sum(right) >= 22  # 23 were measured; by chance it is 5


def test_answer_is_complete(toy_service: Service) -> None:
    body = {"data": [{"uri": TABLA, "id": "mine"}], "parameters": {"limit": 4}}
    answer = toy_service.post("/search", body).json()
    assert set(answer) == {"data", "parameters", "header"}
    assert answer["parameters"]["limit"] == 4
    assert set(answer["header"]) == {"requestId", "execEndpoint"}
    assert answer["header"]["execEndpoint"] == "/search"
    [query] = answer["data"]
    assert set(query) == {"id", "uri", "matches"}
    assert (query["id"], query["uri"]) == ("mine", TABLA)
    assert len(query["matches"]) == 4
    for match in query["matches"]:
        assert set(match) == {
            *("id", "uri", "scores", "similarity", "percentile", "verdict"),
            *(*TIMES, "duration_s", "tags", "heard", "moments"),
        }
        assert set(match["scores"]) == {"cosine"}
        assert set(match["scores"]["cosine"]) == {"value"}
        for moment in match["moments"]:
            assert set(moment) == {*TIMES, "cosine", "heard"}


def test_fields_agree_with_each_other(found: Found) -> None:
    for uri, matches in found.items():
        duration_s = float(CLIPS[uri]["seconds"])
        for match in matches:
            assert 0 <= distance(match) <= 2
            assert match["similarity"] == pytest.approx(1 - distance(match))
            assert match["duration_s"] == pytest.approx(
                float(CLIPS[match["uri"]]["seconds"]), abs=0.1
            )
            assert 0 <= match["start_s"] < match["end_s"] <= match["duration_s"] + 1e-6
            assert 0 <= match["query_start_s"] < match["query_end_s"] <= duration_s + 0.1
            best = match["moments"][0]
            assert best["cosine"] == distance(match)
            assert best["start_s"] <= match["start_s"]
            assert best["end_s"] >= match["end_s"]
            assert best["query_start_s"] == match["query_start_s"]
            assert best["query_end_s"] == match["query_end_s"]


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (3, 3), (33, 33), (50, 33)])
def test_exactly_limit_distinct_recordings(
    toy_service: Service, found: Found, limit: int, expected: int
) -> None:
    matches = toy_service.search({"uri": TABLA}, limit=limit)
    assert len({match["id"] for match in matches}) == expected
    assert matches == found[TABLA][:expected]


def test_ten_are_answered_by_default(toy_service: Service, found: Found) -> None:
    assert toy_service.search({"uri": TABLA}) == found[TABLA][:10]


def test_best_come_first(found: Found) -> None:
    for matches in found.values():
        order = [(distance(match), match["id"]) for match in matches]
        assert order == sorted(order)


def test_moments_lie_apart_in_the_recording_best_first(found: Found) -> None:
    several = 0
    for matches in found.values():
        for match in matches:
            moments = match["moments"]
            assert 1 <= len(moments) <= 5
            several += len(moments) > 1
            cosines = [moment["cosine"] for moment in moments]
            assert cosines == sorted(cosines)
            in_time = sorted(moments, key=lambda moment: moment["start_s"])
            assert in_time[0]["start_s"] >= 0
            assert in_time[-1]["end_s"] <= match["duration_s"] + 1e-6
            assert all(one["end_s"] < other["start_s"] for one, other in pairwise(in_time))
    assert several, "some recording of 10 s matches in two places"


@pytest.mark.parametrize("moments", [0, 1])
def test_at_most_so_many_moments(toy_service: Service, found: Found, moments: int) -> None:
    matches = toy_service.search({"uri": TABLA}, limit=33, moments=moments)
    expected = [match | {"moments": match["moments"][:moments]} for match in found[TABLA]]
    assert matches == expected


def test_moment_distance(toy_service: Service, found: Found) -> None:
    whole = toy_service.search({"uri": TABLA}, limit=33, moment_distance=2)
    for match in whole:
        [moment] = match["moments"]
        assert (moment["start_s"], moment["end_s"]) == pytest.approx((0, match["duration_s"]))
    best_alone = toy_service.search({"uri": TABLA}, limit=33, moment_distance=0)
    for match in best_alone[1:]:  # all windows of the first are the query's own
        [moment] = match["moments"]
        assert {key: moment[key] for key in TIMES} == {key: match[key] for key in TIMES}
    assert uris(whole) == uris(best_alone) == uris(found[TABLA])


def test_max_distance_drops_recordings(toy_service: Service, found: Found) -> None:
    middle = distance(found[TABLA][7])
    near = toy_service.search({"uri": TABLA}, limit=33, max_distance=middle)
    assert near == found[TABLA][:8]
    assert toy_service.search({"uri": TABLA}, max_distance=0.0, exclude_self=True) == []


def test_exclude_self(toy_service: Service, found: Found) -> None:
    assert toy_service.search({"uri": TABLA}, limit=33, exclude_self=True) == found[TABLA][1:]


def test_exclude_self_knows_a_sound_by_its_audio(toy_service: Service) -> None:
    audio = base64.b64encode((TOY_DATA.parent / TABLA).read_bytes()).decode()
    matches = toy_service.search({"uri": f"data:audio/ogg;base64,{audio}"}, exclude_self=True)
    assert TABLA not in uris(matches)


def test_filter_by_uri_prefix(toy_service: Service, found: Found) -> None:
    prefixes = ("toy-data/speech_", "toy-data/bell")
    expected = [match for match in found[TABLA] if match["uri"].startswith(prefixes)]
    assert len(expected) == 10
    matches = toy_service.search({"uri": TABLA}, filter={"uri_prefix": list(prefixes)})
    assert uris(matches) == uris(expected)
    one = toy_service.search({"uri": TABLA}, filter={"uri_prefix": prefixes[1]})
    assert uris(one) == ["toy-data/bell_perc_bell.ogg"]
    assert toy_service.search({"uri": TABLA}, filter={"uri_prefix": "elsewhere/"}) == []


def test_filter_by_recording_id(toy_service: Service, found: Found) -> None:
    wanted = [found[TABLA][index]["id"] for index in (20, 4)]
    matches = toy_service.search({"uri": TABLA}, filter={"recording_id": wanted})
    assert [match["id"] for match in matches] == wanted[::-1]
    conditions = {"recording_id": wanted, "uri_prefix": found[TABLA][4]["uri"]}
    both = toy_service.search({"uri": TABLA}, filter=conditions)
    assert [match["id"] for match in both] == wanted[1:], "keys are ANDed"


def test_fragment_equals_fields(toy_service: Service, found: Found) -> None:
    by_fields = toy_service.search({"uri": MIKA, "start_s": 2.5, "end_s": 7.25})
    assert toy_service.search({"uri": f"{MIKA}#t=2.5,7.25"}) == by_fields
    assert by_fields != found[MIKA][:10]
    assert by_fields[0]["uri"] == MIKA
    for match in by_fields:
        assert 2.5 <= match["query_start_s"] < match["query_end_s"] <= 7.25
    from_start = toy_service.search({"uri": MIKA, "end_s": 4})
    assert toy_service.search({"uri": f"{MIKA}#t=,4"}) == from_start
    to_end = toy_service.search({"uri": MIKA, "start_s": 4})
    assert toy_service.search({"uri": f"{MIKA}#t=4"}) == to_end


def test_recording_id_equals_uri(toy_service: Service, found: Found) -> None:
    by_id = toy_service.search({"recording_id": found[MIKA][0]["id"]}, limit=33)
    assert by_id == found[MIKA]


@pytest.mark.parametrize("uri", [TABLA, MIKA, "toy-data/water_fill.mp4"])
def test_data_uri_equals_file(toy_service: Service, found: Found, uri: str) -> None:
    audio = base64.b64encode((TOY_DATA.parent / uri).read_bytes()).decode()
    answer = toy_service.post(
        "/search",
        {"data": [{"uri": f"data:audio/mpeg;base64,{audio}"}], "parameters": {"limit": 33}},
    ).json()
    assert answer["data"][0]["matches"] == found[uri]
    assert answer["data"][0]["uri"] == "data:audio/mpeg;base64", "the sound is not sent back"


def test_several_queries_are_answered_in_order(toy_service: Service, found: Found) -> None:
    wanted = [*list(CLIPS)[::-3], TABLA, TABLA]
    body = {"data": [{"uri": uri} for uri in wanted], "parameters": {"limit": 5}}
    answer = toy_service.post("/search", body).json()
    assert [query["uri"] for query in answer["data"]] == wanted
    assert [uris(query["matches"]) for query in answer["data"]] == [
        uris(found[uri][:5]) for uri in wanted
    ]


def test_indexing_again_changes_nothing(toy_service: Service, found: Found) -> None:
    body = {"data": [{"uri": uri} for uri in (TABLA, MIKA)]}
    results = toy_service.post("/index", body).json()["data"]
    assert [each["status"] for each in results] == ["unchanged", "unchanged"]
    assert toy_service.search({"uri": TABLA}, limit=33) == found[TABLA]
