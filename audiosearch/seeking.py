"""Finds a stretch within a container without decoding all that comes before it."""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

Frames = Callable[["InputContainer", "AudioStream"], Iterator["AudioFrame"]]
"""Decodes the frames of a stream from where its container stands."""

_PREROLL_S = 1  # decoded before a stretch after a seek, so that the decoder has settled
# The container whose packets carry their times to the sample; raw AAC, say, estimates them.
_EXACT = "mov,mp4,m4a,3gp,3g2,mj2"
# The container that rounds them to milliseconds: of frames of one length the sample is known again.
_ROUNDED = "matroska,webm"
_ROUNDING_S = 0.0011
_OF_ONE_LENGTH = {"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus"}


class UnplacedError(Exception):
    """After a seek nothing tells where a frame lies: decode from the beginning."""


def seeks(container: "InputContainer", stream: "AudioStream", first_s: int) -> bool:
    """Tell whether a stretch is to be found by seeking."""
    name = container.format.name
    rounded = name == _ROUNDED and stream.codec.canonical_name in _OF_ONE_LENGTH
    return first_s > _PREROLL_S and (name == _EXACT or rounded)


def frames_near(
    container: "InputContainer", stream: "AudioStream", first_s: int, frames: Frames
) -> tuple[int, Iterator["AudioFrame"]]:
    """Seek to shortly before a stretch.

    Parameters
    ----------
    container, stream
        Just opened, and of those that ``seeks`` approves of.
    first_s : int
        Where the stretch begins, in seconds.
    frames : callable
        Decodes.

    Returns
    -------
    position : int
        Where in the stream the first frame begins, in samples.
    frames : iterator of AudioFrame
        That frame and those that follow.

    Raises
    ------
    UnplacedError
        If the position cannot be told to the sample.
    """
    import av

    grid = None
    if container.format.name == _ROUNDED:
        grid = [frame.samples for frame in islice(frames(container, stream), 2)]
    origin_s = float((stream.start_time or 0) * (stream.time_base or 0))
    target_s = first_s - _PREROLL_S + origin_s
    try:
        container.seek(int(target_s / (stream.time_base or 1)), stream=stream)
    except av.error.FFmpegError as error:
        raise UnplacedError from error
    decoded = frames(container, stream)
    head = list(islice(decoded, 2))
    if not head:
        raise UnplacedError
    times = [((frame.time or 0.0) - origin_s) * frame.sample_rate for frame in head]
    position = round(times[0]) if grid is None else _on_grid(head, times, grid)
    return position, chain(head, decoded)


def _on_grid(head: list["AudioFrame"], times: list[float], grid: list[int]) -> int:
    """Tell where the first of two frames begins, in samples, by the time of the second.

    FFmpeg cuts the encoder's delay off the first frame after a seek as it does at the beginning.

    Parameters
    ----------
    head : list of AudioFrame
        The two.
    times : list of float
        Where they begin by their rounded times, in samples.
    grid : list of int
        Lengths of the stream's very first frame and of all others.
    """
    if len(head) < 2 or len(grid) < 2:
        raise UnplacedError
    delayed, length = grid
    position = delayed + round((times[1] - delayed) / length) * length
    if abs(position - times[1]) > _ROUNDING_S * head[1].sample_rate:
        raise UnplacedError
    return position - head[0].samples
