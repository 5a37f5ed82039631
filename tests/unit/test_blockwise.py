"""Recordings that are read block by block are as in one piece, and found again at once."""

from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from audiosearch import blockwise, frames, seeking
from audiosearch.blockwise import PIECE_S, decode_block, read_pieces
from audiosearch.decode import decode, read_native
from audiosearch.seek_table import SeekTable
from audiosearch.types import Waveform
from audiosearch.windows import Block, WindowPlan
from tests.audio_files import chirp, write_ffmpeg, write_soundfile
from tests.conftest import sine

SECONDS = 70.0
RATE = 44_100
BLOCK_S = 30.0
PLAN = WindowPlan()
# name: FFmpeg's encoder and its options; of each the container tells no sample's place.
BY_FFMPEG: dict[str, tuple[str, dict[str, Any]]] = {
    "cbr.mp3": ("libmp3lame", {}),
    "raw.aac": ("aac", {"bit_rate": 64_000}),
    "aac.ts": ("aac", {"bit_rate": 64_000}),
    "mp2.mpg": ("mp2", {}),
    "mp3.avi": ("libmp3lame", {}),
    "mp3.flv": ("libmp3lame", {}),
    "aac.mkv": ("aac", {"bit_rate": 64_000}),
    "opus.webm": ("libopus", {"sample_rate": 48_000}),
    "raw.ac3": ("ac3", {}),
}
NAMES = [*BY_FFMPEG, "vbr.mp3", "vorbis.webm"]
# This decoder adds noise that it draws anew wherever it begins.
NOISY = {"raw.ac3": 0.1}


def sound(sample_rate: int) -> Waveform:
    """Make a chirp in noise, so that no two packets are alike and files are not small."""
    rng = np.random.default_rng(0)
    tone = chirp(SECONDS, sample_rate)
    return (0.5 * tone + rng.normal(0, 0.03, tone.size)).astype(np.float32)


def remux(source: Path, path: Path) -> None:
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    for name, (codec, options) in BY_FFMPEG.items():
        write_ffmpeg(folder / name, sound(options.get("sample_rate", RATE)), codec, **options)
    write_soundfile(folder / "vbr.mp3", sound(RATE), RATE, format="MP3", subtype="MPEG_LAYER_III")
    write_soundfile(folder / "v.ogg", sound(RATE), RATE, format="OGG", subtype="VORBIS")
    remux(folder / "v.ogg", folder / "vorbis.webm")
    return folder


@pytest.fixture(autouse=True)
def mp3_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blockwise, "SMALL_MP3_BYTES", blockwise.SMALL_BYTES)


@cache
def blocks_of(path: Path, table: bytes = b"", first: int = 0) -> tuple[list[Waveform], bytes]:
    """Decode as the segmenter does; give the blocks, and the table in the end."""
    waveforms, block = [], Block(PLAN, first, BLOCK_S)
    while True:
        start_s, end_s = block.start / PLAN.sample_rate, block.stop / PLAN.sample_rate
        waveform, table = decode_block(path, 16_000, start_s, end_s, "soxr_hq", table)
        waveforms.append(waveform)
        if block.is_last(waveform.size):
            return waveforms, table
        block = Block(PLAN, block.index + 1, BLOCK_S)


@cache
def whole_of(path: Path) -> Waveform:
    return decode(path)


@pytest.mark.parametrize("name", NAMES)
def test_windows_are_those_of_the_whole(recordings: Path, name: str) -> None:
    whole = whole_of(recordings / name)
    waveforms, table = blocks_of(recordings / name)
    assert len(SeekTable(table)) == 6
    windows = [
        waveform[span.start : span.stop]
        for index, waveform in enumerate(waveforms)
        for span in Block(PLAN, index, BLOCK_S).spans(waveform.size)
    ]
    expected = [whole[span.start : span.stop] for span in PLAN.spans(whole.size)]
    assert len(windows) == len(expected)
    for window, own in zip(windows, expected, strict=True):
        np.testing.assert_allclose(window, own, atol=NOISY.get(name, 1e-4))


