"""Decodes by FFmpeg (PyAV brings it), and steps over broken frames as players do."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from audiosearch.errors import AudioDecodeError, NoAudioError
from audiosearch.seeking import UnplacedError, frames_near, seeks
from audiosearch.sources import Native, Source, mix, name_of

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

# Formats that are lists of other files, or of streams to wait for.
_NAMING_OTHERS = {"concat", "dash", "hls", "imf", "lavfi", "rtsp", "sap", "sdp"}


def read_by_ffmpeg(
    source: Source, first_s: int = 0, last_s: int | None = None, channels: int = 1
) -> Native:
    """Read a stretch of a file's default audio stream.

    Parameters
    ----------
    source, first_s, last_s, channels
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
            seek = seeks(container, stream, first_s)
            native = _read_stream(container, stream, first_s, last_s, channels, seek)
    except UnplacedError:
        with open_audio(source) as (container, stream):
            native = _read_stream(container, stream, first_s, last_s, channels, seek=False)
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


def _read_stream(
    container: "InputContainer",
    stream: "AudioStream",
    first_s: int,
    last_s: int | None,
    channels: int,
    seek: bool,
) -> Native | None:
    """Decode and mix frames; ``None`` where there is none, an empty waveform past the end."""
    if seek:
        position, frames = frames_near(container, stream, first_s, _frames)
    else:
        position, frames = 0, _frames(container, stream)
    rate = 0
    chunks = [mix(np.empty((0, 1), np.float32), channels)]
    for frame in frames:
        rate = rate or frame.sample_rate
        if frame.sample_rate != rate:
            continue
        start, position = position, position + frame.samples
        if last_s is not None and start >= last_s * rate:
            break
        if position > first_s * rate:
            mixed = mix(np.asarray(frame.to_ndarray(), np.float32).T, channels)
            stop = None if last_s is None else last_s * rate - start
            chunks.append(mixed[max(0, first_s * rate - start) : stop])
    return Native(np.concatenate(chunks), rate) if rate else None


def _frames(container: "InputContainer", stream: "AudioStream") -> Iterator["AudioFrame"]:
    """Decode frames to planar floats, stepping over packets that are broken."""
    import av

    resampler = av.AudioResampler(format="fltp")
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                try:
                    yield from resampler.resample(frame)
                except ValueError:  # the layout or rate changed within the stream
                    resampler = av.AudioResampler(format="fltp")
                    yield from resampler.resample(frame)


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
