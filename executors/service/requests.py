"""The bodies that the gateway accepts; anything else is refused with 422."""

from typing import Annotated, Any, Self

from fastapi import UploadFile
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Json,
    StrictBool,
    field_validator,
    model_validator,
)

from audiosearch.errors import InvalidQueryError
from audiosearch.fragments import split_fragment
from executors.documents import Recording
from executors.service.settings import MAX_QUERIES, MAX_RESULTS
from executors.service.values import (
    Count,
    Distance,
    KindName,
    KindNames,
    OneOrMany,
    Scalar,
    Seconds,
    SecondsText,
    Text,
    check_size,
    check_stretch,
)

EXAMPLE = "toy-data/drum_loop_loop_mika.mp3"
_EMPTY: tuple[Any, ...] = (None, [], {}, "")


def _is_default(key: str, value: Any) -> bool:
    """Tell whether a field is one of the documents' own, as a Jina client sends it unset."""
    field = Recording.model_fields.get(key)
    return field is not None and bool(field.default == value)


class Strict(BaseModel):
    """What knows its fields, and takes no others."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _check_size(cls, values: Any) -> Any:
        return check_size(values)


class Item(Strict):
    """A file of the library, or a sound that comes with the request.

    A Jina client sends its documents with all their fields; the empty ones of others are ignored.
    """

    id: Text | None = Field(None, description="Comes back with the answer.")
    uri: str | None = Field(
        None,
        min_length=1,
        description="A library uri, a path below the library folders or library_roots, a data: "
        "URI, or where allow_urls is set an http(s) address. In a search it may end in a media "
        "fragment: film.mp4#t=8.95,18.95",
    )

    @model_validator(mode="before")
    @classmethod
    def _ignore_empty(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {
            key: value
            for key, value in values.items()
            if key in cls.model_fields or not (value in _EMPTY or _is_default(key, value))
        }


class Sound(Item):
    """A sound to find the likes of: whole, or a stretch of it."""

    recording_id: Text | None = Field(
        None, description="A recording of the library, in uri's stead."
    )
    start_s: Seconds | None = Field(None, description="Where the stretch begins, in seconds.")
    end_s: Seconds | None = Field(None, description="Where the stretch ends, in seconds.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.uri is not None and self.recording_id is not None:
            raise ValueError("received uri and recording_id, expected one of them")
        if not self._names_sound():
            raise ValueError("expected either uri or recording_id, or the query's heard")
        self._split_fragment()
        check_stretch(self.start_s, self.end_s)
        return self

    def _names_sound(self) -> bool:
        return self.uri is not None or self.recording_id is not None

    def _split_fragment(self) -> None:
        """Turn ``#t=8.95,18.95`` into the two fields that it equals."""
        try:
            fragment = split_fragment(self.uri or "")
        except InvalidQueryError as error:
            raise ValueError(str(error)) from error
        if not fragment:
            return
        if self.start_s is not None or self.end_s is not None:
            raise ValueError("received a media fragment #t= and start_s or end_s, expected one")
        self.uri, self.start_s, self.end_s = fragment


Examples = Annotated[list[Sound], Field(max_length=32)]


class Query(Sound):
    """A sound, or several, to find the likes of; or the name of what is heard."""

    positives: Examples = Field([], description="Further sounds to find the likes of.")
    negatives: Examples = Field([], description="Sounds whose likes are not wanted.")
    heard: KindName | None = Field(
        None,
        description="In a sound's stead: what is heard, by AudioSet's names or much like them.",
        examples=["Baby laughter", "dog"],
    )

    @model_validator(mode="after")
    def _check_heard(self) -> Self:
        sound = self.model_dump(exclude={"id", "heard"}, exclude_defaults=True)
        if self.heard is not None and sound:
            raise ValueError(
                f"received heard and {', '.join(sound)}, expected one of them; the likes of a "
                "sound, where something is heard, are found by parameters.filter.heard"
            )
        return self

    def _names_sound(self) -> bool:
        return super()._names_sound() or bool(self.positives or self.heard)

    def sounds(self) -> dict[str, list[Sound]]:
        """Give the sounds by their roles; a query by name has none."""
        own: list[Sound] = [self] if super()._names_sound() else []
        return {"query": own, "positive": self.positives, "negative": self.negatives}


class NewRecording(Item):
    """A sound to index."""

    uri: str = Field(min_length=1, description="As in a search, without a media fragment.")
    tags: dict[Text, Scalar] = Field(
        default_factory=dict, max_length=100, description="Come back with its matches."
    )


