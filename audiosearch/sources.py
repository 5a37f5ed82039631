"""Where sound comes from: files and bytes, and what is read of them."""

import io
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import AudioDecodeError, NotFoundError, UnreadableFileError
from audiosearch.types import Waveform

Source = Path | bytes
"""A file, or the bytes of one."""


@dataclass(frozen=True)
class Native:
    """Samples at a file's own rate.

    Parameters
    ----------
    waveform : [shape=(n_samples,) or (n_samples, 2)], float32
        The stretch, mixed as of ``mix``.
    sample_rate : int
        In Hz.
    """

    waveform: Waveform
    sample_rate: int


def mix(samples: NDArray[np.float32], channels: int) -> Waveform:
    """Mix channels to mono or stereo.

    Parameters
    ----------
    samples : [shape=(n_samples, n_channels)], float32
        As decoded.
    channels : int
        1: their mean. 2: the first two are left and right, all others are in both.

    Returns
    -------
    [shape=(n_samples,) or (n_samples, 2)], float32
        No louder than the loudest channel.
    """
    n_channels = samples.shape[1]
    mixed: Waveform
    if channels == 1:
        # Along the samples: samples.mean(axis=1), along the few channels, takes ten times as long.
        mixed = np.ascontiguousarray(samples.T).mean(axis=0)
    elif n_channels <= 2:
        mixed = np.repeat(samples, 3 - n_channels, axis=1)
    else:
        others = samples[:, 2:].sum(axis=1, keepdims=True)
        mixed = (samples[:, :2] + others) / np.float32(n_channels - 1)
    return mixed


def check_readable(source: Source) -> None:
    """Raise an error that says why if a source is not there, may not be read, or is empty.

    Pipes and devices are refused unopened: opening a pipe waits for its other end.
    """
    if isinstance(source, bytes):
        if not source:
            raise AudioDecodeError("received 0 bytes, expected an audio or video file")
        return
    try:
        if not stat.S_ISREG(source.stat().st_mode):
            raise UnreadableFileError(f"{source.name or source} is not a regular file")
        with source.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        target = " (a broken link)" if source.is_symlink() else ""
        raise NotFoundError(f"there is no file {source.name}{target}") from error
    except OSError as error:
        raise UnreadableFileError(f"{source.name} cannot be read: {error.strerror}") from error
    if empty:
        raise AudioDecodeError(f"{source.name} is empty (0 bytes), expected an audio or video file")


def openable(source: Source) -> str | io.BytesIO:
    """Give what libsndfile opens: a path's text, or bytes as a file."""
    return io.BytesIO(source) if isinstance(source, bytes) else str(source)


def size_of(source: Source) -> int:
    """Tell how many bytes there are of a source."""
    return len(source) if isinstance(source, bytes) else source.stat().st_size


def name_of(source: Source) -> str:
    """Name a source as messages do: without its folder."""
    return "the data" if isinstance(source, bytes) else source.name
