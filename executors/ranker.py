"""MaxScoreRanker: each recording scored by its best window, with its moments."""

from typing import Any

import numpy as np
from docarray import DocList
from jina import Executor, requests

from audiosearch.heard.windows import name_heard
from audiosearch.ranking import END, START, Pair, RankedRecording, rank
from executors.documents import Hit, Match, Recording
from executors.queries import sounds_of_queries
from executors.timing import timed
from executors.workspace import jina_options


class MaxScoreRanker(Executor):
    """Makes matches of the hits; the score of a recording is its best window's.

    Parameters
    ----------
    moments : int
        How many matching stretches a recording are answered by default.
    """

    def __init__(self, moments: int = 5, **kwargs: Any) -> None:
        super().__init__(**jina_options(kwargs))
        self.moments = moments

    @requests(on="/search")
    def rank(
        self, docs: DocList[Recording], parameters: dict[str, Any], **kwargs: Any
    ) -> DocList[Recording]:
        """Replace the hits of each query, which hang on its first sound, by its matches."""
        limit = int(parameters["limit"]) if parameters.get("limit") else None
        moments = int(parameters.get("moments", self.moments))
        with timed(docs, "rank"):
            for first, *others in sounds_of_queries(docs):
                several = any(doc.role == "positive" for doc in others)
                hits = {hit.recording_id: hit for hit in first.hits}
                found = {hit.recording_id: np.asarray(hit.pairs) for hit in first.hits}
                first.matches = DocList[Match](
                    _match(ranked, hits[ranked.id], several)
                    for ranked in rank(found, limit, moments)
                )
                first.hits = DocList[Hit]()
        return docs

    @requests
    def skip(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Pass on what needs no ranking: a box must know the endpoints of those before it."""
        return docs


def _match(ranked: RankedRecording, hit: Hit, several: bool) -> Match:
    best = ranked.best
    return Match(
        id=ranked.id,
        uri=hit.uri,
        scores={"cosine": {"value": best.cosine}},
        similarity=1 - best.cosine,
        percentile=hit.percentile,
        verdict=hit.verdict,
        **_times(best, several),
        duration_s=hit.duration_s,
        tags=hit.tags,
        heard=_heard(hit, best),
        moments=[
            {
                **_times(moment, several),
                "cosine": moment.cosine,
                "heard": _heard(hit, moment),
            }
            for moment in ranked.moments
        ],
    )


def _heard(hit: Hit, stretch: Pair) -> list[str]:
    """Name what the query and the windows of a stretch have in common."""
    pairs = np.asarray(hit.pairs)
    inside = (pairs[:, START] >= stretch.start_s) & (pairs[:, END] <= stretch.end_s)
    return name_heard(np.asarray(hit.heard)[inside])


def _times(pair: Pair, several: bool) -> dict[str, float]:
    """Give the times of a pair, and of several sounds which one matches."""
    times = {
        "start_s": pair.start_s,
        "end_s": pair.end_s,
        "query_start_s": pair.query_start_s,
        "query_end_s": pair.query_end_s,
    }
    return times | ({"query_sound": pair.query_sound} if several else {})
