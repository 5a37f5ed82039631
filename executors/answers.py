"""The bodies that the gateway answers."""

from typing import Any

from pydantic import BaseModel


class Moment(BaseModel):
    """A stretch of a recording that matches, with the query's stretch nearest to it."""

    start_s: float
    end_s: float
    query_start_s: float
    query_end_s: float
    cosine: float


class Score(BaseModel):
    """A distance: smaller is more similar."""

    value: float


class MatchAnswer(BaseModel):
    """A recording that sounds like the query; its distance is that of its best window."""

    id: str
    uri: str
    scores: dict[str, Score]
    similarity: float
    start_s: float
    end_s: float
    query_start_s: float
    query_end_s: float
    duration_s: float
    tags: dict[str, Any]
    moments: list[Moment]


class QueryAnswer(BaseModel):
    """A query with its matches, best first."""

    id: str
    uri: str | None
    matches: list[MatchAnswer]


class Header(BaseModel):
    """What Jina's clients read of an answer."""

    requestId: str  # noqa: N815 (Jina's own spelling)
    execEndpoint: str  # noqa: N815


class SearchAnswer(BaseModel):
    """Answer of ``POST /search``."""

    data: list[QueryAnswer]
    parameters: dict[str, Any]
    header: Header


class IndexedRecording(BaseModel):
    """What became of a file."""

    id: str
    uri: str | None
    recording_id: str | None
    status: str
    duration_s: float | None
    silent_windows: int
    code: str | None
    message: str | None


class IndexAnswer(BaseModel):
    """Answer of ``POST /index``."""

    data: list[IndexedRecording]
    parameters: dict[str, Any]
    header: Header


class RemovedFile(BaseModel):
    """What became of a file that is to be forgotten: ``removed`` or ``failed``."""

    id: str
    uri: str | None
    status: str
    code: str | None
    message: str | None


class RemoveAnswer(BaseModel):
    """Answer of ``POST /remove``."""

    data: list[RemovedFile]
    parameters: dict[str, Any]
    header: Header


class Health(BaseModel):
    """Answer of ``GET /health``."""

    status: str
    library_id: str
    encoder: str | None
    recordings: int
    windows: int
    duration_s: float


class Problem(BaseModel):
    """An error, after RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
