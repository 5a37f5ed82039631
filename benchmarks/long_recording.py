"""Index one very long recording, and watch memory, searches and an interruption meanwhile.

An MP3 is made by repeating ten minutes of real clips. A server indexes it; its processes are
sampled, searches are sent as the recording grows, and in the middle all of its processes are
killed by ``kill -9``. A second server goes on, and in the end is asked about 10 s that begin an
hour before the end. The table is printed, the figures are kept in
``benchmarks/results/long_recording.json``.

    python -m benchmarks.long_recording ../shared/music [--hours 24]
"""

import argparse
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil

from audiosearch.decode import decode
from audiosearch.identity import recording_id
from audiosearch.store.rows import Recording
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.store.workspace import read_space
from audiosearch.weights import PROJECT_DIR
from audiosearch.windows import Block, WindowPlan
from benchmarks.speed.machine import describe
from benchmarks.speed.processes import roles
from tests.audio_files import SAMPLE_RATE, write_ffmpeg
from tests.integration.service import Service, app, serving

RESULTS = Path(__file__).with_name("results") / "long_recording.json"
LOOP_S = 600
BIT_RATE = 64_000
NAME = "long.mp3"
QUERY = {"uri": "toy-data/drum_loop_loop_tabla.ogg"}  # searched for as the library grows
STRETCH_S = 10
QUERIES = 20
POLL_S = 0.5
MB = 1e6

