"""What the indexer tells of its library, as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from docarray import DocList

from audiosearch.errors import AudioSearchError, NotFoundError
from audiosearch.folders import list_folders
from audiosearch.heard.facets import facets_of
from audiosearch.heard.finding import MOMENTS, find_heard
from audiosearch.peaks import FULL_SCALE, PEAKS_PER_S, bins_between, reduce_peaks
from audiosearch.store.base import Store
from audiosearch.store.ordering import position_of
from audiosearch.store.rows import Recording
from audiosearch.store.workspace import disk_bytes
from executors.documents import Facts
from executors.rows import filter_of

Parameters = Mapping[str, Any]


def tell(store: Store, parameters: Parameters) -> DocList[Facts]:
    """Tell of a store, or of the error that it meets.

    Parameters
    ----------
    store : Store
        The library.
    parameters : mapping
        ``what``, a function of this module, and what it reads.
    """
    try:
        answer = {"answer": TOLD[parameters["what"]](store, parameters)}
    except AudioSearchError as error:
        answer = {"error": {"code": error.code, "message": str(error)}}
    return DocList[Facts]([Facts(text=json.dumps(answer, ensure_ascii=False))])


def status(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell how much the library holds."""
    return asdict(store.totals()) | {
        "library_id": store.library_id,
        "encoder": store.space.encoder if store.space else None,
        "disk_bytes": disk_bytes(Path(parameters["workspace"])),
        "folders": sorted(store.folders()),
        "failures": store.failure_counts(),
    }


def workspace(store: Store, parameters: Parameters) -> str:
    """Tell where the library is kept; for this machine alone."""
    return str(Path(parameters["workspace"]).resolve())


def recordings(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell a page of recordings."""
    limit = int(parameters["limit"])
    condition = filter_of(parameters["filter"])
    order = parameters["order"]
    page = store.page(condition, parameters["after"], limit + 1, order)
    more = len(page) > limit
    return {
        "recordings": list(map(_recording, page[:limit])),
        "after": position_of(page[limit - 1], order) if more else None,
    }


def recording(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell of one recording."""
    return _recording(_find(store, parameters["recording_id"]))


def heard(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell what is heard in how many recordings."""
    counts = store.count_heard(filter_of(parameters["filter"]))
    return {"classes": list(map(asdict, facets_of(counts)))}


def heard_matches(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell the recordings in which something is heard; parameters are those of a search."""
    limit = int(parameters.get("limit") or parameters["default_limit"])
    condition = filter_of(parameters.get("filter") or {})
    moments = int(parameters.get("moments", MOMENTS))
    return asdict(find_heard(store, parameters["name"], limit, moments, condition))


def failures(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell a page of the files that could not be indexed."""
    limit = int(parameters["limit"])
    page = store.failures(parameters["after"], limit + 1)
    told = ("uri", "code", "message", "failed_at")
    return {
        "failures": [{name: getattr(file, name) for name in told} for file in page[:limit]],
        "after": page[limit - 1].uri if len(page) > limit else None,
    }


def peaks(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell what to draw of a recording."""
    found = _find(store, parameters["recording_id"])
    start_s, end_s = float(parameters["start_s"]), parameters.get("end_s")
    first, stop = bins_between(start_s, end_s)
    bins = store.peaks(found.id, first, stop)
    reduced = reduce_peaks(bins, int(parameters["points"])) / FULL_SCALE
    last_s = (first + len(bins)) / PEAKS_PER_S if end_s is None else float(end_s)
    return {
        "start_s": start_s,
        "end_s": min(last_s, found.duration_s),
        "minima": reduced[:, 0].round(3).tolist(),
        "maxima": reduced[:, 1].round(3).tolist(),
    }


def sound_map(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell where the recordings lie on the map."""
    told: dict[str, Any] = parameters["mapper"].tell(store, parameters.get("known"))
    return told


def folders(store: Store, parameters: Parameters) -> dict[str, Any]:
    """Tell the folders that may be indexed."""
    found = list_folders(parameters["library"], parameters["within"])
    return {"folders": list(map(asdict, found))}


_ALL = (
    status,
    workspace,
    recordings,
    recording,
    heard,
    heard_matches,
    failures,
    peaks,
    sound_map,
    folders,
)
TOLD = {each.__name__: each for each in _ALL}


def _find(store: Store, recording_id: str) -> Recording:
    found = store.recording(recording_id)
    if found is None:
        raise NotFoundError(f"there is no recording {recording_id} in the library")
    return found


def _recording(found: Recording) -> dict[str, Any]:
    told = asdict(found)
    del told["n_blocks"]
    return told
