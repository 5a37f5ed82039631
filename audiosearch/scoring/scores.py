"""Scores the recordings that a search has found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from audiosearch.peaks import count_bins
from audiosearch.scoring.alignment import Asked, PeaksOf, align
from audiosearch.scoring.distances import percentile
from audiosearch.scoring.verdicts import Verdict, is_same_recording, may_be_same, verdict
from audiosearch.store.base import Store
from audiosearch.store.rows import Space

_SHORT_S = 600  # a few blocks


@dataclass(frozen=True)
class Score:
    """What a recording's distance means.

    Parameters
    ----------
    percentile : float or None
        How many percent of the library's pairs of windows are farther from each other; ``None`` in
        a library of fewer than five recordings.
    verdict : str or None
        See ``audiosearch.scoring.verdicts``.
    """

    percentile: float | None
    verdict: Verdict | None


class Found(NamedTuple):
    """A recording that a search has found: its length, and its best window's cosine distance."""

    recording_id: str
    distance: float
    duration_s: float


def score(
    store: Store, space: Space, found: Iterable[Found], sounds: Sequence[Asked]
) -> list[Score]:
    """Score the recordings that a search has found.

    Parameters
    ----------
    store : Store
        The library, which holds them.
    space : Space
        What its vectors were made with.
    found : iterable of Found
        The recordings.
    sounds : sequence of Asked
        Those of the query whose likes are wanted.

    Returns
    -------
    list of Score
        In the same order.
    """
    usual = store.pair_distances()
    return [
        Score(
            percentile(each.distance, usual),
            verdict(each.distance, space.encoder, _is_any_of(store, space, each, sounds)),
        )
        for each in found
    ]


def _is_any_of(store: Store, space: Space, found: Found, sounds: Sequence[Asked]) -> bool:
    """Tell whether a recording is the same audio as one of several sounds."""
    if not may_be_same(found.distance, space.encoder):
        return False
    peaks, n_bins = _peaks_of(store, found), count_bins(found.duration_s)
    aligned = (
        align(
            sound,
            peaks,
            n_bins,
            store.window_distances(found.recording_id, sound.vectors),
            space.stride_s,
        )
        for sound in sounds
    )
    return any(each and is_same_recording(each, space.encoder) for each in aligned)


def _peaks_of(store: Store, found: Found) -> PeaksOf:
    """Read a long recording's peaks stretch by stretch, a short one's at once."""
    if found.duration_s > _SHORT_S:
        return partial(store.peaks, found.recording_id)
    whole = store.peaks(found.recording_id)
    return lambda first, stop: whole[first:stop]
