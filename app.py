"""The command line: python app.py --help."""

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from audiosearch.errors import AudioSearchError
from audiosearch.weights import PROJECT_DIR, models_dir

cli = typer.Typer(
    help="Finds the recordings that sound like a sound, and where in them.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
models = typer.Typer(help="The encoders' weights.", invoke_without_command=True)
cli.add_typer(models, name="models")

Workspace = Annotated[Path, typer.Option(help="Where the library is kept.")]
Encoder = Annotated[str | None, typer.Option(help="vggish or yamnet; by default flow.yml's.")]
Unverified = Annotated[bool, typer.Option(help="Accept weights of your own.")]
Host = Annotated[str | None, typer.Option(help="Where to listen; by default flow.yml's.")]
Port = Annotated[int | None, typer.Option(help="Where to listen; by default flow.yml's.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

WORKSPACE = Path("workspace")
TOY_DATA = PROJECT_DIR / "toy-data"


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Print an error of ours as one line, and exit with 1."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except AudioSearchError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(1) from None

    return run


@cli.callback(invoke_without_command=True)
@one_line_errors
def main(context: typer.Context) -> None:
    """Without a command: index toy-data/, then serve."""
    if context.invoked_subcommand is None:
        _index([TOY_DATA], WORKSPACE, None, False, as_json=False)
        _serve(WORKSPACE, None, False, None, None)


@cli.command()
@one_line_errors
def index(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders.")] = None,
    workspace: Workspace = WORKSPACE,
    encoder: Encoder = None,
    unverified_weights: Unverified = False,
    as_json: Json = False,
) -> None:
    """Index files and folders: toy-data/ where none is named."""
    report = _index(paths or [TOY_DATA], workspace, encoder, unverified_weights, as_json)
    if report.interrupted:
        typer.echo("Interrupted: what is done is kept; run it again to go on.", err=True)
        raise typer.Exit(130)
    if not report.n_files:
        typer.echo("Error: no audio or video file was found there", err=True)
    if not report.added + report.known + report.unchanged:
        raise typer.Exit(1)


@cli.command()
@one_line_errors
def search(
    file: Annotated[str, typer.Argument(help="A file, or a stretch: film.mp4#t=8.95,18.95")],
    workspace: Workspace = WORKSPACE,
    encoder: Encoder = None,
    unverified_weights: Unverified = False,
    limit: Annotated[int | None, typer.Option(min=1, help="How many recordings.")] = None,
    exclude_self: Annotated[bool, typer.Option(help="Leave out the recording itself.")] = False,
    as_json: Json = False,
) -> None:
    """Find the recordings that sound like a file, and where in them."""
    from audiosearch.querying import make_query, parse_stretch, shift_query_times
    from audiosearch.server import connect
    from audiosearch.store.sqlite import SQLiteStore

    SQLiteStore(workspace, read_only=True).close()
    query, offset_s = make_query(parse_stretch(file), workspace)
    parameters = {"limit": limit, "exclude_self": exclude_self}
    with connect(workspace, encoder, unverified_weights) as client:
        answer = client.search(query, {key: each for key, each in parameters.items() if each})
    shift_query_times(answer, offset_s)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        from audiosearch.tables import show_matches

        show_matches(answer)


@cli.command()
@one_line_errors
def serve(
    workspace: Workspace = WORKSPACE,
    encoder: Encoder = None,
    unverified_weights: Unverified = False,
    host: Host = None,
    port: Port = None,
    private: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Answer over HTTP: the page, POST /search, Swagger UI at /docs."""
    _serve(workspace, encoder, unverified_weights, host, port, private)


@cli.command()
@one_line_errors
def embed(
    files: Annotated[list[Path], typer.Argument(help="Audio or video files.")],
    out: Annotated[Path, typer.Option(help="The npz file to write.")],
    workspace: Workspace = WORKSPACE,
    encoder: Encoder = None,
    unverified_weights: Unverified = False,
) -> None:
    """Write the windows' vectors: embeddings, start_s, end_s, uri."""
    from audiosearch.config import flow_settings
    from audiosearch.embedding import embed_files, write_npz

    write_npz(out, embed_files(files, flow_settings(encoder, unverified_weights), workspace))


@models.callback()
@one_line_errors
def list_models(context: typer.Context) -> None:
    """List the weights and what is there of them."""
    if context.invoked_subcommand is None:
        from audiosearch import weights
        from audiosearch.tables import show_models

        show_models(weights.list_models(models_dir()))


@models.command("verify")
@one_line_errors
def verify_models() -> None:
    """Check the weights' checksums."""
    from audiosearch import weights
    from audiosearch.tables import show_models

    statuses = weights.verify_models(models_dir())
    show_models(statuses)
    if any(status.state == "unknown" for status in statuses):
        raise typer.Exit(1)


@models.command("download")
@one_line_errors
def download_models(model: Annotated[str, typer.Argument(help="vggish")] = "vggish") -> None:
    """Fetch weights from where they are published; nothing else ever downloads."""
    from audiosearch.download import download_model
    from audiosearch.tables import download_bar

    with download_bar() as on_progress:
        download_model(model, models_dir(), on_progress)


def _index(
    paths: list[Path],
    workspace: Path,
    encoder: str | None,
    unverified_weights: bool,
    as_json: bool,
) -> Any:
    from audiosearch.config import flow_settings
    from audiosearch.encoders import check_choice
    from audiosearch.indexing import index_paths
    from audiosearch.server import connect
    from audiosearch.store.sqlite import read_space
    from audiosearch.tables import progress_bar, show_report

    settings = flow_settings(encoder)
    check_choice(settings.model, settings.fallback, read_space(workspace))
    connection = partial(connect, workspace, encoder, unverified_weights)
    with progress_bar() as on_progress:
        report = index_paths(paths, workspace, connection, on_progress)
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        show_report(report)
    return report


def _serve(
    workspace: Path,
    encoder: str | None,
    unverified_weights: bool,
    host: str | None,
    port: int | None,
    private: bool = False,
) -> None:
    """Serve; a private server is found by nobody, and ends with the process that started it."""
    from audiosearch.config import flow_settings
    from audiosearch.encoders import check_choice
    from audiosearch.server import OWNER_TOKEN, Address, announced, check_port, new_token
    from audiosearch.store.sqlite import check_not_busy, read_space
    from executors.flow import flow_config
    from executors.flow import serve as serve_flow

    settings = flow_settings(encoder)
    check_choice(settings.model, settings.fallback, read_space(workspace))
    check_not_busy(workspace)
    config = flow_config(workspace, host, port, encoder, unverified_weights)
    address = Address(config["gateway"]["host"], config["gateway"]["port"], new_token())
    check_port(address.host, address.port)
    if private:
        serve_flow(config, threading.Thread(target=_end_with_stdin, daemon=True).start)
        return
    os.environ[OWNER_TOKEN] = address.token
    workspace.mkdir(parents=True, exist_ok=True)
    with announced(workspace, address):
        serve_flow(config, lambda: typer.echo(f"{address.url}/ (Swagger UI: {address.url}/docs)"))


def _end_with_stdin() -> None:
    """Stop this process when the one that holds the other end of its standard input is gone."""
    while os.read(0, 1):  # unlike sys.stdin's, this holds no lock that the exit would wait for
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    cli()
