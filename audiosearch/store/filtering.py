"""Resolves filters to recordings, in SQL."""

from collections.abc import Collection
from typing import Any

from audiosearch.store.database import Database
from audiosearch.store.rows import File, Filter


def select(database: Database, condition: Filter) -> set[str] | None:
    """Give the ids of the recordings that a filter lets through; ``None`` for all."""
    if condition == Filter():
        return None
    clause, values = _recordings_where(condition)
    if condition.tags:
        ids = {row[0] for row in database.rows("recordings", f"WHERE {clause}", values)}
    else:  # ids alone need no checksum: a wrong one names no recording
        rows = database.query(f"SELECT id FROM recordings WHERE {clause}", values)
        ids = {recording_id for (recording_id,) in rows}
    if condition.uri_prefix:
        clause, values = _files_where(condition)
        files = database.rows("files", f"WHERE {clause}", values)
        ids &= {File(*row).recording_id for row in files}
    return ids


def _files_where(condition: Filter) -> tuple[str, list[str]]:
    """Say a filter's prefixes in SQL.

    Parameters
    ----------
    condition : Filter
        One with prefixes.

    Returns
    -------
    clause : str
        What must hold for a row of ``files``.
    values : list
        What its question marks stand for.
    """
    prefixes = " OR ".join("substr(uri, 1, length(?)) = ?" for _ in condition.uri_prefix)
    values = [part for prefix in condition.uri_prefix for part in (prefix, prefix)]
    return f"recording_id IS NOT NULL AND ({prefixes})", values


def _recordings_where(condition: Filter) -> tuple[str, list[Any]]:
    """Say in SQL what a filter asks of rows of ``recordings``; see ``files_where``."""
    clauses = ["TRUE"]
    values: list[Any] = []
    for column, ids in (("id IN", condition.recording_id), ("id NOT IN", condition.exclude)):
        if ids:
            clauses.append(f"{column} ({_marks(ids)})")
            values += ids
    for key, allowed in condition.tags.items():
        tag = f"SELECT 1 FROM json_each(tags) WHERE key = ? AND value IN ({_marks(allowed)})"
        clauses.append(f"EXISTS ({tag})")
        values += [key, *allowed]
    return " AND ".join(clauses), values


def _marks(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))
