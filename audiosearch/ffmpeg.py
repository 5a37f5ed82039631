"""Decodes by FFmpeg (PyAV brings it), and steps over broken frames as players do."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from audiosearch.errors import AudioDecodeError, NoAudioError
from audiosearch.sources import Native, Source, name_of

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

# Containers whose packets carry their times to the sample; raw AAC estimates them, Matroska rounds.
_SEEKS_EXACTLY = {"mov,mp4,m4a,3gp,3g2,mj2"}
_PREROLL_S = 1  # decoded before a stretch after a seek, so that the decoder has settled


def read_by_ffmpeg(source: Source, first_s: int = 0, last_s: int | None = None) -> Native:
    """Read a stretch of a file's default audio stream.

    Parameters
    ----------
    source, first_s, last_s
        As of ``read_native``.

    Returns
    -------
    Native
        Its samples, mono, at its own rate.

    Raises
    ------
    AudioDecodeError
        If no frame can be decoded; ``NoAudioError`` if there is no audio stream.
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
            native = _read_stream(container, stream, first_s, last_s)
    except av.error.FFmpegError as error:
        raise AudioDecodeError(
            f"{name_of(source)} cannot be decoded ({error.strerror}), "
            "expected an audio or video file that libsndfile or FFmpeg reads"
        ) from error
    if native is None:
        raise AudioDecodeError(
            f"{name_of(source)} holds no frame that can be decoded, "
            "expected an audio or video file that plays"
        )
    return native


def has_decoder(stream: "AudioStream") -> bool:
    """Tell whether FFmpeg knows a stream's codec; without one PyAV makes no codec context."""
    context: object | None = stream.codec_context
    return context is not None


def _read_stream(
    container: "InputContainer", stream: "AudioStream", first_s: int, last_s: int | None
) -> Native | None:
    """Decode and mix frames; ``None`` where there is none, an empty waveform past the end."""
    origin_s = float((stream.start_time or 0) * (stream.time_base or 0))
    seeks = first_s > _PREROLL_S and container.format.name in _SEEKS_EXACTLY
    if seeks:
        target_s = first_s - _PREROLL_S + origin_s
        container.seek(int(target_s / (stream.time_base or 1)), stream=stream)
    rate, position = 0, 0
    chunks = [np.empty(0, np.float32)]
    for frame in _frames(container, stream):
        if not rate:
            rate = frame.sample_rate
            position = round(((frame.time or 0.0) - origin_s) * rate) if seeks else 0
        elif frame.sample_rate != rate:
            continue
        start, position = position, position + frame.samples
        if last_s is not None and start >= last_s * rate:
            break
        if position > first_s * rate:
            mono = frame.to_ndarray().mean(axis=0)
            stop = None if last_s is None else last_s * rate - start
            chunks.append(mono[max(0, first_s * rate - start) : stop])
    return Native(np.concatenate(chunks), rate) if rate else None


def _frames(container: "InputContainer", stream: "AudioStream") -> Iterator["AudioFrame"]:
    """Decode frames to planar floats, stepping over packets that are broken."""
    import av

    stream.codec_context.thread_type = "NONE"
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
    """Open by FFmpeg a file that may name no others: a playlist must not reach them."""
    import av

    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        options = {"protocol_whitelist": "none"}
        with av.open(file, "r", metadata_errors="ignore", options=options) as container:
            yield container
