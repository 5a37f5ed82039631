"""Sounds that come with a request: uploads and what is fetched, in a folder that goes with it."""

import asyncio
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from fastapi import UploadFile

from audiosearch.deadline import Deadline
from audiosearch.fetch import fetch
from executors.documents import Recording
from executors.pipeline import RefusedError
from executors.service.requests import Query
from executors.service.settings import Settings

_LONGEST_NAME = 100  # a name is shown in messages; file systems take 255 bytes


def documents_of(queries: Iterable[Query]) -> list[Recording]:
    """Make a document of each sound of the queries, in their order."""
    return [
        Recording(
            **sound.model_dump(
                include={"id", "uri", "recording_id", "start_s", "end_s"}, exclude_none=True
            ),
            group=group,
            role=role,
        )
        for group, query in enumerate(queries)
        for role, sounds in query.sounds().items()
        for sound in sounds
    ]


class Incoming:
    """Keeps the files of one request.

    Parameters
    ----------
    folder : Path
        Where.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def keep(self, upload: UploadFile) -> Path:
        """Write an uploaded file to the disk: microservices are told its path."""
        path = self._new_file(upload.filename or "")
        with path.open("wb") as file:
            await asyncio.to_thread(shutil.copyfileobj, upload.file, file)
        return path

    async def fetch(
        self, docs: Iterable[Recording], settings: Settings, deadline: Deadline
    ) -> None:
        """Fetch the sounds that are named by http(s) addresses, where that is allowed.

        Raises
        ------
        RefusedError
            If it is not.
        ForbiddenPathError, TooLongError, …
            As of ``audiosearch.fetch``.
        """
        for doc in docs:
            if not (doc.uri or "").lower().startswith(("http://", "https://")):
                continue
            if not settings.allow_urls:
                raise RefusedError(
                    "forbidden",
                    f"received the address {(doc.uri or '')[:80]}, but this service fetches none "
                    "(allow_urls of flow.yml); send the file to /search/upload",
                )
            max_bytes = int(settings.max_body_mb * 1e6)
            content = await fetch(doc.uri or "", max_bytes, max(0.0, deadline.left_s))
            path = self._new_file(PurePosixPath(urlsplit(doc.uri or "").path).name)
            path.write_bytes(content)
            doc.path = str(path)

    def _new_file(self, name: str) -> Path:
        """Give a path that ends in the file's own name, by which messages call it."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        printable = "".join(each for each in Path(name).name if each.isprintable())
        return folder / (printable.encode(errors="ignore").decode()[-_LONGEST_NAME:] or "upload")


@contextmanager
def incoming() -> Iterator[Incoming]:
    """Keep the files of one request as long as it is answered."""
    with TemporaryDirectory(prefix="audiosearch-") as folder:
        yield Incoming(Path(folder))
