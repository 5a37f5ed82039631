"""What is heard, over HTTP and on the command line, in the toy data."""

import json
from typing import Any

import pytest

from tests.integration.service import Service, run_app

DRUMS = "toy-data/drum_loop_loop_mika.mp3"


def by_name(service: Service, name: str, **parameters: Any) -> list[dict[str, Any]]:
    return service.search({"heard": name}, **parameters)


def test_matches_tell_what_they_have_in_common(toy_service: Service) -> None:
    matches = toy_service.search({"uri": DRUMS}, exclude_self=True, limit=3)
    for match in matches:
        assert "drum_loop" in match["uri"]
        assert 0 < len(match["heard"]) <= 3
        assert match["moments"][0]["heard"]
    speech = toy_service.search({"uri": "toy-data/speech_en_1.opus"}, exclude_self=True, limit=1)
    assert speech[0]["heard"] == ["Speech"]


def test_a_name_finds_recordings_and_moments(toy_service: Service) -> None:
    matches = by_name(toy_service, "drums", limit=2)
    assert [match["uri"].partition("loop_loop")[0] for match in matches] == ["toy-data/drum_"] * 2
    first = matches[0]
    assert first["scores"]["heard"]["value"] == first["similarity"] > 0.5
    assert first["similarity"] >= matches[1]["similarity"]
    assert "query_start_s" not in first
    moment = first["moments"][0]
    assert moment.keys() == {"start_s", "end_s", "score", "heard"}
    assert moment["score"] == first["similarity"]
    assert set(first["heard"]) & {"Drum", "Bass drum", "Snare drum"}


def test_queries_of_both_kinds_keep_their_order(toy_service: Service) -> None:
    queries = [{"heard": "speech", "id": "a"}, {"uri": DRUMS, "id": "b"}, {"heard": "Guitar"}]
    body = {"data": queries, "parameters": {"limit": 2}}
    data = toy_service.post("/search", body).raise_for_status().json()["data"]
    assert [each["id"] for each in data[:2]] == ["a", "b"]
    assert [each.get("heard") for each in data] == [["Speech"], None, ["Guitar"]]
    assert all("speech" in match["uri"] for match in data[0]["matches"])
    assert data[1]["matches"][0]["uri"] == DRUMS
    assert all(len(each["matches"]) == 2 for each in data)


def test_filter(toy_service: Service) -> None:
    only = toy_service.search({"uri": DRUMS}, limit=100, filter={"heard": "speech"})
    assert only
    assert all("speech" in match["uri"] for match in only)
    both = by_name(toy_service, "music", limit=100, filter={"heard": ["guitar", "speech"]})
    assert {match["id"] for match in both} < {
        match["id"] for match in by_name(toy_service, "music", limit=100)
    }


def test_facets_count_what_the_filter_lets_through(toy_service: Service) -> None:
    classes = toy_service.get("/heard").json()["classes"]
    assert [each["recordings"] for each in classes] == sorted(
        (each["recordings"] for each in classes), reverse=True
    )
    for each in classes[:10]:
        listed = toy_service.get("/recordings", params={"heard": each["name"], "limit": 100})
        assert len(listed.json()["recordings"]) == each["recordings"]
        found = by_name(toy_service, each["name"], limit=100)
        assert len(found) == each["recordings"]
    speech = toy_service.get("/heard", params={"prefix": "toy-data/speech"}).json()["classes"][0]
    assert speech == {"name": "Speech", "id": "/m/09x0r", "recordings": 9}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"data": [{"heard": "motorbike"}]}, "such as 'Motorcycle'"),
        ({"data": [{"heard": "dog", "uri": DRUMS}]}, "received heard and uri"),
        ({"data": [{"heard": ""}]}, "at least 1"),
        (
            {"data": [{"uri": DRUMS}], "parameters": {"filter": {"heard": "unicorn"}}},
            "'unicorn', which names no kind of sounds",
        ),
    ],
)
def test_what_means_nothing_is_refused(
    toy_service: Service, body: dict[str, Any], message: str
) -> None:
    answer = toy_service.post("/search", body)
    assert answer.status_code == 422
    assert message in answer.text
    assert toy_service.get("/recordings", params={"heard": "unicorn"}).status_code == 422


def run(service: Service, *arguments: str) -> str:
    ended = run_app(*arguments, "--workspace", service.workspace)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_command_line(toy_service: Service) -> None:
    table = run(toy_service, "search", "--heard", "drums")
    assert "heard: Drum" in table
    assert "drum_loop_loop_mika.mp3" in table.splitlines()[3]
    found = json.loads(run(toy_service, "search", "--heard", "drums", "--json"))
    over_http = by_name(toy_service, "drums")
    assert found["data"][0]["matches"] == over_http
    listed = json.loads(run(toy_service, "list", "--heard", "speech", "--json"))
    assert len(listed["recordings"]) == 9
    classes = json.loads(run(toy_service, "heard", "--json"))
    assert classes == toy_service.get("/heard").json()["classes"]
    liked = json.loads(run(toy_service, "search", DRUMS, "--heard", "speech", "--json"))
    assert all("speech" in match["uri"] for match in liked["data"][0]["matches"])


def test_export(toy_service: Service) -> None:
    rows = run(toy_service, "export", "--windows").splitlines()
    assert rows[0].endswith(",heard")
    assert any('""Speech""' in row and "speech_en" in row for row in rows)
