"""The library over HTTP: pages, one recording, waveforms, removal, failures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import TOY_DATA, sine
from tests.integration.service import Service, run_app, serving
from tests.integration.test_http_errors import CLIP, check_problem


def listed(service: Service, **query: Any) -> list[str]:
    """Give the first uris of all recordings that a query lists, page by page."""
    uris: list[str] = []
    after: str | None = ""
    while after is not None:
        response = service.get("/recordings", params={**query, "after": after})
        assert response.status_code == 200, response.text
        page = response.json()
        uris += [recording["uris"][0] for recording in page["recordings"]]
        after = page["after"]
    return uris


def recording(service: Service, uri: str = CLIP) -> dict[str, Any]:
    page = service.get("/recordings", params={"prefix": uri}).json()
    [found] = page["recordings"]
    return dict(found)


@pytest.mark.parametrize("limit", [1, 7, 11, 33, 1000])
def test_pages_hold_each_recording_once_in_order(toy_service: Service, limit: int) -> None:
    names = [path.name for path in TOY_DATA.iterdir() if path.suffix not in (".md", ".csv")]
    assert listed(toy_service, limit=limit) == sorted(f"toy-data/{name}" for name in names)


@pytest.mark.parametrize(
    ("query", "uris"),
    [
        ({"text": "MIKA drum"}, [CLIP]),
        ({"text": "mika guitar"}, []),
        (
            {"prefix": "toy-data/door"},
            ["toy-data/door_door_close.ogg", "toy-data/door_door_open.flac"],
        ),
        ({"prefix": "other/"}, []),
        ({"prefix": "toy-data/water", "text": "fill"}, ["toy-data/water_fill.mp4"]),
        ({"tag": "label=bell"}, ["toy-data/bell_perc_bell.ogg"]),
        ({"tag": ["label=bell", "label=door"], "text": "bell"}, ["toy-data/bell_perc_bell.ogg"]),
        ({"tag": "label=nothing"}, []),
        ({"text": "%"}, []),
    ],
)
def test_listing_is_narrowed(toy_service: Service, query: dict[str, Any], uris: list[str]) -> None:
    assert listed(toy_service, **query) == uris


def test_recording(toy_service: Service) -> None:
    found = recording(toy_service)
    assert found == toy_service.get(f"/recordings/{found['id']}").json()
    assert found["uris"] == [CLIP]
    assert found["complete"]
    assert found["tags"]["label"] == "drum_loop"
    duration_s = soundfile.info(TOY_DATA / Path(CLIP).name).duration
    assert found["duration_s"] == pytest.approx(duration_s, abs=0.01)


WRONG = {
    "/recordings?limit=0": "limit: ",
    "/recordings?limit=1001": "limit: ",
    "/recordings?limit=many": "received 'many'",
    "/recordings?tag=label": "tag.0: ",
    "/failures?limit=-1": "limit: ",
}


@pytest.mark.parametrize(("path", "reason"), WRONG.items(), ids=WRONG)
def test_wrong_listings(toy_service: Service, path: str, reason: str) -> None:
    assert reason in check_problem(toy_service.get(path), 422, "invalid_query")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("place", ["", "/audio", "/clip?start=0&end=1", "/peaks"])
def test_unknown_recording(toy_service: Service, method: str, place: str) -> None:
    if method == "DELETE" and place:
        pytest.skip("the whole recording alone can be removed")
    url = f"{toy_service.address}/recordings/{'0' * 32}{place}"
    check_problem(httpx.request(method, url, trust_env=False), 404, "not_found")


def test_peaks_draw_the_sound(toy_service: Service) -> None:
    place = f"/recordings/{recording(toy_service)['id']}/peaks"
    peaks = toy_service.get(place, params={"points": 10}).json()
    waveform, rate = soundfile.read(TOY_DATA / Path(CLIP).name)
    mono = waveform.mean(axis=1) if waveform.ndim == 2 else waveform
    assert len(peaks["minima"]) == len(peaks["maxima"]) == 10
    assert peaks["end_s"] == pytest.approx(len(mono) / rate, abs=0.01)
    assert max(peaks["maxima"]) == pytest.approx(min(1, mono.max()), abs=0.1)
    assert min(peaks["minima"]) == pytest.approx(max(-1, mono.min()), abs=0.1)


def test_peaks_of_a_stretch(toy_service: Service) -> None:
    place = f"/recordings/{recording(toy_service)['id']}/peaks"
    whole = toy_service.get(place, params={"points": 10_000}).json()
    part = toy_service.get(place, params={"points": 10_000, "start": 2, "end": 4}).json()
    assert part["maxima"] == whole["maxima"][40:80]
    assert (part["start_s"], part["end_s"]) == (2, 4)
    refusal = toy_service.get(place, params={"start": 4, "end": 2})
    check_problem(refusal, 422, "invalid_query")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve a library of three sounds and two files that are none."""
    folder = tmp_path_factory.mktemp("http") / "sounds"
    folder.mkdir()
    for pitch in (300, 400, 500):
        soundfile.write(folder / f"{pitch}.wav", sine(1.0, pitch), 16_000)
    soundfile.write(folder / "silent.wav", np.zeros(16_000), 16_000)
    (folder / "text.wav").write_text("no sound")
    with serving(folder.parent / "workspace") as service:
        run_app("index", folder, "--workspace", service.workspace)
        yield service


