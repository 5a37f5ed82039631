"""Queries with positive and negative examples, over HTTP."""

from typing import Any

from tests.integration.service import Service

DRUM = {"uri": "toy-data/drum_loop_loop_mika.mp3"}
WATER = {"uri": "toy-data/water_fill.mp4"}


def uris(matches: list[dict[str, Any]]) -> list[str]:
    return [match["uri"] for match in matches]


def test_likes_of_a_negative_move_down(toy_service: Service) -> None:
    before = uris(toy_service.search(DRUM, limit=33))
    wrong = before[3]
    after = uris(toy_service.search({**DRUM, "negatives": [{"uri": wrong}]}, limit=33))
    assert sorted(after) == sorted(before)
    assert after[0] == DRUM["uri"]
    assert after.index(wrong) > before.index(wrong)


def test_likes_of_each_positive_are_found(toy_service: Service) -> None:
    matches = toy_service.search({**DRUM, "positives": [WATER]}, limit=2)
    assert {match["uri"]: match["query_sound"] for match in matches} == {
        DRUM["uri"]: 0,
        WATER["uri"]: 1,
    }
    assert [match["moments"][0]["query_sound"] for match in matches] == [
        match["query_sound"] for match in matches
    ]
    alone = toy_service.search({"positives": [WATER]}, limit=2)
    assert alone == toy_service.search(WATER, limit=2)
    assert "query_sound" not in alone[0]


def test_own_recordings_of_all_sounds_are_left_out(toy_service: Service) -> None:
    examples = toy_service.search(DRUM, limit=3)
    query = {
        **DRUM,
        "positives": [{"recording_id": examples[1]["id"]}],
        "negatives": [{"uri": examples[2]["uri"], "start_s": 0, "end_s": 2}],
    }
    found = uris(toy_service.search(query, limit=33, exclude_self=True))
    assert len(found) == 30
    assert not set(found) & set(uris(examples))


def test_errors_tell_which_sound_is_meant(toy_service: Service) -> None:
    wrong = {**DRUM, "negatives": [WATER], "positives": [WATER, {"uri": "toy-data/none.ogg"}]}
    response = toy_service.post("/search", {"data": [DRUM, wrong]})
    assert response.status_code == 404
    assert response.json()["detail"].startswith("data[1].positives[1]: ")


def test_negatives_alone_are_refused(toy_service: Service) -> None:
    response = toy_service.post("/search", {"data": [{"negatives": [WATER]}]})
    assert response.status_code == 422


def test_the_time_of_each_stage_is_told(toy_service: Service) -> None:
    response = toy_service.post("/search", {"data": [DRUM, WATER]})
    stages = [
        each.partition(";")[0].strip() for each in response.headers["Server-Timing"].split(",")
    ]
    assert stages[-4:] == ["decode", "encode", "search", "rank"]
