"""The typed documents that travel between the microservices."""

from pathlib import Path
from typing import Any

from docarray import BaseDoc, DocList
from docarray.typing import NdArray
from pydantic import Field, field_validator

from audiosearch.data_uri import SCHEME, read_data_uri
from audiosearch.errors import AudioSearchError, InvalidQueryError
from audiosearch.sources import Source


class Facts(BaseDoc):
    """What the library tells of itself, as JSON: protobuf would make floats of its integers."""

    text: str


class Tagged(BaseDoc):
    """What carries tags."""

    tags: dict[str, Any] = Field(default_factory=dict)

    @field_validator("tags")
    @classmethod
    def _fit_protobuf(cls, tags: dict[str, Any]) -> dict[str, Any]:
        """Make floats of the integers that are too large for docarray's protobuf, of 32 bits."""
        return {
            key: float(value) if isinstance(value, int) and abs(value) >= 2**31 else value
            for key, value in tags.items()
        }


class Window(Tagged):
    """A stretch of a recording: its times in seconds, its sound, its vector."""

    start_s: float
    end_s: float
    tensor: NdArray | None = None  # [shape=(n_samples,)], float32; else a slice of the recording's
    embedding: NdArray | None = None  # [shape=(dim,)], float32, unit length
    heard: NdArray | None = None  # [shape=(n_kept, 2)], uint16: see ``audiosearch.types.Heard``


class Hit(Tagged):
    """A recording of the library with those of its windows that match a query."""

    recording_id: str
    uri: str
    duration_s: float
    pairs: NdArray  # [shape=(n_windows, 6)], float64: see ``audiosearch.ranking.Pairs``
    heard: NdArray  # [shape=(n_windows, n_kept, 2)], uint16: what each pair has in common
    percentile: float | None = None  # see ``audiosearch.scoring.scores.Score``
    verdict: str | None = None


class Match(Tagged):
    """A recording of the library that sounds like the query, as answered over HTTP."""

    uri: str
    scores: dict[str, Any]
    similarity: float
    percentile: float | None = None  # see ``audiosearch.scoring.scores.Score``
    verdict: str | None = None
    start_s: float
    end_s: float
    query_start_s: float | None = None  # None of an answer to a query by name
    query_end_s: float | None = None
    query_sound: int | None = None  # 0 the query's own, then its positives; None for one alone
    duration_s: float
    heard: list[str] = Field(default_factory=list)  # names of classes
    moments: list[dict[str, Any]] = Field(default_factory=list)


class Recording(Tagged):
    """A recording on its way through the Flow: to be indexed, or a query.

    Clients set ``uri`` or ``recording_id``, and for a query ``start_s`` and ``end_s``.
    """

    uri: str | None = None
    recording_id: str | None = None
    start_s: float | None = None
    end_s: float | None = None

    group: int | None = None  # which query of the request it belongs to
    role: str = "query"  # its part in that: query, positive, negative
    path: str | None = None  # set inside the Flow only
    file_state: str | None = None  # size and time of the file: too large for protobuf's integers
    labels: str | None = None  # digest of its row of labels.csv
    seek_table: bytes | None = None  # where in the file its sound is: see ``SeekTable``
    block: int = 0  # which block of the recording is indexed
    is_last: bool = True  # whether the recording ends in it

    tensor: NdArray | None = None  # [shape=(n_samples,)], float32: the block's or query's sound
    tensor_start_s: float = 0.0  # where in the recording the tensor begins
    peaks: NdArray | None = None  # [shape=(n_bins, 2)], int8: of the block; finer of a query
    sample_rate: int | None = None  # of the tensor, in Hz
    duration_s: float | None = None
    silent_windows: int = 0
    window_s: float | None = None
    stride_s: float | None = None
    encoder: str | None = None
    encoder_version: str | None = None
    dim: int | None = None  # length of the encoder's vectors
    embedding: NdArray | None = None  # of the whole, where the encoder is set to '@r'
    chunks: DocList[Window] = Field(default_factory=DocList[Window])

    timings: dict[str, float] = Field(default_factory=dict)  # seconds by stage, of the request
    status: str | None = None  # added, known, unchanged, removed, failed
    code: str | None = None  # why it failed, for programs
    message: str | None = None  # why it failed, for people
    hits: DocList[Hit] = Field(default_factory=DocList[Hit])  # as the indexer found them
    matches: DocList[Match] = Field(default_factory=DocList[Match])  # as they are answered

    def fail(self, error: AudioSearchError) -> None:
        """Mark as failed; later microservices leave it alone."""
        self.status = "failed"
        self.code = error.code
        self.message = str(error)
        self.tensor = None
        self.peaks = None
        self.chunks = DocList[Window]()


def source_of(doc: Recording) -> Source:
    """Give the file or the bytes that hold a recording's sound."""
    if doc.path:
        return Path(doc.path)
    if not doc.uri:
        raise InvalidQueryError(
            "received a recording without uri, path or tensor, expected one of them"
        )
    return read_data_uri(doc.uri) if doc.uri.startswith(SCHEME) else Path(doc.uri)
