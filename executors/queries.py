"""Answers queries, each of one sound or several, from a store."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from docarray import DocList
from numpy.typing import NDArray

from audiosearch import retrieval
from audiosearch.deadline import Deadline
from audiosearch.errors import AudioSearchError, IndexMismatchError
from audiosearch.feedback import combine
from audiosearch.heard.windows import in_common, nothing_heard
from audiosearch.ranking import DISTANCE
from audiosearch.scoring.scores import Found, score
from audiosearch.store.base import Store
from audiosearch.store.rows import Space
from audiosearch.types import Heard
from executors.documents import Hit, Recording
from executors.rows import asked_of, filter_of, heard_of, space_of, vectors_of


def sounds_of_queries(docs: Iterable[Recording]) -> list[list[Recording]]:
    """Gather the sounds of each query; one that names no group is a query by itself."""
    queries: list[list[Recording]] = []
    for doc in docs:
        if queries and doc.group is not None and doc.group == queries[-1][0].group:
            queries[-1].append(doc)
        else:
            queries.append([doc])
    return queries


def answer(
    sounds: Sequence[Recording], store: Store, parameters: dict[str, Any], limit: int
) -> None:
    """Hang the recordings that are like a query on the first of its sounds.

    Parameters
    ----------
    sounds : sequence of Recording
        All that the query is made of. If one has failed, the query is not searched for; if it
        cannot be searched for, all fail.
    store : Store
        The library.
    parameters : dict
        As of ``SearchParameters``, and ``deadline``.
    limit : int
        How many recordings to find if they do not say.
    """
    if any(doc.status == "failed" for doc in sounds):
        return
    try:
        Deadline.of(parameters).check()
        sounds[0].hits = _search(sounds, store, _options(sounds, parameters, limit))
    except AudioSearchError as error:
        for doc in sounds:
            doc.fail(error)


def _options(
    sounds: Sequence[Recording], parameters: dict[str, Any], limit: int
) -> retrieval.SearchOptions:
    """Read a search's parameters, as of ``answer``."""
    own = [doc.recording_id for doc in sounds if doc.recording_id]
    exclude = tuple(own) if parameters.get("exclude_self") else ()
    return retrieval.SearchOptions(
        limit=int(parameters.get("limit") or limit),
        moment_distance=parameters.get("moment_distance"),
        max_distance=parameters.get("max_distance"),
        filter=filter_of(parameters.get("filter") or {}),
        exclude=exclude,
    )


def _search(
    sounds: Sequence[Recording], store: Store, options: retrieval.SearchOptions
) -> DocList[Hit]:
    known, space = store.space, space_of(sounds[0])
    if known is None:
        return DocList[Hit]()
    if space != known:
        raise IndexMismatchError(f"this library was made with {known}, the query with {space}")
    wanted = [doc for doc in sounds if doc.role != "negative"]
    unwanted = [doc for doc in sounds if doc.role == "negative"]
    queries = combine(list(map(vectors_of, wanted)), list(map(vectors_of, unwanted)))
    places = _places(wanted)
    heard = np.concatenate([_heard(doc) for doc in wanted])
    found = retrieval.retrieve(store, np.concatenate(queries), options)
    hits = DocList[Hit](_hit(each, places, heard) for each in found)
    _score(hits, store, known, wanted)
    return hits


def _score(hits: Sequence[Hit], store: Store, space: Space, wanted: Sequence[Recording]) -> None:
    """Tell what the hits' distances mean."""
    found = [
        Found(hit.recording_id, float(np.asarray(hit.pairs)[:, DISTANCE].min()), hit.duration_s)
        for hit in hits
    ]
    scores = score(store, space, found, [asked_of(doc) for doc in wanted])
    for hit, scored in zip(hits, scores, strict=True):
        hit.percentile, hit.verdict = scored.percentile, scored.verdict


def _heard(doc: Recording) -> Heard:
    """Give what is heard in a sound's windows, shape=(n_windows, n_kept, 2)."""
    heard = heard_of(doc)
    return nothing_heard(len(doc.chunks)) if heard is None else heard


def _places(sounds: Sequence[Recording]) -> NDArray[np.float64]:
    """Tell where each query window is, shape=(n_windows, 3): its start, its end and its sound.

    Sound 0 is the query's own; its positives are counted from 1, also where it has none.
    """
    first = 0 if sounds[0].role == "query" else 1
    places = [
        (window.start_s, window.end_s, number)
        for number, sound in enumerate(sounds, first)
        for window in sound.chunks
    ]
    return np.array(places, np.float64)


def _hit(found: retrieval.Hit, places: NDArray[np.float64], heard: Heard) -> Hit:
    recording, windows = found.recording, found.windows
    own = np.column_stack([windows.distances, windows.start_s, windows.end_s])
    return Hit(
        recording_id=recording.id,
        uri=recording.uris[0],
        duration_s=recording.duration_s,
        tags=recording.tags,
        pairs=np.column_stack([own, places[windows.queries]]),
        heard=in_common(windows.heard, heard, windows.queries),
    )
