import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from audiosearch.errors import AudioDecodeError, NoAudioError, NotFoundError
from audiosearch.identity import recording_id
from tests.audio_files import chirp, write_ffmpeg, write_silent_video, write_soundfile

PICTURE = np.random.default_rng(0).bytes(70_000)
FORMATS = {
    "a.mp3": ("MP3", "MPEG_LAYER_III", 44_100),
    "a.flac": ("FLAC", "PCM_16", 44_100),
    "a.ogg": ("OGG", "VORBIS", 44_100),
    "a.opus": ("OGG", "OPUS", 48_000),
    "a.wav": ("WAV", "PCM_16", 44_100),
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("originals")
    for name, (container, subtype, rate) in FORMATS.items():
        write_soundfile(folder / name, chirp(2.0, rate), rate, format=container, subtype=subtype)
    write_ffmpeg(folder / "a.m4a", chirp(2.0), "aac")
    return folder


def tag_id3(path: Path) -> None:
    tags = ID3()
    tags.add(TIT2(encoding=3, text="Gelächter" * 50))
    tags.add(APIC(encoding=3, mime="image/png", type=3, desc="cover", data=PICTURE))
    tags.save(path, v1=2)


def tag_ape(path: Path) -> None:
    tags = APEv2()
    tags["Title"] = "laugh"
    tags.save(path)


def tag_wave(path: Path) -> None:
    file = WAVE(path)
    file.add_tags()
    file.tags.add(TIT2(encoding=3, text="laugh"))
    file.save()


def tag_flac(path: Path) -> None:
    file = FLAC(path)
    file["title"] = "laugh" * 100
    picture = Picture()
    picture.data, picture.mime, picture.type = PICTURE, "image/png", 3
    file.add_picture(picture)
    file.save()


def tag_vorbis(path: Path) -> None:
    file = OggVorbis(path)
    file["title"] = ["laugh" * 3000]
    file.save()


def tag_opus(path: Path) -> None:
    file = OggOpus(path)
    file["title"] = ["laugh" * 3000]
    file.save()


def tag_mp4(path: Path) -> None:
    file = MP4(path)
    file["\xa9nam"] = "laugh" * 1000
    file.save()


RETAGGED = [
    ("a.mp3", tag_id3),
    ("a.mp3", tag_ape),
    ("a.flac", tag_flac),
    ("a.ogg", tag_vorbis),
    ("a.opus", tag_opus),
    ("a.m4a", tag_mp4),
    ("a.wav", tag_wave),
]


@pytest.mark.parametrize(
    ("name", "tag"), RETAGGED, ids=lambda each: getattr(each, "__name__", each)
)
def test_tags_do_not_count(
    originals: Path, tmp_path: Path, name: str, tag: Callable[[Path], None]
) -> None:
    copy = Path(shutil.copy(originals / name, tmp_path))
    tag(copy)
    assert copy.read_bytes() != (originals / name).read_bytes()
    assert recording_id(copy) == recording_id(originals / name)


@pytest.mark.parametrize("name", [*FORMATS, "a.m4a"])
def test_names_and_places_do_not_count(originals: Path, tmp_path: Path, name: str) -> None:
    known = recording_id(originals / name)
    assert re.fullmatch("[0-9a-f]{32}", known)
    copy = Path(shutil.copy(originals / name, tmp_path / "other.bin"))
    assert recording_id(copy) == known
    assert recording_id(copy.read_bytes()) == known


def test_formats_are_told_apart(originals: Path) -> None:
    ids = {recording_id(originals / name) for name in [*FORMATS, "a.m4a"]}
    assert len(ids) == 6


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_one_sample_makes_another_recording(tmp_path: Path, container: str) -> None:
    samples = chirp(1.0)
    write_soundfile(tmp_path / "one", samples, 44_100, format=container)
    samples[20_000] += 0.01
    write_soundfile(tmp_path / "two", samples, 44_100, format=container)
    assert recording_id(tmp_path / "one") != recording_id(tmp_path / "two")


@pytest.mark.parametrize("container", ["WAV", "AIFF"])
def test_the_rate_and_the_channels_count(tmp_path: Path, container: str) -> None:
    samples = chirp(1.0)
    write_soundfile(tmp_path / "one", samples, 44_100, format=container)
    write_soundfile(tmp_path / "two", samples, 48_000, format=container)
    write_soundfile(tmp_path / "three", samples.reshape(-1, 2), 44_100, format=container)
    assert len({recording_id(tmp_path / name) for name in ("one", "two", "three")}) == 3


def test_the_picture_track_does_not_count(tmp_path: Path) -> None:
    write_ffmpeg(tmp_path / "a.mp4", chirp(1.0), "aac")
    write_ffmpeg(tmp_path / "b.mp4", chirp(1.0), "aac", picture=True)
    assert recording_id(tmp_path / "a.mp4") == recording_id(tmp_path / "b.mp4")


def test_what_only_libsndfile_reads_is_told_by_its_samples(tmp_path: Path) -> None:
    for name, scale in (("one", 1), ("same", 1), ("two", 0.5)):
        write_soundfile(tmp_path / name, chirp(1.0) * scale, 44_100, format="MAT5", subtype="FLOAT")
    assert recording_id(tmp_path / "one") == recording_id(tmp_path / "same")
    assert recording_id(tmp_path / "one") != recording_id(tmp_path / "two")


@pytest.mark.parametrize("name", ["a.mp3", "a.txt", "a.wav"])
def test_text_has_no_identity(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("This is not a sound.\n" * 100)
    with pytest.raises(AudioDecodeError, match=name):
        recording_id(tmp_path / name)


def test_nothing_has_no_identity(tmp_path: Path) -> None:
    write_silent_video(tmp_path / "silent.mp4")
    with pytest.raises(NoAudioError):
        recording_id(tmp_path / "silent.mp4")
    with pytest.raises(AudioDecodeError, match="0 bytes"):
        recording_id(b"")
    with pytest.raises(NotFoundError, match=r"absent\.wav"):
        recording_id(tmp_path / "absent.wav")


def test_a_recording_without_samples_has_no_packets(tmp_path: Path) -> None:
    empty, tone = io.BytesIO(), io.BytesIO()
    write_soundfile(empty, np.empty(0, np.float32), 44_100, format="WAV")
    write_soundfile(tone, chirp(0.5), 44_100, format="WAV")
    assert recording_id(empty.getvalue()) != recording_id(tone.getvalue())
