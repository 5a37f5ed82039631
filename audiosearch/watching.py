"""Watches folders for files that appear, change, move or go."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from audiosearch.errors import NotFoundError

SETTLE_S = 1.0


def watch(paths: Sequence[Path], workspace: Path) -> Iterator[None]:
    """Tell whenever there may be something to index: at once, then after each change.

    Parameters
    ----------
    paths : sequence of Path
        Folders and files; hidden files and folders within the folders do not count.
    workspace : Path
        Where the library is: what changes in it does not count.

    Yields
    ------
    None
        When the files that changed have kept their sizes and times for a second. What changes
        meanwhile is told afterwards.

    Raises
    ------
    NotFoundError
        If there is no such path.
    """
    import watchfiles

    for path in paths:
        if not path.exists():
            raise NotFoundError(f"there is no file or folder {path}")
    own, roots = workspace.resolve(), [Path(os.path.abspath(each)) for each in paths]

    def is_ours(_: watchfiles.Change, name: str) -> bool:
        path = Path(os.path.abspath(name))
        inside = [path.relative_to(root) for root in roots if path.is_relative_to(root)]
        return own not in (path, *path.parents) and not all(map(_is_hidden, inside))

    events = watchfiles.watch(*paths, watch_filter=is_ours, rust_timeout=200, yield_on_timeout=True)
    next(events)  # from here on nothing is missed
    yield
    for changes in events:
        if changes:
            wait_until_settled([path for _, path in changes])
            yield


def wait_until_settled(paths: Sequence[str], pause_s: float = SETTLE_S) -> None:
    """Wait until files keep their sizes and times: one that is still written is not yet whole."""
    before: list[tuple[int, int] | None] = []
    while (now := [_state(path) for path in paths]) != before:
        before = now
        time.sleep(pause_s)


def _is_hidden(path: Path) -> bool:
    """Tell whether a file or folder, or one that holds it, is hidden."""
    return any(part.startswith(".") for part in path.parts)


def _state(path: str) -> tuple[int, int] | None:
    try:
        state = Path(path).stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns
