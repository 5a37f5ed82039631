"""Finds a stretch within a container without decoding all that comes before it."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from audiosearch.frames import FrameDecoder, Placed, frames_of, packets_of, placed
from audiosearch.seek_table import Place, SeekTable

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer

_PREROLL_S = 1  # decoded before a stretch after a seek, so that the decoder has settled
# The container whose packets carry their times to the sample; raw AAC, say, estimates them.
_EXACT = "mov,mp4,m4a,3gp,3g2,mj2"
_MATROSKA = "matroska,webm"
# It rounds them to milliseconds: of frames of one length the sample is known again.
_ROUNDING_S = 0.0011
_OF_ONE_LENGTH = {"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus"}


class UnplacedError(Exception):
    """After a seek nothing tells where a frame lies: decode from the beginning."""


def seeks(container: "InputContainer", stream: "AudioStream", first_s: int) -> bool:
    """Tell whether a stretch is to be found by seeking."""
    name = container.format.name
    rounded = name == _MATROSKA and stream.codec.canonical_name in _OF_ONE_LENGTH
    return first_s > _PREROLL_S and (is_exact(container) or rounded)


def is_exact(container: "InputContainer") -> bool:
    """Tell whether a container itself tells to the sample where its packets are."""
    return bool(container.format.name == _EXACT)


def frames_near(container: "InputContainer", stream: "AudioStream", first_s: int) -> Placed:
    """Seek to shortly before a stretch.

    Parameters
    ----------
    container, stream
        Just opened, and of those that ``seeks`` approves of.
    first_s : int
        Where the stretch begins, in seconds.

    Returns
    -------
    iterator of (int, AudioFrame)
        Frames, each after the sample at which it begins.

    Raises
    ------
    UnplacedError
        If the position cannot be told to the sample.
    """
    grid = None
    if container.format.name == _MATROSKA:
        grid = [frame.samples for frame in islice(frames_of(container, stream), 2)]
    origin_s = float((stream.start_time or 0) * (stream.time_base or 0))
    _seek_time(container, stream, first_s - _PREROLL_S)
    decoded = frames_of(container, stream)
    head = list(islice(decoded, 2))
    if not head:
        raise UnplacedError
    times = [((frame.time or 0.0) - origin_s) * frame.sample_rate for frame in head]
    position = round(times[0]) if grid is None else _on_grid(head, times, grid)
    return placed(chain(head, decoded), position)


def frames_by_table(
    container: "InputContainer", stream: "AudioStream", first_s: int, table: SeekTable
) -> Placed:
    """Decode from shortly before a stretch, and note places beyond those that are known.

    Parameters
    ----------
    container, stream
        Just opened.
    first_s : int
        Where the stretch begins, in seconds.
    table : SeekTable
        Of the recording; it grows.

    Yields
    ------
    tuple of (int, AudioFrame)
        Frames, each after the sample at which it begins.

    Raises
    ------
    UnplacedError
        If the table does not fit the file.
    """
    decoder, packets = FrameDecoder(), packets_of(container, stream)
    sample, places = 0, table.before(first_s)
    first = next(packets, None)
    if first is None:
        return
    if places:
        _seek(container, stream, first, places[0], table.sample_rate)
        packets = _settle(packets_of(container, stream), first, places[1], decoder)
        sample = places[1].sample
    else:
        packets = chain([first], packets)
    last = None
    for packet in packets:
        position = _position(packet, first)
        if position not in (None, last):
            table.note(sample, position, packet)
        last = position
        for frame in decoder.decode(packet):
            table.sample_rate = table.sample_rate or frame.sample_rate
            if frame.sample_rate == table.sample_rate:
                yield sample, frame
                sample += frame.samples


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


def _seek(
    container: "InputContainer",
    stream: "AudioStream",
    first: "Packet[AudioStream]",
    place: Place,
    sample_rate: int,
) -> None:
    """Go to a place: by its bytes, but in Matroska, which finds the parts of itself by time."""
    import av

    if container.format.name == _MATROSKA:
        _seek_time(container, stream, place.sample / sample_rate)
        return
    try:
        container.seek((first.pos or 0) + place.position, unsupported_byte_offset=True)
    except av.error.FFmpegError as error:
        raise UnplacedError from error


def _seek_time(container: "InputContainer", stream: "AudioStream", time_s: float) -> None:
    """Go to the last packet that begins before a time, in seconds from the stream's start."""
    import av

    ticks = (stream.start_time or 0) + int(time_s / (stream.time_base or 1))
    try:
        container.seek(ticks, stream=stream)
    except av.error.FFmpegError as error:
        raise UnplacedError from error


def _settle(
    packets: Iterator["Packet[AudioStream]"],
    first: "Packet[AudioStream]",
    place: Place,
    decoder: FrameDecoder,
) -> Iterator["Packet[AudioStream]"]:
    """Decode packets up to that of a place, and give it and those that follow."""
    for packet in packets:
        position = _position(packet, first)
        if position is not None and place.is_at(position, packet):
            return chain([packet], packets)
        if position is not None and position > place.position:
            break
        for _ in decoder.decode(packet):
            pass
    raise UnplacedError


def _position(packet: "Packet[AudioStream]", first: "Packet[AudioStream]") -> int | None:
    """Tell where a packet lies, in bytes behind the first; ``None`` where that is not known."""
    return None if packet.pos is None or first.pos is None else packet.pos - first.pos
