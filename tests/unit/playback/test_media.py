from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audiosearch.errors import NotFoundError
from audiosearch.playback.media import media_of
from tests.audio_files import chirp, write_ffmpeg, write_silent_video, write_soundfile

RATE = 48_000
SOUND = np.stack([chirp(0.5, RATE), chirp(0.5, RATE)[::-1]], 1)
H264 = {"picture": True, "picture_codec": "libx264"}
VP8 = {"picture": True, "picture_codec": "libvpx"}

# name: libsndfile's format and subtype, media type, whether browsers play it
BY_SOUNDFILE = {
    "pcm16.wav": ("WAV", "PCM_16", "audio/wav", True),
    "float.wav": ("WAV", "FLOAT", "audio/wav", True),
    "pcm24.wav": ("WAVEX", "PCM_24", "audio/wav", True),
    "double.wav": ("WAV", "DOUBLE", "audio/wav", False),
    "adpcm.wav": ("WAV", "MS_ADPCM", "audio/wav", False),
    "pcm16.flac": ("FLAC", "PCM_16", "audio/flac", True),
    "vorbis.ogg": ("OGG", "VORBIS", "audio/ogg", True),
    "opus.opus": ("OGG", "OPUS", "audio/ogg", True),
    "lame.mp3": ("MP3", "MPEG_LAYER_III", "audio/mpeg", True),
    "pcm16.aiff": ("AIFF", "PCM_16", "audio/aiff", False),
    "pcm16.caf": ("CAF", "PCM_16", "audio/x-caf", False),
    "pcm16.au": ("AU", "PCM_16", "audio/basic", False),
    "pcm16.w64": ("W64", "PCM_16", "audio/x-w64", False),
}
# name: FFmpeg's encoder and options, media type, whether browsers play it
BY_FFMPEG: dict[str, tuple[str, dict[str, Any], str, bool]] = {
    "aac.m4a": ("aac", {}, "audio/mp4", True),
    "alac.m4a": ("alac", {}, "audio/mp4", False),
    "aac.3gp": ("aac", {}, "audio/3gpp", True),
    "aac.mov": ("aac", {}, "video/quicktime", True),
    "opus.webm": ("libopus", {}, "audio/webm", True),
    "vp8.webm": ("libopus", VP8, "video/webm", True),
    "h264.mp4": ("aac", H264, "video/mp4", True),
    "mpeg4.mp4": ("aac", {"picture": True}, "video/mp4", False),
    "h264.mkv": ("aac", H264, "video/matroska", False),
    "opus.mka": ("libopus", {}, "audio/matroska", False),
    "mpeg4.avi": ("libmp3lame", {"picture": True}, "video/x-msvideo", False),
    "raw.aac": ("aac", {}, "audio/aac", False),
    "raw.ac3": ("ac3", {}, "audio/ac3", False),
    "layer2.mp2": ("mp2", {}, "audio/mpeg", False),
    "aac.ts": ("aac", {}, "video/mp2t", False),
}


@pytest.mark.parametrize("name", BY_SOUNDFILE)
def test_what_libsndfile_writes(tmp_path: Path, name: str) -> None:
    container, subtype, expected, plays = BY_SOUNDFILE[name]
    write_soundfile(tmp_path / name, SOUND, RATE, format=container, subtype=subtype)
    media = media_of(tmp_path / name)
    assert (media.type, media.plays_in_browsers) == (expected, plays)


@pytest.mark.parametrize("name", BY_FFMPEG)
def test_what_ffmpeg_writes(tmp_path: Path, name: str) -> None:
    codec, options, expected, plays = BY_FFMPEG[name]
    write_ffmpeg(tmp_path / name, SOUND, codec, sample_rate=RATE, **options)
    media = media_of(tmp_path / name)
    assert (media.type, media.plays_in_browsers) == (expected, plays)


@pytest.mark.parametrize("name", ["sound.mp3", "sound", "sound.html"])
def test_the_name_does_not_count(tmp_path: Path, name: str) -> None:
    write_soundfile(tmp_path / name, SOUND, RATE, format="FLAC")
    assert media_of(tmp_path / name).type == "audio/flac"
    assert media_of((tmp_path / name).read_bytes()).type == "audio/flac"


@pytest.mark.parametrize("content", ["<script>alert(1)</script>", "#EXTM3U\nother.mp3\n"])
def test_what_is_no_sound_has_no_type(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.mp3").write_text(content)
    media = media_of(tmp_path / "a.mp3")
    assert (media.type, media.plays_in_browsers) == ("application/octet-stream", False)


def test_a_film_without_sound_does_not_play(tmp_path: Path) -> None:
    write_silent_video(tmp_path / "silent.mp4")
    assert not media_of(tmp_path / "silent.mp4").plays_in_browsers


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no file absent\.mp3"):
        media_of(tmp_path / "absent.mp3")
