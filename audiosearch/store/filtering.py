"""Resolves filters to recordings, in SQL."""

import json
from collections.abc import Iterator
from typing import Any

from audiosearch.store.database import Database
from audiosearch.store.rows import Filter

_ANY_OF = "(SELECT value FROM json_each(?))"  # of any length, unlike a list of question marks
_EACH_TAG = "json_each(iif(json_valid(tags), tags, NULL))"  # damage to one harms no other
_IDS = {
    "recordings": "SELECT id FROM recordings WHERE {among} AND {clause}",
    "files": (
        "SELECT recording_id AS id FROM files "
        "WHERE recording_id IS NOT NULL AND {among} AND {clause}"
    ),
}


def select(database: Database, condition: Filter) -> set[str] | None:
    """Give the ids of the recordings that a filter lets through; ``None`` for all.

    No checksum is verified here: the rows that are answered have theirs verified then.
    """
    steps, values = _steps(condition)
    if not steps:
        return None
    rows = database.query(f"WITH {', '.join(steps)} SELECT id FROM {_last(steps)}", values)
    return {recording_id for (recording_id,) in rows}


def walk(database: Database, condition: Filter, after: str) -> Iterator[tuple[str, str]]:
    """Yield the first uri and the id of the recordings that a filter lets through.

    Parameters
    ----------
    database : Database
        The library's.
    condition : Filter
        The filter.
    after : str
        The uri behind which to begin.
    """
    steps, values = _steps(condition)
    given = f"WITH {', '.join(steps)}" if steps else ""
    # The plus keeps SQLite walking in the order of uris.
    among = f"AND +recording_id IN {_last(steps)}" if steps else ""
    earlier = (
        "SELECT 1 FROM files AS other "
        "WHERE other.recording_id = files.recording_id AND other.uri < files.uri"
    )
    yield from database.stream(
        f"{given} SELECT uri, recording_id FROM files WHERE uri > ? AND recording_id IS NOT NULL "
        f"{among} AND NOT EXISTS ({earlier}) ORDER BY uri",
        [*values, after],
    )


def _steps(condition: Filter) -> tuple[list[str], list[Any]]:
    """Say a filter in SQL, each condition among what those before it let through.

    Each reads a table in its order, once: looking up the rows of each recording takes longer.

    Returns
    -------
    steps : list of str
        Tables of a WITH clause; the last holds the ids. None, if all recordings are let through.
    values : list
        What their question marks stand for.
    """
    steps: list[str] = []
    values: list[Any] = []
    for number, (clauses, needed) in enumerate(_conditions(condition)):
        among = f"id IN {_last(steps)}" if number else "TRUE"
        parts = [_IDS[table].format(among=among, clause=each) for table, each in clauses.items()]
        steps.append(f"step{number} (id) AS ({' UNION ALL '.join(parts)})")
        values += needed
    return steps, values


def _last(steps: list[str]) -> str:
    return f"step{len(steps) - 1}"


def _conditions(condition: Filter) -> Iterator[tuple[dict[str, str], list[Any]]]:
    """Yield what must hold for a row of one of the tables, and what its question marks mean."""
    if condition.recording_id:
        yield {"recordings": f"id IN {_ANY_OF}"}, [json.dumps(condition.recording_id)]
    if condition.uri_prefix:
        prefixes = "SELECT 1 FROM json_each(?) WHERE substr(uri, 1, length(value)) = value"
        yield {"files": f"EXISTS ({prefixes})"}, [json.dumps(condition.uri_prefix)]
    for key, allowed in condition.tags.items():
        tag = f"SELECT 1 FROM {_EACH_TAG} WHERE key = ? AND value IN {_ANY_OF}"
        yield {"recordings": f"EXISTS ({tag})"}, [key, json.dumps(allowed)]
    for word in condition.words:
        yield dict.fromkeys(_IDS, "instr(folded, ?)"), [word] * len(_IDS)
