import io
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosearch.decode import decode
from audiosearch.errors import InvalidQueryError
from audiosearch.playback.pcm import PCMFormat
from audiosearch.playback.virtual_wav import (
    MAX_SIZE,
    SEGMENT_S,
    VirtualWav,
    read_range,
    virtual_wav,
)
from tests.audio_files import chirp, write_ffmpeg, write_soundfile
from tests.conftest import sine
from tests.unit.playback.sounds import (
    FORMATS,
    LEFT_HZ,
    RATES,
    RIGHT_HZ,
    SECONDS,
    pitch_hz,
)

LONG_S = 2.5 * SEGMENT_S


def whole(wav: VirtualWav) -> bytes:
    return wav.read(0, wav.size - 1)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_sounds_as_its_source(recordings: Path, name: str) -> None:
    wav = virtual_wav(recordings / name, SECONDS)
    data = whole(wav)
    assert len(data) == wav.size == 44 + 4 * SECONDS * min(RATES[name], 48_000)
    info = sf.info(io.BytesIO(data))
    assert (info.format, info.subtype) == ("WAV", "PCM_16")
    samples, rate = sf.read(io.BytesIO(data))
    assert rate == min(RATES[name], 48_000)
    assert samples.shape == (SECONDS * rate, 2)
    middle = samples[2 * rate : 6 * rate]
    assert pitch_hz(middle[:, 0], rate) == pytest.approx(LEFT_HZ, abs=0.1)
    assert pitch_hz(middle[:, 1], rate) == pytest.approx(RIGHT_HZ, abs=0.1)


@pytest.fixture(scope="module")
def long_recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a mono chirp of several segments, the last of them short."""
    folder = tmp_path_factory.mktemp("long")
    sound = chirp(LONG_S, 16_000)
    write_soundfile(folder / "long.aiff", sound, 16_000, format="AIFF", subtype="PCM_16")
    write_soundfile(folder / "long.mp3", sound, 16_000, format="MP3")
    write_ffmpeg(folder / "long.mkv", sound, "aac", sample_rate=16_000)
    write_ffmpeg(folder / "long.m4a", sound, "aac", sample_rate=16_000)
    return folder


@pytest.mark.parametrize("name", ["long.aiff", "long.mp3", "long.mkv", "long.m4a"])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_range_is_that_part_of_the_whole(
    long_recordings: Path, name: str, data: st.DataObject
) -> None:
    wav = virtual_wav(long_recordings / name, LONG_S)
    border = 44 + SEGMENT_S * 16_000 * 2
    places = st.one_of(
        st.integers(0, wav.size - 1), st.integers(0, 50), st.integers(border - 3, border + 3)
    )
    first, last = sorted([data.draw(places), data.draw(places)])
    assert wav.read(first, last) == _whole_of(wav)[first : last + 1]


_wholes: dict[VirtualWav, bytes] = {}


def _whole_of(wav: VirtualWav) -> bytes:
    if wav not in _wholes:
        _wholes[wav] = whole(wav)
    return _wholes[wav]


@pytest.mark.parametrize("name", ["long.mp3", "long.mkv", "long.m4a"])
def test_segments_meet(long_recordings: Path, name: str) -> None:
    """No sample is missing, doubled or moved where two segments meet."""
    path = long_recordings / name
    samples, _ = sf.read(io.BytesIO(_whole_of(virtual_wav(path, LONG_S))))
    np.testing.assert_allclose(samples, decode(path)[: len(samples)], atol=0.01)


def test_16_bits_come_out_as_they_went_in(long_recordings: Path) -> None:
    path = long_recordings / "long.aiff"
    samples, _ = sf.read(io.BytesIO(whole(virtual_wav(path, LONG_S))), dtype="int16")
    np.testing.assert_array_equal(samples, sf.read(path, dtype="int16")[0])


@pytest.mark.parametrize("seconds", [0.3, 31.5])
def test_what_is_shorter_is_filled_and_what_is_longer_is_cut(
    tmp_path: Path, seconds: float
) -> None:
    write_soundfile(tmp_path / "a.wav", sine(31.0), 16_000, subtype="PCM_16")
    wav = virtual_wav(tmp_path / "a.wav", seconds)
    samples, _ = sf.read(io.BytesIO(whole(wav)))
    assert len(samples) == round(seconds * 16_000)
    np.testing.assert_allclose(samples[: 31 * 16_000], sine(31.0)[: len(samples)], atol=1e-4)
    assert not samples[31 * 16_000 :].any()


def test_the_header_alone_decodes_nothing(tmp_path: Path) -> None:
    wav = VirtualWav(tmp_path / "absent.wav", 10.0, PCMFormat(16_000, 1))
    assert sf.info(io.BytesIO(wav.read(0, 43))).samplerate == 16_000
    assert wav.read(0, 3) == b"RIFF"


def test_a_range_beyond_the_end_stops_there(recordings: Path) -> None:
    wav = virtual_wav(recordings / "tones.wav", SECONDS)
    assert wav.read(wav.size - 10, wav.size + 10) == whole(wav)[-10:]


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (5, 4), (10**9, 2 * 10**9)])
def test_what_is_no_range_is_refused(recordings: Path, first: int, last: int) -> None:
    with pytest.raises(InvalidQueryError, match="received the range of bytes"):
        virtual_wav(recordings / "tones.wav", SECONDS).read(first, last)


@pytest.mark.parametrize(("first", "last"), [(0, 10**9), (43, 44), (44, 44), (10**6, 3 * 10**6)])
def test_ranges_cut_at_segments(first: int, last: int) -> None:
    wav = VirtualWav(b"", LONG_S, PCMFormat(16_000, 1))
    parts = list(wav.ranges(first, last))
    assert parts[0][0] == first
    assert parts[-1][1] == min(last, wav.size - 1)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(parts))
    borders = [(begin - 44) // (SEGMENT_S * 32_000) for begin, _ in parts]
    assert len(set(borders[1:])) == len(borders[1:])
    assert all(begin <= end for begin, end in parts)


HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("hours", "rate", "channels"),
    [
        (6, 48_000, 2),
        (7, 48_000, 1),
        (12.4, 48_000, 1),
        (12.5, 22_050, 1),
        (24, 22_050, 1),
        (27.1, 16_000, 1),
        (37, 16_000, 1),
    ],
)
def test_what_is_long_is_reduced_until_it_fits(
    tmp_path: Path, hours: float, rate: int, channels: int
) -> None:
    path = tmp_path / "a.flac"
    write_soundfile(path, np.zeros((4800, 2), np.float32), 48_000, format="FLAC")
    wav = virtual_wav(path, hours * HOUR_S)
    assert wav.format == PCMFormat(rate, channels)
    assert wav.size <= MAX_SIZE
    assert sf.info(io.BytesIO(wav.read(0, 43))).samplerate == rate


def test_what_never_fits_is_refused(tmp_path: Path) -> None:
    write_soundfile(tmp_path / "a.wav", sine(1.0), 16_000)
    with pytest.raises(InvalidQueryError, match="a recording of 38 hours"):
        virtual_wav(tmp_path / "a.wav", 38 * HOUR_S)


def test_another_process_can_be_asked(recordings: Path) -> None:
    path = recordings / "tones.wav"
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        wav = other.submit(virtual_wav, path, SECONDS).result()
        assert wav == virtual_wav(path, SECONDS)
        assert other.submit(read_range, path, SECONDS, 40, 50).result() == whole(wav)[40:51]
