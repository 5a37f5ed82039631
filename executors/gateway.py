"""AudioSearchGateway: the HTTP service in front of the microservices."""

import os
import secrets
import uuid
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi_offline import FastAPIOffline
from jina.serve.runtimes.gateway.http.fastapi import FastAPIBaseGateway
from starlette.exceptions import HTTPException

from audiosearch.data_uri import shorten
from audiosearch.server import OWNER_TOKEN
from audiosearch.tags import whole_numbers
from executors import answers
from executors.body_limit import BodyLimit, BodyTooLargeError
from executors.documents import Recording
from executors.pipeline import Pipeline, RefusedError
from executors.requests import Body, IndexBody, RemoveBody, SearchBody

STATUSES = {
    "bad_request": HTTPStatus.BAD_REQUEST,
    "invalid_query": HTTPStatus.UNPROCESSABLE_ENTITY,
    "undecodable": HTTPStatus.UNPROCESSABLE_ENTITY,
    "no_audio": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_short": HTTPStatus.UNPROCESSABLE_ENTITY,
    "silent": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_waveform": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unreadable": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_long": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "not_found": HTTPStatus.NOT_FOUND,
    "forbidden": HTTPStatus.FORBIDDEN,
    "index_mismatch": HTTPStatus.CONFLICT,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}


