"""Resolves filters to recordings, in SQL."""

import json
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
    prefixes = "SELECT 1 FROM json_each(?) WHERE substr(uri, 1, length(value)) = value"
    return f"recording_id IS NOT NULL AND EXISTS ({prefixes})", [json.dumps(condition.uri_prefix)]


def _recordings_where(condition: Filter) -> tuple[str, list[Any]]:
    """Say in SQL what a filter asks of rows of ``recordings``; see ``files_where``."""
    clauses = ["TRUE"]
    values: list[Any] = []
    any_of = "(SELECT value FROM json_each(?))"  # of any length, unlike a list of question marks
    for column, ids in (("id IN", condition.recording_id), ("id NOT IN", condition.exclude)):
        if ids:
            clauses.append(f"{column} {any_of}")
            values.append(json.dumps(ids))
    for key, allowed in condition.tags.items():
        tag = f"SELECT 1 FROM json_each(tags) WHERE key = ? AND value IN {any_of}"
        clauses.append(f"EXISTS ({tag})")
        values += [key, json.dumps(allowed)]
    return " AND ".join(clauses), values
