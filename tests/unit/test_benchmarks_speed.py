"""What the speed benchmark computes of its measurements."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest

from audiosearch.store import open_store
from audiosearch.store.rows import Space
from benchmarks.faults import MICROSERVICES
from benchmarks.speed.inputs import Inputs, Setup, audio_seconds, join_mp3
from benchmarks.speed.library import clustered, grow
from benchmarks.speed.limits import Stopwatch, network_gflop
from benchmarks.speed.processes import cpu_seconds, peak_bytes, proportional_bytes, roles
from benchmarks.speed.profiling import own, read_stacks, whole
from benchmarks.speed.report import markdown, table
from benchmarks.speed.serving import percentiles, server_timing
from benchmarks.speed.targets import CLIPS, Target, speed_of, targets
from tests.audio_files import SAMPLE_RATE, chirp, write_ffmpeg
from tests.conftest import PROJECT_DIR
from tests.integration.service import wait_for

MACHINE: dict[str, Any] = {
    "date": "2026-01-01T00:00:00+00:00",
    "commit": "abc",
    "processor": "A",
    "cores": 2,
    "memory_gb": 8.0,
    "amx": False,
    "bf16": False,
    "load": 0.0,
    "system": "Linux",
    "python": "3.11",
    "versions": {"numpy": "2"},
    "elapsed_s": 1.0,
}


def run_of(elapsed_s: float) -> dict[str, Any]:
    """Make the figures of a hundred seconds of sound."""
    return {"audio_s": 100.0, "elapsed_s": elapsed_s, "cpu_s": {"encoder": 2.0}, "bytes": 5e6}


RESULTS: dict[str, Any] = {
    "start": {"help_s": 0.25},
    "original": {"indexing": {f"{CLIPS}, soxr_hq": 20.0}, "query_ms": {}},
    "stages, vggish": {"decode": 500.0, "encode": 150.0, "engine": 200.0, "gflop_s": 3.5},
    "indexing, vggish": {"runs": {CLIPS: run_of(1.0)}, "peak_bytes": {"encoder": 5e8}},
    "indexing, yamnet": {"failed": "RuntimeError: no room"},
}


def test_joined_recordings_are_as_long_as_their_parts_and_differ(tmp_path: Path) -> None:
    parts = [tmp_path / f"{number}.mp3" for number in range(2)]
    for number, part in enumerate(parts, 1):
        sound = np.stack([chirp(1.0), chirp(1.0)[::-1]], 1)[:: (-1) ** number]
        write_ffmpeg(part, sound, "libmp3lame")
    forwards, backwards = tmp_path / "forwards.mp3", tmp_path / "backwards.mp3"
    join_mp3(parts * 5, forwards)
    join_mp3(parts[::-1] * 5, backwards)
    assert audio_seconds([forwards]) == pytest.approx(10, rel=0.06)  # encoders pad each part
    assert forwards.read_bytes() != backwards.read_bytes()
    with av.open(str(forwards)) as container:
        assert container.streams.audio[0].sample_rate == SAMPLE_RATE


def test_inputs_need_real_clips(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="AUDIOSEARCH_TEST_DATA"):
        Inputs(tmp_path / "inputs", tmp_path)


def test_library_grows_to_what_is_asked_for(tmp_path: Path) -> None:
    space = Space("yamnet", "benchmark", 8, 4.0, 2.0)
    for n_windows in (50, 130):
        grow(tmp_path, space, n_windows)
        store = open_store(tmp_path, read_only=True)
        assert store.totals().windows == n_windows
        store.close()


def test_vectors_are_clustered_and_no_two_alike() -> None:
    vectors = np.concatenate([*clustered(1000, 32, seed=0)])
    similarities = vectors @ vectors.T
    np.testing.assert_allclose(np.diag(similarities), 1, atol=1e-5)
    np.fill_diagonal(similarities, 0)
    assert similarities.max() < 0.9999
    assert np.median(similarities.max(axis=0)) > 0.7  # another of its cluster; by chance 0.55


def test_yamnet_is_as_heavy_as_published() -> None:
    gflop = network_gflop(Setup("yamnet", PROJECT_DIR / "models"))
    assert gflop == pytest.approx(2 * 0.0692, rel=0.02)  # "69.2M multiplies" in its README


def test_stopwatch_counts_turns() -> None:
    watch = Stopwatch()
    for _ in range(3):
        with watch.turn():
            pass
    assert watch.turns == 3
    assert 0 < watch.elapsed_s < 1


SERVER = """
import subprocess, sys
start = lambda script: subprocess.Popen([sys.executable, "-c", script], stdin=sys.stdin)
sleep = "import time; time.sleep(60)"
worker = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{sleep}'])"
children = [start(script) for script in [worker, *[sleep] * 4]]
"""


@contextmanager
def running(more: str) -> Iterator[psutil.Process]:
    """Run what looks like a server: five processes, the first of which has started another."""
    with subprocess.Popen(
        [sys.executable, "-c", f"{SERVER}\n{more}\nprint(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        try:
            process.stdout.readline()
            server = psutil.Process(process.pid)
            wait_for(lambda: len(server.children(recursive=True)) == 6, "the processes")
            yield server
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_processes_are_told_by_their_roles() -> None:
    with running("pass") as server:
        found = [role for role, _ in roles(server)]
        assert cpu_seconds(server)["server"] > 0
    assert found == ["server", "segmenter", "segmenter's workers", *MICROSERVICES[1:]]


def test_memory_is_that_of_the_process() -> None:
    more = 50_000_000
    measured = []
    for script in ("pass", f"x = b'x' * {more}", f"x = b'x' * {more}; del x"):
        with running(script) as server:
            measured.append((peak_bytes(server)["server"], proportional_bytes(server)["server"]))
    nothing, held, freed = np.array(measured)
    np.testing.assert_allclose(held - nothing, more, rtol=0.1)
    np.testing.assert_allclose(freed - nothing, (more, 0), atol=0.1 * more)  # the peak stays


def test_server_timing_is_read() -> None:
    assert server_timing("decode;dur=12.5, rank;dur=0.5") == {"decode": 12.5, "rank": 0.5}


def test_percentiles() -> None:
    assert percentiles([*map(float, range(101))]) == {"p50": 50.0, "p95": 95.0}


@pytest.mark.parametrize(
    ("at_least", "measured", "reached"),
    [(True, 3.0, True), (True, 2.9, False), (False, 3.0, False), (False, 2.9, True)],
)
def test_target_is_reached(at_least: bool, measured: float, reached: bool) -> None:
    assert Target("", 3.0, at_least, measured).reached is reached


def test_targets_are_higher_with_amx() -> None:
    assert [(each.bound, each.measured) for each in targets(RESULTS, amx=False)] == [(3, 5.0)]
    assert [(each.bound, each.measured) for each in targets(RESULTS, amx=True)] == [
        (10, 5.0),
        (250, 100.0),
    ]


def test_speed_of_a_part_that_failed_is_none() -> None:
    assert speed_of(RESULTS, "vggish", CLIPS) == 100.0
    assert speed_of(RESULTS, "yamnet", CLIPS) is None


def test_report_tells_what_was_measured_and_what_failed() -> None:
    text = markdown(MACHINE, RESULTS)
    assert "**indexing, yamnet failed: RuntimeError: no room**" in text
    assert f"| {CLIPS} | 100 | 50 % |  |  | 20 |  | 5 |" in text
    assert "| encoder | 72 |" in text  # 2 s for 100 s are 72 s an hour
    assert "| `python app.py --help` | 0.25 |" in text
    assert "| cores kept busy | 2 |" in text
    assert "| MB over the loopback | 180 |" in text
    assert "## Searching" not in text


def test_table_rounds_to_three_digits() -> None:
    assert table(["a", "b"], [("x", 0.12345), ("y", 12345.6)]).splitlines()[2:] == [
        "| x | 0.123 |",
        "| y | 12,346 |",
    ]


def test_stacks_are_counted() -> None:
    stacks = [
        *read_stacks("main (a.py);f (audiosearch/b.py);f (audiosearch/b.py) 3\nmain (a.py) 2")
    ]
    assert own(stacks) == {"f (audiosearch/b.py)": 3, "main (a.py)": 2}
    assert whole(stacks) == {"f (audiosearch/b.py)": 3}


def test_command_line_is_told_what_is_missing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", "--quick"],
        cwd=PROJECT_DIR,
        env=os.environ | {"AUDIOSEARCH_TEST_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert "AUDIOSEARCH_TEST_DATA" in ended.stderr
