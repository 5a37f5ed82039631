"""Makes recordings of matching windows: each scored by its best, with its moments."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Pair:
    """A library window and the query window nearest to it. Pairs order by distance, then time.

    Parameters
    ----------
    cosine : float
        Their cosine distance.
    start_s, end_s : float
        The library window, in seconds.
    query_start_s, query_end_s : float
        The query window, in seconds.
    """

    cosine: float
    start_s: float
    end_s: float
    query_start_s: float
    query_end_s: float


@dataclass(frozen=True)
class RankedRecording:
    """A recording with its matching stretches.

    Parameters
    ----------
    id : str
        The recording.
    best : Pair
        The pair that scores it.
    moments : list of Pair
        Its stretches, best first.
    """

    id: str
    best: Pair
    moments: list[Pair]


def rank(
    pairs: Iterable[tuple[str, Pair]], limit: int | None = None, moments: int = 5
) -> list[RankedRecording]:
    """Score each recording by its best pair (max-score, since small distances score high).

    Parameters
    ----------
    pairs : iterable of (str, Pair)
        Recording ids with their pairs.
    limit : int, optional
        How many recordings to return; ``None`` for all.
    moments : int
        How many stretches a recording to return.

    Returns
    -------
    list of RankedRecording
        Best first, ties in the order of recording ids.
    """
    by_recording: dict[str, list[Pair]] = {}
    for recording_id, pair in pairs:
        by_recording.setdefault(recording_id, []).append(pair)
    ranked = [
        RankedRecording(recording_id, min(own), merge_moments(own)[:moments])
        for recording_id, own in by_recording.items()
    ]
    return sorted(ranked, key=lambda each: (each.best.cosine, each.id))[:limit]


def merge_moments(pairs: Sequence[Pair]) -> list[Pair]:
    """Merge touching and overlapping windows to stretches.

    Parameters
    ----------
    pairs : sequence of Pair
        A recording's matching windows.

    Returns
    -------
    list of Pair
        Best first. A stretch has the distance and the query times of its best pair.

    Examples
    --------
    >>> near, far = Pair(0.1, 2.0, 6.0, 0.0, 4.0), Pair(0.2, 0.0, 4.0, 0.0, 4.0)
    >>> merge_moments([far, near])
    [Pair(cosine=0.1, start_s=0.0, end_s=6.0, query_start_s=0.0, query_end_s=4.0)]
    """
    stretches: list[list[Pair]] = []
    end_s = -math.inf
    for pair in sorted(pairs, key=lambda each: each.start_s):
        if pair.start_s <= end_s:
            stretches[-1].append(pair)
        else:
            stretches.append([pair])
        end_s = max(end_s, pair.end_s)
    return sorted(_merge(stretch) for stretch in stretches)


def _merge(stretch: Sequence[Pair]) -> Pair:
    best = min(stretch)
    return Pair(
        best.cosine,
        min(each.start_s for each in stretch),
        max(each.end_s for each in stretch),
        best.query_start_s,
        best.query_end_s,
    )
