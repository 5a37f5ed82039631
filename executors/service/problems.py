"""Errors as the service answers them: one JSON shape for all, after RFC 9457."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from audiosearch.errors import AudioSearchError, is_disk_full
from executors.pipeline import RefusedError
from executors.service.body_limit import BodyTooLargeError

RETRY_AFTER_S = 2
"""After which time a refused request may succeed: a microservice is back, a search has ended."""

STATUSES = {
    "bad_request": HTTPStatus.BAD_REQUEST,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "index_mismatch": HTTPStatus.CONFLICT,
    "finished": HTTPStatus.CONFLICT,
    "too_long": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unsupported": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "unsatisfiable": HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    "invalid_query": HTTPStatus.UNPROCESSABLE_ENTITY,
    "undecodable": HTTPStatus.UNPROCESSABLE_ENTITY,
    "no_audio": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_short": HTTPStatus.UNPROCESSABLE_ENTITY,
    "silent": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_waveform": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unreadable": HTTPStatus.UNPROCESSABLE_ENTITY,
    "busy": HTTPStatus.TOO_MANY_REQUESTS,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "disk_full": HTTPStatus.INSUFFICIENT_STORAGE,
    "timeout": HTTPStatus.GATEWAY_TIMEOUT,
}
"""The status of each reason; others are faults of ours."""

_TOLD = 5  # of the faults of a request
_SHOWN = 80  # characters of what was received
_LONGEST = 1000  # characters of a detail
NO_ROOM = "the disk for what comes with requests is full; make room"
MEDIA_TYPE = "application/problem+json"
_HEADERS: dict[HTTPStatus, dict[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": str(RETRY_AFTER_S)},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": str(RETRY_AFTER_S)},
}
_EVERYWHERE = ("forbidden", "invalid_query", "unauthorized", "unavailable")


class Problem(BaseModel):
    """An error, after RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str


def problem(code: str, detail: str) -> JSONResponse:
    """Answer an error by its reason."""
    return _response(STATUSES.get(code, HTTPStatus.INTERNAL_SERVER_ERROR), code, detail)


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that a route answers: those named, and those that each may answer."""
    by_status: dict[HTTPStatus, list[str]] = {HTTPStatus.INTERNAL_SERVER_ERROR: ["internal"]}
    for code in (*_EVERYWHERE, *codes):
        reasons = by_status.setdefault(STATUSES[code], [])
        if code not in reasons:
            reasons.append(code)
    return {
        int(status): {
            "description": f"{status.phrase}: {', '.join(reasons)}",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, reasons in sorted(by_status.items())
    }


def describe_problem(document: dict[str, Any]) -> None:
    """Add the shape of problems to an OpenAPI document, and leave out FastAPI's own of 422."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)


def handle_errors(app: FastAPI) -> None:
    """Have an application answer all errors as problems."""
    app.add_exception_handler(AudioSearchError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(BodyTooLargeError, _too_large)
    app.add_exception_handler(HTTPException, _unserved)
    app.add_exception_handler(Exception, _unserved)


def require_json(request: Request) -> None:
    """Refuse a body that is said to be something else than JSON."""
    kind = request.headers.get("Content-Type", "application/json").partition(";")[0].strip()
    if kind.lower() != "application/json":
        raise RefusedError(
            "unsupported",
            f"received a body of type {kind[:80]!r}, expected JSON: send the header "
            "Content-Type: application/json (a file goes to /search/upload)",
        )


async def _refused(request: Request, error: Exception) -> JSONResponse:
    reason = error.reason if isinstance(error, RefusedError) else getattr(error, "code", "internal")
    return problem(reason, str(error))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Say where a request is wrong, what came, and what was expected."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    return problem("invalid_query", "; ".join(map(_explain, found[:_TOLD])))


async def _too_large(request: Request, error: Exception) -> JSONResponse:
    return problem("too_long", error.detail if isinstance(error, BodyTooLargeError) else str(error))


async def _unserved(request: Request, error: Exception) -> JSONResponse:
    """Answer what no route answers: unknown addresses, a body that is no text, our own faults."""
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    is_ours = status == HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal" if is_ours else status.phrase.lower().replace(" ", "_")
    headers = dict((isinstance(error, HTTPException) and error.headers) or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED and (methods := _methods(request)):
        headers["Allow"] = ", ".join(sorted(methods))
    if is_disk_full(error.__context__):
        return problem("disk_full", NO_ROOM)
    said = error.detail if isinstance(error, HTTPException) else ""
    detail = said if status == HTTPStatus.BAD_REQUEST else status.description
    return _response(status, code, f"{request.url.path[:_SHOWN]}: {detail}", headers)


def _methods(request: Request) -> set[str]:
    """Give the methods of an address: Starlette names those of its first route alone."""
    return {
        method.upper()
        for path, operations in request.app.openapi()["paths"].items()
        if compile_path(path)[0].match(request.url.path)
        for method in operations
    }


def _explain(error: dict[str, Any]) -> str:
    parts = [str(part)[:_SHOWN] for part in error["loc"] if part not in ("body", "query")]
    place = ".".join(parts) or "body"
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such field; see /docs for those that there are"
    plain = isinstance(error["input"], str | int | float | bool | None)
    told = plain and error["type"] != "missing"
    received = f", received {str(error['input'])[:_SHOWN]!r}" if told else ""
    return f"{place}: {error['msg'].removeprefix('Value error, ')}{received}"


def _response(
    status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    body = Problem(title=status.phrase, status=status, detail=detail[:_LONGEST], code=code)
    return JSONResponse(
        body.model_dump(),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={**_HEADERS.get(status, {}), **(headers or {})},
    )
