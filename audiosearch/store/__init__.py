"""Where a library's vectors and metadata are kept, behind one interface."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audiosearch.store.base import Store


def open_store(workspace: Path, read_only: bool = False) -> "Store":
    """Open the library of a workspace; this names the store that the project uses.

    Parameters
    ----------
    workspace : Path
        The folder; made, with an empty library, if it is to be written.
    read_only : bool
        Whether another process may write to it.

    Raises
    ------
    NotFoundError
        If there is no library to read.
    WorkspaceBusyError
        If another process writes to the workspace.
    UnreadableFileError, LibraryDamagedError, IndexMismatchError
        If the library cannot be opened, is damaged, or of another format.
    """
    from audiosearch.store.sqlite import SQLiteStore

    return SQLiteStore(workspace, read_only)
