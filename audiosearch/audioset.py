"""Turns rows of AudioSet's segment lists into a ``labels.csv`` and the commands that fetch them."""

import csv
import io
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from audiosearch.errors import InvalidQueryError
from audiosearch.heard.ontology import ontology

AUDIO_FORMAT = "opus"
COLUMNS = ("path", "label", "group", "labels", "offset_s", "length_s")
_VIDEO_ID = re.compile(r"[\w-]{11}", re.ASCII)


@dataclass(frozen=True)
class Segment:
    """A stretch of a YouTube video, and what is heard in it.

    Parameters
    ----------
    video : str
        YouTube's id of it.
    start_s, end_s : float
        The stretch, in seconds.
    labels : tuple of str
        Names of AudioSet's classes.
    """

    video: str
    start_s: float
    end_s: float
    labels: tuple[str, ...]

    @property
    def file(self) -> str:
        """The name of the file that holds it: a video may have several stretches."""
        return f"{self.video}_{round(self.start_s * 1000)}.{AUDIO_FORMAT}"


def read_segments(
    lines: Iterable[str], names: Mapping[str, str], chosen: Collection[str] = ()
) -> list[Segment]:
    """Read rows of a segment list: ``YTID, start_seconds, end_seconds, positive_labels``.

    Parameters
    ----------
    lines : iterable of str
        The list; those that begin with ``#`` are comments.
    names : mapping
        The classes' names by their ids, as of ``read_classes``.
    chosen : collection of str
        Names of classes: only segments with one of them; none means all.

    Returns
    -------
    list of Segment
        In their order; of several labels the chosen ones come first.

    Raises
    ------
    InvalidQueryError
        If a row is not as above, or has a class without a name; the message tells its line.
    """
    unknown = sorted(set(chosen) - set(names.values()))
    if unknown:
        raise InvalidQueryError(f"received the class {unknown[0]!r}, expected a name of AudioSet's")
    reader = csv.reader(lines, skipinitialspace=True)
    segments = [
        _segment(row, names, chosen, reader.line_num)
        for row in reader
        if row and not row[0].startswith("#")
    ]
    return [each for each in segments if not chosen or set(chosen) & set(each.labels)]


def read_classes(lines: Iterable[str] | None) -> dict[str, str]:
    """Read AudioSet's class names: ``index,mid,display_name``; without a list, the ontology's.

    Raises
    ------
    InvalidQueryError
        If columns are missing.
    """
    if lines is None:
        return {kind.id: kind.name for kind in ontology().kinds.values()}
    reader = csv.DictReader(lines)
    if not {"mid", "display_name"} <= set(reader.fieldnames or ()):
        raise InvalidQueryError(
            f"received class names with the columns {reader.fieldnames}, expected index, mid and "
            "display_name, as of AudioSet's class_labels_indices.csv"
        )
    return {row["mid"]: row["display_name"] for row in reader}


def write_labels(segments: Iterable[Segment], file: IO[bytes]) -> None:
    """Write a ``labels.csv`` for the folder that the segments' files are fetched into.

    ``label`` is the first class, ``labels`` are all of them; stretches of one video share their
    ``group``.
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in segments:
        length_s = each.end_s - each.start_s
        labels = "; ".join(each.labels)
        row = (each.file, each.labels[0], each.video, labels, f"{each.start_s:g}", f"{length_s:g}")
        writer.writerow(row)
    text.detach()


def fetch_commands(segments: Iterable[Segment], folder: Path) -> Iterator[str]:
    """Yield the command of each segment that fetches exactly its stretch, with yt-dlp."""
    for each in segments:
        stem = str(folder / each.file.removesuffix(f".{AUDIO_FORMAT}")).replace("%", "%%")
        yield shlex.join(
            [
                "yt-dlp",
                "--extract-audio",
                f"--audio-format={AUDIO_FORMAT}",
                f"--download-sections=*{each.start_s:.3f}-{each.end_s:.3f}",
                "--force-keyframes-at-cuts",
                f"--output={stem}.%(ext)s",
                f"https://www.youtube.com/watch?v={each.video}",
            ]
        )


def _segment(
    row: list[str], names: Mapping[str, str], chosen: Collection[str], line: int
) -> Segment:
    """Make a segment of a row."""
    try:
        video, start, end, ids = row
        start_s, end_s = float(start), float(end)
        labels = [names[each.strip()] for each in ids.split(",")]
    except KeyError as error:
        raise InvalidQueryError(
            f"line {line}: received the class {error}, which the class names do not hold"
        ) from error
    except ValueError as error:
        raise InvalidQueryError(
            f"line {line}: received {row}, expected YTID, start_seconds, end_seconds and "
            'positive_labels (ids in quotes, parted by commas: "/m/05zppz,/m/09x0r")'
        ) from error
    if not _VIDEO_ID.fullmatch(video) or not 0 <= start_s < end_s:
        raise InvalidQueryError(
            f"line {line}: received {row}, expected a video's id of 11 letters, and a stretch that "
            "ends after its start"
        )
    return Segment(
        video, start_s, end_s, tuple(sorted(labels, key=lambda each: each not in chosen))
    )
