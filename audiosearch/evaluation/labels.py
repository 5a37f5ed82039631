"""Reads the table that tells what recordings, or moments in them, are."""

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audiosearch.errors import InvalidLabelsError, NotFoundError

REQUIRED = ("path", "label")


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Parameters
    ----------
    line : int
        Where it ends in the file, from 1.
    name : str
        The path as it is written.
    path : Path
        The file, absolute.
    label, group : str
        Rows of one group do not count for each other; an empty one means none.
    start_s, end_s : float, optional
        The moment that the label is of, in seconds; ``None`` if it is of the whole recording.
    """

    line: int
    name: str
    path: Path
    label: str
    group: str = ""
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class Skipped:
    """A row that is left out, and why."""

    line: int
    name: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.name or '(no path)'}: {self.why}"


@dataclass(frozen=True)
class LabelTable:
    """The rows that can be used, and the others."""

    rows: list[Row]
    skipped: list[Skipped]

    def without(self, failures: Sequence[Mapping[str, str]]) -> "LabelTable":
        """Skip the rows of files that could not be indexed.

        Parameters
        ----------
        failures : sequence of mapping
            ``path`` and ``message`` of each, as of an indexing ``Report``.

        Raises
        ------
        InvalidLabelsError
            If no row is left.
        """
        why = {each["path"]: each["message"] for each in failures}
        failed = [row for row in self.rows if str(row.path) in why]
        skipped = [Skipped(row.line, row.name, why[str(row.path)]) for row in failed]
        if len(failed) == len(self.rows):
            raise InvalidLabelsError(f"none of the labelled files can be indexed; {skipped[0]}")
        rows = [row for row in self.rows if str(row.path) not in why]
        return LabelTable(rows, [*self.skipped, *skipped])


def read_labels(file: Path, group_column: str = "group") -> LabelTable:
    """Read a table of labels.

    Parameters
    ----------
    file : Path
        CSV with a header: ``path`` (relative to the table's folder, or absolute), ``label``,
        optionally the group, ``start`` and ``end`` (in seconds); other columns do not matter.
    group_column : str
        Which column tells the group.

    Returns
    -------
    LabelTable
        A row with a mistake, or whose file is not there, is skipped.

    Raises
    ------
    NotFoundError
        If the table is not there.
    InvalidLabelsError
        If it is no CSV in UTF-8, lacks a column, or no row can be used.
    """
    if not file.is_file():
        raise NotFoundError(f"there is no table {file}")
    table = LabelTable([], [])
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            _check_columns(file, reader.fieldnames or (), group_column)
            for cells in reader:
                _add_row(table, file.parent, reader.line_num, cells, group_column)
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidLabelsError(f"{file} is not a CSV file in UTF-8: {error}") from error
    if not table.rows:
        first = f"; {table.skipped[0]}" if table.skipped else ""
        raise InvalidLabelsError(f"{file} has no row that can be used{first}")
    return table


def _check_columns(file: Path, columns: Sequence[str], group_column: str) -> None:
    wanted = REQUIRED if group_column == "group" else (*REQUIRED, group_column)
    missing = [each for each in wanted if each not in columns]
    if ("start" in columns) != ("end" in columns):
        missing.append("end" if "start" in columns else "start")
    if missing:
        raise InvalidLabelsError(
            f"{file}, line 1: received the columns {', '.join(columns) or '(none)'}, "
            f"expected also {', '.join(missing)}"
        )


def _add_row(
    table: LabelTable, folder: Path, line: int, cells: dict[str, str | None], group_column: str
) -> None:
    name, label, group, start, end = (
        (cells.get(key) or "").strip() for key in ("path", "label", group_column, "start", "end")
    )
    try:
        start_s, end_s = _stretch(start, end)
        row = Row(line, name, _file(folder, name), _label(label), group, start_s, end_s)
    except InvalidLabelsError as error:
        table.skipped.append(Skipped(line, name, str(error)))
    else:
        table.rows.append(row)


def _file(folder: Path, name: str) -> Path:
    if not name:
        raise InvalidLabelsError("it has no path")
    path = Path(os.path.abspath(folder / name))
    if not path.is_file():
        raise InvalidLabelsError("there is no such file")
    return path


def _label(label: str) -> str:
    if not label:
        raise InvalidLabelsError("it has no label")
    return label


def _stretch(start: str, end: str) -> tuple[float | None, float | None]:
    if not start and not end:
        return None, None
    try:
        start_s, end_s = float(start), float(end)
    except ValueError as error:
        raise InvalidLabelsError(
            f"received start {start!r} and end {end!r}, expected two numbers of seconds, or neither"
        ) from error
    if not 0 <= start_s < end_s < float("inf"):
        raise InvalidLabelsError(
            f"received start {start} and end {end}, expected an end after its start, from 0 s on"
        )
    return start_s, end_s
