"""Downloads from a server on this machine: whole, broken, wrong, refused, and two at once."""

import hashlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from audiosearch.download import download_file, download_model
from audiosearch.errors import DownloadError, InvalidQueryError
from audiosearch.weights import MODEL_FILES, ModelFile
from tests.conftest import PROJECT_DIR

BODY = np.random.default_rng(0).bytes(3_000_000)
BLOCK = 100_000  # bytes sent at once
NAME = "weights.bin"


class Origin(ThreadingHTTPServer):
    """A server of one file, with the faults that a test sets."""

    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.url = f"{self.address}/{NAME}"
        self.body = BODY
        self.understands_ranges = True
        self.cut_after: int | None = None  # bytes
        self.pause_s = 0.0  # after each block
        self.silent = threading.Event()
        self.requests: list[tuple[str, str | None]] = []  # path and Range


class Handler(BaseHTTPRequestHandler):
    server: Origin

    def do_GET(self) -> None:
        origin = self.server
        wanted = self.headers["Range"]
        origin.requests.append((self.path, wanted))
        if origin.silent.is_set():
            while origin.silent.is_set():
                time.sleep(0.05)
            return
        if not self.path.endswith(NAME):
            self.send_error(404)
            return
        start = 0
        if wanted and origin.understands_ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(origin.body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(origin.body) - start))
        self.end_headers()
        for first in range(start, origin.cut_after or len(origin.body), BLOCK):
            self.wfile.write(origin.body[first : first + BLOCK])
            time.sleep(origin.pause_s)

    def log_message(self, *args: object) -> None:
        """Keep the tests' output free of requests."""


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Origin() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.silent.clear()
        server.shutdown()
        thread.join()