@pytest.mark.parametrize("name", NAMES)
def test_going_on_is_as_never_having_stopped(recordings: Path, name: str) -> None:
    """The table of what was read before the interruption is all that is needed."""
    waveforms, table = blocks_of(recordings / name)
    _, begun = decode_block(recordings / name, 16_000, 0, 34, "soxr_hq", b"")
    again, table_again = blocks_of(recordings / name, begun, first=1)
    for waveform, expected in zip(again, waveforms[1:], strict=True):
        np.testing.assert_array_equal(waveform, expected)
    assert table_again == table


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("start_s", [17.3, 41.0, 62.25])
def test_a_stretch_found_by_the_table_is_that_of_the_whole(
    recordings: Path, name: str, start_s: float
) -> None:
    _, table = blocks_of(recordings / name)
    whole = whole_of(recordings / name)
    stretch = decode(recordings / name, 16_000, start_s, start_s + 5, table=SeekTable(table))
    start = round(start_s * 16_000)
    np.testing.assert_allclose(
        stretch, whole[start : start + 5 * 16_000], atol=NOISY.get(name, 1e-4)
    )


@pytest.mark.parametrize("name", NAMES)
def test_only_the_stretch_is_decoded(
    recordings: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stretch near the end: what is decoded is it, its margins, and two places' distance."""
    _, table = blocks_of(recordings / name)
    decoded_s = 0.0

    class Counting(frames.FrameDecoder):
        def decode(self, packet: Any) -> Any:
            nonlocal decoded_s
            for frame in super().decode(packet):
                decoded_s += frame.samples / frame.sample_rate
                yield frame

    monkeypatch.setattr(seeking, "FrameDecoder", Counting)
    stretch = decode(recordings / name, 16_000, 60.0, 63.0, table=SeekTable(table))
    assert stretch.size == 3 * 16_000
    assert 3 < decoded_s < 3 + 2 + 2 * 10 + 1


@pytest.mark.parametrize("name", ["aac.m4a", "pcm.wav", "lossless.flac", "vorbis.ogg"])
def test_formats_that_find_their_parts_need_no_table(tmp_path: Path, name: str) -> None:
    if name == "aac.m4a":
        write_ffmpeg(tmp_path / name, sound(RATE), "aac", bit_rate=64_000)
    else:
        write_soundfile(tmp_path / name, sound(RATE), RATE, format=name.partition(".")[2].upper())
    assert (tmp_path / name).stat().st_size > 250_000
    _, table = blocks_of(tmp_path / name)
    assert table == b""


@pytest.mark.parametrize("name", ["cbr.mp3", "vbr.mp3"])
def test_an_mp3_of_a_song_needs_no_table(
    recordings: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    waveforms, table = blocks_of.__wrapped__(recordings / name)
    assert table == b""
    whole = whole_of(recordings / name)
    for index, waveform in enumerate(waveforms):
        start = Block(PLAN, index, BLOCK_S).start
        expected = whole[start : start + waveform.size]
        np.testing.assert_allclose(waveform, expected, atol=1e-5)


def test_short_recordings_need_no_table(tmp_path: Path) -> None:
    write_soundfile(tmp_path / "a.mp3", sine(20.0), 16_000, format="MP3")
    waveform, table = decode_block(tmp_path / "a.mp3", 16_000, 0, 124, "soxr_hq", b"")
    assert table == b""
    np.testing.assert_array_equal(waveform, decode(tmp_path / "a.mp3"))


@pytest.mark.parametrize("name", ["cbr.mp3", "raw.aac"])
def test_pieces_are_the_whole(recordings: Path, name: str) -> None:
    pieces = list(read_pieces(recordings / name))
    assert [len(each.waveform) for each in pieces[:-1]] == [PIECE_S * RATE]
    whole = read_native(recordings / name)
    assert {each.sample_rate for each in pieces} == {whole.sample_rate}
    waveform = np.concatenate([each.waveform for each in pieces])
    np.testing.assert_allclose(waveform, whole.waveform, atol=1e-4)


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("res_type", ["soxr_hq", "kaiser_fast"])
def test_resampling_in_blocks_equals_the_one_piece(
    tmp_path: Path, sample_rate: int, res_type: str
) -> None:
    """At every rate, noise included, which a resampler's edges would show in."""
    noise = np.random.default_rng(0).uniform(-0.9, 0.9, 30 * sample_rate)
    write_soundfile(tmp_path / "a.wav", noise, sample_rate, subtype="FLOAT")
    whole = decode(tmp_path / "a.wav", res_type=res_type)
    parts = [
        decode(tmp_path / "a.wav", 16_000, start_s, start_s + 7.5, res_type)
        for start_s in (0, 7.5, 15, 22.5)
    ]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-4)
