"""MaxScoreRanker: each recording scored by its best window, with its moments."""

from typing import Any

from docarray import DocList
from jina import Executor, requests

from audiosearch.ranking import Pair, RankedRecording, rank
from executors.documents import Match, Recording, Window, WindowMatch
from executors.workspace import jina_options


class MaxScoreRanker(Executor):
    """Makes recordings of the matching windows; the score of a recording is its best window's.

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
        """Replace the windows of each query by its matches."""
        limit = int(parameters["limit"]) if parameters.get("limit") else None
        moments = int(parameters.get("moments", self.moments))
        for doc in docs:
            described = {match.recording_id: match for each in doc.chunks for match in each.matches}
            pairs = [
                (match.recording_id, _pair(window, match))
                for window in doc.chunks
                for match in window.matches
            ]
            doc.matches = DocList[Match](
                _match(ranked, described[ranked.id]) for ranked in rank(pairs, limit, moments)
            )
            doc.chunks = DocList[Window]()
        return docs

    @requests
    def skip(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Pass on what needs no ranking: a box must know the endpoints of those before it."""
        return docs


def _pair(window: Window, match: WindowMatch) -> Pair:
    return Pair(match.cosine, match.start_s, match.end_s, window.start_s, window.end_s)


def _match(ranked: RankedRecording, described: WindowMatch) -> Match:
    best = ranked.best
    return Match(
        id=ranked.id,
        uri=described.uri,
        scores={"cosine": {"value": best.cosine}},
        similarity=1 - best.cosine,
        **_times(best),
        duration_s=described.duration_s,
        tags=described.tags,
        moments=[{**_times(moment), "cosine": moment.cosine} for moment in ranked.moments],
    )


def _times(pair: Pair) -> dict[str, float]:
    return {
        "start_s": pair.start_s,
        "end_s": pair.end_s,
        "query_start_s": pair.query_start_s,
        "query_end_s": pair.query_end_s,
    }