class FilterParameters(Strict):
    """Which recordings to search: all keys must hold, a list means any of its values."""

    text: Text | None = Field(
        None, max_length=1000, description="Words that all occur in a uri or a tag."
    )
    uri_prefix: OneOrMany[Text] | None = Field(None, description="What a uri begins with.")
    recording_id: OneOrMany[Text] | None = Field(None, description="Its id.")
    tags: dict[Text, OneOrMany[Scalar]] | None = Field(
        None, max_length=100, description="Values that a tag has."
    )
    heard: KindNames | None = Field(
        None, description="What is heard in it, by AudioSet's names or much like them."
    )


class SearchParameters(Strict):
    """How to search."""

    limit: Count | None = Field(None, ge=1, le=MAX_RESULTS, description="How many recordings.")
    moments: Count | None = Field(None, ge=0, le=100, description="How many a recording, at most.")
    moment_distance: Distance | None = Field(
        None,
        description="Windows up to this cosine distance count; by default those that stand out of "
        "the recording.",
    )
    max_distance: Distance | None = Field(None, description="Drops recordings beyond it.")
    exclude_self: StrictBool = Field(False, description="Leaves out the query's own recording.")
    filter: FilterParameters | None = Field(None, description="Which recordings to search.")


class IndexParameters(Strict):
    """How to index."""

    folders: list[str] = Field(
        [], description="Folders to make library folders first; the workspace's owner alone may."
    )


class RequestHeader(BaseModel):
    """What Jina's clients put before a request."""

    request_id: Text | None = Field(None, description="Comes back with the answer.")


class Body(Strict):
    """What all bodies share; ``header`` and ``exec_endpoint`` are sent by Jina clients."""

    header: RequestHeader | None = Field(None, exclude=True)
    exec_endpoint: str | None = Field(None, exclude=True)
    target_executor: str | None = Field(None, exclude=True)

    @field_validator("parameters", mode="before", check_fields=False)
    @classmethod
    def _ignore_clients_own(cls, parameters: Any) -> Any:
        """Drop what Jina's client adds to the parameters (``__results__``)."""
        if not isinstance(parameters, dict):
            return parameters
        return {key: value for key, value in parameters.items() if not key.startswith("__")}


class KnownFile(Item):
    """A file of the library."""

    uri: str = Field(min_length=1, description="Its library uri, as answers show it.")


class RemoveBody(Body):
    """Body of ``POST /remove``."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [{"uri": EXAMPLE}]}})

    data: list[KnownFile] = Field(min_length=1, max_length=1000)


class SearchBody(Body):
    """Body of ``POST /search``."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [{"uri": EXAMPLE}], "parameters": {"limit": 3}}}
    )

    data: list[Query] = Field(min_length=1, max_length=MAX_QUERIES)
    parameters: SearchParameters = Field(default_factory=SearchParameters)


class IndexBody(Body):
    """Body of ``POST /index``."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [{"uri": EXAMPLE}]}})

    data: list[NewRecording] = Field(min_length=1, max_length=1000)
    parameters: IndexParameters = Field(default_factory=IndexParameters)


class Upload(BaseModel):
    """Form of ``POST /search/upload``."""

    model_config = ConfigDict(extra="forbid")

    file: UploadFile = Field(description="An audio or video file.")
    start_s: SecondsText | None = Field(None, description="Where the stretch begins, in seconds.")
    end_s: SecondsText | None = Field(None, description="Where the stretch ends, in seconds.")
    positives: Json[Examples] = Field([], description="As in a search, as JSON.")
    negatives: Json[Examples] = Field([], description="As in a search, as JSON.")
    parameters: Json[SearchParameters] = Field(
        default_factory=SearchParameters, description="As in a search, as JSON."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_stretch(self.start_s, self.end_s)
        return self


Path = Annotated[Text, Field(min_length=1, max_length=4096)]


class JobBody(Strict):
    """Body of ``POST /jobs``."""

    model_config = ConfigDict(json_schema_extra={"example": {"paths": ["toy-data"]}})

    paths: list[Path] = Field(
        min_length=1,
        max_length=1000,
        description="Files or folders below the library folders or library_roots; a library "
        "folder by its name.",
    )
    retry_failed: StrictBool = Field(
        False, description="Try files that failed again though they have not changed."
    )
    prune: StrictBool = Field(False, description="Remove the files that are gone from the folders.")


class SessionBody(Strict):
    """Body of ``POST /session``."""

    token: str = Field(description="What the service was started with in AUDIOSEARCH_TOKEN.")
