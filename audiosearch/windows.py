"""Cuts recordings into overlapping windows that cover every sample."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from audiosearch.errors import InvalidQueryError
from audiosearch.types import Waveform
from audiosearch.vggish.params import SAMPLE_RATE

GRID_S = 0.01  # windows start on multiples of the features' hop
SILENCE_DBFS = -60.0  # dB of full scale: windows whose RMS is not above it are silent


class Span(NamedTuple):
    """A stretch of samples, ``[start, stop)``."""

    start: int
    stop: int


@dataclass(frozen=True)
class WindowPlan:
    """Where windows lie.

    Parameters
    ----------
    window_s, stride_s : float
        Length of a window and distance between starts, in seconds: positive multiples of 0.01.
    sample_rate : int
        In Hz, a multiple of 100.

    Raises
    ------
    InvalidQueryError
        If a length is not a positive multiple of 10 ms, or the stride is longer than the window.
    """

    window_s: float = 4.0
    stride_s: float = 2.0
    sample_rate: int = SAMPLE_RATE

    def __post_init__(self) -> None:
        for name, value in (("window_size", self.window_s), ("stride", self.stride_s)):
            steps = value / GRID_S if isinstance(value, int | float) else 0
            if not 0 < steps < math.inf or abs(steps - round(steps)) > 1e-6:
                raise InvalidQueryError(
                    f"received {name}: {value!r}, expected a positive multiple of {GRID_S} seconds"
                )
        if self.stride_s > self.window_s:
            raise InvalidQueryError(
                f"received stride: {self.stride_s:g}, expected at most window_size "
                f"{self.window_s:g}: sound between the windows would be lost"
            )

    @property
    def window(self) -> int:
        """Length of a window, in samples."""
        return round(self.window_s * self.sample_rate)

    @property
    def stride(self) -> int:
        """Distance between the starts of windows, in samples."""
        return round(self.stride_s * self.sample_rate)

    @property
    def grid(self) -> int:
        """Distance between possible starts, in samples: 10 ms."""
        return round(GRID_S * self.sample_rate)

    def spans(self, n_samples: int) -> list[Span]:
        """Plan the windows of a whole recording.

        Windows start at 0, stride, 2 stride … while they fit. If samples remain after the last, one
        more starts at the smallest multiple of 10 ms from which it reaches the end. A recording
        shorter than a window is one window.

        Parameters
        ----------
        n_samples : int
            Length of the recording, in samples.

        Returns
        -------
        list of Span
            In order. Only the last may end beyond the recording, by less than 10 ms.

        Examples
        --------
        >>> [span.start / 16_000 for span in WindowPlan().spans(16_000 * 11)]
        [0.0, 2.0, 4.0, 6.0, 7.0]
        """
        if n_samples <= self.window:
            return [Span(0, n_samples)] if n_samples > 0 else []
        n_regular = 1 + (n_samples - self.window) // self.stride
        starts = [i * self.stride for i in range(n_regular)]
        if starts[-1] + self.window < n_samples:
            starts.append(-(-(n_samples - self.window) // self.grid) * self.grid)
        return [Span(start, start + self.window) for start in starts]


@dataclass(frozen=True)
class Block:
    """A stretch of a recording that is indexed in one piece.

    Parameters
    ----------
    plan : WindowPlan
        Where windows lie.
    index : int
        Which block of the recording, from 0.
    max_duration_s : float
        How much time the starts of a block's windows span at most, in seconds. Two minutes make
        8 MB of samples, are searchable a second after they are begun, and cost little more than
        longer blocks.
    """

    plan: WindowPlan
    index: int
    max_duration_s: float = 120.0

    @property
    def n_windows(self) -> int:
        """Count the regular windows that start in a full block."""
        return max(1, int(self.max_duration_s / self.plan.stride_s))

    @property
    def start(self) -> int:
        """First sample of the block's first window."""
        return self.index * self.n_windows * self.plan.stride

    @property
    def stop(self) -> int:
        """Sample up to which the block must be decoded.

        The first window of the next block ends here: if the recording does not reach it, this block
        is the last, and holds the window that ends with the recording.
        """
        return self.start + self.n_windows * self.plan.stride + self.plan.window

    def spans(self, n_samples: int) -> list[Span]:
        """Plan the block's windows, counted from the block's start.

        Parameters
        ----------
        n_samples : int
            Samples decoded from ``start`` on, at most ``stop - start``.

        Returns
        -------
        list of Span
            Together, the blocks of a recording have just the windows of ``plan.spans``.
        """
        spans = self.plan.spans(n_samples)
        return spans if self.is_last(n_samples) else spans[: self.n_windows]

    def is_last(self, n_samples: int) -> bool:
        """Tell whether the recording ends in this block."""
        return n_samples < self.stop - self.start


def silent(waveform: Waveform, spans: Sequence[Span]) -> list[bool]:
    """Tell which windows are silent.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        The recording, in [-1, 1].
    spans : sequence of Span
        Its windows; samples beyond the end do not count.

    Returns
    -------
    list of bool
        True where the RMS is not above -60 dB of full scale.
    """
    threshold = 10 ** (SILENCE_DBFS / 20)
    return [_rms(waveform[span.start : span.stop]) <= threshold for span in spans]


def _rms(samples: Waveform) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
