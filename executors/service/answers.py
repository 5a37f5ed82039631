"""The bodies that the gateway answers."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from audiosearch.scoring.verdicts import Verdict
from executors.service.jobs import State

QuerySound = Annotated[int | None, Field(exclude_if=lambda sound: sound is None)]
"""The query's sound that matches: 0 its own, then its positives; left out where there is one."""


Names = Annotated[
    list[str],
    Field(
        description="AudioSet's classes, at most three: specific ones, then those that cover them.",
        examples=[["Church bell", "Bell"]],
    ),
]
OfSounds = Annotated[float | None, Field(exclude_if=lambda value: value is None)]
"""What only queries of sounds have; left out where one by name is answered."""
Percentile = Annotated[
    float | None,
    Field(
        description="Nearer than so many percent of the pairs of windows of different recordings "
        "in this library; null where it holds fewer than five, and for queries by name.",
        examples=[99.7],
    ),
]
MatchVerdict = Annotated[
    Verdict | None,
    Field(
        description="`same recording`: the audio itself, also encoded anew, louder or cut. The "
        "others go by the distance, as learnt of the encoder; null of one of which nothing was "
        "learnt, and for queries by name.",
        examples=["very similar"],
    ),
]
OfNames = Annotated[float | None, Field(exclude_if=lambda value: value is None)]
"""What only queries by name have."""


class Moment(BaseModel):
    """A stretch of a recording that matches, with the query's stretch nearest to it.

    ``heard``: what both have in common. To a query by name: what is heard of that, and its
    ``score`` (larger is surer) in the stead of a distance and of the query's times.
    """

    start_s: float
    end_s: float
    query_start_s: OfSounds = None
    query_end_s: OfSounds = None
    query_sound: QuerySound = None
    cosine: OfSounds = None
    score: OfNames = None
    heard: Names


class Score(BaseModel):
    """``cosine``: a distance, smaller is more similar; ``heard``: a score, larger is surer."""

    value: float


class MatchAnswer(BaseModel):
    """A recording that sounds like the query; its distance is that of its best window.

    ``heard``: what that window and the query have in common. To a query by name: what is heard of
    that, with the best window's score, which is the ``similarity`` too.
    """

    id: str
    uri: str
    scores: dict[str, Score]
    similarity: float
    percentile: Percentile = None
    verdict: MatchVerdict = None
    start_s: float
    end_s: float
    query_start_s: OfSounds = None
    query_end_s: OfSounds = None
    query_sound: QuerySound = None
    duration_s: float
    heard: Names
    tags: dict[str, Any]
    moments: list[Moment]


class QueryAnswer(BaseModel):
    """A query with its matches, best first; ``heard``: what a query by name was taken for."""

    id: str
    uri: str | None
    heard: Annotated[list[str] | None, Field(exclude_if=lambda names: names is None)] = None
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


class Live(BaseModel):
    """Answer of ``GET /health/live``."""

    status: str


class Ready(BaseModel):
    """Answer of ``GET /health/ready``: whether each microservice answers."""

    status: str
    microservices: dict[str, bool]


class Status(BaseModel):
    """Answer of ``GET /status``: what the library holds; ``failures`` counts files by reason."""

    library_id: str
    encoder: str | None
    recordings: int
    windows: int
    duration_s: float
    disk_bytes: int
    folders: list[str]
    failures: dict[str, int]


class LibraryRecording(BaseModel):
    """A recording of the library, with the uris of the files that hold it."""

    id: str
    uris: list[str]
    duration_s: float
    complete: bool
    n_windows: int
    silent_windows: int
    tags: dict[str, Any]
    added_at: str


class RecordingsPage(BaseModel):
    """Answer of ``GET /recordings``; ``after`` asks for the next page, and is null on the last."""

    recordings: list[LibraryRecording]
    after: str | None


class HeardClass(BaseModel):
    """A class of AudioSet, and how many recordings it is heard in."""

    name: str
    id: str
    recordings: int


class HeardClasses(BaseModel):
    """Answer of ``GET /heard``: the most frequent first."""

    classes: list[HeardClass]


class Failure(BaseModel):
    """A file that could not be indexed, why, and when."""

    uri: str
    code: str
    message: str
    failed_at: str


class FailuresPage(BaseModel):
    """Answer of ``GET /failures``; ``after`` asks for the next page, and is null on the last."""

    failures: list[Failure]
    after: str | None


class Peaks(BaseModel):
    """Answer of ``GET /recordings/{id}/peaks``: lowest and highest samples, in [-1, 1]."""

    start_s: float
    end_s: float
    minima: list[float]
    maxima: list[float]


class FolderAnswer(BaseModel):
    """A folder with media files that the service may read; ``path`` names it in requests."""

    path: str
    name: str
    in_library: bool
    has_folders: bool


class FolderList(BaseModel):
    """Answer of ``GET /folders``."""

    folders: list[FolderAnswer]


class FailedFile(BaseModel):
    """A file of a job that could not be indexed."""

    path: str
    code: str
    message: str


class JobAnswer(BaseModel):
    """How far a job is; ``failed`` lists the first 100 files that could not be indexed."""

    id: str
    state: State
    message: str | None
    paths: list[str]
    retry_failed: bool
    prune: bool
    created_at: str
    started_at: str | None
    finished_at: str | None
    bytes_done: int
    bytes_total: int
    added: int
    known: int
    unchanged: int
    n_failed: int
    failed: list[FailedFile]
    vanished: list[str]
    pruned: int
    duration_s: float


class JobList(BaseModel):
    """Answer of ``GET /jobs``: the newest first."""

    jobs: list[JobAnswer]
