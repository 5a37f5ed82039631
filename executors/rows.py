"""Turns the indexer's documents into the store's rows, and back."""

from typing import Any

import numpy as np

from audiosearch.data_uri import SCHEME
from audiosearch.errors import InvalidWaveformError
from audiosearch.library import UPLOADS
from audiosearch.retrieval import Hit, SearchOptions
from audiosearch.store.rows import File, Filter, Space, WindowBlock
from audiosearch.tags import spellings
from executors.documents import Recording, WindowMatch


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
    if any(window.embedding is None for window in doc.chunks):
        raise InvalidWaveformError(
            "received windows without embeddings, expected one for each: set the encoder's "
            "traversal_paths to '@c'"
        )
    vectors = [np.asarray(window.embedding, np.float32) for window in doc.chunks]
    return WindowBlock(
        index=doc.block,
        start_s=np.array([window.start_s for window in doc.chunks], np.float64),
        end_s=np.array([window.end_s for window in doc.chunks], np.float64),
        vectors=np.stack(vectors) if vectors else np.empty((0, doc.dim or 0), np.float32),
    )


def options_of(doc: Recording, parameters: dict[str, Any], limit: int) -> SearchOptions:
    """Read a search's parameters.

    Parameters
    ----------
    doc : Recording
        The query.
    parameters : dict
        As of ``SearchParameters``.
    limit : int
        How many recordings to find if they do not say.
    """
    conditions = parameters.get("filter") or {}
    own = (doc.recording_id,) if parameters.get("exclude_self") and doc.recording_id else ()
    return SearchOptions(
        limit=int(parameters.get("limit") or limit),
        moment_distance=parameters.get("moment_distance"),
        max_distance=parameters.get("max_distance"),
        filter=Filter(
            uri_prefix=_values(conditions.get("uri_prefix")),
            recording_id=_values(conditions.get("recording_id")),
            tags={
                key: tuple(each for value in _values(values) for each in spellings(value))
                for key, values in conditions.get("tags", {}).items()
            },
            exclude=own,
        ),
    )


def hang(doc: Recording, hit: Hit) -> None:
    """Hang a hit's windows on the query windows that they are nearest to."""
    recording, windows = hit.recording, hit.windows
    for start_s, end_s, cosine, query in zip(
        windows.start_s, windows.end_s, windows.distances, windows.queries, strict=True
    ):
        doc.chunks[int(query)].matches.append(
            WindowMatch(
                recording_id=recording.id,
                uri=recording.uris[0],
                duration_s=recording.duration_s,
                tags=recording.tags,
                start_s=float(start_s),
                end_s=float(end_s),
                cosine=float(cosine),
            )
        )


def _values(value: Any) -> tuple[Any, ...]:
    """Give a condition's values: a list means any of them."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)
