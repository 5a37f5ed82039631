"""The command line as its users meet it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from audiosearch.config import flow_settings
from audiosearch.decode import decode
from audiosearch.encoders import load_encoder
from audiosearch.server import free_port
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.store.workspace import read_space
from audiosearch.windows import WindowPlan
from tests.conftest import PROJECT_DIR, TOY_DATA, sine
from tests.integration.service import Service, app, outlived, run_app, serving, wait_for

TABLA = TOY_DATA / "drum_loop_loop_tabla.ogg"


def one_error(done: subprocess.CompletedProcess[str], status: int = 1) -> str:
    """Check that a command failed with one line, and give it."""
    assert done.returncode == status, done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert not done.stdout
    return line


@pytest.mark.parametrize("arguments", [("--help",), ("index", "--help")])
def test_light_commands_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-X", "importtime", "app.py", *arguments]
    done = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    heavy = {"jina", "docarray", "tensorflow", "openvino", "librosa", "numpy", "scipy", "httpx"}
    assert not imported & heavy


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a file that no library holds: 5 s of noise, then 10 s of the tabla loop."""
    rng = np.random.default_rng(0)
    noise = rng.uniform(-0.1, 0.1, 5 * 44_100).astype(np.float32)
    path = tmp_path_factory.mktemp("outside") / "noise, then drums.wav"
    soundfile.write(path, np.concatenate([noise, decode(TABLA, 44_100)]), 44_100)
    return path


def test_search_of_a_file_from_anywhere(toy_service: Service, outside: Path) -> None:
    done = run_app(
        "search", f"{outside}#t=5,9", "--workspace", toy_service.workspace, "--limit", "3", "--json"
    )
    assert done.returncode == 0, done.stderr
    [query] = json.loads(done.stdout)["data"]
    assert len(query["matches"]) == 3
    best = query["matches"][0]
    assert best["uri"] == "toy-data/drum_loop_loop_tabla.ogg"
    assert best["scores"]["cosine"]["value"] < 0.01
    assert best["start_s"] == 0
    for times in (best, *best["moments"]):
        assert (times["query_start_s"], times["query_end_s"]) == (5, 9), "counted in the file"


def test_search_of_a_stretch_of_a_known_file(toy_service: Service) -> None:
    done = run_app("search", f"{TABLA}#t=2,6", "--workspace", toy_service.workspace, "--json")
    [query] = json.loads(done.stdout)["data"]
    best = query["matches"][0]
    assert (best["query_start_s"], best["query_end_s"]) == (2, 6)
    expected = toy_service.search({"uri": f"toy-data/{TABLA.name}", "start_s": 2, "end_s": 6})
    assert query["matches"] == expected


def test_table(toy_service: Service, outside: Path) -> None:
    done = run_app(
        *("search", f"{outside}#t=5,9", "--workspace", toy_service.workspace, "--limit", "2")
    )
    header, *rows = done.stdout.splitlines()
    columns = ("rank", "recording", "similarity", "nearer than", "verdict")
    for column in (*columns, "where in it", "where in the query"):
        assert column in header
    assert len(rows) == 2
    assert rows[0].startswith("1 ")
    assert "toy-data/drum_loop_loop_tabla.ogg" in rows[0]
    assert "0:05.00 – 0:09.00" in rows[0]
    assert re.search(r" (99\.\d|100\.0) % +same recording ", rows[0])


def test_exclude_self(toy_service: Service) -> None:
    done = run_app(
        *("search", TABLA, "--workspace", toy_service.workspace, "--exclude-self", "--json")
    )
    uris = [match["uri"] for match in json.loads(done.stdout)["data"][0]["matches"]]
    assert len(uris) == 10
    assert f"toy-data/{TABLA.name}" not in uris


def test_running_server_is_used(toy_service: Service) -> None:
    before = toy_service.processes()
    assert run_app("search", TABLA, "--workspace", toy_service.workspace).returncode == 0
    assert run_app("index", "--workspace", toy_service.workspace).returncode == 0
    assert not (toy_service.workspace / "server.log").exists(), "no other server was started"
    assert toy_service.processes() == before


def test_server_tells_its_owner_alone(toy_service: Service) -> None:
    assert (toy_service.workspace / "server.json").stat().st_mode & 0o077 == 0


WRONG_QUERIES = {
    "absent": ("absent.wav", "there is no file absent.wav"),
    "ends first": (f"{TABLA}#t=4,2", "expected a stretch that ends after its start"),
    "beyond the end": (f"{TABLA}#t=20", "beyond the sound's end"),
    "no sound": (str(TOY_DATA / "README.md"), "README.md cannot be decoded"),
}