@pytest.fixture
def file() -> ModelFile:
    return ModelFile(
        name=NAME,
        model="test",
        url=None,
        size="3 MB",
        sha256=hashlib.sha256(BODY).hexdigest(),
    )


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_fresh(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    progress: list[tuple[int, int | None]] = []
    folder = tmp_path / "models" / "new"
    download_file(file, origin.url, folder, lambda _, done, total: progress.append((done, total)))
    assert (folder / NAME).read_bytes() == BODY
    assert names(folder) == {NAME}
    done = [bytes_done for bytes_done, _ in progress]
    assert done == sorted(set(done))
    assert progress[-1] == (len(BODY), len(BODY))


def test_file_that_is_there_is_not_asked_for(
    origin: Origin, file: ModelFile, tmp_path: Path
) -> None:
    download_file(file, origin.url, tmp_path)
    download_file(file, origin.url, tmp_path)
    assert origin.requests == [(f"/{NAME}", None)]


def test_cut_then_resumed(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    origin.cut_after = 1_000_000
    with pytest.raises(DownloadError, match="closed connection"):
        download_file(file, origin.url, tmp_path)
    assert names(tmp_path) == {f"{NAME}.part"}

    origin.cut_after = None
    progress: list[tuple[int, int | None]] = []
    download_file(file, origin.url, tmp_path, lambda _, done, total: progress.append((done, total)))
    assert origin.requests[1] == (f"/{NAME}", "bytes=1000000-")
    assert progress[0][0] > 1_000_000
    assert progress[-1] == (len(BODY), len(BODY))
    assert (tmp_path / NAME).read_bytes() == BODY
    assert names(tmp_path) == {NAME}


def test_server_that_ignores_ranges(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(BODY[:1_000_000])
    origin.understands_ranges = False
    download_file(file, origin.url, tmp_path)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_part_that_was_whole_already(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(BODY)
    download_file(file, origin.url, tmp_path)
    assert (tmp_path / NAME).read_bytes() == BODY
    assert names(tmp_path) == {NAME}


def test_wrong_checksum_leaves_nothing(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    origin.body = BODY[:-1] + b"\0"
    received = hashlib.sha256(origin.body).hexdigest()
    with pytest.raises(DownloadError, match=f"{received}, expected {file.sha256}"):
        download_file(file, origin.url, tmp_path)
    assert not names(tmp_path)


def test_damaged_part_is_not_resumed_for_ever(
    origin: Origin, file: ModelFile, tmp_path: Path
) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(bytes(1_000_000))
    with pytest.raises(DownloadError, match="expected"):
        download_file(file, origin.url, tmp_path)
    download_file(file, origin.url, tmp_path)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_own_weights_are_not_overwritten(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"fine-tuned")
    with pytest.raises(DownloadError, match="move it away"):
        download_file(file, origin.url, tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"fine-tuned"


def test_not_found_tells_all_in_one_line(origin: Origin, tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as raised:
        download_model("vggish", tmp_path, base_url=f"{origin.address}/elsewhere")
    message = str(raised.value)
    assert f"{origin.address}/elsewhere/vggish_model.ckpt" in message
    assert "404" in message
    assert str(tmp_path) in message
    assert MODEL_FILES[0].sha256 in message
    assert "YAMNet works" in message
    assert "\n" not in message
    assert origin.requests == [("/elsewhere/vggish_model.ckpt", None)]


def test_closed_port(file: ModelFile, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(DownloadError, match="refused"):
        download_file(file, f"http://127.0.0.1:{port}/{NAME}", tmp_path)


def test_unknown_host(file: ModelFile, tmp_path: Path) -> None:
    start_s = time.monotonic()
    with pytest.raises(DownloadError, match=r"nowhere\.invalid"):
        download_file(file, f"http://nowhere.invalid/{NAME}", tmp_path)
    assert time.monotonic() - start_s < 12


def test_server_that_never_answers(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    origin.silent.set()
    start_s = time.monotonic()
    with pytest.raises(DownloadError, match=r"no answer within 0\.3 s"):
        download_file(file, origin.url, tmp_path, timeout_s=0.3)
    assert time.monotonic() - start_s < 2


def test_proxy_is_honoured(
    origin: Origin, file: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", origin.address)
    download_file(file, f"http://nowhere.invalid/{NAME}", tmp_path)
    assert origin.requests == [(f"http://nowhere.invalid/{NAME}", None)]
    assert (tmp_path / NAME).read_bytes() == BODY


def test_unusable_proxy_is_told(
    file: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "teapot://127.0.0.1:1")
    with pytest.raises(DownloadError, match="teapot"):
        download_file(file, f"http://nowhere.invalid/{NAME}", tmp_path)


def test_folder_that_cannot_be_made(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(DownloadError, match="models"):
        download_file(file, origin.url, tmp_path / "models")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a small disk needs the command mount")
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(origin: Origin, file: ModelFile, small_disk: Path) -> None:
    with pytest.raises(DownloadError, match="No space left on device"):
        download_file(file, origin.url, small_disk)
    assert not names(small_disk), "the disk is as free as before"


DOWNLOAD = """
import sys
from pathlib import Path
from audiosearch.download import download_file
from audiosearch.weights import ModelFile
name, sha256, url, folder = sys.argv[1:]
file = ModelFile(name=name, model="test", url=None, size="3 MB", sha256=sha256)
download_file(file, url, Path(folder))
"""


def start_download(file: ModelFile, url: str, folder: Path) -> subprocess.Popen[bytes]:
    arguments = [file.name, file.sha256, url, str(folder)]
    return subprocess.Popen([sys.executable, "-c", DOWNLOAD, *arguments], cwd=PROJECT_DIR)


def test_two_processes_at_once(origin: Origin, file: ModelFile, tmp_path: Path) -> None:
    origin.pause_s = 0.05  # 1.5 s in all
    processes = [start_download(file, origin.url, tmp_path) for _ in range(2)]
    assert [process.wait(30) for process in processes] == [0, 0]
    assert (tmp_path / NAME).read_bytes() == BODY
    assert names(tmp_path) == {NAME}
    assert origin.requests == [(f"/{NAME}", None)], "the second waited and found it"


def test_killed_process_leaves_a_part_to_resume(
    origin: Origin, file: ModelFile, tmp_path: Path
) -> None:
    origin.pause_s = 0.05
    process = start_download(file, origin.url, tmp_path)
    part = tmp_path / f"{NAME}.part"
    while not (part.exists() and part.stat().st_size):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    origin.pause_s = 0
    download_file(file, origin.url, tmp_path)
    assert origin.requests[1][1] not in (None, "bytes=0-")
    assert (tmp_path / NAME).read_bytes() == BODY


def test_embedded_model_is_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="comes with the project"):
        download_model("yamnet", tmp_path)


def test_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(InvalidQueryError, match=r"'vgish', expected one of: vggish, yamnet"):
        download_model("vgish", tmp_path)
