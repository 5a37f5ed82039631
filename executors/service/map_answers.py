"""The body that tells the map."""

from typing import Literal

from pydantic import BaseModel


class MapTag(BaseModel):
    """A tag by which points are coloured.

    ``codes`` is base64 of one byte a point: which of ``values`` it has, 254 for another one, 255
    without the tag.
    """

    key: str
    values: list[str]
    codes: str


class MapPoints(BaseModel):
    """Recordings on the map; ``x`` and ``y`` are base64 of float32, little-endian, in [-1, 1]."""

    ids: list[str]
    uris: list[str]
    x: str
    y: str
    tags: list[MapTag]


class MapAnswer(BaseModel):
    """Answer of ``GET /map``.

    ``stale``: the library has changed since, and the map is being made anew. ``points`` is null
    unless there is a map, and its version is another one than the caller knows.
    """

    state: Literal["empty", "computing", "failed", "ready"]
    stale: bool
    version: str | None
    points: MapPoints | None
    message: str | None
