"""Indexing in the background: progress, stopping, what is refused."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import sine
from tests.integration.service import Service, run_app, serving, wait_for
from tests.integration.test_http_errors import check_problem
from tests.integration.test_http_library import listed


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve a library of one folder, ``sounds``, beside the workspace."""
    folder = tmp_path_factory.mktemp("jobs") / "sounds"
    folder.mkdir()
    soundfile.write(folder / "first.wav", sine(1.0, 300), 16_000)
    with serving(folder.parent / "workspace") as service:
        indexed = run_app("index", folder, "--workspace", service.workspace)
        assert indexed.returncode == 0, indexed.stderr
        yield service


def folder_of(service: Service) -> Path:
    return service.workspace.parent / "sounds"


def start(service: Service, *paths: str, **options: Any) -> dict[str, Any]:
    response = service.post("/jobs", {"paths": paths, **options})
    assert response.status_code == 202, response.text
    return dict(response.json())


def finished(service: Service, job: dict[str, Any]) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        now = service.get(f"/jobs/{job['id']}").json()
        return now if now["finished_at"] else None

    return dict(wait_for(ended, "the job's end"))


def delete(service: Service, place: str) -> httpx.Response:
    return httpx.delete(service.address + place, trust_env=False)


def test_job_indexes_what_is_new(library: Service) -> None:
    folder = folder_of(library)
    soundfile.write(folder / "second.wav", sine(1.0, 400), 16_000)
    (folder / "text.wav").write_text("no sound")
    job = start(library, "sounds")
    assert (job["state"], job["paths"]) == ("queued", ["sounds"])
    done = finished(library, job)
    assert (done["state"], done["added"], done["unchanged"], done["n_failed"]) == ("done", 1, 1, 1)
    assert done["failed"][0]["path"] == "sounds/text.wav"
    assert done["failed"][0]["code"] == "undecodable"
    assert done["bytes_done"] == done["bytes_total"] > 0
    assert str(folder) not in json.dumps(done)
    assert listed(library) == ["sounds/first.wav", "sounds/second.wav"]
    assert library.get("/jobs").json()["jobs"][0] == done


def test_vanished_files_are_told_and_pruned(library: Service) -> None:
    gone = folder_of(library) / "gone.wav"
    soundfile.write(gone, sine(1.0, 700), 16_000)
    finished(library, start(library, "sounds/gone.wav"))
    gone.unlink()
    assert finished(library, start(library, "sounds"))["vanished"] == ["sounds/gone.wav"]
    pruned = finished(library, start(library, "sounds", prune=True))
    assert (pruned["pruned"], pruned["vanished"]) == (1, [])
    assert "sounds/gone.wav" not in listed(library)


def test_failures_are_tried_again_when_asked(library: Service) -> None:
    text = folder_of(library) / "again.wav"
    text.write_text("no sound")
    for retry in (False, False, True):
        done = finished(library, start(library, "sounds/again.wav", retry_failed=retry))
        assert (done["state"], done["n_failed"]) == ("done", 1)
    text.unlink()
    finished(library, start(library, "sounds", prune=True))


def test_events_follow_a_job_to_its_end(library: Service) -> None:
    soundfile.write(folder_of(library) / "third.wav", sine(1.0, 500), 16_000)
    job = start(library, "sounds")
    states = []
    with httpx.stream(
        "GET", f"{library.address}/jobs/{job['id']}/events", timeout=60, trust_env=False
    ) as events:
        assert events.headers["Content-Type"].startswith("text/event-stream")
        for line in events.iter_lines():
            if line.startswith("data:"):
                states.append(json.loads(line.removeprefix("data:"))["state"])
    assert states[-1] == "done"
    assert sorted(set(states), key=states.index) == [
        each for each in ("queued", "running", "done") if each in states
    ]


def test_search_sees_recordings_while_the_job_runs_and_it_stops_when_told(
    library: Service,
) -> None:
    rng = np.random.default_rng(0)
    folder = folder_of(library) / "long"
    folder.mkdir()
    for number in range(40):
        noise = rng.uniform(-0.5, 0.5, 16_000 * 60).astype(np.float32)
        soundfile.write(folder / f"{number:02}.flac", noise, 16_000)
    before = library.get("/status").json()["recordings"]
    job = start(library, "sounds/long")
    waiting = start(library, "sounds")
    wait_for(lambda: library.get("/status").json()["recordings"] > before, "the first recording")
    assert library.get(f"/jobs/{job['id']}").json()["state"] == "running"
    assert library.search({"uri": "sounds/first.wav"})[0]["uri"] == "sounds/first.wav"
    assert delete(library, f"/jobs/{waiting['id']}").json()["state"] == "stopped"
    started = time.monotonic()
    assert delete(library, f"/jobs/{job['id']}").status_code == 202
    stopped = finished(library, job)
    assert time.monotonic() - started < 20
    assert (stopped["state"], stopped["n_failed"]) == ("stopped", 0)
    assert 0 < library.get("/status").json()["recordings"] - before < 40
    check_problem(delete(library, f"/jobs/{job['id']}"), 409, "finished")
    assert finished(library, waiting)["started_at"] is None
    assert finished(library, start(library, "sounds"))["n_failed"] == 1  # text.wav alone
    assert library.get("/status").json()["recordings"] - before == 40


REFUSED = {
    "/etc": (403, "forbidden"),
    "../sounds": (403, "forbidden"),
    "sounds/../..": (403, "forbidden"),
    "sounds/nothing.wav": (404, "not_found"),
    "sounds/\0": (404, "not_found"),
}


@pytest.mark.parametrize(("path", "expected"), REFUSED.items(), ids=map(repr, REFUSED))
def test_what_jobs_refuse(library: Service, path: str, expected: tuple[int, str]) -> None:
    check_problem(library.post("/jobs", {"paths": ["sounds", path]}), *expected)


@pytest.mark.parametrize(
    "body", [{}, {"paths": []}, {"paths": "sounds"}, {"path": ["sounds"]}, {"paths": [""]}]
)
def test_wrong_jobs(library: Service, body: dict[str, Any]) -> None:
    check_problem(library.post("/jobs", body), 422, "invalid_query")


def test_links_that_lead_outside_are_failures_of_their_own(
    library: Service, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "secret.wav", sine(1.0, 900), 16_000)
    link = folder_of(library) / "link.wav"
    link.symlink_to(tmp_path / "secret.wav")
    done = finished(library, start(library, "sounds"))
    link.unlink()
    assert done["state"] == "done"
    codes = {each["path"]: each["code"] for each in done["failed"]}
    assert codes["sounds/link.wav"] in ("not_found", "forbidden")
    assert str(folder_of(library)) not in json.dumps(done)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unknown_job(library: Service, method: str) -> None:
    for place in ("/jobs/0", "/jobs/0/events"):
        if method == "GET" or place == "/jobs/0":
            response = httpx.request(method, library.address + place, trust_env=False)
            check_problem(response, 404, "not_found")


def test_server_has_met_no_surprise(library: Service) -> None:
    assert "Traceback" not in library.log.read_text()
