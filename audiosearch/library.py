"""Finds the file that a uri means, and refuses those that may not be read."""

import itertools
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from audiosearch.containment import find_inside
from audiosearch.errors import ForbiddenPathError, NotFoundError, UnreadableFileError
from audiosearch.scan import subfolders
from audiosearch.store.base import Store
from audiosearch.store.rows import File, Recording
from audiosearch.tags import Labels, read_metadata
from audiosearch.types import Tags

SINGLE_FILES = "files"
"""First part of the uris of files that were indexed one by one."""
MAX_PATH = 4096
"""Bytes of the longest path that Linux knows."""
UPLOADS = "data"
"""First part of the uris of sounds that came in a request."""


class Library:
    """The folders and files of a store, seen as uris.

    Parameters
    ----------
    store : Store
        Where library folders and files are registered.
    roots : sequence of Path
        Folders below which paths may be read though they are no library folders.
    read_metadata : callable
        Reads a file's metadata.
    """

    def __init__(
        self,
        store: Store,
        roots: Sequence[Path] = (),
        read_metadata: Callable[[Path], Tags] = read_metadata,
    ) -> None:
        self._store = store
        self._read_metadata = read_metadata
        self._roots = [root.resolve() for root in roots]
        self._promised: dict[str, str] = {}  # uris of single files on their way into the store

    def resolve(self, uri: str, trusted: bool = False) -> File:
        """Find the file that a library uri or a path means.

        Parameters
        ----------
        uri : str
            A uri of the library, or a path, absolute or relative to a library root.
        trusted : bool
            Whether any path may be read: the owner of the machine asks.

        Returns
        -------
        File
            Its uri (the one it has, or would get), path, size and time.

        Raises
        ------
        ForbiddenPathError
            If the path lies outside, whether or not anything is there.
        NotFoundError
            If nothing is there.
        UnreadableFileError
            If it is no regular file.
        """
        known = self._store.file(uri)
        if known and known.path:
            return self._check_unmoved(known, trusted)
        path = self.locate(uri, trusted)
        return self._with_state(self.uri_of(path), path)

    def locate(self, uri: str, trusted: bool = False) -> Path:
        """Find the file or folder that a library uri or a path means.

        Links are followed before it is compared with the folders.

        Parameters
        ----------
        uri, trusted
            As in ``resolve``.

        Returns
        -------
        Path
            Absolute.

        Raises
        ------
        ForbiddenPathError, NotFoundError
            As ``resolve`` does.
        """
        if "\0" in uri:
            raise NotFoundError("a uri with a NUL character names no file")
        if len(os.fsencode(uri)) > MAX_PATH:  # which would be followed folder by folder
            raise NotFoundError(f"{uri[:80]}… is longer than a path can be ({MAX_PATH} bytes)")
        folder, _, rest = uri.partition("/")
        folders = self._store.folders()
        candidates = [Path(folders[folder], rest)] if folder in folders else []
        candidates += [Path(root, uri) for root in self._roots]
        if trusted or Path(uri).is_absolute():
            candidates.append(Path(uri))
        paths = [Path(os.path.abspath(each)) for each in candidates]
        if not trusted:
            allowed = [*map(Path, folders.values()), *self._roots]
            paths = [found for each in paths if (found := find_inside(each, allowed))]
            paths = [each for each in paths if not self._is_hidden(each)]
        if not paths:
            raise ForbiddenPathError(
                f"{uri} is not below a library folder or library_roots; "
                "index its folder first with: python app.py index FOLDER"
            )
        for path in paths:
            if os.path.lexists(path):
                return path
        raise NotFoundError(f"there is no file {uri} in the library or below library_roots")

    def top_folders(self) -> dict[str, Path]:
        """Give the library folders, and the folders right below the roots, by their names."""
        below = [each for root in reversed(self._roots) for each in subfolders(root)]
        known = self.folders()
        return {each.name: each for each in below if each not in known.values()} | known

    def folders(self) -> dict[str, Path]:
        """Give the library folders by their names."""
        return {name: Path(path) for name, path in self._store.folders().items()}

    def register(self, path: Path) -> str:
        """Make a folder a library folder, unless it lies within one.

        Parameters
        ----------
        path : Path
            The folder.

        Returns
        -------
        str
            The name by which its files' uris begin.
        """
        folder = Path(os.path.abspath(path))
        folders = self._store.folders()
        inside = self._folder_of(folder / "file")
        if inside:
            return inside
        base = folder.name or "root"
        taken = {*folders, SINGLE_FILES, UPLOADS}
        name = next(each for each in _numbered(base) if each not in taken)
        self._store.add_folder(name, str(folder))
        return name

    def admit(self, uri: str, trusted: bool = False) -> File:
        """Resolve a uri that is to be indexed, registering the folder that it needs.

        A path below a root makes the root's folder that holds it a library folder, so that
        ``toy-data/dog.ogg`` keeps its name.

        Parameters
        ----------
        uri, trusted
            As in ``resolve``.

        Returns
        -------
        File
            As of ``resolve``.
        """
        file = self.resolve(uri, trusted)
        path = Path(file.path or "")
        if not self._folder_of(path):
            for root in self._roots:
                inside = path.relative_to(root) if path.is_relative_to(root) else Path()
                if len(inside.parts) > 1:
                    self.register(root / inside.parts[0])
                    return self.resolve(str(path), trusted)
            self._promised[file.uri] = str(path)
        return file

    def uri_of(self, path: Path) -> str:
        """Give the uri that a path has, or would get.

        Parameters
        ----------
        path : Path
            Absolute.
        """
        name = self._folder_of(path)
        if name:
            inside = path.relative_to(self._store.folders()[name])
            return str(PurePosixPath(name, *inside.parts))
        uris = (f"{SINGLE_FILES}/{each}" for each in _numbered(path.stem, path.suffix))
        return next(uri for uri in uris if self._is_free(uri, path))

    def merge_tags(self, file: File, tags: Tags, recording: Recording) -> Tags:
        """Merge the tags of a file with those of the others that hold the same audio.

        Of files that contradict each other the first by its uri is right.

        Parameters
        ----------
        file : File
            A file of the recording.
        tags : dict
            The file's own.
        recording : Recording
            As the library knows it.
        """
        labels = Labels()
        by_uri = {file.uri: tags}
        for uri in recording.uris:
            other = self._store.file(uri)
            if other and other.path and uri != file.uri and Path(other.path).exists():
                path = Path(other.path)
                by_uri[uri] = {**self._read_metadata(path), **labels.row(uri, path)}
        merged: Tags = {}
        for uri in sorted(by_uri, reverse=True):
            merged |= by_uri[uri]
        return merged

    def forget_moved(self, file: File) -> None:
        """Forget the files of the same audio that are gone: they have moved to this one.

        Parameters
        ----------
        file : File
            A file of the library.
        """
        recording = self._store.recording(file.recording_id or "")
        for uri in recording.uris if recording and file.path else ():
            other = self._store.file(uri)
            gone = other and other.path and not os.path.lexists(other.path)
            if gone and uri != file.uri:
                self._store.remove_file(uri)

    def _is_free(self, uri: str, path: Path) -> bool:
        known = self._store.file(uri)
        owner = known.path if known else self._promised.get(uri, str(path))
        return owner == str(path)

    def _is_hidden(self, path: Path) -> bool:
        """Tell whether a root hides a file: in library folders, what is there is meant to be."""
        if self._folder_of(path):
            return False
        inside = (path.relative_to(root) for root in self._roots if path.is_relative_to(root))
        return any(part.startswith(".") for each in inside for part in each.parts)

    def _folder_of(self, path: Path) -> str | None:
        """Tell the innermost library folder that holds a path."""
        holding = [
            (len(folder), name)
            for name, folder in self._store.folders().items()
            if path.is_relative_to(folder)
        ]
        return max(holding)[1] if holding else None

    def _check_unmoved(self, known: File, trusted: bool) -> File:
        """Give a known file as it is now; strangers are not led outside by a link put in its place.

        A link that is as it was indexed is the owner's wish.
        """
        path = Path(known.path or "")
        file = self._with_state(known.uri, path)
        if trusted or (file.size, file.mtime_ns) == (known.size, known.mtime_ns):
            return file
        folders = [*map(Path, self._store.folders().values()), *self._roots]
        if path.is_symlink() and not find_inside(path, folders):
            raise ForbiddenPathError(
                f"{known.uri} has become a link to a file outside the library; index it again"
            )
        return file

    def _with_state(self, uri: str, path: Path) -> File:
        try:
            state = path.stat()
        except FileNotFoundError as error:
            why = " (a broken link)" if path.is_symlink() else ""
            raise NotFoundError(f"there is no file {uri}{why}") from error
        except OSError as error:
            raise UnreadableFileError(f"{uri} cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(state.st_mode):
            raise UnreadableFileError(f"{uri} is not a regular file")
        return File(uri, str(path), state.st_size, state.st_mtime_ns)


def _numbered(stem: str, suffix: str = "") -> Iterator[str]:
    """Yield a name, then the same with -2, -3 … before its suffix."""
    yield stem + suffix
    yield from (f"{stem}-{number}{suffix}" for number in itertools.count(2))