@pytest.mark.parametrize(("file", "reason"), WRONG_QUERIES.values(), ids=WRONG_QUERIES)
def test_wrong_query(toy_service: Service, file: str, reason: str) -> None:
    done = run_app("search", file, "--workspace", toy_service.workspace)
    assert reason in one_error(done)


def test_search_beyond_the_end_of_a_file_from_anywhere(toy_service: Service, outside: Path) -> None:
    done = run_app("search", f"{outside}#t=20", "--workspace", toy_service.workspace)
    assert "ends before 20 s" in one_error(done)


def test_search_without_library(tmp_path: Path) -> None:
    done = run_app("search", TABLA, "--workspace", tmp_path / "workspace")
    assert "there is no library in" in one_error(done)
    assert not (tmp_path / "workspace").exists()


def test_limit_0_is_wrong_usage(toy_service: Service) -> None:
    done = run_app("search", TABLA, "--workspace", toy_service.workspace, "--limit", "0")
    assert done.returncode == 2


def test_serve_on_a_taken_port(toy_service: Service, tmp_path: Path) -> None:
    port = toy_service.address.rpartition(":")[2]
    done = run_app("serve", "--workspace", tmp_path, "--port", port)
    line = one_error(done)
    assert f"cannot listen on 127.0.0.1:{port}" in line
    assert "--port" in line


def test_second_writer_is_refused(toy_service: Service) -> None:
    done = run_app("serve", "--workspace", toy_service.workspace, "--port", str(free_port()))
    line = one_error(done)
    assert f"is writing to {toy_service.workspace}" in line
    numbers = [str(process.pid) for process in toy_service.processes()]
    assert any(f"process {number} " in line for number in numbers)
    assert toy_service.get("/health").is_success


@pytest.mark.parametrize("command", [("index", "toy-data"), ("search", TABLA), ("serve",)])
def test_another_encoder_is_refused(toy_service: Service, command: tuple[str | Path, ...]) -> None:
    done = run_app(*command, "--workspace", toy_service.workspace, "--encoder", "vggish")
    line = one_error(done)
    assert "yamnet" in line
    assert "vggish" in line
    assert "python app.py index PATH --encoder vggish --workspace OTHER" in line


