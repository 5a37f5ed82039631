"""What is known of a recording beside its sound: its file's metadata and its row of labels.csv.

Values are texts as they are written, a year as four digits; what comes over HTTP keeps its type.
"""

import csv
import hashlib
import json
import posixpath
import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from audiosearch.ffmpeg import open_container
from audiosearch.types import Tags

LABELS = "labels.csv"
METADATA = ("title", "artist", "album", "genre")

Table = dict[str, dict[str, str]]
"""Rows of a labels.csv, by the path of the file that each describes."""


def read_metadata(path: Path) -> dict[str, str]:
    """Read title, artist, album, genre and year from a file.

    Parameters
    ----------
    path : Path
        An audio or video file.

    Returns
    -------
    dict
        What is there of them; nothing where FFmpeg cannot read the file.
    """
    import av

    try:
        with open_container(path) as container:
            stream = container.streams.best("audio")
            found = {**(stream.metadata if stream else {}), **container.metadata}
    except (av.error.FFmpegError, OSError):
        return {}
    found = {key.lower(): value.strip() for key, value in found.items()}
    tags = {key: found[key] for key in METADATA if found.get(key)}
    year = re.search(r"\b\d{4}", found.get("date") or found.get("year") or "")
    return tags | ({"year": year[0]} if year else {})


class Labels:
    """Rows of the labels.csv files beside and above files, up to their library folders.

    A file's row is the one whose ``path`` is the file's, relative to the table's folder; the other
    columns are tags. Of several tables the nearer wins, column by column. Tables are read once:
    make a new object to see them changed.
    """

    def __init__(self) -> None:
        self._tables: dict[Path, Table] = {}

    def row(self, uri: str, path: Path) -> dict[str, str]:
        """Give the tags that the tables hold for a file.

        Parameters
        ----------
        uri : str
            The file's; it tells how many folders there are up to the library folder.
        path : Path
            Where the file is.

        Returns
        -------
        dict
            Without the empty cells.
        """
        depth = len(PurePosixPath(uri).parts) - 1
        row: dict[str, str] = {}
        for folder in reversed(path.parents[:depth]):
            if table := self._table(folder):
                row |= table.get(path.relative_to(folder).as_posix(), {})
        return row

    def _table(self, folder: Path) -> Table:
        if folder not in self._tables:
            file = folder / LABELS
            try:
                state = file.stat()
                self._tables[folder] = _read_table(file, state.st_size, state.st_mtime_ns)
            except (OSError, csv.Error):
                self._tables[folder] = {}
        return self._tables[folder]


def digest(row: dict[str, str]) -> str | None:
    """Give a row's digest, by which a change of it is seen; ``None`` of an empty one."""
    if not row:
        return None
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def whole_numbers(tags: Tags) -> Tags:
    """Turn whole floats back into integers: protobuf, in which tags travel, knows floats alone.

    Examples
    --------
    >>> whole_numbers({"bpm": 120.0, "gain": 0.5, "label": "drum"})
    {'bpm': 120, 'gain': 0.5, 'label': 'drum'}
    """
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in tags.items()
    }


def spellings(value: Any) -> tuple[Any, ...]:
    """Give the values that a filter's value means: a number and its text are the same.

    Examples
    --------
    >>> spellings(1999.0), spellings("1999"), spellings("drum")
    ((1999, '1999'), ('1999', 1999), ('drum',))
    """
    if isinstance(value, bool):
        return (value,)
    if isinstance(value, int | float):
        number = whole_numbers({"": value})[""]
        return (number, str(number))
    try:
        number = json.loads(value)
    except (TypeError, ValueError):
        return (value,)
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return (value, number) if is_number and abs(number) < 2**53 else (value,)


@lru_cache(maxsize=64)
def _read_table(file: Path, size: int, mtime_ns: int) -> Table:
    """Read a table; its size and time tell a changed one from the one in the cache."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        reader = csv.DictReader(lines)
        return {
            posixpath.normpath(row["path"]): {
                key: value for key, value in row.items() if key and key != "path" and value
            }
            for row in reader
            if row.get("path")
        }
