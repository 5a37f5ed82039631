"""The command line: python app.py --help."""

import os
import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from audiosearch.commands import audioset, evaluating, indexing, library, models
from audiosearch.commands.common import (
    WORKSPACE,
    Encoder,
    HeardNames,
    Json,
    Prefix,
    TagConditions,
    Unverified,
    Workspace,
    check_encoder,
    one_line_errors,
    print_json,
)

cli = typer.Typer(
    help="Finds the recordings that sound like a sound, and where in them.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(indexing.cli)
cli.add_typer(library.cli)
cli.add_typer(evaluating.cli)
cli.add_typer(audioset.cli)
cli.add_typer(models.cli, name="models")

Host = Annotated[str | None, typer.Option(help="Where to listen; by default flow.yml's.")]
Port = Annotated[int | None, typer.Option(help="Where to listen; by default flow.yml's.")]


@cli.callback(invoke_without_command=True)
@one_line_errors
def main(context: typer.Context) -> None:
    """Without a command: index toy-data/, then serve."""
    if context.invoked_subcommand is None:
        indexing.run_index([indexing.TOY_DATA], WORKSPACE)
        _serve(WORKSPACE, None, False, None, None)


@cli.command()
@one_line_errors
def search(
    file: Annotated[
        str | None, typer.Argument(help="A file, or a stretch: film.mp4#t=8.95,18.95")
    ] = None,
    workspace: Workspace = WORKSPACE,
    encoder: Encoder = None,
    unverified_weights: Unverified = False,
    limit: Annotated[int | None, typer.Option(min=1, help="How many recordings.")] = None,
    exclude_self: Annotated[bool, typer.Option(help="Leave out the recording itself.")] = False,
    prefix: Prefix = "",
    tag: TagConditions = None,
    heard: HeardNames = None,
    as_json: Json = False,
) -> None:
    """Find the recordings that sound like a file, or in which something is heard, and where."""
    from audiosearch.querying import make_filter

    if file:
        parameters = {
            "limit": limit,
            "exclude_self": exclude_self,
            "filter": make_filter(prefix, tag or [], heard or []),
        }
        answer = _search_sound(file, parameters, workspace, encoder, unverified_weights)
    elif heard and len(heard) == 1:
        answer = library.search_heard(heard[0], workspace, limit, prefix, tag or [])
    else:
        raise typer.BadParameter("expected a file, or one --heard NAME")
    if as_json:
        print_json(answer)
    else:
        from audiosearch.tables import show_matches

        show_matches(answer)


def _search_sound(
    file: str,
    parameters: dict[str, Any],
    workspace: Path,
    encoder: str | None,
    unverified_weights: bool,
) -> dict[str, Any]:
    """Search with a sound, through a server."""
    from audiosearch.querying import make_query, parse_stretch, shift_query_times
    from audiosearch.server import connect
    from audiosearch.store import open_store

    open_store(workspace, read_only=True).close()
    check_encoder(workspace, encoder)
    query, offset_s = make_query(parse_stretch(file), workspace)
    with connect(workspace, encoder, unverified_weights) as client:
        answer = client.search(query, {key: each for key, each in parameters.items() if each})
    shift_query_times(answer, offset_s)
    return answer


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


def _serve(
    workspace: Path,
    encoder: str | None,
    unverified_weights: bool,
    host: str | None,
    port: int | None,
    private: bool = False,
) -> None:
    """Serve; a private server is found by nobody, and ends with the process that started it."""
    from audiosearch.access import TOKEN, check_exposure
    from audiosearch.server import OWNER_TOKEN, Address, announced, check_port, new_token
    from audiosearch.store.workspace import check_not_busy
    from executors.flow import flow_config
    from executors.flow import serve as serve_flow

    check_encoder(workspace, encoder)
    check_not_busy(workspace)
    config = flow_config(workspace, host, port, encoder, unverified_weights, not private)
    address = Address(config["gateway"]["host"], config["gateway"]["port"], new_token())
    check_exposure(address.host, os.environ.get(TOKEN))
    check_port(address.host, address.port)
    if private:
        serve_flow(config, threading.Thread(target=_end_with_stdin, daemon=True).start, True)
        return
    os.environ[OWNER_TOKEN] = address.token
    workspace.mkdir(parents=True, exist_ok=True)
    with ExitStack() as while_ready:

        def tell() -> None:
            while_ready.enter_context(announced(workspace, address))
            typer.echo(f"Page: {address.url}/  Swagger UI: {address.url}/docs")

        serve_flow(config, tell)


def _end_with_stdin() -> None:
    """Stop this process when the one that holds the other end of its standard input is gone.

    A Flow one of whose microservices is dead would wait a minute for it: it is not waited for.
    """
    from audiosearch.server import STOP_TIMEOUT_S

    while os.read(0, 1):  # unlike sys.stdin's, this holds no lock that the exit would wait for
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_TIMEOUT_S)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    cli()
