"""Sends documents through the Flow, in the steps that indexing and searching take."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any, TypeVar

import grpc
from docarray import BaseDoc, DocList
from jina.serve.runtimes.gateway.streamer import GatewayStreamer

from audiosearch.errors import AudioSearchError
from executors.documents import Facts, Recording

Answer = TypeVar("Answer", bound=BaseDoc)

logger = logging.getLogger(__name__)

INDEXER = "indexer"
BYTES_A_MESSAGE = 2_000_000
"""Of files whose blocks travel together: two minutes of mp3 become 8 MB of samples."""
MESSAGES_AT_ONCE = 3
"""Messages of all index requests on their way: a block of two minutes is 8 MB, and each keeps one
of the few threads that a microservice has (5 on one core)."""
RECORDINGS_AT_ONCE = 8
"""Recordings of a request that are indexed together, a block of each at a time."""
ASK_TIMEOUT_S = 30
"""Longer than a search may take that names nothing else: the library answers one at a time."""
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
        self._indexing = asyncio.Semaphore(MESSAGES_AT_ONCE)

    async def search(
        self, docs: Iterable[Recording], parameters: dict[str, Any]
    ) -> list[Recording]:
        """Find the matches of each query.

        Parameters
        ----------
        docs : iterable of Recording
            The queries' sounds; those of one query share their ``group``.
        parameters : dict
            As of ``SearchParameters``, and ``deadline``.

        Returns
        -------
        list of Recording
            The first sound of each query, in their order, with its matches.

        Raises
        ------
        RefusedError
            If a query cannot be answered; the message says which.
        """
        sounds = [*docs]
        if any(doc.path is None for doc in sounds):  # what came along need not be looked up
            sounds = await self._call("/resolve", sounds, {}, INDEXER)
        _check(sounds)
        for doc in sounds:
            doc.status = None
        found = await self._call("/search", sounds, parameters)
        _check(found)
        return [next(query) for _, query in groupby(found, lambda doc: doc.group)]

    async def index(
        self,
        docs: Iterable[Recording],
        folders: list[str],
        trusted: bool,
        all_or_none: bool = False,
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
        all_or_none : bool
            Index none if a path lies outside the folders that may be read.

        Returns
        -------
        list of Recording
            In their order; ``status`` tells what became of each, ``code`` and ``message`` why one
            failed.

        Raises
        ------
        RefusedError
            If a path lies outside, and ``all_or_none`` is set.
        """
        docs = list(docs)
        ids = [doc.id for doc in docs]
        for number, doc in enumerate(docs):
            doc.id = str(number)  # clients may give several the same
        parameters = {"index": True, "trusted": trusted, "folders": folders}
        done = {doc.id: doc for doc in await self._call("/resolve", docs, parameters, INDEXER)}
        if all_or_none:
            for number, doc in enumerate(done.values()):
                if doc.code == "forbidden":
                    refuse_failed(doc, f"data[{number}]: ")
        new = [doc for doc in done.values() if doc.status is None]
        for first in range(0, len(new), RECORDINGS_AT_ONCE):
            group = new[first : first + RECORDINGS_AT_ONCE]
            done |= {doc.id: doc for doc in await self._index_blocks(group)}
        for doc, own_id in zip(done.values(), ids, strict=True):
            doc.id = own_id
        return list(done.values())

    async def _index_blocks(self, new: list[Recording]) -> list[Recording]:
        """Index some recordings, a block of each at a time."""
        async with self._indexing:
            pending = await self._call("/identify", new, {}, SEGMENTER_AND_INDEXER)
        done = {doc.id: doc for doc in pending}
        while pending := [doc for doc in pending if doc.status is None]:
            silent = {doc.id: doc.silent_windows for doc in pending}  # of the blocks before
            messages = map(self._index_message, _messages(pending))
            pending = [*chain.from_iterable(await asyncio.gather(*messages))]
            for doc in pending:
                doc.silent_windows += silent[doc.id]
                if doc.status == "added" and not doc.is_last:
                    doc.status, doc.block = None, doc.block + 1
            done |= {doc.id: doc for doc in pending}
        return list(done.values())

    async def _index_message(self, docs: list[Recording]) -> list[Recording]:
        async with self._indexing:
            return await self._call("/index", docs, {})

    async def remove(self, docs: Iterable[Recording]) -> list[Recording]:
        """Forget files by uri, or recordings by ``recording_id``.

        Returns
        -------
        list of Recording
            In their order; ``status`` is ``removed`` or ``failed``.
        """
        return await self._call("/remove", docs, {}, INDEXER)

    async def file(self, recording_id: str) -> Recording:
        """Find a file that holds a recording.

        Returns
        -------
        Recording
            With its ``path`` and ``duration_s``.

        Raises
        ------
        RefusedError
            If there is no such recording, or none of its files is there.
        """
        [doc] = await self._call("/resolve", [Recording(recording_id=recording_id)], {}, INDEXER)
        refuse_failed(doc)
        return doc

    async def locate(self, path: str, trusted: bool) -> str:
        """Find the file or folder that may be indexed under a path or library uri.

        Raises
        ------
        RefusedError
            If it lies outside the folders that may be read, or is not there.
        """
        [doc] = await self._call("/locate", [Recording(uri=path)], {"trusted": trusted}, INDEXER)
        refuse_failed(doc)
        return doc.path or ""

    async def ask(self, what: str, **parameters: Any) -> Any:
        """Ask the library to tell of itself: see ``executors/facts.py``.

        Raises
        ------
        RefusedError
            If what is asked for is not there, or nothing is told in time.
        """
        asked = self._call("/tell", [Facts(text="")], {"what": what, **parameters}, INDEXER, Facts)
        try:
            [facts] = await asyncio.wait_for(asked, ASK_TIMEOUT_S)
        except TimeoutError as error:
            raise RefusedError(
                "unavailable",
                f"the library did not answer in {ASK_TIMEOUT_S} s; ask again in a moment",
            ) from error
        answer = json.loads(facts.text)
        if "error" in answer:
            raise RefusedError(answer["error"]["code"], answer["error"]["message"])
        return answer["answer"]

    async def _call(
        self,
        endpoint: str,
        docs: Iterable[Answer],
        parameters: dict[str, Any],
        target: str | None = None,
        kind: type[BaseDoc] = Recording,
    ) -> list[Answer]:
        """Send documents through all microservices, or those that a regular expression names."""
        batch = DocList[kind](docs)
        if not batch:
            return []
        answered: list[Answer] = []
        try:
            async for part, error in self._streamer.stream(
                batch,
                request_size=len(batch),
                exec_endpoint=endpoint,
                target_executor=target,
                parameters=parameters,
                return_type=DocList[kind],
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


def _messages(docs: Iterable[Recording]) -> Iterator[list[Recording]]:
    """Put small files together, which is cheaper; a large message stops searches for long."""
    message: list[Recording] = []
    n_bytes = 0
    for doc in docs:
        size = int(doc.file_state.split()[0]) if doc.file_state else len(doc.uri or "")
        if message and n_bytes + size > BYTES_A_MESSAGE:
            yield message
            message, n_bytes = [], 0
        message.append(doc)
        n_bytes += size
    if message:
        yield message


def _check(docs: list[Recording]) -> None:
    """Raise the error of the first document that failed, with its place in the request."""
    seen: Counter[tuple[int, str]] = Counter()
    for number, doc in enumerate(docs):
        query = number if doc.group is None else doc.group
        role = (query, doc.role)
        place = f"data[{query}]"
        if doc.role != "query":
            place += f".{doc.role}s[{seen[role]}]"
        seen[role] += 1
        refuse_failed(doc, f"{place}: ")


def refuse_failed(doc: Recording, place: str = "") -> None:
    """Raise the error of a document that failed, its message after its place in the request."""
    if doc.status == "failed":
        raise RefusedError(doc.code or "internal", place + (doc.message or ""))
