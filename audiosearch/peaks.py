"""Waveforms to look at: the least and the largest sample of each twentieth of a second."""

import math

import numpy as np

from audiosearch.errors import InvalidQueryError
from audiosearch.types import Peaks, Waveform
from audiosearch.windows import Block

PEAKS_PER_S = 20
FULL_SCALE = 127


def peaks_of(waveform: Waveform, sample_rate: int, per_s: int = PEAKS_PER_S) -> Peaks:
    """Find the minimum and maximum of each bin, of 50 ms by default.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        In [-1, 1]; what is beyond that is cut off.
    sample_rate : int
        In Hz, a multiple of ``per_s``.
    per_s : int
        How many bins a second has.

    Returns
    -------
    [shape=(n_bins, 2)], int8
        The last bin may be shorter than the others.

    Examples
    --------
    >>> peaks_of(np.array([0, 0.5, -1, 0, 0, 0.25], np.float32), sample_rate=80)
    array([[-127,   64],
           [   0,   32]], dtype=int8)
    """
    if not waveform.size:
        return no_peaks()
    edges = np.arange(0, waveform.size, sample_rate // per_s)
    extremes = np.stack(
        [np.minimum.reduceat(waveform, edges), np.maximum.reduceat(waveform, edges)], axis=1
    )
    peaks: Peaks = np.rint(extremes.clip(-1, 1) * FULL_SCALE).astype(np.int8)
    return peaks


def block_peaks(waveform: Waveform, block: Block) -> Peaks:
    """Find the peaks of a block's own part: the blocks' together are those of the whole.

    A block is decoded a window further than the next one's start. A bin that lies across the
    border belongs to the block in which it begins.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        What was decoded from the block's start on.
    block : Block
        Where that lies in the recording.

    Returns
    -------
    [shape=(n_bins, 2)], int8
        Of the bins that begin before the next block, or of all in the last.
    """
    rate = block.plan.sample_rate
    samples_per_bin = rate // PEAKS_PER_S
    first = -block.start % samples_per_bin  # the rest of a bin that began in the block before
    peaks = peaks_of(waveform[first:], rate)
    if block.is_last(waveform.size):
        return peaks
    own = block.n_windows * block.plan.stride - first
    return peaks[: -(-own // samples_per_bin)]


def count_bins(duration_s: float) -> int:
    """Count the bins of a recording."""
    return math.ceil(round(duration_s * PEAKS_PER_S, 3))


def bins_between(start_s: float, end_s: float | None = None) -> tuple[int, int | None]:
    """Give the first bin of a stretch, and that behind its last; ``None`` if it has no end.

    Raises
    ------
    InvalidQueryError
        If it ends before it starts.

    Examples
    --------
    >>> bins_between(1.01, 1.99)
    (20, 40)
    """
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise InvalidQueryError(
            f"received start_s: {start_s} and end_s: {end_s}, expected 0 <= start_s < end_s"
        )
    return int(start_s * PEAKS_PER_S), None if end_s is None else math.ceil(end_s * PEAKS_PER_S)


def reduce_peaks(peaks: Peaks, points: int) -> Peaks:
    """Draw a stretch in fewer points.

    Parameters
    ----------
    peaks : [shape=(n_bins, 2)], int8
        Of the stretch.
    points : int
        How many are wanted.

    Returns
    -------
    [shape=(n_points, 2)], int8
        As many as there are bins, where more are wanted.

    Raises
    ------
    InvalidQueryError
        If no point is wanted.
    """
    if points < 1:
        raise InvalidQueryError(f"received points: {points}, expected at least 1")
    if len(peaks) <= points:
        return peaks
    edges = np.arange(points) * len(peaks) // points
    lowest = np.minimum.reduceat(peaks[:, 0], edges)
    highest = np.maximum.reduceat(peaks[:, 1], edges)
    return np.stack([lowest, highest], axis=1)


def no_peaks() -> Peaks:
    """Give the peaks of no sound."""
    return np.empty((0, 2), np.int8)
