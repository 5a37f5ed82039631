"""Removes files from a library: through its server where one runs, else in the store itself."""

from collections.abc import Sequence
from pathlib import Path

from audiosearch.server import find_server
from audiosearch.store import open_store

FILES_A_REQUEST = 1000


def remove_files(uris: Sequence[str], workspace: Path) -> list[str]:
    """Remove files; a recording is removed with the last file that holds it.

    Parameters
    ----------
    uris : sequence of str
        The files.
    workspace : Path
        Where the library is.

    Returns
    -------
    list of str
        The uris of those that were there.

    Raises
    ------
    WorkspaceBusyError
        If another process that is no server writes to the workspace.
    """
    client = find_server(workspace)
    if client is None:
        store = open_store(workspace)
        try:
            return [uri for uri in uris if store.remove_file(uri)]
        finally:
            store.close()
    removed: list[str] = []
    with client:
        for start in range(0, len(uris), FILES_A_REQUEST):
            removed += client.remove(uris[start : start + FILES_A_REQUEST])
    return removed
