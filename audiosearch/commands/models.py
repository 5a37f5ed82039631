"""The command models: what is there of the encoders' weights."""

from typing import Annotated

import typer

from audiosearch.commands.common import one_line_errors
from audiosearch.weights import models_dir

cli = typer.Typer(help="The encoders' weights.", invoke_without_command=True)


@cli.callback()
@one_line_errors
def list_models(context: typer.Context) -> None:
    """List the weights and what is there of them."""
    if context.invoked_subcommand is None:
        from audiosearch import weights
        from audiosearch.tables import show_models

        show_models(weights.list_models(models_dir()))


@cli.command("verify")
@one_line_errors
def verify_models() -> None:
    """Check the weights' checksums."""
    from audiosearch import weights
    from audiosearch.tables import show_models

    statuses = weights.verify_models(models_dir())
    show_models(statuses)
    if any(status.state == "unknown" for status in statuses):
        raise typer.Exit(1)


@cli.command("download")
@one_line_errors
def download_models(model: Annotated[str, typer.Argument(help="vggish")] = "vggish") -> None:
    """Fetch weights from where they are published; nothing else ever downloads."""
    from audiosearch.download import download_model
    from audiosearch.tables import download_bar

    with download_bar() as on_progress:
        download_model(model, models_dir(), on_progress)
