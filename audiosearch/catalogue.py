"""What a library holds: its recordings, its failures, and how much there is."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audiosearch.errors import NotFoundError
from audiosearch.heard.names import classes_named
from audiosearch.server import find_server
from audiosearch.store.base import Store
from audiosearch.store.rows import File, Filter, Recording
from audiosearch.store.workspace import disk_bytes
from audiosearch.tags import spellings


@dataclass(frozen=True)
class Page:
    """Some of the recordings; ``after`` asks for the next, and is ``None`` behind the last."""

    recordings: list[Recording]
    after: str | None


@dataclass(frozen=True)
class FailurePage:
    """Some of the files that could not be indexed; ``after`` as of ``Page``."""

    files: list[File]
    after: str | None


@dataclass(frozen=True)
class Status:
    """How much a library holds.

    Parameters
    ----------
    recordings, windows : int
        Their numbers.
    hours : float
        Audio indexed.
    disk_bytes : int
        Size of the workspace.
    encoder : str, optional
        What the vectors were made with.
    failures : dict
        How many files could not be indexed, by reason.
    server : str, optional
        Where the workspace's server answers, if one runs.
    """

    recordings: int
    hours: float
    windows: int
    disk_bytes: int
    encoder: str | None
    failures: dict[str, int]
    server: str | None


def list_recordings(
    store: Store,
    prefix: str = "",
    tags: Mapping[str, Sequence[str]] | None = None,
    text: str = "",
    after: str = "",
    limit: int = 50,
    heard: Sequence[str] = (),
) -> Page:
    """Give recordings in the order of their first uris.

    Parameters
    ----------
    store : Store
        The library.
    prefix : str
        What one of a recording's uris begins with.
    tags : mapping
        For each key the values that a recording's tag may have.
    text : str
        Words, each of which must occur in one of its uris or in the value of a tag, in any case.
    after : str
        The page before's ``after``.
    limit : int
        How many, at most.
    heard : sequence of str
        Names of what is heard in it, one of them.
    """
    condition = make_condition(prefix, tags, text, heard)
    found = store.page(condition, after, limit + 1)
    return Page(found[:limit], found[limit - 1].uris[0] if len(found) > limit else None)


def make_condition(
    prefix: str = "",
    tags: Mapping[str, Sequence[str]] | None = None,
    text: str = "",
    heard: Sequence[str] = (),
) -> Filter:
    """Make a filter of the command line's options; see ``list_recordings``."""
    return Filter(
        uri_prefix=(prefix,) if prefix else (),
        tags={
            key: tuple(each for value in values for each in spellings(value))
            for key, values in (tags or {}).items()
        },
        text=text,
        heard=classes_named(heard),
    )


def find_recording(target: str, store: Store) -> Recording:
    """Find a recording by its id, or by the uri or path of one of its files.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    path = os.path.abspath(target)
    named = [
        file for file in store.files_at(target, path) if target == file.uri or path == file.path
    ]
    ids = [target, *(file.recording_id for file in named)]
    found = next(filter(None, (store.recording(each) for each in ids if each)), None)
    if found is None:
        raise _unknown(target)
    return found


def find_files(targets: Iterable[str], store: Store) -> list[str]:
    """Find the files that are meant.

    Parameters
    ----------
    targets : iterable of str
        Each the path or uri of a file or of a folder, or a recording's id.
    store : Store
        The library.

    Returns
    -------
    list of str
        The files' uris, each once.

    Raises
    ------
    NotFoundError
        If a target means no file of the library.
    """
    uris: dict[str, None] = {}
    for target in targets:
        recording = store.recording(target)
        found = list(recording.uris) if recording else []
        if target:  # nothing is not the current folder
            files = store.files_at(target.rstrip("/"), os.path.abspath(target))
            found += [file.uri for file in files]
        if not found:
            raise _unknown(target)
        uris.update(dict.fromkeys(found))
    return list(uris)


def list_failures(store: Store, after: str = "", limit: int | None = 50) -> FailurePage:
    """Give the files that could not be indexed, in the order of their uris.

    Parameters
    ----------
    store : Store
        The library.
    after : str
        The page before's ``after``.
    limit : int, optional
        How many, at most; ``None`` for all.
    """
    found = store.failures(after, None if limit is None else limit + 1)
    if limit is None or len(found) <= limit:
        return FailurePage(found, None)
    return FailurePage(found[:limit], found[limit - 1].uri)


def summarise(store: Store, workspace: Path) -> Status:
    """Tell how much a library holds."""
    totals = store.totals()
    space, server = store.space, find_server(workspace)
    if server:
        server.close()
    return Status(
        recordings=totals.recordings,
        hours=totals.duration_s / 3600,
        windows=totals.windows,
        disk_bytes=disk_bytes(workspace),
        encoder=str(space) if space else None,
        failures=store.failure_counts(),
        server=server.address if server else None,
    )


def _unknown(target: str) -> NotFoundError:
    return NotFoundError(
        f"{target} is no recording id, path or uri of the library; "
        "see those that there are with: python app.py list"
    )
