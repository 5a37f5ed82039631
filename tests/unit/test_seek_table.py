"""What a table remembers, and that it is believed only where it is right."""

from pathlib import Path

import numpy as np
import pytest

from audiosearch.ffmpeg import open_audio, read_by_ffmpeg
from audiosearch.frames import packets_of
from audiosearch.seek_table import SPACING_S, SeekTable
from tests.audio_files import chirp, write_ffmpeg

SECONDS = 50.0
RATE = 44_100


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seek_table") / "a.mp3"
    write_ffmpeg(path, chirp(SECONDS), "libmp3lame")
    return path


@pytest.fixture(scope="module")
def whole(file: Path) -> np.ndarray:
    waveform: np.ndarray = read_by_ffmpeg(file).waveform
    return waveform


def learnt(file: Path, last_s: int | None = None) -> SeekTable:
    table = SeekTable()
    read_by_ffmpeg(file, 0, last_s, table=table)
    return table


def test_places_lie_ten_seconds_apart_where_their_packets_are(file: Path) -> None:
    table = learnt(file)
    assert len(table) == 4
    with open_audio(file) as (container, stream):
        packets = [packet for packet in packets_of(container, stream) if packet.size]
    first = packets[0].pos or 0
    positions = {(packet.pos or 0) - first: packet for packet in packets}
    for first_s in (21, 31, 41):
        before, last = table.before(first_s) or pytest.fail("no place")
        assert (first_s - SPACING_S) * RATE <= last.sample <= first_s * RATE
        assert SPACING_S * RATE <= last.sample - before.sample < (SPACING_S + 0.1) * RATE
        assert last.is_at(last.position, positions[last.position])
        assert not last.is_at(last.position, positions[before.position])


@pytest.mark.parametrize("first_s", [0, 5, 15])
def test_what_lies_near_the_beginning_is_decoded_from_there(file: Path, first_s: int) -> None:
    assert learnt(file).before(first_s) is None
    assert SeekTable().before(first_s) is None


def test_bytes_bring_it_back(file: Path) -> None:
    table = learnt(file)
    again = SeekTable(table.to_bytes())
    assert (len(again), again.sample_rate) == (4, RATE)
    assert again.to_bytes() == table.to_bytes()
    assert again.before(35) == table.before(35)
    assert SeekTable().to_bytes() == b""


@pytest.mark.parametrize("data", [b"x", b"no table", bytes(23)])
def test_what_is_no_table_is_empty(data: bytes) -> None:
    assert len(SeekTable(data)) == 0


def test_it_grows_by_what_is_read_as_if_it_were_read_at_once(file: Path) -> None:
    table = learnt(file, 31)
    assert len(table) == 3
    read_by_ffmpeg(file, 31, 45, table=table)
    assert table.to_bytes() == learnt(file, 45).to_bytes()
    read_by_ffmpeg(file, 12, 31, table=table)
    assert table.to_bytes() == learnt(file, 45).to_bytes()


def test_tags_before_the_sound_may_grow(file: Path, whole: np.ndarray, tmp_path: Path) -> None:
    size = 70_000
    syncsafe = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    retagged = tmp_path / "tagged.mp3"
    sound = file.read_bytes()
    assert sound.startswith(b"ID3")
    retagged.write_bytes(b"ID3\x04\x00\x00" + syncsafe + bytes(size) + sound[45:])
    table = learnt(file)
    stretch = read_by_ffmpeg(retagged, 41, 44, table=table).waveform
    np.testing.assert_allclose(stretch, whole[41 * RATE : 44 * RATE], atol=1e-5)
    assert table.to_bytes() == learnt(file).to_bytes()


def damaged(file: Path, offset: int) -> SeekTable:
    """Flip a bit of the field that begins so many bytes into the last place but one."""
    data = bytearray(learnt(file).to_bytes())
    data[-2 * 20 + offset] ^= 0x10
    return SeekTable(bytes(data))


@pytest.mark.parametrize("offset", [8, 9, 11, 16], ids=["near", "nearer", "far", "checksum"])
def test_a_wrong_place_costs_time_only(file: Path, whole: np.ndarray, offset: int) -> None:
    """The bytes of the position, from the lowest, and of the checksum."""
    table = damaged(file, offset)
    stretch = read_by_ffmpeg(file, 35, 38, table=table).waveform
    np.testing.assert_allclose(stretch, whole[35 * RATE : 38 * RATE], atol=1e-5)
    assert table.to_bytes() == learnt(file, 38).to_bytes()


def test_the_table_of_another_file_is_forgotten(
    file: Path, whole: np.ndarray, tmp_path: Path
) -> None:
    write_ffmpeg(tmp_path / "other.mp3", chirp(SECONDS, RATE)[::-1].copy(), "libmp3lame")
    table = learnt(tmp_path / "other.mp3")
    stretch = read_by_ffmpeg(file, 35, 38, table=table).waveform
    np.testing.assert_allclose(stretch, whole[35 * RATE : 38 * RATE], atol=1e-5)
    assert table.to_bytes() == learnt(file, 38).to_bytes()


def test_frames_of_another_rate_are_not_counted(tmp_path: Path) -> None:
    """Two streams in one file: what is heard is the first one's rate."""
    paths = []
    for rate in (44_100, 22_050):
        paths.append(tmp_path / f"{rate}.mp2")
        write_ffmpeg(paths[-1], chirp(SECONDS / 2, rate), "mp2", sample_rate=rate)
    both = tmp_path / "both.mp2"
    both.write_bytes(paths[0].read_bytes() + paths[1].read_bytes() + paths[0].read_bytes())
    whole = read_by_ffmpeg(both)
    table = learnt(both)
    assert table.sample_rate == whole.sample_rate == 44_100
    stretch = read_by_ffmpeg(both, 45, 47, table=table).waveform
    expected = whole.waveform[45 * RATE : 47 * RATE]
    np.testing.assert_allclose(stretch, expected, atol=1e-4)
