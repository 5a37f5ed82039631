"""Labelled clips to measure quality with."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

from audiosearch.decode import decode
from audiosearch.types import Waveform

PROJECT_DIR = Path(__file__).resolve().parents[2]
TEST_DATA = Path(os.environ.get("AUDIOSEARCH_TEST_DATA", PROJECT_DIR.parent / "shared"))


@dataclass(frozen=True)
class Clip:
    """A clip, its label, and the group whose clips do not count for each other.

    Parameters
    ----------
    path : str
        Below the folder of its set.
    label, group : str
        Clips without a group are their own.
    waveform : [shape=(n_samples,)], float32
        At 16 kHz.
    """

    path: str
    label: str
    group: str
    waveform: Waveform


def read_clips(folder: Path, group_column: str = "group") -> list[Clip]:
    """Read the clips of a folder's ``labels.csv``."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [
            Clip(
                row["path"],
                row["label"],
                row.get(group_column) or row["path"],
                decode(folder / row["path"]),
            )
            for row in csv.DictReader(file)
        ]


@dataclass(frozen=True)
class LabelledSet:
    """A set of clips.

    Parameters
    ----------
    name : str
        As tables say it.
    folder : Path
        With its ``labels.csv``.
    group_column : str
        The column of that table whose values make groups.
    clips : tuple of Clip
        All of them.
    """

    name: str
    folder: Path
    group_column: str
    clips: tuple[Clip, ...]


def read_sets() -> list[LabelledSet]:
    """Read all sets that are there; others' data may be absent."""
    sets = [
        ("ESC-10", TEST_DATA / "esc10", "freesound_id"),
        ("voices", TEST_DATA / "voices", "group"),
        ("music", TEST_DATA / "music", "group"),
        ("toy-data", PROJECT_DIR / "toy-data", "group"),
    ]
    return [
        LabelledSet(name, folder, column, tuple(read_clips(folder, column)))
        for name, folder, column in sets
        if folder.exists()
    ]
