"""The commands that look into the library, and take out of it."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

import typer

from audiosearch.commands.common import (
    WORKSPACE,
    After,
    HeardNames,
    Json,
    Prefix,
    TagConditions,
    Text,
    Workspace,
    one_line_errors,
    print_json,
)

if TYPE_CHECKING:
    from audiosearch.store.base import Store

Format = Literal["csv", "parquet", "m3u"]

cli = typer.Typer()


@contextmanager
def reading(workspace: Path) -> Iterator["Store"]:
    """Open a library to read it."""
    from audiosearch.store import open_store

    store = open_store(workspace, read_only=True)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def open_output(out: Path | None) -> Iterator[IO[bytes]]:
    """Open a file to write, or standard output; a file that fails stays as it was."""
    if out is None:
        yield sys.stdout.buffer
    elif out.exists() and not out.is_file():  # a pipe or a terminal: it cannot be replaced
        with out.open("wb") as file:
            yield file
    else:
        from audiosearch.publish import publish

        out = out.resolve()
        partial = out.with_name(f"{out.name}.part")
        try:
            with partial.open("wb") as file:
                yield file
            publish(partial, out)
        finally:
            partial.unlink(missing_ok=True)


@cli.command("list")
@one_line_errors
def list_(
    workspace: Workspace = WORKSPACE,
    prefix: Prefix = "",
    tag: TagConditions = None,
    text: Text = "",
    heard: HeardNames = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, at most.")] = 50,
    after: After = "",
    as_json: Json = False,
) -> None:
    """List the recordings, in the order of their uris."""
    from audiosearch.catalogue import list_recordings
    from audiosearch.querying import parse_tags
    from audiosearch.tables import show_recordings

    with reading(workspace) as store:
        tags = parse_tags(tag or [])
        page = list_recordings(store, prefix, tags, text, after, limit, heard or [])
    if as_json:
        print_json(asdict(page))
    else:
        show_recordings(page)


@cli.command("heard")
@one_line_errors
def heard_(
    workspace: Workspace = WORKSPACE,
    prefix: Prefix = "",
    tag: TagConditions = None,
    text: Text = "",
    heard: HeardNames = None,
    as_json: Json = False,
) -> None:
    """List what is heard in the recordings, and in how many of them."""
    from audiosearch.catalogue import make_condition
    from audiosearch.heard.facets import facets_of
    from audiosearch.querying import parse_tags
    from audiosearch.tables import show_facets

    condition = make_condition(prefix, parse_tags(tag or []), text, heard or [])
    with reading(workspace) as store:
        facets = facets_of(store.count_heard(condition))
    if as_json:
        print_json([asdict(each) for each in facets])
    else:
        show_facets(facets)


def search_heard(
    name: str, workspace: Path, limit: int | None, prefix: str, conditions: Sequence[str]
) -> dict[str, Any]:
    """Answer a query by name, as ``POST /search`` does, but without a server."""
    from audiosearch.catalogue import make_condition
    from audiosearch.heard.finding import find_heard
    from audiosearch.querying import parse_tags
    from audiosearch.retrieval import SearchOptions

    condition = make_condition(prefix, parse_tags(conditions))
    with reading(workspace) as store:
        found = find_heard(store, name, limit or SearchOptions.limit, condition=condition)
    return {"data": [{"id": name, "uri": None, **asdict(found)}]}


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
def failures(
    workspace: Workspace = WORKSPACE,
    limit: Annotated[int | None, typer.Option(min=1, help="How many, at most; else all.")] = None,
    after: After = "",
    as_json: Json = False,
) -> None:
    """List the files that could not be indexed: index --retry-failed tries them again."""
    from audiosearch.catalogue import list_failures
    from audiosearch.tables import show_failures

    with reading(workspace) as store:
        page = list_failures(store, after, limit)
    keys = ("path", "code", "message", "failed_at")
    rows = [{key: getattr(file, key) for key in keys} for file in page.files]
    if as_json:
        print_json([{"uri": file.uri, **row} for file, row in zip(page.files, rows, strict=True)])
    else:
        show_failures(rows)
        if page.after:
            typer.echo(f"\nmore: --after '{page.after}'")


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


@cli.command()
@one_line_errors
def check(
    workspace: Workspace = WORKSPACE,
    repair: Annotated[
        bool, typer.Option("--repair", help="Drop what cannot be trusted; it is encoded again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Verify the library: checksums, counts, references."""
    from audiosearch.store import open_store

    with reading(workspace) as store:
        damage = store.check()
    if repair and damage:
        writer = open_store(workspace)
        try:
            damage = writer.repair()
        finally:
            writer.close()
    if as_json:
        print_json([asdict(each) for each in damage])
    else:
        for each in damage:
            typer.echo(f"{'dropped ' if repair else ''}{each.what}: {each.why}")
        typer.echo(f"damaged: {len(damage)}")
    if damage and not repair:
        raise typer.Exit(1)


@cli.command()
@one_line_errors
def export(
    workspace: Workspace = WORKSPACE,
    format: Annotated[
        Format, typer.Option(help="A table of either kind, or a list for players.")
    ] = "csv",
    out: Annotated[Path | None, typer.Option(help="The file to write; else stdout.")] = None,
    windows: Annotated[
        bool, typer.Option("--windows", help="The windows instead of the recordings.")
    ] = False,
    search: Annotated[
        str | None, typer.Option(help="What search --json printed: a file, or - for stdin.")
    ] = None,
) -> None:
    """Write the recordings, their windows, or the result of a search."""
    from audiosearch.export import read_answer, recording_rows, search_rows, window_rows, write_rows

    answer = None if search is None else read_answer(search)
    with reading(workspace) as store, open_output(out) as file:
        if search is not None:
            rows = search_rows(answer, store)
        else:
            rows = window_rows(store) if windows else recording_rows(store)
        with closing(rows):  # before the library, also where the reader of a pipe is gone
            write_rows(rows, file, format)
