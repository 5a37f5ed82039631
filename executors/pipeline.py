"""Sends documents through the Flow, in the steps that indexing and searching take."""

import logging
from collections.abc import Iterable
from typing import Any

import grpc
from docarray import DocList
from jina.serve.runtimes.gateway.streamer import GatewayStreamer

from audiosearch.errors import AudioSearchError
from executors.documents import Recording

logger = logging.getLogger(__name__)

INDEXER = "indexer"
RECORDINGS_AT_ONCE = 8
"""Recordings whose blocks travel in one message: ten minutes of sound are 38 MB."""
SEGMENTER_AND_INDEXER = "segmenter|indexer"


class RefusedError(AudioSearchError):
    """A microservice refused a document.

    Parameters
    ----------
    reason : str
        The code of the error that it met.
    message : str
        Its message.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Pipeline:
    """The Flow's microservices as the gateway calls them.

    Parameters
    ----------
    streamer : GatewayStreamer
        The gateway's connection to them.
    """

    def __init__(self, streamer: GatewayStreamer) -> None:
        self._streamer = streamer

    async def search(
        self, docs: Iterable[Recording], parameters: dict[str, Any]
    ) -> list[Recording]:
        """Find the matches of each query.

        Parameters
        ----------
        docs : iterable of Recording
            The queries.
        parameters : dict
            As of ``SearchParameters``.

        Returns
        -------
        list of Recording
            In the order of the queries, with their matches.

        Raises
        ------
        RefusedError
            If a query cannot be answered; the message says which.
        """
        found = await self._call("/resolve", docs, {}, INDEXER)
        _check(found)
        for doc in found:
            doc.status = None
        found = await self._call("/search", found, parameters)
        _check(found)
        return found

    async def index(
        self, docs: Iterable[Recording], folders: list[str], trusted: bool
    ) -> list[Recording]:
        """Index recordings block by block.

        Parameters
        ----------
        docs : iterable of Recording
            What to index, by uri.
        folders : list of str
            Folders to make library folders first.
        trusted : bool
            Whether files may lie anywhere.

        Returns
        -------
        list of Recording
            In their order; ``status`` tells what became of each, ``code`` and ``message`` why one
            failed.

        Raises
        ------
        RefusedError
            If a path lies outside the folders that may be read; then none is indexed.
        """
        docs = list(docs)
        ids = [doc.id for doc in docs]
        for number, doc in enumerate(docs):
            doc.id = str(number)  # clients may give several the same
        parameters = {"index": True, "trusted": trusted, "folders": folders}
        done = {doc.id: doc for doc in await self._call("/resolve", docs, parameters, INDEXER)}
        _check([doc for doc in done.values() if doc.code == "forbidden"])
        new = [doc for doc in done.values() if doc.status is None]
        for first in range(0, len(new), RECORDINGS_AT_ONCE):
            group = new[first : first + RECORDINGS_AT_ONCE]
            done |= {doc.id: doc for doc in await self._index_blocks(group)}
        for doc, own_id in zip(done.values(), ids, strict=True):
            doc.id = own_id
        return list(done.values())

    async def _index_blocks(self, new: list[Recording]) -> list[Recording]:
        """Index some recordings, a block of each at a time."""
        pending = await self._call("/identify", new, {}, SEGMENTER_AND_INDEXER)
        done = {doc.id: doc for doc in pending}
        while pending := [doc for doc in pending if doc.status is None]:
            silent = {doc.id: doc.silent_windows for doc in pending}  # of the blocks before
            pending = await self._call("/index", pending, {})
            for doc in pending:
                doc.silent_windows += silent[doc.id]
                if doc.status == "added" and not doc.is_last:
                    doc.status, doc.block = None, doc.block + 1
            done |= {doc.id: doc for doc in pending}
        return list(done.values())

    async def remove(self, docs: Iterable[Recording]) -> list[Recording]:
        """Forget files by uri, or recordings by ``recording_id``.

        Returns
        -------
        list of Recording
            In their order; ``status`` is ``removed`` or ``failed``.
        """
        return await self._call("/remove", docs, {}, INDEXER)

    async def status(self) -> dict[str, Any]:
        """Describe the library."""
        docs = await self._call("/status", [Recording()], {}, INDEXER)
        return dict(docs[0].tags)

    async def _call(
        self,
        endpoint: str,
        docs: Iterable[Recording],
        parameters: dict[str, Any],
        target: str | None = None,
    ) -> list[Recording]:
        """Send documents through all microservices, or those that a regular expression names."""
        batch = DocList[Recording](docs)
        if not batch:
            return []
        answered: list[Recording] = []
        try:
            async for part, error in self._streamer.stream(
                batch,
                request_size=len(batch),
                exec_endpoint=endpoint,
                target_executor=target,
                parameters=parameters,
                return_type=DocList[Recording],
            ):
                if error:
                    logger.error("%s failed: %s", endpoint, error)
                    raise RefusedError(
                        "internal", f"{endpoint} failed inside the server; its log says why"
                    )
                answered.extend(part)
        except grpc.aio.AioRpcError as error:
            raise RefusedError("unavailable", "a microservice does not answer") from error
        return answered


def _check(docs: list[Recording]) -> None:
    for number, doc in enumerate(docs):
        if doc.status == "failed":
            raise RefusedError(doc.code or "internal", f"data[{number}]: {doc.message}")
