"""Words for distances, as learnt from labelled recordings: see ``docs/scores.md``."""

from dataclasses import dataclass
from typing import Literal

from audiosearch.scoring.alignment import Alignment

Verdict = Literal["same recording", "very similar", "similar", "weak"]

_MIN_CORRELATION = 0.9
_MIN_SIGNIFICANCE = 4.5
_UNCHANGED_CORRELATION = 0.98


@dataclass(frozen=True)
class Thresholds:
    """Up to which cosine distances of an encoder's vectors a verdict holds.

    Parameters
    ----------
    very_similar, similar : float
        Of the best pair of windows. Of recordings up to the one, 90 % are of one kind; of those
        between both, 60 %.
    copy : float
        Mean over the windows of a recording that is the same audio, changed.
    unchanged : float
        The same of audio that has hardly changed: fewer events are then enough to tell.
    """

    very_similar: float
    similar: float
    copy: float
    unchanged: float


THRESHOLDS = {"yamnet": Thresholds(very_similar=0.12, similar=0.24, copy=0.2, unchanged=0.02)}
"""By encoder. ``python -m benchmarks.verdicts`` learns them anew, when vectors have changed."""

_UNKNOWN = Thresholds(very_similar=0.0, similar=0.0, copy=2.0, unchanged=0.001)


def may_be_same(distance: float, encoder: str) -> bool:
    """Tell whether an alignment is worth looking for, by the distance of the best windows."""
    return distance <= THRESHOLDS.get(encoder, _UNKNOWN).copy


def is_same_recording(alignment: Alignment, encoder: str) -> bool:
    """Tell whether an alignment shows that query and recording are the same audio."""
    limits = THRESHOLDS.get(encoder, _UNKNOWN)
    if alignment.correlation >= _UNCHANGED_CORRELATION and alignment.distance <= limits.unchanged:
        return True
    return (
        alignment.correlation >= _MIN_CORRELATION
        and alignment.significance >= _MIN_SIGNIFICANCE
        and alignment.distance <= limits.copy
    )


def verdict(distance: float, encoder: str, same_recording: bool) -> Verdict | None:
    """Put a recording's distance into words.

    Parameters
    ----------
    distance : float
        Cosine distance of its best window.
    encoder : str
        Whose vectors these are, by name.
    same_recording : bool
        Whether it is the query's audio; see ``is_same_recording``.

    Returns
    -------
    str or None
        ``None`` where nothing was learnt of the encoder.

    Examples
    --------
    >>> verdict(0.15, "yamnet", same_recording=False)
    'similar'
    """
    if same_recording:
        return "same recording"
    limits = THRESHOLDS.get(encoder)
    if limits is None:
        return None
    if distance <= limits.very_similar:
        return "very similar"
    return "similar" if distance <= limits.similar else "weak"