@pytest.mark.parametrize("command", [("index", "toy-data"), ("serve",)])
def test_unknown_encoder(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run_app(*command, "--workspace", tmp_path / "workspace", "--encoder", "vgish")
    assert "received the encoder 'vgish', expected one of: vggish, yamnet" in one_error(done)


def test_a_port_that_there_is_not(tmp_path: Path) -> None:
    done = run_app("serve", "--port", "0", "--workspace", tmp_path)
    assert one_error(done) == "Error: received --port 0, expected 1 to 65535"


def test_a_workspace_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run_app("index", TABLA, "--encoder", "yamnet", "--workspace", tmp_path / "file" / "w")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("cannot be used: Not a directory")


@pytest.mark.parametrize("command", [("index", "toy-data"), ("serve",)])
def test_no_fallback_without_weights(tmp_path: Path, command: tuple[str, ...]) -> None:
    workspace = tmp_path / "workspace"
    done = run_app(
        *(*command, "--workspace", workspace, "--encoder", "vggish"),
        AUDIOSEARCH_MODELS=str(tmp_path),
    )
    line = one_error(done)
    assert f"vggish needs vggish_model.ckpt and vggish_pca_params.npz in {tmp_path}" in line
    assert line.endswith("run: python app.py models download vggish")


def test_embed_equals_encoder(tmp_path: Path) -> None:
    files = [TABLA, TOY_DATA / "water_splash2.wav"]
    out = tmp_path / "vectors.npz"
    done = run_app(
        *("embed", *files, "--out", out, "--encoder", "yamnet", "--workspace", tmp_path / "w")
    )
    assert done.returncode == 0, done.stderr
    encoder = load_encoder("yamnet", flow_settings().encoder)
    plan = WindowPlan()
    expected, times, uris = [], [], []
    for file in files:
        waveform = decode(file)
        spans = plan.spans(waveform.size)
        padded = np.pad(waveform, (0, max(0, spans[-1].stop - waveform.size)))
        expected.append(encoder.embed([padded[span.start : span.stop] for span in spans], 16_000))
        times += [(span.start, min(span.stop, waveform.size)) for span in spans]
        uris += [str(file)] * len(spans)
    with np.load(out, allow_pickle=False) as arrays:
        assert set(arrays) == {"embeddings", "start_s", "end_s", "uri"}
        assert arrays["embeddings"].shape == (5, 1545)
        np.testing.assert_allclose(arrays["embeddings"], np.concatenate(expected), atol=1e-5)
        np.testing.assert_allclose(
            np.stack([arrays["start_s"], arrays["end_s"]], axis=1), np.array(times) / 16_000
        )
        assert arrays["uri"].tolist() == uris


def test_embed_of_a_wrong_file(tmp_path: Path) -> None:
    place = ("--out", tmp_path / "x.npz", "--workspace", tmp_path, "--encoder", "yamnet")
    done = run_app("embed", TABLA, "absent.wav", *place)
    assert "there is no file absent.wav" in one_error(done)
    assert not list(tmp_path.iterdir())


def test_index_beside_a_running_server(tmp_path: Path) -> None:
    folder, workspace = tmp_path / "new", tmp_path / "workspace"
    folder.mkdir()
    soundfile.write(folder / "one.wav", sine(1.0, 500), 16_000)
    with serving(workspace) as service:
        done = run_app("index", folder, "--workspace", workspace, "--json")
        assert json.loads(done.stdout)["added"] == 1
        soundfile.write(folder / "two.wav", sine(1.0, 900), 16_000)
        report = json.loads(run_app("index", folder, "--workspace", workspace, "--json").stdout)
        assert (report["added"], report["unchanged"]) == (1, 1)
        assert service.search({"uri": "new/two.wav"})[0]["uri"] == "new/two.wav"
        assert not (workspace / "server.log").exists()
    assert not (workspace / "server.json").exists()


def test_a_server_that_cannot_be_announced_ends(tmp_path: Path) -> None:
    announcement = tmp_path / "workspace" / "server.json"
    announcement.mkdir(parents=True)
    place = ("--workspace", announcement.parent, "--encoder", "yamnet")
    done = run_app("serve", *place, "--port", str(free_port()))
    assert done.returncode == 1
    assert f"{announcement} cannot be used" in one_error(done)
    announcement.rmdir()
    assert run_app("index", *place).returncode == 0, "none of its processes holds the lock"


N_LONG = 40


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make 40 recordings of 8 s that differ."""
    folder = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(0)
    drums = decode(TABLA, 8_000)[: 8 * 8_000]
    for number in range(N_LONG):
        mixed = drums + rng.normal(0, 0.02, drums.size)
        soundfile.write(folder / f"{number:02d}.wav", mixed.clip(-1, 1), 8_000)
    return folder


def n_indexed(workspace: Path) -> int:
    if not read_space(workspace):
        return 0
    store = SQLiteStore(workspace, read_only=True)
    n = sum(recording.complete for recording in store.recordings())
    store.close()
    return n


@contextmanager
def indexing(folder: Path, workspace: Path) -> Iterator[subprocess.Popen[str]]:
    """Index in the background, until the first recordings are there."""
    process = subprocess.Popen(
        app("index", folder, "--workspace", workspace, "--encoder", "yamnet"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_for(lambda: process.poll() is not None or n_indexed(workspace), "a recording")
        assert process.poll() is None, process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate()


def test_interrupted_index_goes_on(many: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with indexing(many, workspace) as process:
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 6
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
        started = time.monotonic()
        _, stderr = process.communicate(timeout=30)
        elapsed_s = time.monotonic() - started
    print(f"ended {elapsed_s:.1f} s after Ctrl-C")
    assert process.returncode == 130
    assert elapsed_s < 10
    assert "Interrupted: what is done is kept; run it again to go on." in stderr
    assert "Traceback" not in stderr
    assert not outlived(family, timeout_s=1)
    kept = n_indexed(workspace)
    assert 0 < kept < N_LONG

    done = run_app("index", many, "--workspace", workspace, "--json")
    report = json.loads(done.stdout)
    assert (report["unchanged"], report["added"]) == (kept, N_LONG - kept)
    assert n_indexed(workspace) == N_LONG


def test_killed_command_leaves_no_server(many: Path, tmp_path: Path) -> None:
    with indexing(many, tmp_path / "workspace") as process:
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 6
        process.kill()
        assert not outlived(family)
    SQLiteStore(tmp_path / "workspace").close()  # it may be written to again


def test_interrupted_beside_a_running_server(many: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with serving(workspace, "--encoder", "yamnet") as service:
        with indexing(many, workspace) as process:
            started = time.monotonic()
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=60)
            elapsed_s = time.monotonic() - started
        print(f"ended {elapsed_s:.1f} s after Ctrl-C")
        assert process.returncode == 130
        assert elapsed_s < 10
        assert service.get("/health").is_success, "the server is not the command's to stop"
