"""The segmenter box, called without a Flow."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docarray import DocList

from audiosearch.decode import decode
from audiosearch.errors import InvalidQueryError
from executors.documents import Recording
from executors.encoder import AudioEncoder
from executors.indexer import SimpleIndexer
from executors.ranker import MaxScoreRanker
from executors.segmenter import AudioSegmenter
from tests.conftest import TOY_DATA, sine

CLIP = TOY_DATA / "drum_loop_loop_mika.mp3"  # 8 s


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


def test_windows_of_a_tensor_at_its_own_rate() -> None:
    doc = Recording(tensor=sine(9.5, 440, 44_100), sample_rate=44_100, tags={"place": "here"})
    [done] = search(AudioSegmenter(), doc)
    assert times(done) == [(0, 4), (2, 6), (4, 8), (5.5, 9.5)]
    assert (done.sample_rate, done.duration_s) == (16_000, 9.5)
    assert done.tensor is not None
    assert done.tensor.shape == (152_000,)
    for window in done.chunks:
        assert window.tags == {"place": "here", "sample_rate": 16_000}
    assert done.chunks[0].tags is not done.chunks[1].tags


def test_tensor_equals_file() -> None:
    by_file, by_tensor = search(
        AudioSegmenter(),
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
    "long": ({"tensor": sine(3.1), "sample_rate": 16_000}, "too_long", "more than 3 s"),
    "nothing": ({}, "invalid_query", "without uri, path or tensor"),
}


@pytest.mark.parametrize(("fields", "code", "reason"), WRONG.values(), ids=WRONG)
def test_wrong_query_fails_alone(fields: dict[str, Any], code: str, reason: str) -> None:
    segmenter = AudioSegmenter(max_query_s=3)
    wrong, good = search(
        segmenter, Recording(**fields), Recording(tensor=sine(1.0), sample_rate=16_000)
    )
    assert (wrong.status, wrong.code) == ("failed", code)
    assert reason in (wrong.message or "")
    assert good.status is None
    assert times(good) == [(0, 1)]


def test_the_queries_of_a_request_share_its_seconds() -> None:
    queries = [Recording(tensor=sine(1.4), sample_rate=16_000) for _ in range(3)]
    first, second, third = search(AudioSegmenter(max_query_s=3), *queries)
    assert (first.status, second.status) == (None, None)
    assert (third.status, third.code) == ("failed", "too_long")


def test_silent_windows_are_counted_not_kept() -> None:
    waveform = np.concatenate([sine(5.0), np.zeros(16_000 * 8, np.float32)])
    doc = Recording(tensor=waveform, sample_rate=16_000, id="x")
    [done] = AudioSegmenter().segment_block(DocList[Recording]([doc]))
    assert times(done) == [(0, 4), (2, 6), (4, 8)]
    assert done.silent_windows == 3
    assert done.is_last


def test_query_is_identified_where_its_own_recording_is_excluded() -> None:
    segmenter = AudioSegmenter()
    [unknown] = search(segmenter, Recording(path=str(CLIP)))
    assert unknown.recording_id is None
    [known] = search(segmenter, Recording(path=str(CLIP)), exclude_self=True)
    [identified] = segmenter.identify(DocList[Recording]([Recording(path=str(CLIP))]))
    assert known.recording_id == identified.recording_id
    assert len(known.recording_id or "") == 32