Bytes = dict[str, int]
"""Memory by process: proportional set size, in bytes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clips", type=Path, help="a folder of clips")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--encoder", default="yamnet")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        measured = describe() | measure(Path(folder), args.clips, args.hours, args.encoder)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(measured, indent=2) + "\n")
    print(markdown(measured))


def measure(folder: Path, music: Path, hours: float, encoder: str) -> dict[str, Any]:
    """Measure everything, in the order in which it happens."""
    clips = sorted(path for path in music.rglob("*") if path.suffix in (".ogg", ".wav"))
    recording, workspace = folder / NAME, folder / "workspace"
    duration_s = write_recording(recording, clips, hours)
    started = time.perf_counter()
    recording_id(recording)
    measured: dict[str, Any] = {
        "hours": duration_s / 3600,
        "encoder": encoder,
        "hash_s": time.perf_counter() - started,
    }
    with serving(workspace, "--encoder", encoder) as service:
        run_index(service, PROJECT_DIR / QUERY["uri"])
        run = Run(service, recording)
        run.until(lambda known: known.duration_s > duration_s / 2)
        run.kill()
        measured["until_killed"] = run.told()
    killed = stored(workspace)
    assert killed
    with serving(workspace) as service:
        run = Run(service, recording)
        run.until(lambda known: known.complete)
        measured["resumed"] = run.told() | {"from_block": killed.n_blocks}
        complete = stored(workspace)
        assert complete
        measured["blocks"], measured["windows"] = complete.n_blocks, complete.n_windows
        measured["duration_error_s"] = abs(complete.duration_s - duration_s)
        measured["range_ms"] = ask_near_the_end(service, duration_s)
    return measured


def write_recording(path: Path, clips: Sequence[Path], hours: float) -> float:
    """Repeat ten minutes of clips, as one MP3 without a header; gives its length in seconds."""
    loop = np.concatenate([decode(clip, SAMPLE_RATE) for clip in clips[: LOOP_S // 5]])
    loop = np.resize(loop, LOOP_S * SAMPLE_RATE)
    once = path.with_name("loop.mp3")
    write_ffmpeg(once, loop, "libmp3lame", bit_rate=BIT_RATE, write_xing="0", id3v2_version="0")
    sound = once.read_bytes()
    n_loops = round(hours * 3600 / LOOP_S)
    with path.open("wb") as file:
        for _ in range(n_loops):
            file.write(sound)
    return n_loops * len(sound) * 8 / BIT_RATE


class Run:
    """Indexing by the command line, watched.

    Parameters
    ----------
    service : Service
        Indexes.
    recording : Path
        What is indexed.
    """

    def __init__(self, service: Service, recording: Path) -> None:
        self._service = service
        self._searches_ms: list[float] = []
        known = stored(service.workspace)
        self._blocks = known.n_blocks if known else 0
        self._first_block_s: float | None = None
        self._elapsed_s = 0.0
        service.post("/search", {"data": [QUERY]})  # all that a search loads is loaded
        self._idle = memory(service)
        self._peak = dict(self._idle)
        self._started = time.perf_counter()
        self._index = start_index(service, recording)

    def until(self, reached: Callable[[Recording], bool]) -> None:
        """Sample and search until as much is indexed."""
        while True:
            known = stored(self._service.workspace)
            self._elapsed_s = time.perf_counter() - self._started
            if known and known.n_blocks > self._blocks and self._first_block_s is None:
                self._first_block_s = self._elapsed_s
            for process, size in memory(self._service).items():
                self._peak[process] = max(self._peak.get(process, 0), size)
            if known and reached(known):
                return
            if self._index.poll():
                raise RuntimeError(f"index ended with {self._index.returncode}")
            if known:
                started = time.perf_counter()
                assert self._service.search(QUERY)
                self._searches_ms.append(1000 * (time.perf_counter() - started))
            time.sleep(POLL_S)

    def kill(self) -> None:
        """Kill every process at once."""
        for process in (*self._service.processes(), psutil.Process(self._index.pid)):
            with suppress(psutil.NoSuchProcess):  # the microservices die with the server
                process.kill()
        self._index.wait()

    def told(self) -> dict[str, Any]:
        """Tell what was seen."""
        return {
            "elapsed_s": self._elapsed_s,
            "first_block_s": self._first_block_s,
            "searches": len(self._searches_ms),
            "search_ms_median": median(self._searches_ms),
            "search_ms_max": max(self._searches_ms),
            "idle_bytes": self._idle,
            "peak_bytes": self._peak,
        }


def run_index(service: Service, path: Path) -> None:
    """Index a file: what any search needs is loaded by the first one in a library of something."""
    if start_index(service, path).wait():
        raise RuntimeError(f"{path} was not indexed")


def start_index(service: Service, path: Path) -> subprocess.Popen[bytes]:
    command = app("index", path, "--workspace", service.workspace, "--json")
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def memory(service: Service) -> Bytes:
    """Tell the memory of each process of a server, those of a role numbered."""
    found: Bytes = {}
    for role, process in roles(psutil.Process(service.process.pid)):
        number = sum(name.startswith(role) for name in found)
        with suppress(psutil.NoSuchProcess):  # workers are replaced
            found[f"{role} {number + 1}"] = int(process.memory_full_info().pss)
    return found


def stored(workspace: Path) -> Recording | None:
    """Give the recording as far as it is indexed."""
    if not read_space(workspace):
        return None
    with reading(workspace) as store:
        known = store.file(f"files/{NAME}")
        return store.recording(known.recording_id or "") if known else None


@contextmanager
def reading(workspace: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(workspace, read_only=True)
    try:
        yield store
    finally:
        store.close()


def ask_near_the_end(service: Service, duration_s: float) -> list[float]:
    """Ask about stretches an hour before the end, or in the middle; gives the milliseconds."""
    stride_s = WindowPlan().stride_s
    first_s = stride_s * round((duration_s - min(3600, duration_s / 2)) / stride_s)
    taken_ms = []
    for number in range(QUERIES):
        start_s = first_s + stride_s * number
        query = {"uri": f"files/{NAME}", "start_s": start_s, "end_s": start_s + STRETCH_S}
        started = time.perf_counter()
        match, *_ = service.search(query)
        taken_ms.append(1000 * (time.perf_counter() - started))
        if match["scores"]["cosine"]["value"] > 1e-3:
            raise RuntimeError(f"{start_s} s was not found: {match}")
    return taken_ms


def markdown(measured: dict[str, Any]) -> str:
    """Write the tables."""
    runs = measured["until_killed"], measured["resumed"]
    block_s = Block(WindowPlan(), 0).max_duration_s
    facts = {
        f"hash of {measured['hours']:.1f} h": f"{measured['hash_s']:.1f} s",
        "`index` to first searchable block": f"{runs[0]['first_block_s']:.1f} s",
        "indexed until it was killed, in": f"{runs[0]['elapsed_s']:.0f} s",
        "the rest, by the next server, in": f"{runs[1]['elapsed_s']:.0f} s",
        f"blocks of {block_s:g} s, before the kill": f"{runs[1]['from_block']}",
        "blocks in all": f"{measured['blocks']}",
        "searches meanwhile, median": f"{median(r['search_ms_median'] for r in runs):.0f} ms",
        "searches meanwhile, longest": f"{max(r['search_ms_max'] for r in runs):.0f} ms",
        "10 s near the end, median": f"{median(measured['range_ms']):.0f} ms",
        "10 s near the end, longest": f"{max(measured['range_ms']):.0f} ms",
    }
    rows = [("", ""), ("---", "---:"), *facts.items()]
    sizes = [
        ("process", "idle, MB", "until it was killed", "after that", "growth"),
        ("---", *["---:"] * 4),
    ]
    for process, idle in runs[0]["idle_bytes"].items():
        peaks = [run["peak_bytes"].get(process, 0) for run in runs]
        sizes.append((process, *(f"{each / MB:.0f}" for each in (idle, *peaks, max(peaks) - idle))))
    return "\n\n".join(
        "\n".join(f"| {' | '.join(row)} |" for row in table) for table in (rows, sizes)
    )


if __name__ == "__main__":
    main()
