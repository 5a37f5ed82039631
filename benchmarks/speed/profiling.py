"""Shows where the processes of a server spend their time while recordings are indexed, by py-spy.

    python -m benchmarks.speed.profiling [--encoder vggish] [--seconds 20] [--searches]

Prints for each process which share of its working threads' samples lies in each function itself,
and which in each of this project's with all that it calls. Needs the right to look into other
processes: root, or ptrace_scope 0.
"""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import psutil

from benchmarks.quality.clips import TEST_DATA
from benchmarks.speed.__main__ import BENCHMARKS
from benchmarks.speed.indexing import index
from benchmarks.speed.inputs import Inputs, Setup, setups
from benchmarks.speed.processes import roles
from benchmarks.speed.serving import search
from tests.integration.service import Service, serving

SHOWN = 8  # functions a process, of either kind
SONGS = 100  # as many as are indexed while it looks
LEAST_SAMPLES = 20
PER_S = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--encoder", default="vggish")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--searches", action="store_true", help="while clips are searched for")
    args = parser.parse_args()
    inputs = Inputs(BENCHMARKS / "inputs", TEST_DATA / "music")
    setup = setups(inputs)[args.encoder]
    clips, songs = inputs.clips(), inputs.joined("profile", SONGS, 3.5)
    with TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        with serving(workspace, *setup.options, **setup.environment) as service:
            index(service, setup, clips)
            with ThreadPoolExecutor(1) as thread:
                enough = Event()
                work = thread.submit(_work, service, setup, songs, clips, args.searches, enough)
                show(service, args.seconds, Path(folder))
                enough.set()
                work.result()


def _work(
    service: Service,
    setup: Setup,
    songs: Sequence[Path],
    clips: Sequence[Path],
    searching: bool,
    enough: Event,
) -> None:
    """Give the server work, a few recordings or searches at a time, until it is enough."""
    for first in range(0, len(songs), 4):
        if enough.is_set():
            break
        if searching:
            search(service, clips, len(clips))
        else:
            index(service, setup, songs[first : first + 4])


def show(service: Service, seconds: int, folder: Path) -> None:
    """Look into all processes at once, and print the busiest functions of each."""
    recordings = [
        (role, _record(process.pid, seconds, folder))
        for role, process in roles(psutil.Process(service.process.pid))
    ]
    for role, (recorder, path) in recordings:
        _, message = recorder.communicate()
        if not path.exists():
            print(f"{role}: {message.decode(errors='replace').strip()}", file=sys.stderr)
            continue
        stacks = [*read_stacks(path.read_text())]
        n_samples = sum(n for _, n in stacks)
        if n_samples < LEAST_SAMPLES:
            continue
        print(f"\n{role}: busy {100 * n_samples / (seconds * PER_S):.0f} %")
        for title, counts in (("itself", own(stacks)), ("with what it calls", whole(stacks))):
            print(f"  {title}")
            for function, n in counts.most_common(SHOWN):
                print(f"  {100 * n / n_samples:5.1f} %  {function}")


def _record(pid: int, seconds: int, folder: Path) -> tuple[subprocess.Popen[bytes], Path]:
    path = folder / f"{pid}.txt"
    command = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid)]
    command += ["--duration", str(seconds), "--rate", str(PER_S), "--nonblocking"]
    command += ["--format", "raw", "--function", "--output", str(path)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE), path


def read_stacks(text: str) -> Iterator[tuple[list[str], int]]:
    """Read py-spy's raw format: each line a stack, the outermost function first, and its samples.

    Examples
    --------
    >>> [*read_stacks("main (app.py);run (app.py) 12")]
    [(['main (app.py)', 'run (app.py)'], 12)]
    """
    for line in text.splitlines():
        stack, _, n = line.rpartition(" ")
        yield stack.split(";"), int(n)


def own(stacks: Sequence[tuple[list[str], int]]) -> Counter[str]:
    """Count the samples in each function itself."""
    counts: Counter[str] = Counter()
    for stack, n in stacks:
        counts[stack[-1]] += n
    return counts


def whole(stacks: Sequence[tuple[list[str], int]]) -> Counter[str]:
    """Count those in each of this project's functions with what it calls; recursion counts once."""
    counts: Counter[str] = Counter()
    for stack, n in stacks:
        for function in set(stack):
            if "(audiosearch/" in function or "(executors/" in function:
                counts[function] += n
    return counts


if __name__ == "__main__":
    main()
