"""Decodes a stretch of any audio or video file to mono: by libsndfile, else by FFmpeg."""

import io
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audiosearch.errors import (
    AudioDecodeError,
    InvalidWaveformError,
    NoAudioError,
    NotFoundError,
    TooShortError,
    UnreadableFileError,
)
from audiosearch.resample import resample
from audiosearch.types import Waveform

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

MIN_DURATION_S = 0.1
# Samples beside a stretch that the resampler sees, so that it equals the same stretch of the whole.
# A whole second is a whole number of samples at every rate, which keeps the resampler's phase.
_MARGIN_S = 1
# Samples read at once: many channels at a high rate are mixed down before the next are read.
_CHUNK_S = 10
# Containers whose packets carry their times to the sample; raw AAC estimates them, Matroska rounds.
_SEEKS_EXACTLY = {"mov,mp4,m4a,3gp,3g2,mj2"}

Source = Path | bytes
"""A file, or the bytes of one."""


@dataclass(frozen=True)
class Native:
    """Mono samples at a file's own rate.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        The stretch, mixed to mono by the mean of the channels.
    sample_rate : int
        In Hz.
    """

    waveform: Waveform
    sample_rate: int


def decode(
    source: Source,
    sample_rate: int = 16_000,
    start_s: float = 0.0,
    end_s: float | None = None,
    res_type: str = "soxr_hq",
) -> Waveform:
    """Decode a stretch of a recording.

    Parameters
    ----------
    source : Path or bytes
        A file that libsndfile reads (wav, flac, ogg, opus, mp3, aiff) or FFmpeg (m4a, wma, and the
        sound of mp4, mkv, webm, mov …), or its bytes.
    sample_rate : int
        The rate wanted, in Hz.
    start_s, end_s : float
        The stretch, in seconds; ``None``: to the end.
    res_type : str
        The resampler; see ``resample``.

    Returns
    -------
    [shape=(n_samples,)], float32
        Mono samples: fewer than asked for where the recording ends before ``end_s``, none where it
        ends before ``start_s``. A stretch equals the same stretch of the whole.

    Raises
    ------
    NotFoundError, UnreadableFileError
        If the file is not there or may not be read.
    AudioDecodeError
        If neither library makes anything of it; ``NoAudioError`` if it has no audio stream.
    InvalidWaveformError
        If a sample is NaN or infinite.
    """
    check_readable(source)
    first_s = max(0, math.floor(start_s) - _MARGIN_S)
    last_s = None if end_s is None else math.ceil(end_s) + _MARGIN_S
    native = read_native(source, first_s, last_s)
    if not np.isfinite(native.waveform).all():
        raise InvalidWaveformError(
            f"received {_name(source)} with NaN or infinite samples, expected numbers in [-1, 1]; "
            "export it again from its source"
        )
    waveform = resample(native.waveform, native.sample_rate, sample_rate, res_type)
    start = round((start_s - first_s) * sample_rate)
    stop = None if end_s is None else start + round((end_s - start_s) * sample_rate)
    return waveform[start:stop]


def check_duration(waveform: Waveform, sample_rate: int) -> None:
    """Raise TooShortError if a sound is shorter than 0.1 s.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        The whole sound.
    sample_rate : int
        In Hz.
    """
    duration_s = waveform.size / sample_rate
    if duration_s < MIN_DURATION_S:
        raise TooShortError(
            f"received {duration_s:.3f} s of audio, expected at least {MIN_DURATION_S} s"
        )


def check_readable(source: Source) -> None:
    """Raise an error that says why if a source is not there, may not be read, or is empty."""
    if isinstance(source, bytes):
        if not source:
            raise AudioDecodeError("received 0 bytes, expected an audio or video file")
        return
    try:
        with source.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        target = " (a broken link)" if source.is_symlink() else ""
        raise NotFoundError(f"there is no file {source.name}{target}") from error
    except OSError as error:
        raise UnreadableFileError(f"{source.name} cannot be read: {error.strerror}") from error
    if empty:
        raise AudioDecodeError(f"{source.name} is empty (0 bytes), expected an audio or video file")


def read_native(source: Source, first_s: int = 0, last_s: int | None = None) -> Native:
    """Read by libsndfile, or where it stumbles by FFmpeg, which steps over broken frames.

    Parameters
    ----------
    source : Path or bytes
        A file or its bytes.
    first_s, last_s : int
        The stretch, in whole seconds; ``None``: to the end.

    Returns
    -------
    Native
        Its samples, mono, at its own rate.
    """
    import soundfile

    try:
        native, complete = _read_soundfile(source, first_s, last_s)
    except (soundfile.LibsndfileError, RuntimeError):
        return _read_ffmpeg(source, first_s, last_s)
    if complete:
        return native
    try:
        tolerant = _read_ffmpeg(source, first_s, last_s)
    except AudioDecodeError:
        return native
    return max(native, tolerant, key=lambda each: each.waveform.size / each.sample_rate)


def _read_soundfile(source: Source, first_s: int, last_s: int | None) -> tuple[Native, bool]:
    """Read by libsndfile, and tell whether all was there that the file's header promises."""
    import soundfile

    with soundfile.SoundFile(openable(source)) as file:
        rate: int = file.samplerate
        file.seek(min(first_s * rate, file.frames))
        wanted = (sys.maxsize if last_s is None else last_s * rate) - file.tell()
        chunks = [np.empty(0, np.float32)]
        while wanted > 0:
            chunk = file.read(min(wanted, _CHUNK_S * rate), dtype="float32", always_2d=True)
            if not len(chunk):
                break
            chunks.append(chunk.mean(axis=1))
            wanted -= len(chunk)
        complete = wanted <= 0 or file.tell() >= file.frames
    return Native(np.concatenate(chunks), rate), complete


def _read_ffmpeg(source: Source, first_s: int, last_s: int | None) -> Native:
    import av

    try:
        with av.open(openable(source), "r", metadata_errors="ignore") as container:
            stream = container.streams.best("audio")
            if not isinstance(stream, av.AudioStream):
                raise NoAudioError(
                    f"{_name(source)} has no audio stream, "
                    "expected an audio file or a video with sound"
                )
            native = _read_stream(container, stream, first_s, last_s)
    except av.error.FFmpegError as error:
        raise AudioDecodeError(
            f"{_name(source)} cannot be decoded ({error.strerror}), "
            "expected an audio or video file that libsndfile or FFmpeg reads"
        ) from error
    if native is None:
        raise AudioDecodeError(
            f"{_name(source)} holds no frame that can be decoded, "
            "expected an audio or video file that plays"
        )
    return native


def _read_stream(
    container: "InputContainer", stream: "AudioStream", first_s: int, last_s: int | None
) -> Native | None:
    """Decode and mix frames; ``None`` where there is none, an empty waveform past the end."""
    origin_s = float((stream.start_time or 0) * (stream.time_base or 0))
    seeks = first_s > _MARGIN_S and container.format.name in _SEEKS_EXACTLY
    if seeks:
        target_s = first_s - _MARGIN_S + origin_s
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


def openable(source: Source) -> str | io.BytesIO:
    """Give what libsndfile and FFmpeg open: a path's text, or bytes as a file."""
    return io.BytesIO(source) if isinstance(source, bytes) else str(source)


def _name(source: Source) -> str:
    return "the data" if isinstance(source, bytes) else source.name
