"""Kill the processes of a running ``app.py index`` at random moments, and look what is left.

Each round adds small recordings to a folder, starts ``index`` over it, and kills one of its
processes (each in turn, in the end all at once) by ``kill -9`` after a random time. Then nothing of
it may be left running, the library must open and be sound, hold all that a reader saw before the
kill, and nothing twice. A last run completes, and every recording has its windows.
``docs/library.md`` has the results.

``python benchmarks/faults.py [--rounds 100] [--files 40] [--seed 0]``
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
import soundfile

from audiosearch.errors import NotFoundError
from audiosearch.store.base import Store
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.weights import PROJECT_DIR
from audiosearch.windows import WindowPlan

SAMPLE_RATE = 16_000
MICROSERVICES = ("segmenter", "encoder", "indexer", "ranker", "gateway")  # in their order of start
VICTIMS = (*MICROSERVICES, "server", "command line", "all")
LONG_S = 700.0  # a recording of several blocks, in every fourth round
TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Outcome:
    """What a round was about, and how it ended.

    Parameters
    ----------
    victim : str
        What was killed.
    ending : str
        ``completed``, ``error`` (the command line said why it gave up), ``killed``; or ``too late``
        where the command line was faster than the kill.
    elapsed_s : float
        From the kill to the end of the last process, in seconds.
    """

    victim: str
    ending: str
    elapsed_s: float


class FaultError(Exception):
    """The library, or a process, is not as it must be."""


class Campaign:
    """Rounds of killing over one folder and one library.

    Parameters
    ----------
    folder : Path
        An empty folder to work in.
    files : int
        How many recordings a round adds.
    seed : int
        Of recordings and moments.
    """

    def __init__(self, folder: Path, files: int, seed: int) -> None:
        self.library, self.workspace = folder / "library", folder / "workspace"
        self.library.mkdir()
        self.files = files
        self.random = random.Random(seed)
        self.noise = np.random.default_rng(seed)
        self.n_windows: dict[str, int] = {}  # of each file, by its uri
        self.n_rounds = 0
        self.run_s = 12.0  # how long a run takes that is not killed

    def rounds(self, number: int) -> Iterator[Outcome]:
        """Kill as often as asked for, the processes in turn."""
        for each in range(number):
            victim = VICTIMS[each % len(VICTIMS)]
            while (outcome := self.round(victim)).ending == "too late":
                pass
            yield outcome

    def round(self, victim: str) -> Outcome:
        """Kill once, and check everything.

        Raises
        ------
        FaultError
            If something is not as it must be.
        """
        self.add_recordings()
        command = self.start()
        try:
            wait_s = self.random.uniform(0.3, self.run_s)
            started = time.monotonic()
            family = processes_of(command)
            while command.poll() is None and (
                time.monotonic() - started < wait_s or not targets(family, victim)
            ):
                time.sleep(0.02)
                family = processes_of(command)
            if command.poll() is not None:
                self.run_s = time.monotonic() - started
                return Outcome(victim, "too late", 0.0)
            before = self.visible()
            killed = time.monotonic()
            for process in targets(family, victim):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            _, message = command.communicate(timeout=TIMEOUT_S)
            wait_until_gone(family.values())
            elapsed_s = time.monotonic() - killed
        except BaseException:
            command.kill()
            raise
        self.check(before)
        return Outcome(victim, self.ending(command.returncode, message), elapsed_s)

    def complete(self) -> None:
        """Run to the end, and check that every recording is there with all its windows."""
        command = self.start()
        message, _ = command.communicate(timeout=TIMEOUT_S)
        report = json.loads(message)
        done = report["added"] + report["known"] + report["unchanged"]
        if command.returncode or report["failed"] or done != len(self.n_windows):
            raise FaultError(f"the last run did not complete: {message}")
        found = self.visible()
        self.check(found)
        if found != self.n_windows:
            raise FaultError(
                f"{len(found)} files in the library, {len(self.n_windows)} on the disk"
            )

    def add_recordings(self) -> None:
        """Write noise that no other file holds."""
        number, self.n_rounds = self.n_rounds, self.n_rounds + 1
        plan = WindowPlan()
        lengths_s = [self.random.uniform(0.5, 9.0) for _ in range(self.files)]
        if number % 4 == 3:
            lengths_s.append(LONG_S)
        for each, length_s in enumerate(lengths_s):
            path = self.library / f"{number:03d}-{each:03d}.wav"
            samples = 0.1 * self.noise.standard_normal(round(length_s * SAMPLE_RATE))
            soundfile.write(path, samples, SAMPLE_RATE)
            self.n_windows[f"library/{path.name}"] = len(plan.spans(samples.size))

    def start(self) -> subprocess.Popen[str]:
        """Start the command line over the folder."""
        return subprocess.Popen(
            [
                *(sys.executable, str(PROJECT_DIR / "app.py"), "index", str(self.library)),
                *("--workspace", str(self.workspace), "--encoder", "yamnet", "--json"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def visible(self) -> dict[str, int]:
        """Give the files that a reader sees wholly indexed, with their numbers of windows."""
        try:
            store = SQLiteStore(self.workspace, read_only=True)
        except NotFoundError:
            return {}
        try:
            return files_of(store)
        finally:
            store.close()

    def check(self, before: dict[str, int]) -> None:
        """Raise FaultError unless the library is sound and holds all that was seen before."""
        store = SQLiteStore(self.workspace)  # nobody holds the lock any longer
        try:
            damage = store.check()
            after = files_of(store)
        finally:
            store.close()
        if damage:
            raise FaultError(f"damage: {damage}")
        if lost := before.items() - after.items():
            raise FaultError(f"lost: {lost}")
        if wrong := after.items() - self.n_windows.items():
            raise FaultError(f"not the windows that they have: {wrong}")

    @staticmethod
    def ending(status: int, message: str) -> str:
        """Tell how the command line ended; an error must be a line."""
        if status < 0:
            return "killed"
        if status == 0:
            return "completed"
        if "Traceback" in message or "Error: " not in message:
            raise FaultError(f"no clear error: {message}")
        return "error"


def files_of(store: Store) -> dict[str, int]:
    """Give the number of windows of each file whose recording is complete; each holds its own."""
    recordings = [each for each in store.recordings() if each.complete]
    doubled = [each for each in recordings if len(each.uris) != 1]
    if doubled:
        raise FaultError(f"not one file each: {doubled}")
    times = {each.id: len(np.unique(store.window_times(each.id), axis=0)) for each in recordings}
    if any(each.n_windows != times[each.id] for each in recordings):
        raise FaultError("a window is there twice")
    return {each.uris[0]: each.n_windows for each in recordings}


def processes_of(command: subprocess.Popen[str]) -> dict[str, psutil.Process]:
    """Give the processes of a command line that there are by now, by their names."""
    found: dict[str, psutil.Process] = {}
    with suppress(psutil.NoSuchProcess):
        found["command line"] = psutil.Process(command.pid)
        for server in found["command line"].children()[:1]:
            found["server"] = server
            children = sorted(server.children(), key=lambda child: child.pid)
            found |= dict(zip(MICROSERVICES, children, strict=False))
    return found


def targets(family: dict[str, psutil.Process], victim: str) -> list[psutil.Process]:
    """Give the processes to kill, of those that there are."""
    return [each for name, each in family.items() if victim in (name, "all")]


def wait_until_gone(processes: Iterable[psutil.Process]) -> None:
    """Wait for processes to end; raise FaultError if one does not."""
    deadline = time.monotonic() + 30
    left = list(processes)
    while left := [each for each in left if is_alive(each)]:
        if time.monotonic() > deadline:
            for each in left:
                each.kill()
            raise FaultError(f"still running: {left}")
        time.sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process runs; a zombie that nobody reaps does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def campaign(files: int, seed: int) -> Iterator[Campaign]:
    """Make a campaign in a temporary folder."""
    with TemporaryDirectory() as folder:
        yield Campaign(Path(folder), files, seed)


def show(outcomes: Sequence[Outcome]) -> None:
    """Print a table for the documentation."""
    by_victim: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_victim[outcome.victim].append(outcome)
    print("| killed | rounds | went on and completed | gave up with an error | longest, s |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for victim, rounds in by_victim.items():
        endings = [each.ending for each in rounds]
        longest_s = max(each.elapsed_s for each in rounds)
        completed, errors = endings.count("completed"), endings.count("error")
        print(f"| {victim} | {len(rounds)} | {completed} | {errors} | {longest_s:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    outcomes = []
    with campaign(options.files, options.seed) as running:
        for outcome in running.rounds(options.rounds):
            outcomes.append(outcome)
            print(len(outcomes), outcome, file=sys.stderr)
        running.complete()
        print(f"{len(running.n_windows)} recordings, all there\n")
    show(outcomes)


if __name__ == "__main__":
    main()
