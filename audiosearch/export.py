"""Writes what a library holds, or what a search found, for other programs."""

import csv
import io
import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

from audiosearch.errors import InvalidQueryError, NotFoundError
from audiosearch.heard.windows import name_heard
from audiosearch.store.base import Store
from audiosearch.store.rows import Recording

Format = Literal["csv", "parquet", "m3u"]
Row = dict[str, Any]

MATCH = ("similarity", "duration_s", "start_s", "end_s")
QUERY_TIMES = ("query_start_s", "query_end_s")  # a query by name has none
JSON = ("heard", "tags")
COUNTS = ("windows", "rank")
ROWS_AT_ONCE = 10_000


def recording_rows(store: Store) -> Generator[Row, None, None]:
    """Give a row for each recording, with the first of its files."""
    for recording in store.recordings():
        yield _place(store, recording) | {
            "duration_s": recording.duration_s,
            "windows": recording.n_windows,
            "added_at": recording.added_at,
            "tags": recording.tags,
        }


def window_rows(store: Store) -> Generator[Row, None, None]:
    """Give a row for each window, with its times in seconds and all that is heard in it."""
    for recording in store.recordings():
        place = _place(store, recording)
        heard = store.window_heard(recording.id)
        times = store.window_times(recording.id)[: len(heard)]  # it may have grown meanwhile
        for number, (start_s, end_s) in enumerate(times.tolist()):
            names = name_heard(heard[number : number + 1], most=None)
            yield place | {"start_s": start_s, "end_s": end_s, "heard": names}


def search_rows(answer: Any, store: Store) -> Generator[Row, None, None]:
    """Give a row for each match of a search's answer, with the times of its best window.

    Parameters
    ----------
    answer : dict
        What ``search --json`` prints, or ``POST /search`` answers.
    store : Store
        The library, which knows where the files are.

    Raises
    ------
    InvalidQueryError
        If it is not such an answer.
    """
    try:
        for query in answer["data"]:
            for rank, match in enumerate(query["matches"], start=1):
                file = store.file(match["uri"])
                yield {
                    "query": query["id"],
                    "rank": rank,
                    "recording_id": match["id"],
                    "uri": match["uri"],
                    "path": file.path if file else None,
                    **{key: match[key] for key in MATCH},
                    **{key: match.get(key) for key in QUERY_TIMES},
                    **{key: match[key] for key in JSON},
                }
    except (KeyError, TypeError) as error:
        raise InvalidQueryError(
            "received no answer of a search, expected what this prints: "
            "python app.py search FILE --json"
        ) from error


def read_answer(name: str) -> Any:
    """Read an answer from a JSON file, or from standard input where its name is ``-``.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidQueryError
        If it is not JSON.
    """
    try:
        return json.loads(sys.stdin.read() if name == "-" else Path(name).read_text())
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {name}") from error
    except ValueError as error:
        raise InvalidQueryError(f"{name} is not JSON: {error}") from error


def write_rows(rows: Iterable[Row], file: IO[bytes], format: Format) -> None:
    """Write rows to a file that is open for bytes.

    Parameters
    ----------
    rows : iterable of dict
        All with the same keys.
    file : binary file
        Where to.
    format : {'csv', 'parquet', 'm3u'}
        Tags and what is heard become JSON in the first two; the third lists what can be played.
    """
    writers: dict[Format, Callable[[Iterator[Row], IO[bytes]], None]] = {
        "csv": _write_csv,
        "parquet": _write_parquet,
        "m3u": _write_m3u,
    }
    writers[format](iter(rows), file)


def _place(store: Store, recording: Recording) -> Row:
    uri = next(iter(recording.uris), "")
    file = store.file(uri)
    return {"recording_id": recording.id, "uri": uri, "path": file.path if file else None}


def _flat(row: Row) -> Row:
    """Write what a table has no columns for as JSON."""
    texts = {key: json.dumps(row[key], ensure_ascii=False) for key in JSON if key in row}
    return row | texts


def _write_csv(rows: Iterator[Row], file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    first = next(rows, None)
    if first is not None:
        writer = csv.DictWriter(text, list(first))
        writer.writeheader()
        writer.writerow(_flat(first))
        writer.writerows(map(_flat, rows))
    text.detach()


def _write_parquet(rows: Iterator[Row], file: IO[bytes]) -> None:
    import pyarrow
    from pyarrow import parquet

    types = dict.fromkeys((*MATCH, *QUERY_TIMES), pyarrow.float64()) | dict.fromkeys(
        COUNTS, pyarrow.int64()
    )
    first = list(islice(rows, 1))
    names = list(first[0]) if first else []
    schema = pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in names])
    with parquet.ParquetWriter(file, schema) as writer:
        while part := first + list(islice(rows, ROWS_AT_ONCE)):
            writer.write_table(pyarrow.Table.from_pylist(list(map(_flat, part)), schema))
            first = []


def _write_m3u(rows: Iterator[Row], file: IO[bytes]) -> None:
    file.write(b"#EXTM3U\n")
    for row in rows:
        if row["path"] is None:
            continue
        lines = [f"#EXTINF:{_length(row)},{_title(row)}"]
        if "start_s" in row:
            lines.append(f"#EXTVLCOPT:start-time={row['start_s']:g}")
            lines.append(f"#EXTVLCOPT:stop-time={row['end_s']:g}")
        file.write("\n".join([*lines, row["path"], ""]).encode())


def _length(row: Row) -> int:
    """Give an entry's length in whole seconds: of the stretch, where it is one."""
    length_s: float = row["end_s"] - row["start_s"] if "start_s" in row else row["duration_s"]
    return max(1, round(length_s))


def _title(row: Row) -> str:
    tags = row.get("tags", {})
    named = [str(tags[key]) for key in ("artist", "title") if key in tags]
    return " ".join((" - ".join(named) or str(row["uri"])).split())
