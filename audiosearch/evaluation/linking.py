"""Finds the library's recordings that the rows of a table tell of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audiosearch.evaluation.labels import Row, Skipped
from audiosearch.store.base import Store


@dataclass(frozen=True)
class LabelledRecording:
    """A recording with its label.

    Parameters
    ----------
    id : str
        The recording's.
    line, name : int and str
        Its row, and its path as that writes it.
    path : Path
        Its file.
    label : str
        What it is.
    group : str
        Recordings of one group do not count for each other; one without is its own.
    """

    id: str
    line: int
    name: str
    path: Path
    label: str
    group: str


@dataclass(frozen=True)
class LabelledMoment(LabelledRecording):
    """A stretch of a recording with its label, in seconds; ``group`` is empty without one."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Linked:
    """What the table tells of the library.

    Parameters
    ----------
    recordings : list of LabelledRecording
        Those that are labelled as a whole, in the order of the rows.
    moments : list of LabelledMoment
        The labelled stretches of others.
    skipped : list of Skipped
        The rows that tell of nothing in the library, or contradict each other.
    """

    recordings: list[LabelledRecording]
    moments: list[LabelledMoment]
    skipped: list[Skipped]


def link(rows: Iterable[Row], store: Store) -> Linked:
    """Find the recordings of rows; the same audio under several paths is one recording.

    Parameters
    ----------
    rows : iterable of Row
        The table's.
    store : Store
        The library.
    """
    linked = Linked([], [], [])
    files = {file.path: file for file in store.files() if file.path}
    wholes: dict[str, list[Row]] = {}
    moments: dict[tuple[str, str, float, float], LabelledMoment] = {}
    for row in rows:
        file = files.get(str(row.path))
        if not file or not file.recording_id:
            linked.skipped.append(Skipped(row.line, row.name, "it is not indexed"))
        elif row.start_s is None or row.end_s is None:
            wholes.setdefault(file.recording_id, []).append(row)
        else:
            moment = _moment(row, file.recording_id, row.start_s, row.end_s)
            moments.setdefault((moment.id, moment.label, moment.start_s, moment.end_s), moment)
    for recording_id, same in wholes.items():
        _add_recording(linked, recording_id, same)
    linked.moments.extend(moments.values())
    return linked


def _moment(row: Row, recording_id: str, start_s: float, end_s: float) -> LabelledMoment:
    place = recording_id, row.line, row.name, row.path
    return LabelledMoment(*place, row.label, row.group, start_s, end_s)


def _add_recording(linked: Linked, recording_id: str, rows: Sequence[Row]) -> None:
    first = rows[0]
    other = next((row for row in rows if row.label != first.label), None)
    if other:
        for row in rows:
            against = other if row.label == first.label else first
            why = f"it is the same audio as line {against.line}, which calls it {against.label!r}"
            linked.skipped.append(Skipped(row.line, row.name, why))
    else:
        group = next((row.group for row in rows if row.group), f"recording {recording_id}")
        place = recording_id, first.line, first.name, first.path
        linked.recordings.append(LabelledRecording(*place, first.label, group))
