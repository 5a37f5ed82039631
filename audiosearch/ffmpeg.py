"""Decodes by FFmpeg (PyAV brings it), and steps over broken frames as players do."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import AudioDecodeError, NoAudioError
from audiosearch.frames import Placed, frames_of, placed
from audiosearch.seek_table import SeekTable
from audiosearch.seeking import UnplacedError, frames_by_table, frames_near, seeks
from audiosearch.sources import Native, Source, mix, name_of
from audiosearch.types import Waveform

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

_FRAMES_MIXED = 64  # at once: mixing each by itself costs as much as decoding it
_MAX_PADDING = 4096  # samples that an MP3 may have behind its end: 12 bits tell how many

Planes = list[NDArray[np.float32]]
"""A frame's samples, by channel."""

# Formats that are lists of other files, or of streams to wait for.
_NAMING_OTHERS = {"concat", "dash", "hls", "imf", "lavfi", "rtsp", "sap", "sdp"}


def read_by_ffmpeg(
    source: Source,
    first_s: int = 0,
    last_s: int | None = None,
    channels: int = 1,
    table: SeekTable | None = None,
) -> Native:
    """Read a stretch of a file's default audio stream.

    Parameters
    ----------
    source, first_s, last_s, channels, table
        As of ``read_native``.

    Returns
    -------
    Native
        Its samples at its own rate.

    Raises
    ------
    AudioDecodeError
        If no frame can be decoded; ``NoAudioError`` if there is no audio stream.
    """
    try:
        with open_audio(source) as (container, stream):
            frames = _frames_near(container, stream, first_s, table)
            native = _collect(frames, first_s, last_s, channels, _end(container, stream))
    except UnplacedError:
        if table is not None:
            table.clear()
        with open_audio(source) as (container, stream):
            frames = _frames_near(container, stream, 0, table)
            native = _collect(frames, first_s, last_s, channels, _end(container, stream))
    if native is None:
        raise AudioDecodeError(
            f"{name_of(source)} holds no frame that can be decoded, "
            "expected an audio or video file that plays"
        )
    return native


@contextmanager
def open_audio(source: Source) -> Iterator[tuple["InputContainer", "AudioStream"]]:
    """Open a file and its default audio stream, whose codec FFmpeg knows.

    Raises
    ------
    AudioDecodeError
        If FFmpeg makes nothing of it; ``NoAudioError`` if there is no audio stream.
    """
    import av

    try:
        with open_container(source) as container:
            stream = container.streams.best("audio")
            if not isinstance(stream, av.AudioStream):
                raise NoAudioError(
                    f"{name_of(source)} has no audio stream, "
                    "expected an audio file or a video with sound"
                )
            if not has_decoder(stream):
                raise AudioDecodeError(
                    f"{name_of(source)} holds sound of a codec that FFmpeg does not know, "
                    "expected another format, such as FLAC"
                )
            stream.codec_context.thread_type = "NONE"
            yield container, stream
    except (av.error.FFmpegError, OSError) as error:  # PyAV passes on a seek to before the start
        raise AudioDecodeError(
            f"{name_of(source)} cannot be decoded ({error.strerror}), "
            "expected an audio or video file that libsndfile or FFmpeg reads"
        ) from error


def has_decoder(stream: "AudioStream") -> bool:
    """Tell whether FFmpeg knows a stream's codec; without one PyAV makes no codec context."""
    context: object | None = stream.codec_context
    return context is not None


def _frames_near(
    container: "InputContainer", stream: "AudioStream", first_s: int, table: SeekTable | None
) -> Placed:
    """Decode from before a stretch, as shortly as the container or a table allows."""
    if table is not None:
        return frames_by_table(container, stream, first_s, table)
    if seeks(container, stream, first_s):
        return frames_near(container, stream, first_s)
    return placed(frames_of(container, stream))


def _collect(
    frames: Placed, first_s: int, last_s: int | None, channels: int, end: int | None
) -> Native | None:
    """Mix the frames of a stretch; ``None`` without any, an empty waveform past the end."""
    rate = position = 0
    pieces = [mix(np.empty((0, 1), np.float32), channels)]
    waiting: list[Planes] = []
    for start, frame in frames:
        rate, position = frame.sample_rate, start + frame.samples
        if last_s is not None and start >= last_s * rate:
            break
        if position > first_s * rate:
            stop = None if last_s is None else last_s * rate - start
            planes = _planes(frame, slice(max(0, first_s * rate - start), stop))
            if len(waiting) == _FRAMES_MIXED or (waiting and len(waiting[0]) != len(planes)):
                pieces.append(_mix(waiting, channels))
                waiting = []
            waiting.append(planes)
    if waiting:
        pieces.append(_mix(waiting, channels))
    waveform = np.concatenate(pieces)
    if end is not None and end < position <= end + _MAX_PADDING:
        waveform = waveform[: max(0, end - first_s * rate)]
    return Native(waveform, rate) if rate else None


def _planes(frame: "AudioFrame", stretch: slice) -> Planes:
    """Look at a stretch of a frame of planar floats, without copying it."""
    return [
        np.frombuffer(memoryview(plane), np.float32, frame.samples)[stretch]
        for plane in frame.planes
    ]


def _mix(frames: list[Planes], channels: int) -> Waveform:
    """Join frames of the same number of channels, and mix them."""
    joined = np.stack([np.concatenate(parts) for parts in zip(*frames, strict=True)])
    return mix(joined.T, channels)


def _end(container: "InputContainer", stream: "AudioStream") -> int | None:
    """Tell at which sample an MP3's padding begins: FFmpeg cuts it off only after all before it.

    It is known where the encoder tells its delay, which is the stream's start.
    """
    if container.format.name != "mp3" or not stream.start_time or stream.duration is None:
        return None
    return round(stream.duration * (stream.time_base or 0) * stream.codec_context.sample_rate)


@contextmanager
def open_container(source: Source) -> Iterator["InputContainer"]:
    """Open by FFmpeg a file that may name no others: a playlist must not reach them, nor wait."""
    import av
    from av.format import formats_available

    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        options = {
            "protocol_whitelist": "none",
            "format_whitelist": ",".join(formats_available - _NAMING_OTHERS),
        }
        with av.open(file, "r", metadata_errors="ignore", options=options) as container:
            yield container
