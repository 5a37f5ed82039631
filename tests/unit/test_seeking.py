"""A stretch that is found by seeking is the one that decoding from the beginning gives."""

from pathlib import Path

import av
import numpy as np
import pytest

from audiosearch.ffmpeg import open_audio, read_by_ffmpeg
from audiosearch.seeking import UnplacedError, frames_near, seeks
from tests.audio_files import chirp, write_ffmpeg

SECONDS = 20.0
RATE = 48_000
SOUND = chirp(SECONDS, RATE)  # a sample later it differs by 0.03 and more
CODECS = {
    "aac.mkv": "aac",
    "mp3.mkv": "libmp3lame",
    "flac.mkv": "flac",
    "opus.mkv": "libopus",
    "alac.mkv": "alac",
    "opus.webm": "libopus",
    "aac.m4a": "aac",
    "mp3.mp4": "libmp3lame",
    "alac.m4a": "alac",
}


@pytest.mark.parametrize("first_s", [2, 7, 13, 18])
@pytest.mark.parametrize("name", CODECS)
def test_sound_is_found_to_the_sample(
    tmp_path_factory: pytest.TempPathFactory, name: str, first_s: int
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    if not path.exists():
        write_ffmpeg(path, SOUND, CODECS[name], sample_rate=RATE)
    with open_audio(path) as (container, stream):
        assert seeks(container, stream, first_s)
    stretch = read_by_ffmpeg(path, first_s, first_s + 1)
    whole = read_by_ffmpeg(path)
    expected = whole.waveform[first_s * RATE : (first_s + 1) * RATE]
    np.testing.assert_allclose(stretch.waveform, expected, atol=0.01)


@pytest.mark.parametrize("name", ["pcm.mkv", "raw.aac"])
def test_others_are_decoded_from_the_beginning(tmp_path: Path, name: str) -> None:
    codec = "aac" if name == "raw.aac" else "pcm_s16le"
    write_ffmpeg(tmp_path / name, SOUND[: 4 * RATE], codec, sample_rate=RATE)
    with open_audio(tmp_path / name) as (container, stream):
        assert not seeks(container, stream, 3)


def test_frames_that_come_late_are_counted_from_the_beginning(tmp_path: Path) -> None:
    """Times that jump by what is no whole number of frames: a recorder that lost some."""
    write_ffmpeg(tmp_path / "whole.mkv", SOUND, "aac", sample_rate=RATE)
    with (
        av.open(str(tmp_path / "whole.mkv")) as whole,
        av.open(str(tmp_path / "gap.mkv"), "w") as gap,
    ):
        stream = gap.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(audio=0):
            if packet.dts is not None:
                late = 3_010 if packet.pts > 5_000 else 0  # ms
                packet.pts, packet.dts = packet.pts + late, packet.dts + late
                packet.stream = stream
                gap.mux(packet)
    with open_audio(tmp_path / "gap.mkv") as (container, sound):
        assert seeks(container, sound, 15)
        with pytest.raises(UnplacedError):
            frames_near(container, sound, 15)
    stretch = read_by_ffmpeg(tmp_path / "gap.mkv", 15, 16).waveform
    whole_waveform = read_by_ffmpeg(tmp_path / "whole.mkv").waveform
    np.testing.assert_array_equal(stretch, whole_waveform[15 * RATE : 16 * RATE])


def test_beyond_the_end_there_is_nothing(tmp_path: Path) -> None:
    write_ffmpeg(tmp_path / "a.mkv", SOUND[: 5 * RATE], "aac", sample_rate=RATE)
    assert read_by_ffmpeg(tmp_path / "a.mkv", 30, 31).waveform.size == 0
