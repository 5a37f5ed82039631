import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from audiosearch.data_uri import read_data_uri
from audiosearch.errors import (
    AudioDecodeError,
    InvalidQueryError,
    NotFoundError,
    TooShortError,
)
from audiosearch.identity import recording_id
from audiosearch.querying import Stretch, make_query, parse_stretch, shift_query_times
from audiosearch.store.rows import File
from audiosearch.store.sqlite import SQLiteStore
from tests.audio_files import write_soundfile
from tests.conftest import sine
from tests.contract.test_stores import add


@pytest.mark.parametrize(
    ("text", "path", "start_s", "end_s"),
    [
        ("film.mp4", "film.mp4", 0.0, None),
        ("film.mp4#t=8.95,18.95", "film.mp4", 8.95, 18.95),
        ("film.mp4#t=8", "film.mp4", 8.0, None),
        ("film.mp4#t=1:05,1:02:03.5", "film.mp4", 65.0, 3723.5),
        ("film.mp4#t=,:05", "film.mp4#t=,:05", 0.0, None),
        ("film.mp4#t=,18.", "film.mp4", 0.0, 18.0),
        ("a#t=1,2/film.mp4#t=3", "a#t=1,2/film.mp4", 3.0, None),
        ("film.mp4#t=1#t=2", "film.mp4#t=1", 2.0, None),
        ("film.mp4#t=", "film.mp4#t=", 0.0, None),
        ("film.mp4#t=,", "film.mp4#t=,", 0.0, None),
        ("film.mp4#t=-1", "film.mp4#t=-1", 0.0, None),
        ("film.mp4#t=1e3", "film.mp4#t=1e3", 0.0, None),
        ("film.mp4#x", "film.mp4#x", 0.0, None),
    ],
)
def test_fragments(text: str, path: str, start_s: float, end_s: float | None) -> None:
    assert parse_stretch(text) == Stretch(Path(path), start_s, end_s)


@pytest.mark.parametrize("fragment", ["#t=5,5", "#t=5,4.99", "#t=0,0"])
def test_a_stretch_that_ends_too_early(fragment: str) -> None:
    with pytest.raises(InvalidQueryError, match=f"film.mp4{fragment}"):
        parse_stretch(f"film.mp4{fragment}")


def test_a_file_whose_name_looks_like_a_fragment(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4#t=1,2"
    path.touch()
    assert parse_stretch(str(path)) == Stretch(path)
    assert parse_stretch(f"{path}#t=3") == Stretch(path, 3.0)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Write 3 s at 16 kHz: another tone each second."""
    path = tmp_path / "music" / "tones.wav"
    path.parent.mkdir()
    tones = np.concatenate([sine(1.0, frequency) for frequency in (300, 500, 700)])
    write_soundfile(path, tones, 16_000)
    return path


def sent(query: dict[str, Any]) -> np.ndarray:
    assert list(query) == ["uri"]
    samples, sample_rate = sf.read(io.BytesIO(read_data_uri(query["uri"])), dtype="float32")
    assert sample_rate == 16_000
    return samples


@pytest.mark.parametrize("with_library", [False, True])
def test_of_an_unknown_file_the_stretch_is_sent(
    recording: Path, tmp_path: Path, with_library: bool
) -> None:
    if with_library:
        SQLiteStore(tmp_path).close()
    query, offset_s = make_query(Stretch(recording), tmp_path)
    assert offset_s == 0
    assert len(sent(query)) == 3 * 16_000
    query, offset_s = make_query(Stretch(recording, 1.0, 1.75), tmp_path)
    assert offset_s == 1.0
    np.testing.assert_allclose(sent(query), sine(1.0, 500)[:12_000], atol=1e-3)


def test_an_unknown_file_makes_no_library(recording: Path, tmp_path: Path) -> None:
    make_query(Stretch(recording), tmp_path / "workspace")
    assert not (tmp_path / "workspace").exists()


def index(recording: Path, workspace: Path) -> str:
    identity = recording_id(recording)
    store = SQLiteStore(workspace)
    add(store, identity, "music/tones.wav")
    store.put_file(File("music/tones.wav", str(recording), recording_id=identity))
    store.close()
    return identity


def test_a_known_recording_is_asked_for_by_its_id(recording: Path, tmp_path: Path) -> None:
    identity = index(recording, tmp_path)
    renamed = recording.parent / "renamed.wav"
    renamed.write_bytes(recording.read_bytes())
    for path in (recording, renamed):
        query, offset_s = make_query(Stretch(path, 1.0, 1.75), tmp_path)
        assert (query, offset_s) == (
            {"recording_id": identity, "start_s": 1.0, "end_s": 1.75},
            0.0,
        )
    query, _ = make_query(Stretch(recording), tmp_path)
    assert query["recording_id"] == identity
    assert "end_s" not in query


def test_a_known_recording_whose_file_is_gone_is_sent(recording: Path, tmp_path: Path) -> None:
    index(recording, tmp_path)
    copy = recording.rename(tmp_path / "moved.wav")
    query, offset_s = make_query(Stretch(copy, 2.0), tmp_path)
    assert offset_s == 2.0
    np.testing.assert_allclose(sent(query), sine(1.0, 700), atol=1e-3)


def test_stretches_that_cannot_be_queries(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidQueryError, match=r"tones\.wav ends before 3\.5 s"):
        make_query(Stretch(recording, 3.5), tmp_path)
    with pytest.raises(TooShortError, match=r"0\.050 s"):
        make_query(Stretch(recording, 1.0, 1.05), tmp_path)
    with pytest.raises(NotFoundError, match=r"absent\.wav"):
        make_query(Stretch(tmp_path / "absent.wav"), tmp_path)
    (tmp_path / "text.mp3").write_text("This is not a sound.")
    with pytest.raises(AudioDecodeError, match=r"text\.mp3"):
        make_query(Stretch(tmp_path / "text.mp3"), tmp_path)


def test_query_times_are_counted_from_the_files_start() -> None:
    times = {"query_start_s": 2.0, "query_end_s": 6.0, "start_s": 0.0}
    answer = {"data": [{"matches": [{**times, "moments": [dict(times), dict(times)]}]}]}
    shift_query_times(answer, 8.5)
    shifted = {"query_start_s": 10.5, "query_end_s": 14.5, "start_s": 0.0}
    assert answer == {"data": [{"matches": [{**shifted, "moments": [shifted, shifted]}]}]}
