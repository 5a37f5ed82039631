"""Scores the recordings that a search has found."""

from collections.abc import Sequence
from dataclasses import dataclass

from audiosearch.scoring.alignment import Asked, align
from audiosearch.scoring.distances import percentile
from audiosearch.scoring.verdicts import Verdict, is_same_recording, may_be_same, verdict
from audiosearch.store.base import Store
from audiosearch.store.rows import Space


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


def score(store: Store, found: Sequence[tuple[str, float]], sounds: Sequence[Asked]) -> list[Score]:
    """Score the recordings that a search has found.

    Parameters
    ----------
    store : Store
        The library, which holds them.
    found : sequence of (str, float)
        Each recording's id, and the cosine distance of its best window to the query.
    sounds : sequence of Asked
        Those of the query whose likes are wanted.

    Returns
    -------
    list of Score
        In the same order.
    """
    space, usual = store.space, store.pair_distances()
    if space is None:  # the last recording has gone meanwhile
        return [Score(None, None) for _ in found]
    return [
        Score(
            percentile(distance, usual),
            verdict(
                distance,
                space.encoder,
                may_be_same(distance, space.encoder)
                and _is_any_of(store, space, recording_id, sounds),
            ),
        )
        for recording_id, distance in found
    ]


def _is_any_of(store: Store, space: Space, recording_id: str, sounds: Sequence[Asked]) -> bool:
    """Tell whether a recording is the same audio as one of several sounds."""
    peaks = store.peaks(recording_id)
    aligned = (
        align(sound, peaks, store.window_distances(recording_id, sound.vectors), space.stride_s)
        for sound in sounds
    )
    return any(found and is_same_recording(found, space.encoder) for found in aligned)