def test_failures(library: Service) -> None:
    first = library.get("/failures", params={"limit": 1}).json()
    second = library.get("/failures", params={"after": first["after"]}).json()
    assert second["after"] is None
    found = [(each["uri"], each["code"]) for each in first["failures"] + second["failures"]]
    assert found == [("sounds/silent.wav", "silent"), ("sounds/text.wav", "undecodable")]
    assert str(library.workspace.parent) not in str(first) + str(second)
    assert library.get("/status").json()["failures"] == {"silent": 1, "undecodable": 1}


def test_removal(library: Service) -> None:
    found = recording(library, "sounds/300.wav")
    place = f"{library.address}/recordings/{found['id']}"
    assert httpx.delete(place, trust_env=False).status_code == 204
    check_problem(httpx.delete(place, trust_env=False), 404, "not_found")
    assert listed(library) == ["sounds/400.wav", "sounds/500.wav"]
    assert (library.workspace.parent / "sounds" / "300.wav").exists()
    matches = library.search({"uri": "sounds/400.wav"})
    assert [match["uri"] for match in matches] == ["sounds/400.wav", "sounds/500.wav"]


def test_status_and_metrics(library: Service) -> None:
    status = library.get("/status").json()
    assert status["folders"] == ["sounds"]
    assert status["disk_bytes"] > 10_000
    text = library.get("/metrics").text
    for line in (
        f"audiosearch_recordings {status['recordings']:.1f}",
        f"audiosearch_windows {status['windows']:.1f}",
        'audiosearch_failures{code="silent"} 1.0',
        'audiosearch_requests_total{method="GET",route="/status",status="200"}',
        'audiosearch_stage_seconds_count{stage="encode"}',
        "audiosearch_searches_running 0.0",
    ):
        assert line in text
    [memory] = [line for line in text.splitlines() if line.startswith("audiosearch_memory_bytes ")]
    assert float(memory.split()[1]) > 100e6, "all processes, not the gateway alone"


def test_server_timing(library: Service) -> None:
    response = library.post("/search", {"data": [{"uri": "sounds/400.wav"}]})
    stages = [each.partition(";dur=") for each in response.headers["Server-Timing"].split(", ")]
    assert [name for name, _, _ in stages] == ["decode", "encode", "search", "rank"]
    assert all(float(milliseconds) >= 0 for _, _, milliseconds in stages)


def test_methods_that_somebody_makes_up_are_counted_as_one(library: Service) -> None:
    for number in range(20):
        httpx.request(f"M{number}", library.address, trust_env=False)
    text = library.get("/metrics").text
    assert 'method="other"' in text
    assert 'method="M1' not in text
