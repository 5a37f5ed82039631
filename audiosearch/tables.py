"""What the command line shows: progress and tables."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from audiosearch.catalogue import Page
from audiosearch.indexing import OnProgress
from audiosearch.report import Report
from audiosearch.weights import ModelFile, ModelFileStatus

# Into a pipe nothing is cut or folded.
stdout = Console(width=None if sys.stdout.isatty() else 500)
stderr = Console(stderr=True)


@contextmanager
def progress_bar() -> Iterator[OnProgress]:
    """Show files, hours of audio, speed and time left while indexing."""
    columns = (
        TextColumn("indexing"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr) as progress:
        task = progress.add_task("index", total=None, said="starting")

        def show(report: Report, done: int, total: int) -> None:
            elapsed_s = progress.tasks[0].elapsed or 1e-9
            said = (
                f"{report.n_files} files, {report.duration_s / 3600:.2f} h of audio, "
                f"{report.duration_s / elapsed_s:.0f} × real time"
            )
            progress.update(task, completed=done, total=total or 1, said=said)

        yield show


@contextmanager
def download_bar() -> Iterator[Callable[[ModelFile, int, int | None], None]]:
    """Show how far each file of a download is."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=stderr) as progress:
        tasks: dict[str, TaskID] = {}

        def show(file: ModelFile, done: int, total: int | None) -> None:
            if file.name not in tasks:
                tasks[file.name] = progress.add_task(file.name)
            progress.update(tasks[file.name], completed=done, total=total)

        yield show


def show_models(statuses: Sequence[ModelFileStatus]) -> None:
    """Show the weights and what is there of them."""
    table = _table("encoder", "file", "size", "state", "licence", "how to get it")
    for file, path, state in statuses:
        table.add_row(file.model, str(path), file.size, state, file.licence, file.remedy)
    stdout.print(table)


def show_report(report: Report) -> None:
    """Show what became of the files."""
    table = _table("indexed", "files")
    rows = {"added": report.added, "known": report.known, "unchanged": report.unchanged}
    rows |= {"failed": len(report.failed), "pruned": report.pruned}
    for name, count in rows.items():
        table.add_row(name, str(count))
    stdout.print(table)
    if report.failed:
        stdout.print()
        show_failures(report.failed)
    if report.failed_before:
        stdout.print(
            f"\n{report.failed_before} failed before and have not changed: "
            "--retry-failed tries them again"
        )
    if report.vanished:
        stdout.print(f"\nvanished: {len(report.vanished)}, --prune removes them")
        for uri in report.vanished:
            stdout.print(uri)
    if report.duration_s:
        stdout.print(
            "\n"
            f"{report.duration_s / 60:.1f} min of audio in {report.elapsed_s:.1f} s: "
            f"{report.duration_s / report.elapsed_s:.0f} × real time"
        )


def show_matches(answer: dict[str, Any]) -> None:
    """Show the recordings found for each query, best first."""
    table = _table("rank", "recording", "similarity", "where in it", "where in the query")
    for query in answer["data"]:
        for rank, match in enumerate(query["matches"], start=1):
            table.add_row(
                str(rank),
                match["uri"],
                f"{match['similarity']:.3f}",
                _times(match["start_s"], match["end_s"]),
                _times(match["query_start_s"], match["query_end_s"]),
            )
    stdout.print(table if table.row_count else "nothing in the library matches")


def show_recordings(page: Page) -> None:
    """Show recordings, and how to see the next."""
    table = _table("recording", "length", "windows", "tags", "id")
    for recording in page.recordings:
        tags = ", ".join(f"{key}={value}" for key, value in recording.tags.items())
        times = (_clock(recording.duration_s), str(recording.n_windows))
        table.add_row("\n".join(recording.uris), *times, tags, recording.id)
    stdout.print(table if table.row_count else "no recording")
    if page.after:
        stdout.print(f"\nmore: --after '{page.after}'")


def show_fields(fields: dict[str, Any]) -> None:
    """Show names and values, with those of dictionaries and lists below them."""
    table = _table("", "")
    table.show_header = False
    for key, value in fields.items():
        inner = value if isinstance(value, list) else [value]
        for each in inner or [None]:
            if isinstance(each, dict):
                text = ", ".join(f"{name}={part}" for name, part in each.items() if part)
            else:
                text = f"{each:.2f}" if isinstance(each, float) else str(each)
            table.add_row(key.replace("_", " "), "-" if each is None else text)
    stdout.print(table)


def show_failures(failures: Sequence[Mapping[str, str | None]]) -> None:
    """Show files that could not be indexed, and why."""
    headers = ("failed", "reason", "message", "when")
    table = _table(*headers[: len(failures[0])] if failures else headers)
    for failure in failures:
        table.add_row(*(str(value) for value in failure.values()))
    stdout.print(table if table.row_count else "no failures")


def _table(*headers: str) -> Table:
    """Make a table without frames, whose columns fold rather than lose text."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def _times(start_s: float, end_s: float) -> str:
    return f"{_clock(start_s)} – {_clock(end_s)}"


def _clock(seconds: float) -> str:
    """Write a time as 1:02:03.45, or 2:03.45 within the first hour."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{rest // 100:02d}.{rest % 100:02d}"
