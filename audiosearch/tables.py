"""What the command line shows: progress and tables."""

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
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
from audiosearch.evaluation.evaluation import Evaluation
from audiosearch.evaluation.intervals import Estimate
from audiosearch.evaluation.moment_summary import LabelMoments
from audiosearch.evaluation.summary import LabelScores
from audiosearch.heard.facets import Facet
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
    columns = ("rank", "recording", "similarity", "nearer than", "verdict")
    table = _table(*columns, "heard", "where in it", "where in the query")
    for query in answer["data"]:
        for rank, match in enumerate(query["matches"], start=1):
            table.add_row(
                str(rank),
                match["uri"],
                f"{match['similarity']:.3f}",
                _percent(match["percentile"]),
                match["verdict"] or "-",
                ", ".join(match["heard"]) or "-",
                _times(match["start_s"], match["end_s"]),
                _times(match["query_start_s"], match["query_end_s"])
                if "query_start_s" in match
                else "-",
            )
        if "heard" in query:
            stdout.print(f"heard: {'; '.join(query['heard'])}\n")
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


def show_facets(facets: Sequence[Facet]) -> None:
    """Show what is heard in how many recordings."""
    table = _table("heard", "recordings")
    for facet in facets:
        table.add_row(facet.name, str(facet.recordings))
    stdout.print(table if table.row_count else "nothing is known of what is heard")


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


def show_evaluation(evaluation: Evaluation) -> None:
    """Show how well recordings, and moments, are found."""
    if evaluation.scores:
        stdout.print(_scores_table(evaluation.scores), end="\n\n")
    if evaluation.moment_scores:
        stdout.print(_moments_table(evaluation.moment_scores))
    if evaluation.best_threshold is not None:
        best = f"{evaluation.best_threshold:.3f}"
        stdout.print(f"\nbest: windows within {best}; default: as a search that sets no distance")
    stdout.print("in brackets: 95 % confidence interval")
    stdout.print(evaluation.space, highlight=False)
    if evaluation.skipped:
        stdout.print(f"\nskipped: {len(evaluation.skipped)}")
        for each in evaluation.skipped:
            stdout.print(str(each), highlight=False, markup=False)


def _scores_table(scores: Sequence[LabelScores]) -> Table:
    """Make a row of each label, with what chance and a perfect order would give for all."""
    table = _table("label", "queries", "left out", "mAP", "P@1", "P@5", "R-precision")
    for each in scores:
        values = [_estimate(score.measured) for score in each.scores.values()]
        counts = (str(each.n_queries), str(each.n_left_out))
        table.add_row("all" if each.label is None else escape(each.label), *counts, *values)
        if each.label is None:
            own = each.scores.values()
            table.add_row("by chance", "", "", *(f"{score.chance:.3f}" for score in own))
            table.add_row("at best", "", "", *(f"{score.best:.3f}" for score in own))
    return table


def _moments_table(scores: Sequence[LabelMoments]) -> Table:
    headers = ("distance", "precision", "recall", "F1", "onset error")
    table = _table("label", "moments", "left out", *headers)
    for each in scores:
        label = "all" if each.label is None else escape(each.label)
        counts = (str(each.n_queries), str(each.n_left_out))
        for kind, found in (("best", each.best), ("default", each.default)):
            if found:
                error = "-" if found.onset_error_s is None else f"{found.onset_error_s:.2f} s"
                values = map(_estimate, (found.precision, found.recall, found.f1))
                table.add_row(label, *counts, kind, *values, error)
        if not each.n_queries:
            table.add_row(label, *counts)
    return table


def _estimate(estimate: Estimate) -> str:
    """Write a measure with its confidence interval."""
    if estimate.low is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _table(*headers: str) -> Table:
    """Make a table without frames, whose columns fold rather than lose text."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def _percent(value: float | None) -> str:
    """Write a share as 99.7 %, cut off rather than rounded: only all are 100 %."""
    return "-" if value is None else f"{math.floor(value * 10 + 1e-6) / 10:.1f} %"


def _times(start_s: float, end_s: float) -> str:
    return f"{_clock(start_s)} – {_clock(end_s)}"


def _clock(seconds: float) -> str:
    """Write a time as 1:02:03.45, or 2:03.45 within the first hour."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{rest // 100:02d}.{rest % 100:02d}"
