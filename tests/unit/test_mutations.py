"""Hostile files through the segmenter: an error of ours or a waveform, and nothing is left over."""

import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
from docarray import DocList

from executors.documents import Recording
from executors.segmenter import AudioSegmenter
from tests.conftest import TOY_DATA
from tests.mutations import FORMATS, MUTATIONS, REAL, SECRET, mutated_files

N_FILES = 300
CLIP = TOY_DATA / REAL["flac"]
CODES = {"undecodable", "no_audio", "too_short", "silent", "invalid_waveform", "too_long"}
MB = 2**20


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    first, again, other = (dict(mutated_files(tmp_path, 250, seed)) for seed in (1, 1, 2))
    assert first == again
    assert list(first.values()) != list(other.values())
    assert len(first) == 250
    combinations = {name.partition("-")[2].rpartition(".")[0] for name in first if "-of-" in name}
    assert len(combinations) >= len(FORMATS) * len(MUTATIONS)


def query(segmenter: AudioSegmenter, path: Path) -> Recording:
    doc = Recording(path=str(path), uri=path.name)
    [done] = segmenter.segment_query(DocList[Recording]([doc]), parameters={"exclude_self": True})
    return done


def children_mb() -> float:
    return sum(child.memory_info().rss for child in psutil.Process().children()) / MB


def test_hostile_files_end_in_an_error_or_a_waveform(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    with AudioSegmenter() as segmenter:
        known = np.asarray(query(segmenter, CLIP).tensor)
        before_mb = children_mb()
        for name, data in mutated_files(tmp_path, N_FILES, seed=0):
            file = tmp_path / name
            file.write_bytes(data)
            started = time.monotonic()
            done = query(segmenter, file)
            assert time.monotonic() - started < 60, name
            file.unlink()
            assert done.status in (None, "failed"), name
            assert done.status == "failed" or done.chunks, name
            assert done.code is None or done.code in CODES, (name, done.code, done.message)
            outcomes[done.code or "decoded"] += 1
        np.testing.assert_array_equal(np.asarray(query(segmenter, CLIP).tensor), known)
        assert children_mb() < before_mb + 200
    assert outcomes["decoded"] > N_FILES / 10, "else the files are too broken to test decoders"
    assert outcomes["undecodable"] > N_FILES / 10
    assert outcomes["too_long"], "the bomb"


def test_playlists_reach_no_other_file(tmp_path: Path) -> None:
    playlists = [
        (name, data)
        for name, data in mutated_files(tmp_path, 40, seed=0)
        if SECRET.stem in name or Path(REAL["wav"]).stem in name
    ]
    assert len(playlists) == 12
    with AudioSegmenter() as segmenter:
        for name, data in playlists:
            (tmp_path / name).write_bytes(data)
            assert query(segmenter, tmp_path / name).code in {"undecodable", "no_audio"}, name
