"""The sandbox, with functions that behave as badly as they can."""

import inspect
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from audiosearch import errors
from audiosearch.deadline import Deadline
from audiosearch.decode import decode
from audiosearch.errors import (
    AudioDecodeError,
    AudioSearchError,
    DeadlineError,
    ServerUnavailableError,
)
from audiosearch.sandbox import Sandbox
from tests import misbehaving as bad
from tests.conftest import PROJECT_DIR, TOY_DATA
from tests.integration.service import is_alive

CLIP = TOY_DATA / "drum_loop_loop_mika.mp3"
ERRORS = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, AudioSearchError)
]
# Without a guard: were it imported by its workers, they would start workers in their turn.
PARENT = """
import time
from audiosearch.sandbox import Sandbox
from tests.misbehaving import loop_in_c, sleep
import threading
box = Sandbox()
pids = [box.run(sleep, b"0", timeout_s=30) for _ in range(2)]  # they take turns
threading.Thread(target=box.run, args=(loop_in_c, b""), kwargs={"timeout_s": 60}).start()
time.sleep(0.5)
print(*pids, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(workers=2, memory_mb=300)
    yield box
    box.close()


def wait_until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_decodes_what_is_decoded_here(sandbox: Sandbox) -> None:
    np.testing.assert_array_equal(
        sandbox.run(decode, CLIP, 16_000, 1.0, 2.5, timeout_s=30), decode(CLIP, 16_000, 1.0, 2.5)
    )


def test_workers_import_neither_main_nor_frameworks(sandbox: Sandbox) -> None:
    imported = set(sandbox.run(bad.imported, b"", timeout_s=30))
    assert {"av", "soundfile", "soxr"} <= imported
    assert not imported & {"jina", "docarray", "tensorflow", "openvino", "librosa"}
    assert not imported & {"pytest", "numba", "scipy"}


def test_workers_dump_no_core_and_ignore_ctrl_c(sandbox: Sandbox) -> None:
    assert sandbox.run(bad.surroundings, b"", timeout_s=30) == (os.nice(0), 0, True)


@pytest.mark.parametrize("error", ERRORS)
def test_our_errors_arrive_as_themselves(sandbox: Sandbox, error: type[AudioSearchError]) -> None:
    with pytest.raises(error, match=r"^what was received$") as caught:
        sandbox.run(bad.raise_ours, error.__name__.encode(), timeout_s=30)
    assert type(caught.value) is error
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


@pytest.mark.parametrize(
    ("function", "source", "reason"),
    [
        (bad.crash, b"x", "the data broke the decoder .SIGSEGV."),
        (bad.exit_with, b"3", "the data broke the decoder .exit code 3."),
        (bad.allocate, b"400", "the data needs more than 300 MB to read"),
        (bad.raise_value_error, b"x", "the data broke the decoder .ValueError."),
        (bad.loop_in_c, b"x", "the data took longer than 0.3 s to read"),
        (bad.sleep, b"9", "the data took longer than 0.3 s to read"),
    ],
)
def test_hostile_files_are_told_of(
    sandbox: Sandbox, function: Callable[[bytes], object], source: bytes, reason: str
) -> None:
    started = time.monotonic()
    with pytest.raises(AudioDecodeError, match=reason):
        sandbox.run(function, source, timeout_s=0.3)
    assert time.monotonic() - started < 5
    assert sandbox.run(decode, CLIP, timeout_s=30).size == 128_000


def test_a_worker_gets_its_memory_back(sandbox: Sandbox) -> None:
    for _ in range(4):
        assert sandbox.run(bad.allocate, b"200", timeout_s=30) == 200 * 2**20
        with pytest.raises(AudioDecodeError):
            sandbox.run(bad.allocate, b"400", timeout_s=30)


def test_neighbours_of_a_crash_survive(sandbox: Sandbox) -> None:
    """Those that run beside it, and those that wait."""
    with ThreadPoolExecutor(12) as callers:
        good = [callers.submit(sandbox.run, bad.sleep, b"0.3", timeout_s=30) for _ in range(3)]
        wrong = [callers.submit(sandbox.run, bad.crash, b"", timeout_s=30) for _ in range(3)]
        good += [callers.submit(sandbox.run, bad.sleep, b"0", timeout_s=30) for _ in range(6)]
        assert all(isinstance(each.exception(), AudioDecodeError) for each in wrong)
        assert all(each.result() > 0 for each in good)


def test_a_worker_killed_while_idle_is_replaced(sandbox: Sandbox) -> None:
    for _ in range(3):
        os.kill(sandbox.run(bad.sleep, b"0", timeout_s=30), signal.SIGKILL)
        assert sandbox.run(bad.sleep, b"0", timeout_s=30) > 0


def test_the_deadline_bounds_the_call_and_the_wait_for_it(sandbox: Sandbox) -> None:
    with pytest.raises(DeadlineError):
        sandbox.run(bad.sleep, b"9", timeout_s=30, deadline=Deadline.after(0.2))
    with pytest.raises(DeadlineError):
        sandbox.run(bad.sleep, b"0", timeout_s=30, deadline=Deadline.after(-1))
    with ThreadPoolExecutor(2) as callers:
        long = [callers.submit(sandbox.run, bad.sleep, b"1", timeout_s=30) for _ in range(2)]
        time.sleep(0.2)
        started = time.monotonic()
        with pytest.raises(DeadlineError):
            sandbox.run(bad.sleep, b"0", timeout_s=30, deadline=Deadline.after(0.2))
        assert time.monotonic() - started < 0.6
        assert all(each.result() > 0 for each in long)


def test_close_ends_workers_and_their_calls() -> None:
    box = Sandbox(workers=1)
    pid = box.run(bad.sleep, b"0", timeout_s=30)
    with ThreadPoolExecutor(2) as callers:
        running = callers.submit(box.run, bad.loop_in_c, b"", timeout_s=60)
        waiting = callers.submit(box.run, bad.sleep, b"0", timeout_s=60)
        wait_until(lambda: psutil.Process(pid).cpu_times().user > 0.5)
        box.close()
        for call in (running, waiting):
            assert isinstance(call.exception(timeout=5), ServerUnavailableError)
    assert not psutil.pid_exists(pid)
    with pytest.raises(ServerUnavailableError, match="is stopping"):
        box.run(bad.sleep, b"0", timeout_s=30)


def test_threads_that_come_and_go_do_not_end_workers() -> None:
    """Linux ends a worker with the thread that started it."""
    boxes: list[Sandbox] = []
    starter = threading.Thread(target=lambda: boxes.append(Sandbox(workers=1)))
    starter.start()
    starter.join()
    [box] = boxes
    pid = box.run(bad.sleep, b"0.5", timeout_s=30)
    assert box.run(bad.sleep, b"0", timeout_s=30) == pid
    box.close()


def test_workers_die_with_a_killed_parent(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    command = [sys.executable, str(tmp_path / "parent.py")]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_DIR)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(set(pids)) == 2, "one of them loops"
        workers = [psutil.Process(pid) for pid in pids]
        parent.kill()
    wait_until(lambda: not any(map(is_alive, workers)))
