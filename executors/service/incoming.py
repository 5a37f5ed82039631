"""Sounds that come with a request, or are fetched for it, in a folder that goes with it."""

import asyncio
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from fastapi import UploadFile

from audiosearch.data_uri import SCHEME, read_data_uri, shorten
from audiosearch.deadline import Deadline
from audiosearch.errors import DiskFullError, InvalidQueryError, is_disk_full
from audiosearch.fetch import fetch
from audiosearch.sources import name_of
from executors.documents import Recording
from executors.pipeline import RefusedError
from executors.service.problems import NO_ROOM
from executors.service.requests import Query
from executors.service.settings import Settings

_LONGEST_NAME = 200  # bytes, of which file systems take 255


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
        with _telling_of_full_disks(), path.open("wb") as file:
            await asyncio.to_thread(shutil.copyfileobj, upload.file, file)
        return path

    async def keep_data(self, docs: Iterable[Recording]) -> None:
        """Write the sounds of ``data:`` URIs to the disk, and mark the broken ones as failed.

        From one microservice to the next each would cost seconds for 100 MB.
        """
        for doc in docs:
            uri = doc.uri or ""
            if doc.path or not uri.startswith(SCHEME):
                continue
            try:
                content = await asyncio.to_thread(read_data_uri, uri)
            except InvalidQueryError as error:
                doc.fail(error)
            else:
                await self._write(doc, name_of(content), content)
            doc.uri = shorten(uri)

    async def fetch(
        self, docs: Iterable[Recording], settings: Settings, deadline: Deadline
    ) -> None:
        """Fetch the sounds that are named by http(s) addresses, where that is allowed.

        Raises
        ------
        RefusedError
            If it is not.
        ForbiddenPathError, TooLongError, …
            As of ``audiosearch.fetch``; they may be as large together as a body.
        """
        left = int(settings.max_body_mb * 1e6)
        for doc in docs:
            if doc.path or not (doc.uri or "").lower().startswith(("http://", "https://")):
                continue
            if not settings.allow_urls:
                raise RefusedError(
                    "forbidden",
                    f"received the address {(doc.uri or '')[:80]}, but this service fetches none "
                    "(allow_urls of flow.yml); send the file to /search/upload",
                )
            content = await fetch(doc.uri or "", left, max(0.0, deadline.left_s))
            left -= len(content)
            await self._write(doc, PurePosixPath(urlsplit(doc.uri or "").path).name, content)

    async def _write(self, doc: Recording, name: str, content: bytes) -> None:
        path = self._new_file(name)
        with _telling_of_full_disks():
            await asyncio.to_thread(path.write_bytes, content)
        doc.path = str(path)

    def _new_file(self, name: str) -> Path:
        """Give a path that ends in the file's own name, by which messages call it."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        printable = "".join(each for each in Path(name).name if each.isprintable())
        short = printable.encode(errors="ignore")[-_LONGEST_NAME:].decode(errors="ignore")
        return folder / (short if short.strip(".") else "upload")


@contextmanager
def _telling_of_full_disks() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise DiskFullError(NO_ROOM) from error


@contextmanager
def incoming() -> Iterator[Incoming]:
    """Keep the files of one request as long as it is answered."""
    with TemporaryDirectory(prefix="audiosearch-") as folder:
        yield Incoming(Path(folder))
