"""Indexing and removing in Jina's form: the answer comes when all is done."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from audiosearch.data_uri import shorten
from executors.documents import Recording
from executors.pipeline import RefusedError
from executors.service import answers
from executors.service.context import Service
from executors.service.problems import problems, require_json
from executors.service.requests import IndexBody, RemoveBody
from executors.service.routes.searching import frame


def indexing(service: Service) -> APIRouter:
    """Make the routes of indexing."""
    router = APIRouter(tags=["index"], responses=problems("bad_request", "too_long", "unsupported"))

    def is_owner(request: Request) -> bool:
        return service.tokens.is_owner(request)

    Trusted = Annotated[bool, Depends(is_owner)]  # noqa: N806 (a type)

    @router.post("/index", dependencies=[Depends(require_json)])
    async def index(body: IndexBody, trusted: Trusted) -> answers.IndexAnswer:
        """Index sounds; what became of each is told by its status."""
        folders = body.parameters.folders
        if folders and not trusted:
            raise RefusedError(
                "forbidden",
                "received folders, which the workspace's owner alone may add; expected none: use "
                "the command line (python app.py index FOLDER), or POST /jobs for folders below "
                "library_roots",
            )
        new = [Recording(**each.model_dump(exclude_none=True)) for each in body.data]
        done = await service.pipeline.index(new, folders, trusted, all_or_none=True)
        return answers.IndexAnswer(data=list(map(indexed, done)), **frame("/index", body, {}))

    @router.post("/remove", dependencies=[Depends(require_json)])
    async def remove(body: RemoveBody) -> answers.RemoveAnswer:
        """Forget files; a recording that no other file holds is forgotten with its file."""
        files = [Recording(**each.model_dump(exclude_none=True)) for each in body.data]
        done = await service.pipeline.remove(files)
        return answers.RemoveAnswer(data=list(map(_removed, done)), **frame("/remove", body, {}))

    return router


def indexed(doc: Recording) -> answers.IndexedRecording:
    """Tell what became of a file."""
    fields = doc.model_dump(include=set(answers.IndexedRecording.model_fields))
    return answers.IndexedRecording(**{**fields, "uri": shorten(doc.uri or "")})


def _removed(doc: Recording) -> answers.RemovedFile:
    return answers.RemovedFile(**doc.model_dump(include=set(answers.RemovedFile.model_fields)))
