"""The commands that bring recordings into the library."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audiosearch.commands.common import (
    WORKSPACE,
    Encoder,
    Json,
    Unverified,
    Workspace,
    check_encoder,
    one_line_errors,
    print_json,
    read_path,
)
from audiosearch.weights import PROJECT_DIR

if TYPE_CHECKING:
    from audiosearch.report import Report

TOY_DATA = PROJECT_DIR / "toy-data"

cli = typer.Typer()

Prune = Annotated[bool, typer.Option("--prune", help="Remove files that are gone.")]


@cli.command()
@one_line_errors
def index(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(parser=read_path, metavar="[PATHS]...", help="Files and folders."),
    ] = None,
    workspace: Workspace = WORKSPACE,
    encoder: Encoder = None,
    unverified_weights: Unverified = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try files again that failed before.")
    ] = False,
    prune: Prune = False,
    as_json: Json = False,
) -> None:
    """Index files and folders: toy-data/ where none is named."""
    report = run_index(
        paths or [TOY_DATA], workspace, encoder, unverified_weights, retry_failed, prune, as_json
    )
    if report.interrupted:
        typer.echo("Interrupted: what is done is kept; run it again to go on.", err=True)
        raise typer.Exit(130)
    if not report.n_files + report.pruned:
        typer.echo("Error: no audio or video file was found there", err=True)
    if not report.succeeded:
        raise typer.Exit(1)


def run_index(
    paths: list[Path],
    workspace: Path,
    encoder: str | None = None,
    unverified_weights: bool = False,
    retry_failed: bool = False,
    prune: bool = False,
    as_json: bool = False,
) -> "Report":
    """Index, and show what became of each file."""
    from audiosearch.tables import show_report

    report = index_quietly(paths, workspace, encoder, unverified_weights, retry_failed, prune)
    if as_json:
        print_json(asdict(report))
    else:
        show_report(report)
    return report


def index_quietly(
    paths: list[Path],
    workspace: Path,
    encoder: str | None = None,
    unverified_weights: bool = False,
    retry_failed: bool = False,
    prune: bool = False,
) -> "Report":
    """Index, and show nothing but the progress, and that another encoder stands in."""
    from audiosearch.indexing import index_paths
    from audiosearch.removal import remove_files
    from audiosearch.server import connect
    from audiosearch.tables import progress_bar

    notice = check_encoder(workspace, encoder)
    if notice:
        typer.echo(notice, err=True)
    connection = partial(connect, workspace, encoder, unverified_weights)
    remove = partial(remove_files, workspace=workspace) if prune else None
    with progress_bar() as on_progress:
        return index_paths(paths, workspace, connection, on_progress, retry_failed, remove)


@cli.command()
@one_line_errors
def watch(
    paths: Annotated[
        list[Path], typer.Argument(parser=read_path, metavar="PATHS...", help="Folders and files.")
    ],
    workspace: Workspace = WORKSPACE,
    encoder: Encoder = None,
    unverified_weights: Unverified = False,
    prune: Prune = False,
) -> None:
    """Index folders, then whatever appears, changes or moves in them, until Ctrl-C."""
    from audiosearch.watching import watch as watch_paths

    try:
        for _ in watch_paths(paths, workspace):
            report = run_index(paths, workspace, encoder, unverified_weights, prune=prune)
            if report.interrupted:
                break
    except KeyboardInterrupt:
        pass
