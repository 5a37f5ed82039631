"""Reads from documents what the store and the scores need."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from audiosearch.data_uri import SCHEME
from audiosearch.errors import InvalidWaveformError
from audiosearch.heard.names import classes_named
from audiosearch.library import UPLOADS
from audiosearch.peaks import no_peaks
from audiosearch.scoring.alignment import Asked
from audiosearch.store.rows import File, Filter, Space, WindowBlock
from audiosearch.tags import spellings
from audiosearch.types import Heard, Vectors
from executors.documents import Recording


def file_of(doc: Recording) -> File:
    """Describe the file of a document; sound that came in a request is known by its id."""
    uri = doc.uri or ""
    if uri.startswith(SCHEME):
        uri = f"{UPLOADS}/{doc.recording_id}"
    size, mtime_ns = map(int, doc.file_state.split()) if doc.file_state else (None, None)
    return File(uri, doc.path, size, mtime_ns, doc.recording_id, labels=doc.labels)


def space_of(doc: Recording) -> Space:
    """Tell how a document was cut and encoded."""
    return Space(
        encoder=doc.encoder or "",
        version=doc.encoder_version or "",
        dim=doc.dim or 0,
        window_s=doc.window_s or 0.0,
        stride_s=doc.stride_s or 0.0,
    )


def block_of(doc: Recording) -> WindowBlock:
    """Collect a document's windows; one of silence alone has none."""
    return WindowBlock(
        index=doc.block,
        start_s=np.array([window.start_s for window in doc.chunks], np.float64),
        end_s=np.array([window.end_s for window in doc.chunks], np.float64),
        vectors=vectors_of(doc),
        peaks=no_peaks() if doc.peaks is None else np.asarray(doc.peaks, np.int8),
        heard=heard_of(doc),
        seek_table=doc.seek_table or b"",
    )


def heard_of(doc: Recording) -> Heard | None:
    """Collect what is heard in a document's windows; ``None`` if the encoder knows no classes."""
    heard = [np.asarray(each.heard, np.uint16) for each in doc.chunks if each.heard is not None]
    return np.stack(heard) if heard else None


def vectors_of(doc: Recording) -> Vectors:
    """Collect the vectors of a document's windows, shape=(n_windows, dim)."""
    if any(window.embedding is None for window in doc.chunks):
        raise InvalidWaveformError(
            "received windows without embeddings, expected one for each: set the encoder's "
            "traversal_paths to '@c'"
        )
    vectors = [np.asarray(window.embedding, np.float32) for window in doc.chunks]
    return np.stack(vectors) if vectors else np.empty((0, doc.dim or 0), np.float32)


def asked_of(doc: Recording) -> Asked:
    """Describe a sound of a query, whose windows' times may begin within a longer one."""
    start_s = np.array([window.start_s for window in doc.chunks], np.float64)
    return Asked(
        vectors=vectors_of(doc),
        start_s=start_s - doc.tensor_start_s,
        peaks=no_peaks() if doc.peaks is None else np.asarray(doc.peaks, np.int8),
    )


def filter_of(conditions: Mapping[str, Any]) -> Filter:
    """Read a filter's conditions, as of ``FilterParameters``."""
    return Filter(
        text=conditions.get("text") or "",
        heard=classes_named(_values(conditions.get("heard"))),
        uri_prefix=_values(conditions.get("uri_prefix")),
        recording_id=_values(conditions.get("recording_id")),
        tags={
            key: tuple(each for value in _values(values) for each in spellings(value))
            for key, values in (conditions.get("tags") or {}).items()
        },
    )


def _values(value: Any) -> tuple[Any, ...]:
    """Give a condition's values: a list means any of them."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)
