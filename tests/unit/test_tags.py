import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import mutagen
import pytest
import soundfile as sf
from mutagen.id3 import TALB, TCON, TDRC, TIT2, TPE1

from audiosearch.tags import Labels, digest, read_metadata, spellings, whole_numbers
from tests.audio_files import chirp, write_ffmpeg, write_soundfile

EXPECTED = {
    "title": "Gelächter",
    "artist": "Zoë",
    "album": "Lärm",
    "genre": "Rock",
    "year": "1999",
}
SOUNDFILE = {
    "a.mp3": ("MP3", "MPEG_LAYER_III"),
    "a.flac": ("FLAC", "PCM_16"),
    "a.ogg": ("OGG", "VORBIS"),
    "a.opus": ("OGG", "OPUS"),
    "a.wav": ("WAV", "PCM_16"),
}


def write(folder: Path, name: str) -> Path:
    path = folder / name
    if name in SOUNDFILE:
        container, subtype = SOUNDFILE[name]
        write_soundfile(path, chirp(0.5, 48_000), 48_000, format=container, subtype=subtype)
    else:
        write_ffmpeg(path, chirp(0.5), "aac")
    return path


def tag_easily(path: Path) -> None:
    file = mutagen.File(path, easy=True)
    if file.tags is None:
        file.add_tags()
    for key in ("title", "artist", "album", "genre"):
        file[key] = EXPECTED[key]
    file["date"] = "1999-05-01"
    file.save()


def tag_wave(path: Path) -> None:
    file = mutagen.File(path)
    file.add_tags()
    texts = {TIT2: "Gelächter", TPE1: "Zoë", TALB: "Lärm", TCON: "(17)", TDRC: "1999-05-01"}
    for frame, text in texts.items():
        file.tags.add(frame(encoding=3, text=text))
    file.save()


@pytest.mark.parametrize(
    ("name", "tag"),
    [(name, tag_wave if name == "a.wav" else tag_easily) for name in [*SOUNDFILE, "a.m4a"]],
)
def test_metadata_of_each_format(tmp_path: Path, name: str, tag: Callable[[Path], None]) -> None:
    path = write(tmp_path, name)
    assert read_metadata(path) == {}
    tag(path)
    assert read_metadata(path) == EXPECTED


def test_metadata_of_riff_info(tmp_path: Path) -> None:
    with sf.SoundFile(tmp_path / "a.wav", "w", 16_000, 1) as file:
        file.title, file.date = "Bell", "recorded in 2001"
        file.write(chirp(0.5, 16_000))
    assert read_metadata(tmp_path / "a.wav") == {"title": "Bell", "year": "2001"}


def test_what_is_no_audio_has_no_metadata(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"no sound at all")
    assert read_metadata(tmp_path / "a.mp3") == {}
    assert read_metadata(tmp_path / "absent.mp3") == {}


def write_labels(folder: Path, *rows: dict[str, str], encoding: str = "utf-8") -> None:
    with (folder / "labels.csv").open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_rows_of_the_folder_and_those_above(tmp_path: Path) -> None:
    deep = tmp_path / "library" / "deep"
    deep.mkdir(parents=True)
    write_labels(tmp_path, {"path": "library/deep/a.ogg", "label": "beyond the library folder"})
    write_labels(deep.parent, {"path": "deep/a.ogg", "label": "dog", "place": "yard", "empty": ""})
    write_labels(deep, {"path": "./a.ogg", "label": "wolf"}, {"path": "b.ogg", "label": "cat"})
    labels = Labels()
    assert labels.row("library/deep/a.ogg", deep / "a.ogg") == {"label": "wolf", "place": "yard"}
    assert labels.row("library/deep/b.ogg", deep / "b.ogg") == {"label": "cat"}
    assert labels.row("library/c.ogg", deep.parent / "c.ogg") == {}
    assert labels.row("files/a.ogg", deep / "a.ogg") == {"label": "wolf"}


def test_values_stay_texts(tmp_path: Path) -> None:
    write_labels(tmp_path, {"path": "a.ogg", "bpm": "120", "code": "007"}, encoding="utf-8-sig")
    assert Labels().row("lib/a.ogg", tmp_path / "a.ogg") == {"bpm": "120", "code": "007"}


@pytest.mark.parametrize(
    "content",
    [b"", b"name,label\na.ogg,dog\n", b"\xff\xfe\x00", b"path\na.ogg\n", b"path,label\n,dog\n"],
)
def test_tables_that_say_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    assert Labels().row("lib/a.ogg", tmp_path / "a.ogg") == {}


def test_rows_too_long_and_too_short(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,label\na.ogg,dog,more,still\nb.ogg\n")
    labels = Labels()
    assert labels.row("lib/a.ogg", tmp_path / "a.ogg") == {"label": "dog"}
    assert labels.row("lib/b.ogg", tmp_path / "b.ogg") == {}


def test_a_changed_table_is_read_again(tmp_path: Path) -> None:
    write_labels(tmp_path, {"path": "a.ogg", "label": "dog"})
    before = Labels().row("lib/a.ogg", tmp_path / "a.ogg")
    write_labels(tmp_path, {"path": "a.ogg", "label": "cat"})
    os.utime(tmp_path / "labels.csv", ns=(1, 1))
    after = Labels().row("lib/a.ogg", tmp_path / "a.ogg")
    assert (before, after) == ({"label": "dog"}, {"label": "cat"})
    assert digest(before) != digest(after)
    shutil.move(tmp_path / "labels.csv", tmp_path / "other.csv")
    assert digest(Labels().row("lib/a.ogg", tmp_path / "a.ogg")) is None


def test_digest_does_not_depend_on_the_order_of_columns() -> None:
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})


def test_whole_numbers() -> None:
    tags = whole_numbers({"bpm": 120.0, "gain": 0.5, "label": "1.0", "live": True, "none": None})
    assert list(map(repr, tags.values())) == ["120", "0.5", "'1.0'", "True", "None"]
    assert whole_numbers({"far": float("inf")}) == {"far": float("inf")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1999.0, (1999, "1999")),
        (0.5, (0.5, "0.5")),
        ("1999", ("1999", 1999)),
        ("drum", ("drum",)),
        ("true", ("true",)),
        (True, (True,)),
        ("", ("",)),
    ],
)
def test_spellings(value: object, expected: tuple[object, ...]) -> None:
    found = spellings(value)
    assert [(type(each), each) for each in found] == [(type(each), each) for each in expected]
