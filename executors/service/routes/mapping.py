"""The map of all recordings."""

import asyncio
import gzip
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from executors.service.context import Service
from executors.service.map_answers import MapAnswer
from executors.service.problems import problems

_COMPRESSION = 3  # the quick levels do as well on identifiers
Known = Annotated[
    str | None,
    Query(max_length=100, description="The version that the caller has: it is not sent again."),
]


def mapping(service: Service) -> APIRouter:
    """Make the routes of the map."""
    router = APIRouter(tags=["library"], responses=problems())

    @router.get("/map", response_model=MapAnswer)
    async def show_map(request: Request, known: Known = None) -> Response:
        """Tell where recordings lie in two dimensions: near is similar.

        Made in the background when it is first asked for, and anew after the library has changed.
        """
        told = await service.pipeline.ask("sound_map", known=known)
        accepts_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
        return await asyncio.to_thread(_respond, told, accepts_gzip)

    return router


def _respond(told: Any, accepts_gzip: bool) -> Response:
    """Write an answer, as it is: to check the fields of 50,000 points again takes its time."""
    body = json.dumps(told, ensure_ascii=False).encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if accepts_gzip:
        body, headers["Content-Encoding"] = gzip.compress(body, _COMPRESSION), "gzip"
    return Response(body, media_type="application/json", headers=headers)
