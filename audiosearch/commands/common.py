"""What the commands share: options, errors of one line, JSON."""

import errno
import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from audiosearch.errors import AudioSearchError, DiskFullError, UnreadableFileError
from audiosearch.weights import models_dir

WORKSPACE = Path("workspace")

Workspace = Annotated[Path, typer.Option(help="Where the library is kept.")]
Encoder = Annotated[str | None, typer.Option(help="vggish or yamnet; by default flow.yml's.")]
Unverified = Annotated[bool, typer.Option(help="Accept weights of your own.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def check_text(given: Any) -> Any:
    """Refuse text that is not UTF-8: no name in a library is."""
    try:
        "".join(given or "").encode()
    except UnicodeEncodeError as error:
        raise typer.BadParameter(f"received {error.object!r}, expected UTF-8") from error
    return given


def read_path(given: str) -> Path:
    """Read a path; an empty one is not the current folder."""
    if not given:
        raise typer.BadParameter("received an empty path, expected a file or folder")
    return Path(given)


Prefix = Annotated[
    str, typer.Option(callback=check_text, help="Only recordings whose uri begins so.")
]
TagConditions = Annotated[
    list[str] | None,
    typer.Option("--tag", callback=check_text, help="Only recordings with this tag: key=value."),
]
HeardNames = Annotated[
    list[str] | None,
    typer.Option("--heard", callback=check_text, help="Only recordings in which this is heard."),
]
Text = Annotated[
    str, typer.Option(callback=check_text, help="Only recordings with these words in uri or tags.")
]
After = Annotated[str, typer.Option(callback=check_text, help="The uri behind which to go on.")]


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Print an error of ours as one line, and exit with 1."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                fail(DiskFullError(f"the disk is full ({error}); make room, and run it again"))
            fail(UnreadableFileError(f"{error.filename} cannot be used: {error.strerror}"))
        except AudioSearchError as error:
            fail(error)

    return run


def fail(error: AudioSearchError) -> None:
    """Print an error, and exit with 1."""
    typer.echo(f"Error: {error}", err=True)
    raise typer.Exit(1) from None


def print_json(document: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, ensure_ascii=False))


def check_encoder(workspace: Path, encoder: str | None) -> str | None:
    """Refuse early an encoder that is not there, or not the one of the workspace's vectors.

    Returns
    -------
    str or None
        What to tell the user if another encoder stands in for flow.yml's.
    """
    from audiosearch.config import flow_settings
    from audiosearch.encoders import choose_name, fallback_notice
    from audiosearch.store.workspace import read_space

    settings, space = flow_settings(encoder), read_space(workspace)
    name = choose_name(settings.model, settings.fallback, space, models_dir())
    return None if space or name == settings.model else fallback_notice(settings.model, name)
