"""``app.py serve`` while its processes die: they come back, and what is answered is right."""

import fcntl
import http.client
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from audiosearch.server import free_port
from benchmarks.faults import MICROSERVICES
from tests.conftest import PROJECT_DIR, TOY_DATA
from tests.integration.service import Service, app, is_alive, outlived, running, wait_for

N_CLIENTS = 8
BACK_S = 30.0  # 10 s are aimed at; other tests may use the processors
ANSWER_S = 20.0
END_S = 15.0
CLIPS = sorted(path.name for path in TOY_DATA.glob("*.ogg"))[:5]
QUERY = {"uri": f"toy-data/{CLIPS[0]}"}
Answers = list[tuple[float, float, Any]]  # when asked, when answered, status


@contextmanager
def serving_clips(workspace: Path) -> Iterator[tuple[Service, dict[str, psutil.Process]]]:
    """Serve some clips; gives the microservices by their names, too."""
    port = free_port()
    command = app("serve", "--workspace", workspace, "--port", str(port), "--encoder", "yamnet")
    address = f"http://127.0.0.1:{port}"
    with running(command, address, workspace, cwd=PROJECT_DIR, start_new_session=True) as service:
        indexed = service.post("/index", {"data": [{"uri": f"toy-data/{clip}"} for clip in CLIPS]})
        assert [each["status"] for each in indexed.json()["data"]] == ["added"] * len(CLIPS)
        children = sorted(microservices(service), key=lambda child: child.pid)
        yield service, dict(zip(MICROSERVICES, children, strict=True))


def microservices(service: Service) -> list[psutil.Process]:
    return [each for each in psutil.Process(service.process.pid).children() if is_alive(each)]


def search_until(service: Service, stop: threading.Event, answers: Answers) -> None:
    """Search without pause."""
    body = {"data": [QUERY]}
    with httpx.Client(trust_env=False, timeout=60) as client:
        while not stop.is_set():
            asked = time.monotonic()
            try:
                response = client.post(f"{service.address}/search", json=body)
                status: Any = response.status_code
                if status == 200:
                    status = scores(response.json()["data"][0]["matches"])
            except httpx.TransportError as error:
                status = type(error).__name__
                time.sleep(0.02)
            answers.append((asked, time.monotonic(), status))


def scores(matches: list[dict[str, Any]]) -> tuple[tuple[str, float], ...]:
    return tuple((match["uri"], match["scores"]["cosine"]["value"]) for match in matches)


@contextmanager
def clients(service: Service) -> Iterator[Answers]:
    stop, answers = threading.Event(), Answers()
    threads = [
        threading.Thread(target=search_until, args=(service, stop, answers))
        for _ in range(N_CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def check_end(service: Service, family: list[psutil.Process]) -> None:
    """Wait for the end of a server that was told to: nothing of it may be left."""
    started = time.monotonic()
    assert outlived(family, END_S) == []
    assert service.process.wait() == 0
    print(f"ended after {time.monotonic() - started:.1f} s")


def press_ctrl_c(service: Service) -> None:
    """Interrupt the whole group of processes, as a terminal does."""
    os.killpg(service.process.pid, signal.SIGINT)


def check_last_search(service: Service, ranker: psutil.Process, expected: Any) -> None:
    """Interrupt the server during a search: it must be answered."""
    address = urlsplit(service.address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    ranker.suspend()  # so that the search is under way for sure
    try:
        body = json.dumps({"data": [QUERY]})
        connection.request("POST", "/search", body, {"Content-Type": "application/json"})
        time.sleep(1.0)
        press_ctrl_c(service)
        time.sleep(1.0)
    finally:
        ranker.resume()
    response = connection.getresponse()
    assert response.status == 200
    assert scores(json.load(response)["data"][0]["matches"]) == expected


def test_each_comes_back_and_the_last_search_is_answered(tmp_path: Path) -> None:
    with serving_clips(tmp_path / "workspace") as (service, processes):
        expected = scores(service.search(QUERY))
        for name in MICROSERVICES:
            with clients(service) as answers:
                wait_for(lambda found=answers: len(found) > N_CLIENTS, "the first answers")
                killed = time.monotonic()
                processes[name].kill()
                processes[name].wait()
                [new] = wait_for(
                    lambda: set(microservices(service)) - set(processes.values()), "a restart"
                )
                noticed = time.monotonic()
                wait_for(
                    lambda found=answers, since=noticed: any(
                        asked > since and status == expected for asked, _, status in list(found)
                    ),
                    f"an answer after the {name} was killed",
                    BACK_S,
                )
                back = time.monotonic()
                time.sleep(0.5)
            processes[name] = new
            kinds = Counter("right" if each == expected else each for *_, each in answers)
            slowest_s = max(answered - asked for asked, answered, _ in answers)
            print(
                f"{name}: noticed after {noticed - killed:.1f} s, answers after "
                f"{back - killed:.1f} s, slowest {slowest_s:.1f} s, {dict(kinds)}"
            )
            broken = {"ConnectError", "ReadError", "RemoteProtocolError"}
            assert set(kinds) <= {"right", 503} | (broken if name == "gateway" else set())
            assert slowest_s < ANSWER_S
            assert scores(service.search(QUERY)) == expected
        family = service.processes()
        check_last_search(service, processes["ranker"], expected)
        check_end(service, family)


def test_one_that_cannot_start_is_tried_again_later(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with serving_clips(workspace) as (service, processes):
        with (workspace / "writer.lock").open("a+") as lock:
            processes["indexer"].kill()
            wait_for(lambda: taken(lock), "the lock", 5)
            log = wait_for(
                lambda: "again in" in (said := service.log.read_text()) and said, "a pause"
            )
            restarts = [line for line in log.splitlines() if line.startswith("indexer ")]
            print("\n".join(restarts))
            assert "SIGKILL" in restarts[0]
            assert len(restarts) == 6
            assert "is writing to" in log  # why it did not start
        assert service.post("/search", {"data": [QUERY]}).status_code == 503
        family = service.processes()
        service.process.terminate()
        check_end(service, family)


def taken(lock: Any) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
