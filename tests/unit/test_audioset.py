"""AudioSet's lists, on a made-up one: nothing is fetched."""

import csv
import io
import shlex
from pathlib import Path

import pytest

from audiosearch.audioset import fetch_commands, read_classes, read_segments, write_labels
from audiosearch.errors import InvalidQueryError
from audiosearch.evaluation.labels import read_labels
from audiosearch.tags import Labels

HEAD = "# Segments csv created for a test\n# YTID, start_seconds, end_seconds, positive_labels\n"
BELL, SPEECH, DOG = "/m/03w41f", "/m/09x0r", "/m/0bt9lr"
LIST = f"""{HEAD}-aaaaaaaaaa, 30.000, 40.000, "{SPEECH},{BELL}"
bbbbbbbbbb_, 0.500, 10.500, "{DOG}"
bbbbbbbbbb_, 70.000, 80.000, "{BELL}"
"""
CLASSES = f"index,mid,display_name\n0,{SPEECH},Talk\n1,{BELL},Bell tower\n2,{DOG},Dog\n"


def read(text: str = LIST, *chosen: str) -> list[tuple[str, str]]:
    segments = read_segments(text.splitlines(), read_classes(None), chosen)
    return [(each.file, each.labels[0]) for each in segments]


def test_rows_become_files_with_labels() -> None:
    assert read() == [
        ("-aaaaaaaaaa_30000.opus", "Speech"),
        ("bbbbbbbbbb__500.opus", "Dog"),
        ("bbbbbbbbbb__70000.opus", "Church bell"),
    ]


def test_chosen_classes_come_first() -> None:
    assert read(LIST, "Church bell") == [
        ("-aaaaaaaaaa_30000.opus", "Church bell"),
        ("bbbbbbbbbb__70000.opus", "Church bell"),
    ]
    with pytest.raises(InvalidQueryError, match="'Unicorn', expected a name of AudioSet's"):
        read(LIST, "Unicorn")


def test_names_of_a_list() -> None:
    names = read_classes(CLASSES.splitlines())
    labels = [each.labels for each in read_segments(LIST.splitlines(), names)]
    assert labels == [("Talk", "Bell tower"), ("Dog",), ("Bell tower",)]
    with pytest.raises(InvalidQueryError, match="mid and display_name"):
        read_classes(["id,name"])


def test_labels_are_those_that_index_reads(tmp_path: Path) -> None:
    table = io.BytesIO()
    write_labels(read_segments(LIST.splitlines(), read_classes(None)), table)
    (tmp_path / "labels.csv").write_bytes(table.getvalue())
    name = "-aaaaaaaaaa_30000.opus"
    assert Labels().row(f"clips/{name}", tmp_path / name) == {
        "label": "Speech",
        "labels": "Speech; Church bell",
        "group": "-aaaaaaaaaa",
        "offset_s": "30",
        "length_s": "10",
    }
    groups = [row["group"] for row in csv.DictReader(io.StringIO(table.getvalue().decode()))]
    assert groups == ["-aaaaaaaaaa", "bbbbbbbbbb_", "bbbbbbbbbb_"]


def test_labels_are_those_that_evaluate_reads(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    segments = read_segments(LIST.splitlines(), read_classes(None))
    with table.open("wb") as file:
        write_labels(segments, file)
    for each in segments[1:]:
        (tmp_path / each.file).write_bytes(b"fetched")
    found = read_labels(table)
    assert [(row.label, row.group, row.start_s) for row in found.rows] == [
        ("Dog", "bbbbbbbbbb_", None),
        ("Church bell", "bbbbbbbbbb_", None),
    ]
    assert [each.name for each in found.skipped] == ["-aaaaaaaaaa_30000.opus"]


def test_commands_fetch_the_stretch_into_the_folder() -> None:
    segments = read_segments(LIST.splitlines(), read_classes(None))
    first, *_ = commands = list(fetch_commands(segments, Path("my clips/100%")))
    assert len(commands) == 3
    assert shlex.split(first) == [
        "yt-dlp",
        "--extract-audio",
        "--audio-format=opus",
        "--download-sections=*30.000-40.000",
        "--force-keyframes-at-cuts",
        "--output=my clips/100%%/-aaaaaaaaaa_30000.%(ext)s",
        "https://www.youtube.com/watch?v=-aaaaaaaaaa",
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("aaaaaaaaaaa, 30, 40", "line 3: received .* expected YTID"),
        (f'aaaaaaaaaaa, x, 40, "{DOG}"', "line 3: received .* expected YTID"),
        (f'aaaaaaaaaaa, 40, 30, "{DOG}"', "line 3: .* ends after its start"),
        (f'aaaaaaaaaaa, nan, 30, "{DOG}"', "line 3: .* ends after its start"),
        (f'$(reboot)aa, 30, 40, "{DOG}"', "line 3: .* a video's id of 11 letters"),
        (f'../aaaaaaaa, 30, 40, "{DOG}"', "line 3: .* a video's id of 11 letters"),
        ('aaaaaaaaaaa, 30, 40, "/m/nothing"', "line 3: received the class '/m/nothing'"),
    ],
)
def test_wrong_rows_are_told_by_their_lines(row: str, message: str) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        read(HEAD + row)
