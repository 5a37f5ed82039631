"""Encodes files outside the Flow, with the settings of flow.yml."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.config import FlowSettings
from audiosearch.decode import check_duration, decode
from audiosearch.encoders import choose_encoder
from audiosearch.errors import SilentAudioError
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
    space = read_space(workspace)
    encoder = choose_encoder(settings.model, settings.fallback, space, settings.encoder)
    rate = settings.windows.sample_rate
    vectors, times, uris = [], [], []
    for file in files:
        waveform = decode(file, rate, res_type=settings.res_type)
        check_duration(waveform, rate)
        spans = settings.windows.spans(waveform.size)
        loud = [
            span
            for span, is_silent in zip(spans, silent(waveform, spans), strict=True)
            if not is_silent
        ]
        if not loud:
            raise SilentAudioError(f"{file.name} is only silence")
        padded = np.pad(waveform, (0, max(0, spans[-1].stop - waveform.size)))
        vectors.append(encoder.embed_spans(padded, loud))
        times += [(span.start / rate, min(span.stop, waveform.size) / rate) for span in loud]
        uris += [str(file)] * len(loud)
    start_s, end_s = np.array(times).T
    return Embeddings(np.concatenate(vectors), start_s, end_s, np.array(uris))


def write_npz(path: Path, embeddings: Embeddings) -> None:
    """Write embeddings to a file that ``numpy.load`` reads; it is whole or not there."""
    partial = path.with_name(f"{path.name}.part")
    with partial.open("wb") as file:
        np.savez(file, **vars(embeddings))
    partial.replace(path)
