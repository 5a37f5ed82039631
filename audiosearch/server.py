"""Finds the server of a workspace, or starts one for as long as it is needed."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from audiosearch.client import Client
from audiosearch.errors import ServerError, ServerUnavailableError, WorkspaceBusyError
from audiosearch.store.workspace import check_not_busy
from audiosearch.weights import PROJECT_DIR

SERVER_FILE = "server.json"
LOG_FILE = "server.log"
OWNER_TOKEN = "AUDIOSEARCH_OWNER_TOKEN"
"""Environment variable of a server: who knows its value may have any folder indexed."""

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Address:
    """Where a server listens, and the token of its workspace's owner."""

    host: str
    port: int
    token: str

    @property
    def url(self) -> str:
        """Base URL as this machine reaches it."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@contextmanager
def announced(workspace: Path, address: Address) -> Iterator[None]:
    """Let other processes of this user find the server of a workspace while it runs."""
    file = workspace / SERVER_FILE
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(json.dumps(asdict(address)))
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            if json.loads(file.read_text()) == asdict(address):
                file.unlink()


def find_server(workspace: Path) -> Client | None:
    """Find the running server of a workspace.

    Parameters
    ----------
    workspace : Path
        The folder.

    Returns
    -------
    Client or None
        ``None`` if none answers.
    """
    try:
        address = Address(**json.loads((workspace / SERVER_FILE).read_text()))
        client = Client(address.url, address.token)
    except (OSError, ValueError, TypeError, httpx.InvalidURL):
        return None
    try:
        client.health()
    except (ServerError, ValueError, httpx.InvalidURL):
        client.close()
        return None
    return client


@contextmanager
def connect(
    workspace: Path, encoder: str | None = None, unverified_weights: bool = False
) -> Iterator[Client]:
    """Talk to the workspace's running server, or to one that runs meanwhile.

    Parameters
    ----------
    workspace : Path
        The folder.
    encoder : str, optional
        The encoder to start with.
    unverified_weights : bool
        Start it with weights that are not the published ones.

    Yields
    ------
    Client
        A server that answers.

    Raises
    ------
    ServerError
        If none can be started; the message says why.
    """
    client = find_server(workspace)
    if client:
        with client:
            yield client
    else:
        with _started(workspace, encoder, unverified_weights) as client, client:
            yield client


def free_port() -> int:
    """Find a port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def check_port(host: str, port: int) -> None:
    """Raise ServerError if a port cannot be listened on."""
    if not 0 < port < 65_536:
        raise ServerError(f"received --port {port}, expected 1 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.getaddrinfo(host, port, family)
    except (socket.gaierror, UnicodeError) as error:
        raise ServerError(
            f"received --host {host}, expected a name or an address of this machine, such as "
            "127.0.0.1"
        ) from error
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ServerError(
            f"cannot listen on {host}:{port} ({reason}): another server may be running there; "
            "stop it, or choose another --port"
        ) from error


def new_token() -> str:
    """Make a token that cannot be guessed."""
    return secrets.token_urlsafe(32)


@contextmanager
def _started(workspace: Path, encoder: str | None, unverified_weights: bool) -> Iterator[Client]:
    """Run a server that nobody else finds, in a session of its own: Ctrl-C does not reach it."""
    workspace.mkdir(parents=True, exist_ok=True)
    token, port = new_token(), free_port()
    command = [sys.executable, str(PROJECT_DIR / "app.py"), "serve", "--private"]
    command += ["--workspace", str(workspace), "--port", str(port)]
    command += ["--encoder", encoder] if encoder else []
    command += ["--unverified-weights"] if unverified_weights else []
    log = workspace / LOG_FILE
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # its end tells the server that this process is gone
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {OWNER_TOKEN: token},
            start_new_session=True,
        )
    try:
        client = Client(f"http://127.0.0.1:{port}", token)
        _wait_until_ready(client, process, log)
        yield client
    except ServerUnavailableError:
        process.kill()
        raise
    finally:
        _end(process, workspace)


def _end(process: subprocess.Popen[bytes], workspace: Path) -> None:
    """End a private server with all its processes, so that the workspace is free again.

    A Flow one of whose microservices is dead would wait a minute for it.
    """
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while time.monotonic() < deadline:
        with suppress(WorkspaceBusyError):
            check_not_busy(workspace)
            return
        time.sleep(0.05)


def _wait_until_ready(client: Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None and process.returncode < 0:
            raise ServerUnavailableError(f"the server was killed while it started; see {log}")
        if process.poll() is not None:
            lines = log.read_text(errors="replace").splitlines()
            errors = [line for line in lines if line.startswith("Error: ")]
            raise ServerError(
                errors[0].removeprefix("Error: ")
                if errors
                else f"the server ended before it was ready; {log} says why"
            )
        with suppress(ServerError):
            client.health()
            return
        time.sleep(0.1)
    raise ServerError(f"the server did not start within {START_TIMEOUT_S:g} s; see {log}")
