"""The command that prepares recordings of AudioSet."""

from pathlib import Path
from typing import Annotated

import typer

from audiosearch.commands.common import check_text, one_line_errors, read_path

cli = typer.Typer()


@cli.command()
@one_line_errors
def audioset(
    segments: Annotated[
        Path, typer.Argument(parser=read_path, help="A segment list, as of eval_segments.csv.")
    ],
    folder: Annotated[
        Path,
        typer.Argument(parser=read_path, help="Where the clips shall be; labels.csv is put there."),
    ],
    classes: Annotated[
        Path | None, typer.Option(help="class_labels_indices.csv; else the names that come along.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--class", callback=check_text, help="Only clips of this class, by its name."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many clips, at most.")] = None,
) -> None:
    """Write a labels.csv for clips of AudioSet, and print the commands that fetch them."""
    from audiosearch.audioset import fetch_commands, read_classes, read_segments, write_labels
    from audiosearch.commands.library import open_output
    from audiosearch.tags import LABELS

    names = read_classes(_lines(classes) if classes else None)
    chosen = read_segments(_lines(segments), names, only or [])[:limit]
    folder.mkdir(parents=True, exist_ok=True)
    with open_output(folder / LABELS) as file:
        write_labels(chosen, file)
    for command in fetch_commands(chosen, folder):
        typer.echo(command)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
