"""The microservices called in this process, one after the other, as a Flow would."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docarray import DocList
from jina import Executor

from executors.documents import Recording
from executors.encoder import AudioEncoder
from executors.indexer import SimpleIndexer
from executors.pipeline import INDEXER, Pipeline
from executors.segmenter import AudioSegmenter
from executors.service.routes.indexing import indexed


class Boxes:
    """Takes documents through the boxes, and counts those encoded, by their uris."""

    def __init__(self, folder: Path) -> None:
        self.segmenter = AudioSegmenter(workspace=str(folder))
        self.encoder = AudioEncoder(model="yamnet", fallback=None, workspace=str(folder))
        self.identified: list[str] = []
        self.encoded: list[str] = []

    @contextmanager
    def connection(self, workspace: Path) -> Iterator["InProcess"]:
        """Open the library, and let it be written to."""
        indexer = SimpleIndexer(workspace=str(workspace))
        try:
            yield InProcess(self, indexer)
        finally:
            indexer.close()


class InProcess:
    """A client, and the streamer of its pipeline."""

    def __init__(self, boxes: Boxes, indexer: SimpleIndexer) -> None:
        self.boxes, self.indexer = boxes, indexer

    def index(self, uris: Sequence[str], folders: list[str]) -> list[dict[str, Any]]:
        docs = [Recording(uri=uri) for uri in uris]
        # A pipeline belongs to the event loop that it is used in.
        done = asyncio.run(Pipeline(self).index(docs, folders, trusted=True))
        return [indexed(doc).model_dump() for doc in done]

    async def stream(
        self,
        docs: DocList[Recording],
        exec_endpoint: str,
        target_executor: str | None,
        parameters: dict[str, Any],
        **_: Any,
    ) -> AsyncIterator[tuple[DocList[Recording], None]]:
        boxes: list[Executor] = [self.indexer]
        if target_executor != INDEXER:
            boxes.insert(0, self.boxes.segmenter)
        if exec_endpoint == "/identify":
            self.boxes.identified += [doc.uri or "" for doc in docs]
        if target_executor is None:
            boxes.insert(1, self.boxes.encoder)
            self.boxes.encoded += [doc.uri or "" for doc in docs]
        for box in boxes:
            handler = box.requests[exec_endpoint].fn
            docs = handler(box, docs=docs, parameters=parameters)
        yield docs, None
