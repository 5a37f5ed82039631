"""Scores the recordings that a search has found."""

from collections.abc import Sequence
from dataclasses import dataclass

from audiosearch.scoring.alignment import Asked, align
from audiosearch.scoring.distances import percentile
from audiosearch.scoring.verdicts import Verdict, is_same_recording, may_be_same, verdict
from audiosearch.store.base import Store


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


def score(store: Store, recording_id: str, distance: float, sounds: Sequence[Asked]) -> Score:
    """Score a recording.

    Parameters
    ----------
    store : Store
        The library, which holds it.
    recording_id : str
        The recording.
    distance : float
        Cosine distance of its best window to the query.
    sounds : sequence of Asked
        Those of the query whose likes are wanted.
    """
    encoder = store.space.encoder if store.space else ""
    same = may_be_same(distance, encoder) and _is_any_of(store, recording_id, sounds)
    return Score(percentile(distance, store.pair_distances()), verdict(distance, encoder, same))


def _is_any_of(store: Store, recording_id: str, sounds: Sequence[Asked]) -> bool:
    """Tell whether a recording is the same audio as one of several sounds."""
    space, peaks = store.space, store.peaks(recording_id)
    if space is None:
        return False
    aligned = (
        align(sound, peaks, store.window_distances(recording_id, sound.vectors), space.stride_s)
        for sound in sounds
    )
    return any(found and is_same_recording(found, space.encoder) for found in aligned)
