"""A short fault campaign, and a full disk; benchmarks/faults.py is the long one."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiosearch.store.sqlite import SQLiteStore
from benchmarks.faults import campaign
from tests.audio_files import write_soundfile
from tests.conftest import sine
from tests.integration.service import run_app


def test_kills_at_random_moments() -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    with campaign(files=15, seed=seed) as running:
        for victim in ("encoder", "indexer", "all"):
            print(running.round(victim))
        running.complete()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 600 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_full_disk(small_disk: Path, tmp_path: Path) -> None:
    library, workspace = tmp_path / "library", small_disk / "workspace"
    library.mkdir()
    for number in range(80):
        path = library / f"{number:02d}.wav"
        samples = sine(9.0, 200.0 + 10 * number)
        write_soundfile(path, samples, 16_000, format="WAV", subtype="PCM_16")
    arguments = ("index", library, "--workspace", workspace, "--encoder", "yamnet", "--json")
    done = run_app(*arguments)
    [error] = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "is full" in error
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    store = SQLiteStore(workspace, read_only=True)
    recordings = [each for each in store.recordings() if each.complete]
    assert store.check() == []
    store.close()
    assert 0 < len(recordings) < 80
    assert {each.n_windows for each in recordings} == {4}

    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    report = json.loads(run_app(*arguments).stdout)
    assert report["failed"] == []
    assert report["unchanged"] >= len(recordings)
    assert report["added"] + report["unchanged"] == 80
