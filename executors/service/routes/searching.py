"""Search: by JSON, and by an uploaded file."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Response

from audiosearch.data_uri import shorten
from audiosearch.deadline import PARAMETER
from audiosearch.tags import whole_numbers
from executors.documents import Recording
from executors.pipeline import RefusedError
from executors.service import answers
from executors.service.context import Service
from executors.service.incoming import Incoming, documents_of, incoming
from executors.service.problems import problems, require_json
from executors.service.requests import Body, Query, SearchBody, SearchParameters, Upload
from executors.timing import STAGES

_REFUSALS = problems(
    "bad_request",
    "not_found",
    "index_mismatch",
    "too_long",
    "unsupported",
    "undecodable",
    "no_audio",
    "too_short",
    "silent",
    "invalid_waveform",
    "unreadable",
    "busy",
    "timeout",
)
Told = dict[str, Any]
"""What the library tells of a query by name."""
_NO_SOUND = ("undecodable", "no_audio")


def searching(service: Service) -> APIRouter:
    """Make the routes of search."""
    router = APIRouter(tags=["search"], responses=_REFUSALS)

    @router.post("/search", dependencies=[Depends(require_json)])
    async def search(body: SearchBody, response: Response) -> answers.SearchAnswer:
        """Find the recordings that sound like each query, or in which it is heard, and where."""
        if len(body.data) > service.settings.max_queries:
            raise RefusedError(
                "invalid_query",
                f"data: received {len(body.data)} queries, expected at most "
                f"{service.settings.max_queries} (max_queries); send them in several requests",
            )
        with incoming() as files:
            docs = documents_of(body.data)
            found = await _search(service, files, body.data, docs, body.parameters, response)
        return _answer(body.data, found, body.parameters, body)

    @router.post("/search/upload")
    async def search_upload(
        form: Annotated[Upload, Form(media_type="multipart/form-data")], response: Response
    ) -> answers.SearchAnswer:
        """Find the recordings that sound like an uploaded audio or video file."""
        query = Query.model_construct(
            uri=form.file.filename,
            start_s=form.start_s,
            end_s=form.end_s,
            positives=form.positives,
            negatives=form.negatives,
        )
        docs = documents_of([query])
        with incoming() as files:
            docs[0].path = str(await files.keep(form.file))
            try:
                found = await _search(service, files, [query], docs, form.parameters, response)
            except RefusedError as error:
                if error.reason in _NO_SOUND:
                    raise RefusedError("unsupported", str(error)) from error
                raise
        return _answer([query], found, form.parameters, None)

    return router


def frame(endpoint: str, body: Body | None, parameters: dict[str, Any]) -> dict[str, Any]:
    """Make the parts of an answer that Jina's clients read."""
    request_id = (body and body.header and body.header.request_id) or uuid.uuid4().hex
    header = answers.Header(requestId=request_id, execEndpoint=endpoint)
    return {"parameters": parameters, "header": header}


async def _search(
    service: Service,
    files: Incoming,
    queries: list[Query],
    docs: list[Recording],
    parameters: SearchParameters,
    response: Response,
) -> list[Recording | Told]:
    """Search when it is its turn: for the likes of sounds, and for what is heard."""
    if (parameters.limit or 0) > service.settings.max_results:
        raise RefusedError(
            "invalid_query",
            f"parameters.limit: received {parameters.limit}, expected at most "
            f"{service.settings.max_results} (max_results)",
        )
    async with service.searches.turn() as deadline:
        await files.keep_data(docs)
        await files.fetch(docs, service.settings, deadline)
        options = parameters.model_dump(exclude_none=True) | {PARAMETER: deadline.at}
        sounds = await service.pipeline.search(docs, options)
        kinds = [
            await service.pipeline.ask("heard_matches", name=query.heard, **options)
            for query in queries
            if query.heard
        ]
    _tell_timings(service, sounds, response)
    by_kind, by_sound = iter(kinds), iter(sounds)
    return [next(by_kind) if query.heard else next(by_sound) for query in queries]


def _tell_timings(service: Service, found: list[Recording], response: Response) -> None:
    """Put the time of each stage into the metrics and the answer's headers."""
    if not found:
        return
    timings = {stage: found[0].timings[stage] for stage in STAGES if stage in found[0].timings}
    service.metrics.observe_stages(timings)
    response.headers["Server-Timing"] = ", ".join(
        f"{stage};dur={seconds * 1000:.1f}" for stage, seconds in timings.items()
    )


def _answer(
    queries: list[Query],
    found: list[Recording | Told],
    parameters: SearchParameters,
    body: Body | None,
) -> answers.SearchAnswer:
    return answers.SearchAnswer(
        data=[_query(query, doc) for query, doc in zip(queries, found, strict=True)],
        **frame("/search", body, parameters.model_dump(exclude_none=True)),
    )


def _query(query: Query, doc: Recording | Told) -> answers.QueryAnswer:
    if not isinstance(doc, Recording):
        return answers.QueryAnswer(id=query.id or uuid.uuid4().hex, uri=None, **doc)
    matches = [
        answers.MatchAnswer(**{**match.model_dump(), "tags": whole_numbers(match.tags)})
        for match in doc.matches
    ]
    return answers.QueryAnswer(id=query.id or doc.id, uri=shorten(query.uri or ""), matches=matches)
