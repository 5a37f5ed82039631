"""The segmenter box, called without a Flow."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from docarray import DocList

from audiosearch.deadline import PARAMETER, Deadline
from audiosearch.decode import decode
from audiosearch.errors import InvalidQueryError
from audiosearch.identity import recording_id
from audiosearch.peaks import peaks_of
from audiosearch.scoring.alignment import FINE_PEAKS_PER_S
from audiosearch.seek_table import SeekTable
from executors.documents import Recording
from executors.encoder import AudioEncoder
from executors.indexer import SimpleIndexer
from executors.ranker import MaxScoreRanker
from executors.segmenter import AudioSegmenter
from tests.audio_files import write_ffmpeg, write_soundfile
from tests.conftest import TOY_DATA, sine

CLIP = TOY_DATA / "drum_loop_loop_mika.mp3"  # 8 s


@pytest.fixture(scope="module")
def segmenter() -> Iterator[AudioSegmenter]:
    with AudioSegmenter(max_query_s=15) as box:
        yield box


def search(segmenter: AudioSegmenter, *docs: Recording, **parameters: Any) -> DocList[Recording]:
    return segmenter.segment_query(DocList[Recording](docs), parameters=parameters)


def times(doc: Recording) -> list[tuple[float, float]]:
    return [(window.start_s, window.end_s) for window in doc.chunks]


@pytest.mark.parametrize("option", ["window_size", "stride"])
@pytest.mark.parametrize("value", [0, -1, 0.005, 0.015, float("nan"), float("inf"), "4", None])
def test_wrong_windows_are_refused(option: str, value: Any) -> None:
    with pytest.raises(InvalidQueryError, match=f"received {option}: {value!r}"):
        AudioSegmenter(**{option: value})


@pytest.mark.parametrize("box", [AudioSegmenter, AudioEncoder, SimpleIndexer, MaxScoreRanker])
def test_unknown_option_is_refused(box: type, tmp_path: Path) -> None:
    with pytest.raises(InvalidQueryError, match="received the unknown option 'window_sise'"):
        box(window_sise=4, workspace=str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_windows_of_a_tensor_at_its_own_rate(segmenter: AudioSegmenter) -> None:
    doc = Recording(tensor=sine(9.5, 440, 44_100), sample_rate=44_100, tags={"place": "here"})
    [done] = search(segmenter, doc)
    assert times(done) == [(0, 4), (2, 6), (4, 8), (5.5, 9.5)]
    assert (done.sample_rate, done.duration_s) == (16_000, 9.5)
    assert done.tensor is not None
    assert done.tensor.shape == (152_000,)
    for window in done.chunks:
        assert window.tags == {"place": "here", "sample_rate": 16_000}
    assert done.chunks[0].tags is not done.chunks[1].tags


def test_tensor_equals_file(segmenter: AudioSegmenter) -> None:
    by_file, by_tensor = search(
        segmenter,
        Recording(path=str(CLIP), start_s=2.5, end_s=7.25),
        Recording(tensor=decode(CLIP), sample_rate=16_000, start_s=2.5, end_s=7.25),
    )
    assert times(by_file) == times(by_tensor) == [(2.5, 6.5), (3.25, 7.25)]
    np.testing.assert_allclose(np.asarray(by_file.tensor), np.asarray(by_tensor.tensor), atol=1e-4)


WRONG = {
    "no sample rate": ({"tensor": sine(1.0)}, "invalid_waveform", "without sample_rate"),
    "wrong rate": ({"tensor": sine(1.0), "sample_rate": 3}, "invalid_waveform", "sample rate of 3"),
    "stereo": (
        {"tensor": np.zeros((16_000, 2), np.float32), "sample_rate": 16_000},
        "invalid_waveform",
        "(16000, 2)",
    ),
    "integers": (
        {"tensor": np.zeros(16_000, np.int16), "sample_rate": 16_000},
        "invalid_waveform",
        "int16",
    ),
    "silence": (
        {"tensor": np.zeros(16_000, np.float32), "sample_rate": 16_000},
        "silent",
        "only silence",
    ),
    "short": ({"tensor": sine(0.05), "sample_rate": 16_000}, "too_short", "received 0.050 s"),
    "long": ({"tensor": sine(15.1), "sample_rate": 16_000}, "too_long", "more than 15 s"),
    "nothing": ({}, "invalid_query", "without uri, path or tensor"),
}


@pytest.mark.parametrize(("fields", "code", "reason"), WRONG.values(), ids=WRONG)
def test_wrong_query_ends_the_work_for_its_request(
    segmenter: AudioSegmenter, fields: dict[str, Any], code: str, reason: str
) -> None:
    good, wrong, later = search(
        segmenter,
        Recording(tensor=sine(1.0), sample_rate=16_000),
        Recording(**fields),
        Recording(tensor=sine(1.0), sample_rate=16_000),
    )
    assert good.status is None
    assert times(good) == [(0, 1)]
    for refused in (wrong, later):
        assert (refused.status, refused.code) == ("failed", code)
        assert reason in (refused.message or "")


def test_the_queries_of_a_request_share_its_seconds(segmenter: AudioSegmenter) -> None:
    queries = [Recording(tensor=sine(7), sample_rate=16_000) for _ in range(3)]
    first, second, third = search(segmenter, *queries)
    assert (first.status, second.status) == (None, None)
    assert (third.status, third.code) == ("failed", "too_long")


def test_silent_windows_are_counted_not_kept(segmenter: AudioSegmenter) -> None:
    waveform = np.concatenate([sine(5.0), np.zeros(16_000 * 8, np.float32)])
    doc = Recording(tensor=waveform, sample_rate=16_000, id="x")
    [done] = segmenter.segment_block(DocList[Recording]([doc]))
    assert times(done) == [(0, 4), (2, 6), (4, 8)]
    assert done.silent_windows == 3
    assert done.is_last


def test_blocks_bring_where_they_lie_in_the_file(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    """By that a query finds its stretch, and the next block its beginning."""
    path = tmp_path / "long.webm"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 130 * 16_000).astype(np.float32)
    write_ffmpeg(path, noise, "libopus", sample_rate=16_000)
    docs = DocList[Recording]([Recording(path=str(path))])
    [first] = segmenter.segment_block(docs)
    assert len(SeekTable(first.seek_table or b"")) == 12
    second = Recording(path=str(path), block=1, seek_table=first.seek_table)
    [last] = segmenter.segment_block(DocList[Recording]([second]))
    assert last.is_last
    assert last.duration_s == pytest.approx(130, abs=1e-3)
    by_table = Recording(path=str(path), start_s=121, end_s=126, seek_table=last.seek_table)
    scanned = Recording(path=str(path), start_s=121, end_s=126)
    found, expected = search(segmenter, by_table, scanned)
    assert found.seek_table is None
    np.testing.assert_allclose(np.asarray(found.tensor), np.asarray(expected.tensor), atol=1e-4)


def test_blocks_bring_what_to_draw(segmenter: AudioSegmenter) -> None:
    """Silence too, and each stretch once though blocks overlap."""
    waveform = np.concatenate([sine(110.0), np.zeros(16_000 * 30, np.float32)])
    docs = [Recording(tensor=waveform, sample_rate=16_000, block=block) for block in (0, 1)]
    done = segmenter.segment_block(DocList[Recording](docs))
    assert [doc.is_last for doc in done] == [False, True]
    sent = [Recording.from_protobuf(doc.to_protobuf()) for doc in done]
    peaks = np.concatenate([np.asarray(doc.peaks) for doc in sent])
    assert peaks.dtype == np.int8
    assert [len(np.asarray(doc.peaks)) for doc in done] == [120 * 20, 20 * 20]
    np.testing.assert_array_equal(peaks, peaks_of(waveform, 16_000))


def test_queries_bring_finer_peaks(segmenter: AudioSegmenter) -> None:
    waveform = np.random.default_rng(0).uniform(-1, 1, 5 * 16_000).astype(np.float32)
    [doc] = search(segmenter, Recording(tensor=waveform, sample_rate=16_000, start_s=1.0))
    expected = peaks_of(waveform[16_000:], 16_000, FINE_PEAKS_PER_S)
    np.testing.assert_array_equal(np.asarray(doc.peaks), expected)


def test_query_is_identified_where_its_own_recording_is_excluded(
    segmenter: AudioSegmenter,
) -> None:
    [unknown] = search(segmenter, Recording(path=str(CLIP)))
    assert unknown.recording_id is None
    [known] = search(segmenter, Recording(path=str(CLIP)), exclude_self=True)
    [identified] = segmenter.identify(DocList[Recording]([Recording(path=str(CLIP))]))
    assert known.recording_id == identified.recording_id
    assert len(known.recording_id or "") == 32


def test_identity_and_tags_are_read_elsewhere(segmenter: AudioSegmenter) -> None:
    doc = Recording(uri=f"toy-data/{CLIP.name}", path=str(CLIP), tags={"mood": "hectic"})
    [done] = segmenter.identify(DocList[Recording]([doc]))
    assert done.recording_id == recording_id(CLIP)
    assert done.tags["mood"] == "hectic"
    assert done.tags["label"] == "drum_loop"
    assert done.labels


def test_a_late_query_is_not_decoded(segmenter: AudioSegmenter) -> None:
    docs = [Recording(path=str(CLIP)), Recording(tensor=sine(1.0), sample_rate=16_000)]
    late = search(segmenter, *docs, **{PARAMETER: Deadline.after(-1).at})
    assert [(doc.status, doc.code) for doc in late] == [("failed", "timeout")] * 2


def test_requests_at_the_same_time_do_not_mix(segmenter: AudioSegmenter) -> None:
    starts_s = [0.5 * number for number in range(8)]
    queries = [Recording(path=str(CLIP), start_s=start, end_s=start + 1) for start in starts_s]
    with ThreadPoolExecutor(8) as callers:
        found = list(callers.map(lambda query: search(segmenter, query)[0], queries))
    for doc, start_s in zip(found, starts_s, strict=True):
        assert times(doc) == [(start_s, start_s + 1)]
        np.testing.assert_array_equal(
            np.asarray(doc.tensor), decode(CLIP, start_s=start_s, end_s=start_s + 1)
        )


def test_queries_do_not_wait_for_what_is_indexed(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    long = tmp_path / "long.flac"
    write_soundfile(long, np.tile(sine(10.0, sample_rate=96_000), 20), 96_000)
    docs = DocList[Recording](Recording(path=str(long)) for _ in range(4))
    indexing = threading.Thread(target=segmenter.segment_block, args=(docs,))
    indexing.start()
    answered = 0
    while indexing.is_alive():
        [done] = search(segmenter, Recording(path=str(CLIP)))
        answered += len(done.chunks) == 3
        time.sleep(0.02)
    assert [doc.status for doc in docs] == [None] * 4
    assert answered > 4, "several while a block was decoded"


def test_processes_end_with_the_box() -> None:
    with AudioSegmenter() as box:
        search(box, Recording(path=str(CLIP)))
        before = psutil.Process().children()
    after = psutil.Process().children()
    assert len(before) - len(after) == 4
