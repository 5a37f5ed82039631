"""The command that measures how good the answers are."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audiosearch.commands.common import (
    WORKSPACE,
    Encoder,
    Json,
    Unverified,
    one_line_errors,
    print_json,
)
from audiosearch.commands.indexing import index_quietly
from audiosearch.commands.library import open_output, reading
from audiosearch.weights import models_dir

if TYPE_CHECKING:
    from audiosearch.evaluation.labels import LabelTable

cli = typer.Typer()


@cli.command()
@one_line_errors
def evaluate(
    labels: Annotated[Path, typer.Argument(help="CSV: path, label; group, start, end if known.")],
    workspace: Annotated[
        Path | None, typer.Option(help="Where to index; else in a folder below evaluation/.")
    ] = None,
    encoder: Encoder = None,
    unverified_weights: Unverified = False,
    group_column: Annotated[
        str, typer.Option(help="Recordings that agree in it do not count for each other.")
    ] = "group",
    report: Annotated[Path | None, typer.Option(help="An HTML file to write as well.")] = None,
    as_json: Json = False,
) -> None:
    """Measure how well recordings, or moments in them, find others of their label."""
    from audiosearch.config import flow_settings
    from audiosearch.evaluation.encoding import MomentEncoder
    from audiosearch.evaluation.evaluation import evaluate as evaluate_table
    from audiosearch.evaluation.labels import read_labels
    from audiosearch.evaluation.report import render
    from audiosearch.tables import show_evaluation

    workspace = workspace or _own_workspace(labels, encoder)
    table = _index(read_labels(labels, group_column), workspace, encoder, unverified_weights)
    embed = MomentEncoder(flow_settings(encoder, unverified_weights), workspace)
    with reading(workspace) as store:
        found = evaluate_table(table, store, embed)
    if report:
        with open_output(report) as file:
            file.write(render(found, labels, report.parent).encode())
    if as_json:
        print_json(found.as_json())
    else:
        show_evaluation(found)


def _index(
    table: "LabelTable", workspace: Path, encoder: str | None, unverified_weights: bool
) -> "LabelTable":
    """Index what is not yet; skips the rows of files that cannot be."""
    paths = list(dict.fromkeys(row.path for row in table.rows))
    report = index_quietly(paths, workspace, encoder, unverified_weights)
    if report.interrupted:
        typer.echo("Interrupted: what is indexed is kept; run it again to go on.", err=True)
        raise typer.Exit(130)
    return table.without(report.failed)


def _own_workspace(labels: Path, encoder: str | None) -> Path:
    """Choose a folder of its own for each table and encoder, beside the usual workspace."""
    from audiosearch.config import flow_settings
    from audiosearch.encoders import choose_name

    settings = flow_settings(encoder)
    name = choose_name(settings.model, settings.fallback, None, models_dir())
    table = labels.resolve()
    digest = hashlib.sha256(str(table).encode()).hexdigest()[:8]
    folder = re.sub(r"[^\w-]+", "-", table.parent.name)
    return WORKSPACE.parent / "evaluation" / f"{folder}-{digest}-{name}"
