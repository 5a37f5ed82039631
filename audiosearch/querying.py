"""Turns a file of the user's disk into a query that a server can answer."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiosearch.data_uri import make_data_uri
from audiosearch.decode import check_duration, decode
from audiosearch.errors import InvalidQueryError, NotFoundError
from audiosearch.fragments import split_fragment
from audiosearch.identity import recording_id
from audiosearch.store import open_store
from audiosearch.vggish.params import SAMPLE_RATE


@dataclass(frozen=True)
class Stretch:
    """A file, whole or from ``start_s`` to ``end_s`` (in seconds; ``None``: its end)."""

    path: Path
    start_s: float = 0.0
    end_s: float | None = None


def parse_stretch(text: str) -> Stretch:
    """Read a path that may end in a media fragment.

    Parameters
    ----------
    text : str
        Such as ``film.mp4#t=8.95,18.95``.

    Returns
    -------
    Stretch
        What it means.

    Raises
    ------
    InvalidQueryError
        If the stretch ends before it starts.

    Examples
    --------
    >>> parse_stretch("film.mp4#t=8.95,18.95").end_s
    18.95
    """
    fragment = None if os.path.lexists(text) else split_fragment(text)
    if not fragment:
        return Stretch(Path(text))
    return Stretch(Path(fragment.uri), fragment.start_s, fragment.end_s)


def make_query(stretch: Stretch, workspace: Path) -> tuple[dict[str, Any], float]:
    """Make the query of a stretch.

    A recording that the library knows by its audio is asked for by its id; of others the stretch
    itself is sent, decoded here, so that the file may lie anywhere.

    Parameters
    ----------
    stretch : Stretch
        What to look for.
    workspace : Path
        Where the library is.

    Returns
    -------
    query : dict
        As ``POST /search`` takes it.
    offset_s : float
        Where in the file the query's times begin, in seconds.
    """
    known = _known_id(stretch.path, workspace)
    if known:
        query = {"recording_id": known, "start_s": stretch.start_s, "end_s": stretch.end_s}
        return {key: value for key, value in query.items() if value is not None}, 0.0
    waveform = decode(stretch.path, SAMPLE_RATE, stretch.start_s, stretch.end_s)
    if not waveform.size and stretch.start_s:
        raise InvalidQueryError(
            f"{stretch.path.name} ends before {stretch.start_s:g} s, where the query begins"
        )
    check_duration(waveform, SAMPLE_RATE)
    import soundfile

    flac = io.BytesIO()
    soundfile.write(flac, waveform, SAMPLE_RATE, format="FLAC", subtype="PCM_24")
    return {"uri": make_data_uri(flac.getvalue(), "audio/flac")}, stretch.start_s


def parse_tags(conditions: Sequence[str]) -> dict[str, list[str]]:
    """Read conditions on tags; of one key any value counts.

    Raises
    ------
    InvalidQueryError
        If one is not ``key=value``.

    Examples
    --------
    >>> parse_tags(["label=drum", "label=guitar"])
    {'label': ['drum', 'guitar']}
    """
    tags: dict[str, list[str]] = {}
    for condition in conditions:
        key, equals, value = condition.partition("=")
        if not key or not equals:
            raise InvalidQueryError(f"received the tag {condition!r}, expected key=value")
        tags.setdefault(key, []).append(value)
    return tags


def make_filter(
    prefix: str, conditions: Sequence[str], heard: Sequence[str] = ()
) -> dict[str, Any]:
    """Make the filter of a search, as ``POST /search`` takes it.

    Parameters
    ----------
    prefix : str
        What a uri begins with.
    conditions : sequence of str
        As of ``parse_tags``.
    heard : sequence of str
        Names of what is heard, one of them.
    """
    parts = {"uri_prefix": prefix, "tags": parse_tags(conditions), "heard": list(heard)}
    return {key: value for key, value in parts.items() if value}


def shift_query_times(answer: dict[str, Any], offset_s: float) -> None:
    """Count the query times of an answer's matches from the start of the file asked for."""
    for match in (match for query in answer["data"] for match in query["matches"]):
        for times in (match, *match["moments"]):
            times["query_start_s"] += offset_s
            times["query_end_s"] += offset_s


def _known_id(path: Path, workspace: Path) -> str | None:
    identity = recording_id(path)
    try:
        store = open_store(workspace, read_only=True)
    except NotFoundError:
        return None
    recording = store.recording(identity)
    files = [store.file(uri) for uri in recording.uris] if recording else []
    store.close()
    there = any(file and file.path and Path(file.path).exists() for file in files)
    return identity if there else None
