"""Encodes files outside the Flow, with the settings of flow.yml."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.config import FlowSettings
from audiosearch.decode import check_duration, decode
from audiosearch.encoders import choose_encoder
from audiosearch.encoders.base import Encoder
from audiosearch.errors import SilentAudioError
from audiosearch.querying import Stretch
from audiosearch.store.workspace import read_space
from audiosearch.types import Vectors
from audiosearch.windows import silent


@dataclass(frozen=True)
class Embeddings:
    """Windows of several files.

    Parameters
    ----------
    embeddings : [shape=(n_windows, dim)], float32
        Unit length.
    start_s, end_s : [shape=(n_windows,)], float64
        The windows' times, in seconds.
    uri : [shape=(n_windows,)], str
        The file of each.
    """

    embeddings: Vectors
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    uri: NDArray[np.str_]


def embed_files(files: Sequence[Path], settings: FlowSettings, workspace: Path) -> Embeddings:
    """Encode files as the Flow would.

    Parameters
    ----------
    files : sequence of Path
        Audio or video files; at least one.
    settings : FlowSettings
        Encoder and windows.
    workspace : Path
        If a library is there, its encoder is taken.

    Returns
    -------
    Embeddings
        The windows that are not silent, file by file.

    Raises
    ------
    AudioSearchError
        If a file cannot be decoded or is silent, or the encoder cannot be loaded.
    """
    encoder = encoder_of(settings, workspace)
    embedded = [embed_stretch(Stretch(file), encoder, settings) for file in files]
    start_s, end_s = np.concatenate([times for _, times in embedded]).T
    uris = [str(file) for file, (own, _) in zip(files, embedded, strict=True) for _ in own]
    return Embeddings(np.concatenate([own for own, _ in embedded]), start_s, end_s, np.array(uris))


def encoder_of(settings: FlowSettings, workspace: Path) -> Encoder:
    """Load the encoder of a workspace's library; where there is none, that of the settings."""
    space = read_space(workspace)
    return choose_encoder(settings.model, settings.fallback, space, settings.encoder)


def embed_stretch(
    stretch: Stretch, encoder: Encoder, settings: FlowSettings
) -> tuple[Vectors, NDArray[np.float64]]:
    """Encode a file, or a stretch of it, as the Flow would.

    Parameters
    ----------
    stretch : Stretch
        What to encode.
    encoder : Encoder
        As of ``encoder_of``.
    settings : FlowSettings
        How it is cut.

    Returns
    -------
    vectors : [shape=(n_windows, dim)], float32
        Of the windows that are not silent.
    times : [shape=(n_windows, 2)], float64
        Their starts and ends, in seconds from the stretch's start.

    Raises
    ------
    AudioSearchError
        If it cannot be decoded, or is silent.
    """
    rate = settings.windows.sample_rate
    waveform = decode(stretch.path, rate, stretch.start_s, stretch.end_s, settings.res_type)
    check_duration(waveform, rate)
    spans = settings.windows.spans(waveform.size)
    quiet = silent(waveform, spans)
    loud = [span for span, is_silent in zip(spans, quiet, strict=True) if not is_silent]
    if not loud:
        raise SilentAudioError(f"{stretch.path.name} is only silence")
    padded = np.pad(waveform, (0, max(0, spans[-1].stop - waveform.size)))
    times = [(span.start / rate, min(span.stop, waveform.size) / rate) for span in loud]
    return encoder.embed_spans(padded, loud), np.array(times)


def write_npz(path: Path, embeddings: Embeddings) -> None:
    """Write embeddings to a file that ``numpy.load`` reads; it is whole or not there."""
    partial = path.with_name(f"{path.name}.part")
    with partial.open("wb") as file:
        np.savez(file, **vars(embeddings))
    partial.replace(path)
