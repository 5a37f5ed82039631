"""Resolves filters to recordings, in SQL."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from audiosearch.store.database import Database
from audiosearch.store.rows import Filter

_ANY_OF = "(SELECT value FROM json_each(?))"  # of any length, unlike a list of question marks
_EACH_TAG = "json_each(iif(json_valid(tags), tags, NULL))"  # damage to one harms no other
_TEXTS = """(
    SELECT recording_id AS id, folded FROM files WHERE recording_id IS NOT NULL
    UNION ALL SELECT id, folded FROM recordings
)"""
_EARLIER = "SELECT 1 FROM files WHERE recording_id = ? AND uri < ? LIMIT 1"
_WORDS_AT_ONCE = 50  # a bit each in an integer of SQLite's
_FEW = 1000  # recordings that are faster looked up than met on a walk by uri


def select(database: Database, condition: Filter) -> set[str] | None:
    """Give the ids of the recordings that a filter lets through; ``None`` for all.

    No checksum is verified here: the rows that are answered have theirs verified then.
    """
    chosen: set[str] | None = None
    for ids in _chosen(database, condition):
        chosen = ids if chosen is None else chosen & ids
        if not chosen:
            break
    return chosen


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
    ids = select(database, condition)
    among, values = "", [after]
    if ids is not None and len(ids) < _FEW:
        among = f"AND recording_id IN {_ANY_OF}"
        values.append(json.dumps(list(ids)))
    for uri, recording_id in database.stream(
        "SELECT uri, recording_id FROM files "
        f"WHERE uri > ? AND recording_id IS NOT NULL {among} ORDER BY uri",
        values,
    ):
        let_through = ids is None or recording_id in ids
        if let_through and not database.query(_EARLIER, (recording_id, uri)):
            yield uri, recording_id


def _chosen(database: Database, condition: Filter) -> Iterator[set[str]]:
    """Yield what each condition lets through; each reads a table in its order, once."""
    for statement, values in _statements(condition):
        yield {recording_id for (recording_id,) in database.stream(statement, values)}
    for start in range(0, len(condition.words), _WORDS_AT_ONCE):
        yield _holding(database, condition.words[start : start + _WORDS_AT_ONCE])


def _statements(condition: Filter) -> Iterator[tuple[str, list[Any]]]:
    if condition.recording_id:
        statement = f"SELECT id FROM recordings WHERE id IN {_ANY_OF}"
        yield statement, [json.dumps(condition.recording_id)]
    if condition.uri_prefix:
        prefixes = "SELECT 1 FROM json_each(?) WHERE substr(uri, 1, length(value)) = value"
        files = "SELECT recording_id FROM files WHERE recording_id IS NOT NULL"
        yield f"{files} AND EXISTS ({prefixes})", [json.dumps(condition.uri_prefix)]
    if condition.heard:
        statement = f"SELECT recording_id FROM heard WHERE class IN {_ANY_OF}"
        yield statement, [json.dumps(condition.heard)]
    for key, allowed in condition.tags.items():
        tag = f"SELECT 1 FROM {_EACH_TAG} WHERE key = ? AND value IN {_ANY_OF}"
        yield f"SELECT id FROM recordings WHERE EXISTS ({tag})", [key, json.dumps(allowed)]


def _holding(database: Database, words: Sequence[str]) -> set[str]:
    """Give the ids of the recordings whose uris and tags hold all of some folded words."""
    bits = " + ".join(
        f"{1 << number} * (instr(folded, ?{number + 1}) > 0)" for number in range(len(words))
    )
    held: dict[str, int] = defaultdict(int)
    for recording_id, mask in database.stream(
        f"SELECT id, {bits} AS mask FROM {_TEXTS} WHERE mask", words
    ):
        held[recording_id] |= mask
    every = (1 << len(words)) - 1
    return {recording_id for recording_id, mask in held.items() if mask == every}
