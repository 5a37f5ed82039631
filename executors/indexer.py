"""SimpleIndexer: keeps windows and finds the nearest ones."""

import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from docarray import DocList
from jina import Executor, requests

from audiosearch.data_uri import SCHEME
from audiosearch.errors import (
    AudioDecodeError,
    AudioSearchError,
    DiskFullError,
    IndexMismatchError,
    InvalidQueryError,
    NotFoundError,
    SilentAudioError,
)
from audiosearch.library import Library
from audiosearch.mapper import Mapper
from audiosearch.sandbox import Sandbox
from audiosearch.store import open_store
from audiosearch.store.rows import File
from audiosearch.store.rows import Recording as StoredRecording
from audiosearch.tags import Labels, digest, read_metadata, whole_numbers
from audiosearch.types import Tags
from executors.documents import Facts, Recording, Window
from executors.facts import tell
from executors.queries import answer, sounds_of_queries
from executors.rows import block_of, file_of, space_of
from executors.timing import timed
from executors.workspace import errors_told, jina_options, workspace_of

WINDOWS = "@c"
METADATA_TIMEOUT_S = 5.0  # searches wait meanwhile
NOT_THE_FILES_FAULT = (DiskFullError.code, IndexMismatchError.code)


class SimpleIndexer(Executor):
    """Keeps vectors and metadata in the workspace; finds the nearest by cosine distance.

    Parameters
    ----------
    match_args : dict, optional
        ``limit``: how many recordings a search answers by default. ``traversal_rdarray`` and
        ``traversal_ldarray``: ``'@c'``, since windows are compared with windows.
    library_roots : list of str
        Folders below which files may be read and indexed by their paths.
    preload : bool
        Read the vectors now rather than for the first search.
    """

    def __init__(
        self,
        match_args: dict[str, Any] | None = None,
        library_roots: list[str] | None = None,
        preload: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**jina_options(kwargs))
        with errors_told():
            self.limit = _check_match_args(match_args or {})
            self.store = open_store(workspace_of(self))
            if preload:
                self.store.pair_distances()  # needs the vectors, and is needed itself
        roots = [Path(root) for root in library_roots or ["."]]
        self.library = Library(self.store, roots, self._read_metadata)
        self.mapper = Mapper(workspace_of(self))

    @requests(on="/resolve")
    def resolve(
        self, docs: DocList[Recording], parameters: dict[str, Any], **kwargs: Any
    ) -> DocList[Recording]:
        """Find the file of each uri or recording id.

        ``parameters``: ``index``: it is to be indexed; ``trusted``: from anywhere; ``folders``:
        folders to register first.
        """
        labels = Labels()
        folders = list(parameters.get("folders", []))
        for doc in docs:
            try:
                while folders:
                    self.library.register(Path(folders[0]))
                    folders.pop(0)
                self._resolve(doc, parameters, labels)
            except AudioSearchError as error:
                doc.fail(error)
                if parameters.get("index") and parameters.get("trusted"):
                    self._note_unresolved(doc)
        return docs

    @requests(on="/identify")
    def recognise(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Tell which recordings are known by their audio, and note those that cannot be read."""
        for doc in docs:
            try:
                self._recognise(doc)
            except AudioSearchError as error:
                doc.fail(error)
            if doc.status == "failed":
                self._note_failure(doc)
        return docs

    @requests(on="/index")
    def index(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Write one block of each recording."""
        for doc in docs:
            if doc.status != "failed":
                try:
                    self._add(doc)
                except AudioSearchError as error:
                    doc.fail(error)
            if doc.status == "failed":
                self._note_failure(doc)
            doc.chunks, doc.peaks = DocList[Window](), None
        return docs

    @requests(on="/search")
    def search(
        self, docs: DocList[Recording], parameters: dict[str, Any], **kwargs: Any
    ) -> DocList[Recording]:
        """Hang the nearest recordings on the first sound of each query."""
        with timed(docs, "search"):
            for sounds in sounds_of_queries(docs):
                answer(sounds, self.store, parameters, self.limit)
        for doc in docs:
            doc.chunks, doc.peaks = DocList[Window](), None
        return docs

    @requests(on="/remove")
    def remove(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Forget files by their uris, or recordings by their ids."""
        for doc in docs:
            try:
                self._remove(doc)
            except AudioSearchError as error:
                doc.fail(error)
        return docs

    @requests(on="/locate")
    def locate(
        self, docs: DocList[Recording], parameters: dict[str, Any], **kwargs: Any
    ) -> DocList[Recording]:
        """Find the file or folder that may be indexed under a path or uri."""
        for doc in docs:
            try:
                doc.path = str(self.library.locate(doc.uri or "", bool(parameters["trusted"])))
            except AudioSearchError as error:
                doc.fail(error)
        return docs

    @requests(on="/tell")
    def tell(
        self, docs: DocList[Facts], parameters: dict[str, Any], **kwargs: Any
    ) -> DocList[Facts]:
        """Tell of the library: ``parameters`` name what, and what that needs."""
        own = {
            "workspace": str(workspace_of(self)),
            "library": self.library,
            "mapper": self.mapper,
            "default_limit": self.limit,
        }
        return tell(self.store, parameters | own)

    def close(self) -> None:
        """Give up the library's files and lock."""
        self.store.close()
        if "_sandbox" in self.__dict__:
            self._sandbox.close()

    @cached_property
    def _sandbox(self) -> Sandbox:
        return Sandbox(workers=1)

    def _read_metadata(self, path: Path) -> Tags:
        """Read a file's metadata, elsewhere: a hostile one must not reach the library."""
        try:
            return self._sandbox.run(read_metadata, path, timeout_s=METADATA_TIMEOUT_S)
        except AudioDecodeError:
            return {}

    def _resolve(self, doc: Recording, parameters: dict[str, Any], labels: Labels) -> None:
        if doc.recording_id is not None:
            file = self._file_of(doc.recording_id)
        elif doc.path or (doc.uri and doc.uri.startswith(SCHEME)):  # it came with the request
            return
        else:
            find = self.library.admit if parameters.get("index") else self.library.resolve
            file = find(doc.uri or "", bool(parameters.get("trusted")))
        doc.uri, doc.path, doc.file_state = file.uri, file.path, f"{file.size} {file.mtime_ns}"
        known = self.store.file(file.uri)
        if known and (known.size, known.mtime_ns) == (file.size, file.mtime_ns):
            recording = self.store.recording(known.recording_id or "")
            if recording:
                doc.recording_id, doc.duration_s = recording.id, recording.duration_s
                doc.seek_table = self.store.seek_table(recording.id)
                row = labels.row(file.uri, Path(file.path or ""))
                retagged = bool(doc.tags) or known.labels != digest(row)
                doc.status = "unchanged" if recording.complete and not retagged else None

    def _recognise(self, doc: Recording) -> None:
        """Bring file and tags of a recording that is wholly known up to date."""
        known = self.store.recording(doc.recording_id or "")
        if not known or doc.status == "failed":
            return
        doc.block, doc.is_last, doc.duration_s = known.n_blocks, known.complete, known.duration_s
        doc.seek_table = self.store.seek_table(known.id)
        if not known.complete:
            return
        file = file_of(doc)
        tags = self.library.merge_tags(file, whole_numbers(doc.tags), known)
        retagged = tags != known.tags if doc.path or tags else False
        doc.status = "known" if retagged or file.uri not in known.uris else "unchanged"
        if retagged:
            self.store.set_tags(known.id, tags)
        self.store.put_file(file)
        self.library.forget_moved(file)

    def _file_of(self, recording_id: str) -> File:
        recording = self.store.recording(recording_id)
        if not recording:
            raise NotFoundError(f"there is no recording {recording_id} in the library")
        for uri in recording.uris:
            with suppress(AudioSearchError):
                return self.library.resolve(uri)
        raise NotFoundError(f"no file of the recording {recording_id} can be found any longer")

    def _add(self, doc: Recording) -> None:
        """Write a block; one of silence alone moves the recording's end, and adds no window."""
        known = self.store.recording(doc.recording_id or "")
        if known and doc.block < known.n_blocks:  # a copy of it came in the same moment
            self.store.put_file(file_of(doc))
            doc.status = "known"
            return
        if doc.block > (known.n_blocks if known else 0):
            raise NotFoundError("the recording was removed while it was indexed; index it again")
        if doc.is_last and not doc.chunks and not (known and known.n_windows):
            raise SilentAudioError("the recording is only silence: it has no window to index")
        recording = StoredRecording(
            id=doc.recording_id or "",
            duration_s=doc.duration_s or 0.0,
            complete=doc.is_last,
            silent_windows=doc.silent_windows,
            tags=whole_numbers(doc.tags),
        )
        self.store.add_block(file_of(doc), recording, block_of(doc), space_of(doc))
        self.library.forget_moved(file_of(doc))
        doc.status = "added"

    def _remove(self, doc: Recording) -> None:
        if doc.recording_id is not None:
            what, found = f"recording {doc.recording_id}", self.store.remove(doc.recording_id)
        else:
            what, found = f"file {doc.uri}", self.store.remove_file(doc.uri or "")
        if not found:
            raise NotFoundError(f"there is no {what} in the library")
        doc.status = "removed"

    def _note_unresolved(self, doc: Recording) -> None:
        """Note a path that is there, but no file that can be read."""
        if doc.uri and Path(doc.uri).is_absolute() and os.path.lexists(doc.uri):
            doc.path, doc.uri = doc.uri, self.library.uri_of(Path(doc.uri))
            self._note_failure(doc)

    def _note_failure(self, doc: Recording) -> None:
        """Enter a file into the ledger: what it held is not what it holds."""
        if doc.path and doc.code not in NOT_THE_FILES_FAULT:
            failed_at = datetime.now(UTC).isoformat(timespec="seconds")
            file = replace(file_of(doc), recording_id=None, code=doc.code, message=doc.message)
            try:
                self.store.put_file(replace(file, failed_at=failed_at))
            except DiskFullError as error:
                doc.fail(error)


def _check_match_args(match_args: dict[str, Any]) -> int:
    """Check the tutorial's ``match_args``, and give the limit."""
    accepted = {"limit": None, "traversal_rdarray": WINDOWS, "traversal_ldarray": WINDOWS}
    for key, value in match_args.items():
        if key not in accepted or (accepted[key] and value != accepted[key]):
            raise InvalidQueryError(
                f"received match_args {key}: {value!r}, expected limit (recordings), and "
                f"traversal_rdarray and traversal_ldarray {WINDOWS!r}: windows are compared"
            )
    limit = match_args.get("limit", 10)
    if not isinstance(limit, int) or limit < 1:
        raise InvalidQueryError(f"received match_args limit: {limit!r}, expected a positive number")
    return limit
