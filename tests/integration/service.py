"""Runs the command line and servers of temporary workspaces, as their users do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from audiosearch.server import free_port
from tests.conftest import PROJECT_DIR

TIMEOUT_S = 120


@dataclass(frozen=True)
class Service:
    """A running server; ``address`` is its base URL, ``log`` what it has said."""

    address: str
    workspace: Path
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.address + path, timeout=TIMEOUT_S, trust_env=False, **options)

    def post(self, path: str, body: Any, **headers: str | bytes) -> httpx.Response:
        return httpx.post(
            self.address + path, json=body, headers=headers, timeout=TIMEOUT_S, trust_env=False
        )

    def search(self, query: dict[str, Any], **parameters: Any) -> list[dict[str, Any]]:
        """Give the matches of one query, which must succeed."""
        response = self.post("/search", {"data": [query], "parameters": parameters})
        assert response.status_code == 200, response.text
        return response.json()["data"][0]["matches"]

    def processes(self) -> list[psutil.Process]:
        """Give the process and all that it has started."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


def app(*arguments: str | Path) -> list[str]:
    return [sys.executable, str(PROJECT_DIR / "app.py"), *map(str, arguments)]


def run_app(
    *arguments: str | Path, cwd: Path = PROJECT_DIR, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        app(*arguments),
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@contextmanager
def running(command: list[str], address: str, workspace: Path, **options: Any) -> Iterator[Service]:
    """Run a command that serves until it is interrupted; nothing of it must be left."""
    log = workspace.with_name(f"{workspace.name}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)
    service = Service(address, workspace, process, log)
    family = service.processes()
    try:
        wait_until_ready(service)
        family = service.processes()
        yield service
    finally:
        process.send_signal(signal.SIGINT)
        left = outlived(family)
        process.wait()
    assert not left, f"{left} outlived the server"


def outlived(processes: list[psutil.Process], timeout_s: float = 30) -> list[psutil.Process]:
    """Wait for processes to end; kill and give those that do not."""
    deadline = time.monotonic() + timeout_s
    while (left := [each for each in processes if is_alive(each)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for each in left:
        each.kill()
    return left


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process runs: in a container nobody may reap the zombies of a killed one."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def serving(workspace: Path, *options: str, **environment: str) -> Iterator[Service]:
    """Run ``app.py serve`` on a free port."""
    port = free_port()
    command = app("serve", "--workspace", workspace, "--port", str(port), *options)
    address = f"http://127.0.0.1:{port}"
    with running(
        command, address, workspace, cwd=PROJECT_DIR, env=os.environ | environment
    ) as service:
        yield service


SERVE = """
import json, sys
from pathlib import Path
from executors.flow import flow_config, serve

workspace, port, changes = sys.argv[1:]
config = flow_config(Path(workspace), port=int(port), encoder="yamnet")
for box in (config["gateway"], *config["executors"]):
    box["uses_with"] |= json.loads(changes).get(box.get("name", "gateway"), {})
serve(config, lambda: None)
"""


@contextmanager
def serving_with(
    workspace: Path, changes: dict[str, dict[str, Any]], **environment: str
) -> Iterator[Service]:
    """Serve flow.yml with other options of its boxes, by their names."""
    port = free_port()
    command = [sys.executable, "-c", SERVE, str(workspace), str(port), json.dumps(changes)]
    with running(
        command,
        f"http://127.0.0.1:{port}",
        workspace,
        cwd=PROJECT_DIR,
        env=os.environ | environment,
    ) as service:
        yield service


def wait_until_ready(service: Service) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        assert service.process.poll() is None, service.log.read_text()
        try:
            if service.get("/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{service.address} did not answer: {service.log.read_text()}")


def wait_for(condition: Any, what: str, timeout_s: float = TIMEOUT_S) -> Any:
    """Wait until a condition holds, and give what it gave."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {timeout_s:g} s in vain for {what}")
