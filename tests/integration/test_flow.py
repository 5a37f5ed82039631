"""flow.yml as it stands: started from Python and by Jina's own command, stopped, started again."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from docarray import DocList
from jina import Client

from audiosearch.config import read_flow_yml
from audiosearch.errors import ServerError
from audiosearch.server import check_port, free_port
from executors.documents import Recording
from tests.conftest import PROJECT_DIR, TOY_DATA
from tests.integration.service import Service, running, wait_for

FROM_PYTHON = """
from jina import Flow
with Flow.load_config("flow.yml") as flow:
    flow.block()
"""
COMMANDS = {
    "python": [sys.executable, "-c", FROM_PYTHON],
    "jina": [str(Path(sys.executable).with_name("jina")), "flow", "--uses", "flow.yml"],
}
QUERIES = ("drum_loop_loop_tabla.ogg", "speech_it_3.flac", "water_fill.mp4")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out what flow.yml names in a folder of its own, since its workspace lies there too."""
    folder = tmp_path_factory.mktemp("flow")
    shutil.copy(PROJECT_DIR / "flow.yml", folder)
    (folder / "executors").symlink_to(PROJECT_DIR / "executors")
    shutil.copytree(TOY_DATA, folder / "toy-data")
    return folder


@contextmanager
def flow(project: Path, way: str) -> Iterator[Service]:
    gateway = read_flow_yml()["gateway"]
    try:
        check_port(gateway["host"], gateway["port"])
    except ServerError as error:
        pytest.skip(f"flow.yml's own port is needed: {error}")
    address = f"http://{gateway['host']}:{gateway['port']}"
    environment = os.environ | {"JINA_OPTOUT_TELEMETRY": "1"}
    with running(
        COMMANDS[way], address, project / "workspace", cwd=project, env=environment
    ) as service:
        yield service


def listening(processes: list[psutil.Process]) -> list[tuple[str, int]]:
    return [
        (each.laddr.ip.removeprefix("::ffff:"), each.laddr.port)
        for process in processes
        for each in process.net_connections("inet")
        if each.status == psutil.CONN_LISTEN
    ]


def check_listening(service: Service) -> None:
    sockets = listening(service.processes())
    assert {host for host, _ in sockets} == {"127.0.0.1"}
    assert read_flow_yml()["gateway"]["port"] in {port for _, port in sockets}
    assert len(sockets) >= 5, "the gateway and four microservices"


def answers(service: Service) -> list[list[dict[str, Any]]]:
    return [service.search({"uri": f"toy-data/{name}"}) for name in QUERIES]


def test_index_stop_start_again_search(project: Path) -> None:
    body = {"data": [{"uri": f"toy-data/{path.name}"} for path in sorted(TOY_DATA.iterdir())]}
    body["data"] = [each for each in body["data"] if not each["uri"].endswith((".md", ".csv"))]
    with flow(project, "python") as service:
        results = service.post("/index", body).json()["data"]
        assert [each["status"] for each in results] == ["added"] * 33
        before = answers(service)
        check_listening(service)
    with flow(project, "jina") as service:
        assert service.get("/health").json()["recordings"] == 33
        assert answers(service) == before
        check_listening(service)
    for matches, name in zip(before, QUERIES, strict=True):
        assert matches[0]["uri"] == f"toy-data/{name}"
        assert len(matches) == 10


def test_served_sockets_are_local(toy_service: Service) -> None:
    sockets = listening(toy_service.processes())
    assert {host for host, _ in sockets} == {"127.0.0.1"}
    assert len(sockets) >= 5


def test_no_process_of_serve_carries_tensorflow(toy_service: Service) -> None:
    processes = toy_service.processes()
    assert len(processes) >= 6, "the command, the gateway and four microservices"
    for process in processes:
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert "site-packages/tensorflow/" not in maps
        pss_mb = process.memory_full_info().pss / 1e6
        print(f"{process.pid}: {pss_mb:.0f} MB")
        assert pss_mb < 400


def test_jina_client(toy_service: Service) -> None:
    host, port = toy_service.address.removeprefix("http://").split(":")
    client = Client(host=host, port=int(port), protocol="http")
    queries = DocList[Recording](Recording(uri=f"toy-data/{name}") for name in QUERIES)
    docs = client.post("/search", queries, parameters={"limit": 3}, return_type=DocList[Recording])
    assert [doc.uri for doc in docs] == [query.uri for query in queries]
    assert [doc.id for doc in docs] == [query.id for query in queries]
    for doc in docs:
        assert [match.uri for match in doc.matches] == [
            match["uri"] for match in toy_service.search({"uri": doc.uri}, limit=3)
        ]


FLOW_POST = """
import sys
from pathlib import Path
from executors.flow import flow_config
from executors.documents import Recording
from docarray import DocList
from jina import Flow

config = flow_config(Path(sys.argv[1]), port=int(sys.argv[2]))
config["gateway"]["uses_with"]["cors_origins"] = ["https://example.org", "http://localhost:5173"]
with Flow.load_config(config) as flow:
    new = DocList[Recording](Recording(uri=uri) for uri in sys.argv[3:])
    done = flow.post("/index", new, return_type=DocList[Recording])
    print([(doc.uri, doc.status) for doc in done], flush=True)
    flow.block()
"""


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Run a Flow that is given recordings by ``flow.post``, and has origins listed."""
    workspace, port = tmp_path_factory.mktemp("post") / "workspace", free_port()
    uris = [f"toy-data/{name}" for name in QUERIES]
    command = [sys.executable, "-c", FLOW_POST, str(workspace), str(port), *uris]
    with running(command, f"http://127.0.0.1:{port}", workspace, cwd=PROJECT_DIR) as service:
        yield service


def test_flow_post(posted: Service) -> None:
    done = str([(f"toy-data/{name}", "added") for name in QUERIES])
    wait_for(lambda: done in posted.log.read_text(), done)
    assert posted.get("/health").json()["recordings"] == 3


@pytest.mark.parametrize("origin", ["https://example.org", "http://localhost:5173"])
def test_listed_origins_may_call(posted: Service, origin: str) -> None:
    response = posted.get("/health", headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert preflight(posted, origin).status_code == 200


@pytest.mark.parametrize("origin", ["https://example.com", "http://example.org", "null"])
def test_other_origins_may_not(posted: Service, toy_service: Service, origin: str) -> None:
    assert preflight(posted, origin).status_code == 400
    for service in (posted, toy_service):
        for response in (
            service.get("/health", headers={"Origin": origin}),
            preflight(service, origin),
        ):
            assert "Access-Control-Allow-Origin" not in response.headers


def test_no_origin_is_listed_as_it_stands(toy_service: Service) -> None:
    response = toy_service.get("/health", headers={"Origin": "https://example.org"})
    assert "Access-Control-Allow-Origin" not in response.headers


def preflight(service: Service, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return httpx.options(service.address + "/search", headers=headers, trust_env=False)
