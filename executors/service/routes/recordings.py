"""The recordings of the library, and the files that could not be indexed."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from audiosearch.querying import parse_tags
from audiosearch.store.rows import Order
from executors.documents import Recording
from executors.pipeline import refuse_failed
from executors.service import answers
from executors.service.context import Service
from executors.service.problems import problems
from executors.service.values import KindName

Text = Annotated[str, Query(max_length=1000)]
After = Annotated[str, Query(max_length=5000, description="The page before's ``after``.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many, at most.")]
Tag = Annotated[str, Field(pattern="^[^=]+=", max_length=1000)]
Within = Annotated[
    str,
    Query(max_length=5000, description="A folder's ``path``: those in it, not the outermost."),
]
Tags = Annotated[
    list[Tag] | None,
    Query(max_length=100, description="Values that a tag has, each as key=value.", alias="tag"),
]


HeardNames = Annotated[
    list[KindName] | None,
    Query(max_length=20, description="What is heard, one of these names or much like them."),
]


def recordings(service: Service) -> APIRouter:
    """Make the routes of recordings."""
    router = APIRouter(tags=["library"], responses=problems("not_found"))

    @router.get("/recordings")
    async def list_recordings(
        text: Text = "",
        prefix: Text = "",
        tags: Tags = None,
        heard: HeardNames = None,
        order: Order = "name",
        after: After = "",
        limit: Limit = 50,
    ) -> answers.RecordingsPage:
        """List recordings, those with all words of a text; by name is by their first uris."""
        page = await service.pipeline.ask(
            "recordings",
            filter=_filter(text, prefix, tags, heard),
            order=order,
            after=after,
            limit=limit,
        )
        return answers.RecordingsPage(**page)

    @router.get("/heard")
    async def list_heard(
        text: Text = "", prefix: Text = "", tags: Tags = None, heard: HeardNames = None
    ) -> answers.HeardClasses:
        """List what is heard in the recordings, or in those that a filter lets through."""
        found = await service.pipeline.ask("heard", filter=_filter(text, prefix, tags, heard))
        return answers.HeardClasses(**found)

    @router.get("/recordings/{recording_id}")
    async def show(recording_id: str) -> answers.LibraryRecording:
        """Show a recording."""
        found = await service.pipeline.ask("recording", recording_id=recording_id)
        return answers.LibraryRecording(**found)

    @router.delete("/recordings/{recording_id}", status_code=HTTPStatus.NO_CONTENT)
    async def remove(recording_id: str) -> None:
        """Forget a recording with all its files; on the disk they stay."""
        [doc] = await service.pipeline.remove([Recording(recording_id=recording_id)])
        refuse_failed(doc)

    @router.get("/failures")
    async def list_failures(after: After = "", limit: Limit = 50) -> answers.FailuresPage:
        """List the files that could not be indexed, in the order of their uris."""
        return answers.FailuresPage(
            **await service.pipeline.ask("failures", after=after, limit=limit)
        )

    @router.get("/folders")
    async def list_folders(within: Within = "") -> answers.FolderList:
        """List the folders with media files that may be indexed (``POST /jobs``)."""
        return answers.FolderList(**await service.pipeline.ask("folders", within=within))

    return router


def _filter(
    text: str, prefix: str, tags: list[str] | None, heard: list[str] | None
) -> dict[str, Any]:
    """Make the conditions of a filter, as of ``FilterParameters``."""
    return {
        "text": text,
        "uri_prefix": [prefix] if prefix else [],
        "tags": parse_tags(tags or []),
        "heard": heard or [],
    }
