"""A recording of several blocks of 2 minutes: its windows, its moments, and going on with it."""

import io
import json
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from audiosearch.blockwise import SMALL_MP3_BYTES
from audiosearch.decode import decode
from audiosearch.seek_table import SeekTable
from audiosearch.store.rows import Recording
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.store.workspace import read_space
from audiosearch.windows import WindowPlan
from tests.audio_files import write_ffmpeg
from tests.conftest import TOY_DATA
from tests.integration.service import app, outlived, run_app, serving, wait_for

MINUTES = 5
RATE = 8_000
BELL_S = 200.0  # in the second block


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make 5 minutes of drums in noise, with one bell in them."""
    rng = np.random.default_rng(0)
    drums = decode(TOY_DATA / "drum_loop_loop_tabla.ogg", RATE)
    samples = np.resize(drums, MINUTES * 60 * RATE + 4_321)
    samples = samples + rng.normal(0, 0.01, samples.size)
    bell = decode(TOY_DATA / "bell_perc_bell.ogg", RATE)
    start = round(BELL_S * RATE)
    samples[start : start + bell.size] = bell
    path = tmp_path_factory.mktemp("long") / "long.wav"
    soundfile.write(path, samples.clip(-1, 1), RATE)
    return path


def stored(workspace: Path) -> Recording | None:
    """Give the one recording of a workspace as far as it is there."""
    if not read_space(workspace):
        return None
    store = SQLiteStore(workspace, read_only=True)
    [recording] = store.recordings()
    store.close()
    return recording


def stored_times(workspace: Path, recording_id: str) -> list[tuple[float, float]]:
    """Give start and end of each window, in seconds."""
    store = SQLiteStore(workspace, read_only=True)
    windows = store.window_distances(recording_id, np.ones((1, 1545), np.float32))
    store.close()
    return list(zip(windows.start_s.tolist(), windows.end_s.tolist(), strict=True))


def kill_between_blocks(recording: Path, workspace: Path) -> None:
    """Index until the first block is there, then kill every process at once."""
    process = subprocess.Popen(
        app("index", recording, "--workspace", workspace, "--encoder", "yamnet"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: process.poll() is not None or stored(workspace), "the first block")
    family = psutil.Process(process.pid).children(recursive=True)
    for each in [*family, process]:
        with suppress(psutil.NoSuchProcess):  # the microservices die with the server
            each.send_signal(signal.SIGKILL)
    process.wait()
    assert not outlived(family)


def test_blocks_interrupted_and_resumed(recording: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    kill_between_blocks(recording, workspace)
    before = stored(workspace)
    assert before
    assert not before.complete
    assert before.n_blocks < 3

    done = run_app("index", recording, "--workspace", workspace, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == 1
    after = stored(workspace)
    assert after
    duration_s = MINUTES * 60 + 4_321 / RATE
    plan = WindowPlan()
    planned = plan.spans(round(duration_s * plan.sample_rate))
    assert after.complete
    assert (after.n_blocks, after.n_windows) == (3, len(planned))
    assert stored_times(workspace, after.id) == [
        (span.start / plan.sample_rate, min(span.stop / plan.sample_rate, duration_s))
        for span in planned
    ]
    assert after.duration_s == pytest.approx(duration_s)
    unchanged = run_app("index", recording, "--workspace", workspace, "--json")
    assert json.loads(unchanged.stdout)["unchanged"] == 1

    with serving(workspace) as service:
        query = {"uri": "toy-data/bell_perc_bell.ogg"}
        [match] = service.search(query, limit=3)
        assert match["start_s"] == pytest.approx(BELL_S, abs=2)
        assert match["scores"]["cosine"]["value"] < 0.3
        first = match["moments"][0]
        assert BELL_S - 4 <= first["start_s"] < first["end_s"] <= BELL_S + 11

        stretch = {"uri": "files/long.wav", "start_s": 240, "end_s": 244}
        [match] = service.search(stretch, moment_distance=2)
        assert match["scores"]["cosine"]["value"] < 1e-3
        assert (match["start_s"], match["end_s"]) == (240, 244)
        assert (match["query_start_s"], match["query_end_s"]) == (240, 244)
        [whole] = match["moments"]
        assert (whole["start_s"], whole["end_s"]) == pytest.approx((0, duration_s), abs=1e-4)


def test_stretches_of_a_long_mp3_are_those_that_were_indexed(
    recording: Path, tmp_path: Path
) -> None:
    """What is asked about, and played, is found by the table that is kept with the recording."""
    rate = 44_100
    samples = decode(recording, rate)
    write_ffmpeg(tmp_path / "long.mp3", samples, "libmp3lame", bit_rate=320_000)
    assert (tmp_path / "long.mp3").stat().st_size > SMALL_MP3_BYTES
    workspace = tmp_path / "workspace"
    done = run_app("index", tmp_path / "long.mp3", "--workspace", workspace, "--encoder", "yamnet")
    assert done.returncode == 0, done.stderr
    known = stored(workspace)
    assert known
    assert known.duration_s == pytest.approx(MINUTES * 60 + 4_321 / RATE, abs=1e-3)
    with serving(workspace) as service:
        for start_s in (2, 118, 120, 238, 294):
            stretch = {"uri": "files/long.mp3", "start_s": start_s, "end_s": start_s + 4}
            [match] = service.search(stretch)
            assert match["scores"]["cosine"]["value"] < 1e-3
        clip = service.get(f"/recordings/{known.id}/clip?start=200&end=203").content
    store = SQLiteStore(workspace, read_only=True)
    assert len(SeekTable(store.seek_table(known.id))) == 30
    store.close()
    played, _ = soundfile.read(io.BytesIO(clip), dtype="float32")
    expected = decode(tmp_path / "long.mp3", rate, 200, 203)
    np.testing.assert_allclose(played, expected, atol=1e-4)
