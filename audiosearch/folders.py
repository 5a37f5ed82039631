"""Lists the folders that may be indexed by those who use a service."""

from dataclasses import dataclass

from audiosearch.library import Library
from audiosearch.scan import holds_media, subfolders


@dataclass(frozen=True)
class Folder:
    """A folder with media files in it or below it.

    Parameters
    ----------
    path : str
        What names it in requests: it begins with a library folder, or with a folder of a root.
    name : str
        The last part of that.
    in_library : bool
        Whether it is a library folder.
    has_folders : bool
        Whether there are folders in it to choose from.
    """

    path: str
    name: str
    in_library: bool
    has_folders: bool


def list_folders(library: Library, within: str = "") -> list[Folder]:
    """Give the folders with media files: the outermost that may be named, or those within one.

    Hidden folders and links are left out.

    Parameters
    ----------
    library : Library
        Whose folders and roots they are.
    within : str
        The path of a folder, as listed before.

    Raises
    ------
    ForbiddenPathError
        If that lies outside.
    NotFoundError
        If it is not there.
    """
    if within:
        start = within.rstrip("/")
        found = {f"{start}/{each.name}": each for each in subfolders(library.locate(start))}
    else:
        found = library.top_folders()
    known = library.folders().values()
    return [
        Folder(path, place.name, place in known, any(map(holds_media, subfolders(place))))
        for path, place in sorted(found.items())
        if place in known or holds_media(place)
    ]