class AudioSearchGateway(FastAPIBaseGateway):
    """Typed requests, status codes that tell, and Swagger UI without internet.

    Parameters
    ----------
    cors_origins : list of str, optional
        Origins whose pages may call the service, such as ``https://example.org``; none by default.
    max_body_mb : float
        The largest body that is read, in MB.
    """

    def __init__(
        self, cors_origins: list[str] | None = None, max_body_mb: float = 64, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cors_origins = cors_origins or []
        self.max_body_mb = max_body_mb

    @property
    def app(self) -> FastAPI:
        """Make the HTTP application."""
        app: FastAPI = FastAPIOffline(
            title="audiosearch",
            description="Finds the recordings that sound like a sound, and where in them.",
            version="0.1.0",
        )
        app.add_middleware(BodyLimit, max_mb=self.max_body_mb)
        if self.cors_origins:
            app.add_middleware(
                CORSMiddleware,
                allow_origins=self.cors_origins,
                allow_methods=["*"],
                allow_headers=["*"],
            )
        app.add_exception_handler(HTTPException, _unserved)
        app.add_exception_handler(Exception, _unserved)
        app.add_exception_handler(RequestValidationError, _invalid)
        app.add_exception_handler(BodyTooLargeError, _too_large)
        app.add_exception_handler(RefusedError, _refused)
        self._add_routes(app, Pipeline(self.streamer))
        return app

    def _add_routes(self, app: FastAPI, pipeline: Pipeline) -> None:
        @app.get("/", include_in_schema=False)
        async def home() -> RedirectResponse:
            return RedirectResponse("docs")

        @app.get("/health", responses=_problems())
        async def health() -> answers.Health:
            """Tell that the service answers, and what its library holds."""
            return answers.Health(status="ok", **await pipeline.status())

        @app.post("/search", responses=_problems(*STATUSES))
        async def search(body: SearchBody) -> answers.SearchAnswer:
            """Find the recordings that sound like each query, and where in them."""
            queries = [Recording(**query.model_dump(exclude_none=True)) for query in body.data]
            parameters = body.parameters.model_dump(exclude_none=True)
            return answers.SearchAnswer(
                data=[_query(doc) for doc in await pipeline.search(queries, parameters)],
                **_frame("/search", body, parameters),
            )

        @app.post("/index", responses=_problems("bad_request", "forbidden", "invalid_query"))
        async def index(
            body: IndexBody, x_audiosearch_owner: Annotated[str | None, Header()] = None
        ) -> answers.IndexAnswer:
            """Index sounds; what became of each is told by its status."""
            trusted = _is_owner(x_audiosearch_owner)
            folders = body.parameters.folders
            if folders:
                _check_owner(x_audiosearch_owner, "folders may be added")
            new = [Recording(**each.model_dump(exclude_none=True)) for each in body.data]
            return answers.IndexAnswer(
                data=[_indexed(doc) for doc in await pipeline.index(new, folders, trusted)],
                **_frame("/index", body, {}),
            )

        @app.post("/remove", responses=_problems("bad_request", "forbidden", "invalid_query"))
        async def remove(
            body: RemoveBody, x_audiosearch_owner: Annotated[str | None, Header()] = None
        ) -> answers.RemoveAnswer:
            """Forget files; a recording that no other file holds is forgotten with its file."""
            _check_owner(x_audiosearch_owner, "files may be removed")
            files = [Recording(**each.model_dump(exclude_none=True)) for each in body.data]
            return answers.RemoveAnswer(
                data=[_removed(doc) for doc in await pipeline.remove(files)],
                **_frame("/remove", body, {}),
            )

        @app.delete(
            "/recordings/{recording_id}",
            status_code=HTTPStatus.NO_CONTENT,
            responses=_problems("forbidden", "not_found"),
        )
        async def remove_recording(
            recording_id: str, x_audiosearch_owner: Annotated[str | None, Header()] = None
        ) -> None:
            """Forget a recording with all its files."""
            _check_owner(x_audiosearch_owner, "recordings may be removed")
            [doc] = await pipeline.remove([Recording(recording_id=recording_id)])
            if doc.status == "failed":
                raise RefusedError(doc.code or "internal", doc.message or "")


def _is_owner(token: str | None) -> bool:
    expected = os.environ.get(OWNER_TOKEN)
    if not token or not expected:
        return False
    return secrets.compare_digest(token.encode(), expected.encode())


def _check_owner(token: str | None, what: str) -> None:
    if not _is_owner(token):
        raise RefusedError(
            "forbidden",
            f"{what} by the workspace's owner alone; use the command line: python app.py --help",
        )


def _frame(endpoint: str, body: Body, parameters: dict[str, Any]) -> dict[str, Any]:
    """Make the parts of an answer that Jina's clients read."""
    request_id = (body.header and body.header.request_id) or uuid.uuid4().hex
    header = answers.Header(requestId=request_id, execEndpoint=endpoint)
    return {"parameters": parameters, "header": header}


def _query(doc: Recording) -> answers.QueryAnswer:
    matches = [
        answers.MatchAnswer(**{**match.model_dump(), "tags": whole_numbers(match.tags)})
        for match in doc.matches
    ]
    return answers.QueryAnswer(id=doc.id, uri=shorten(doc.uri or ""), matches=matches)


def _indexed(doc: Recording) -> answers.IndexedRecording:
    fields = doc.model_dump(include=set(answers.IndexedRecording.model_fields))
    return answers.IndexedRecording(**{**fields, "uri": shorten(doc.uri or "")})


def _removed(doc: Recording) -> answers.RemovedFile:
    return answers.RemovedFile(**doc.model_dump(include=set(answers.RemovedFile.model_fields)))


async def _refused(request: Request, error: Exception) -> JSONResponse:
    reason = error.reason if isinstance(error, RefusedError) else "internal"
    return _problem(STATUSES.get(reason, HTTPStatus.INTERNAL_SERVER_ERROR), str(error), reason)


async def _unserved(request: Request, error: Exception) -> JSONResponse:
    """Answer what no route answers: unknown addresses, a body that is no text, our own faults."""
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    return _problem(status, f"{request.url.path}: {status.description}", _code(status))


async def _too_large(request: Request, error: Exception) -> JSONResponse:
    detail = error.detail if isinstance(error, BodyTooLargeError) else str(error)
    return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, "too_long")


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Say where a body is wrong, what came, and what was expected."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    return _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(map(_explain, found)), "invalid_query"
    )


def _explain(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "body") or "body"
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such field; see /docs for those that there are"
    received = "" if error["type"] == "missing" else f", received {str(error['input'])[:80]!r}"
    return f"{place}: {error['msg'].removeprefix('Value error, ')}{received}"


def _code(status: HTTPStatus) -> str:
    return status.phrase.lower().replace(" ", "_")


def _problem(status: HTTPStatus, detail: str, code: str) -> JSONResponse:
    problem = answers.Problem(title=status.phrase, status=status, detail=detail, code=code)
    return JSONResponse(
        problem.model_dump(), status_code=status, media_type="application/problem+json"
    )


def _problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that a route answers: those named, and those that each may answer."""
    own = [HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE]
    content = {"application/problem+json": {"schema": answers.Problem.model_json_schema()}}
    return {
        int(status): {"description": status.phrase, "content": content}
        for status in sorted({*own, *(STATUSES[code] for code in codes)})
    }
