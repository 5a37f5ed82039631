"""The commands that look into the library, and take out of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audiosearch.commands.common import (
    WORKSPACE,
    Json,
    Prefix,
    TagConditions,
    Workspace,
    one_line_errors,
    print_json,
)

if TYPE_CHECKING:
    from audiosearch.store.base import Store

cli = typer.Typer()


@contextmanager
def reading(workspace: Path) -> Iterator["Store"]:
    """Open a library to read it."""
    from audiosearch.store.sqlite import SQLiteStore

    store = SQLiteStore(workspace, read_only=True)
    try:
        yield store
    finally:
        store.close()


@cli.command("list")
@one_line_errors
def list_(
    workspace: Workspace = WORKSPACE,
    prefix: Prefix = "",
    tag: TagConditions = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, at most.")] = 50,
    after: Annotated[str, typer.Option(help="The uri behind which to go on.")] = "",
    as_json: Json = False,
) -> None:
    """List the recordings, in the order of their uris."""
    from audiosearch.catalogue import list_recordings
    from audiosearch.querying import parse_tags
    from audiosearch.tables import show_recordings

    with reading(workspace) as store:
        page = list_recordings(store, prefix, parse_tags(tag or []), after, limit)
    if as_json:
        print_json(asdict(page))
    else:
        show_recordings(page)


@cli.command()
@one_line_errors
def show(
    recording: Annotated[str, typer.Argument(help="Its id, or the uri or path of a file.")],
    workspace: Workspace = WORKSPACE,
    as_json: Json = False,
) -> None:
    """Show all that is known of a recording."""
    from audiosearch.catalogue import find_recording
    from audiosearch.tables import show_fields

    with reading(workspace) as store:
        found = asdict(find_recording(recording, store))
        found["files"] = [asdict(file) for uri in found.pop("uris") if (file := store.file(uri))]
    if as_json:
        print_json(found)
    else:
        show_fields(found)


@cli.command()
@one_line_errors
def status(workspace: Workspace = WORKSPACE, as_json: Json = False) -> None:
    """Tell how much the library holds, and whether a server runs."""
    from audiosearch.catalogue import summarise
    from audiosearch.tables import show_fields

    with reading(workspace) as store:
        found = asdict(summarise(store, workspace))
    if as_json:
        print_json(found)
    else:
        show_fields(found)


@cli.command()
@one_line_errors
def failures(workspace: Workspace = WORKSPACE, as_json: Json = False) -> None:
    """List the files that could not be indexed: index --retry-failed tries them again."""
    from audiosearch.catalogue import list_failures
    from audiosearch.tables import show_failures

    with reading(workspace) as store:
        rows = [
            {key: getattr(file, key) for key in ("path", "code", "message", "failed_at")}
            for file in list_failures(store)
        ]
    if as_json:
        print_json(rows)
    else:
        show_failures(rows)


@cli.command()
@one_line_errors
def remove(
    targets: Annotated[
        list[str], typer.Argument(help="Paths or uris of files or folders, or recording ids.")
    ],
    workspace: Workspace = WORKSPACE,
    as_json: Json = False,
) -> None:
    """Remove files from the library; on the disk they stay."""
    from audiosearch.catalogue import find_files
    from audiosearch.removal import remove_files

    with reading(workspace) as store:
        uris = find_files(targets, store)
    removed = remove_files(uris, workspace)
    if as_json:
        print_json({"removed": removed})
    else:
        typer.echo("\n".join(f"removed {uri}" for uri in removed))
