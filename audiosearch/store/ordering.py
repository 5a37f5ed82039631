"""Lists recordings by their length or age, a page at a time."""

from collections.abc import Iterator
from typing import Any

from audiosearch.errors import InvalidQueryError
from audiosearch.store.database import Database
from audiosearch.store.filtering import select
from audiosearch.store.rows import Filter, Order, Recording

_COLUMNS: dict[Order, tuple[str, type, bool]] = {
    "newest": ("added_at", str, True),
    "oldest": ("added_at", str, False),
    "longest": ("duration_s", float, True),
    "shortest": ("duration_s", float, False),
}
"""What each order compares, of what type, and whether the largest comes first."""


def walk_in_order(database: Database, condition: Filter, order: Order, after: str) -> Iterator[str]:
    """Yield the ids of the recordings that a filter lets through, by their length or age.

    Parameters
    ----------
    database : Database
        The library's.
    condition : Filter
        The filter.
    order : Order
        Any but ``name``.
    after : str
        The ``position_of`` behind which to begin.

    Raises
    ------
    InvalidQueryError
        If ``after`` is of another order.
    """
    column, kind, is_descending = _COLUMNS[order]
    beyond, direction = ("<", "DESC") if is_descending else (">", "ASC")
    behind = f"WHERE ({column}, id) {beyond} (?, ?)" if after else ""
    rows = database.stream(
        f"SELECT id FROM recordings {behind} ORDER BY {column} {direction}, id {direction}",
        _read_position(after, kind, order) if after else [],
    )
    chosen = select(database, condition)
    yield from (each for (each,) in rows if chosen is None or each in chosen)


def position_of(recording: Recording, order: Order) -> str:
    """Name a recording's place in an order, for the next page to begin behind."""
    if order == "name":
        return recording.uris[0]
    return f"{getattr(recording, _COLUMNS[order][0])} {recording.id}"


def _read_position(after: str, kind: type, order: Order) -> list[Any]:
    value, _, recording_id = after.rpartition(" ")
    try:
        return [kind(value), recording_id]
    except ValueError as error:
        raise InvalidQueryError(
            f"received after: {after!r}, expected what the page before gave in the order {order}"
        ) from error
