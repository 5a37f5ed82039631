"""The way of the example that this program follows, to compare with on the same machine.

Each recording is read by ``librosa.load``; each window's features are computed, and TensorFlow
run, by themselves; a query is compared with all vectors. The features are this program's own, which
are faster than the original's, and nothing is sent between processes: both favour the original.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from audiosearch.encoders.vggish import CHECKPOINT, PCA_PARAMS
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize
from audiosearch.vggish import params
from audiosearch.vggish.checkpoint import read_checkpoint
from audiosearch.vggish.log_mel import log_mel
from audiosearch.vggish.network import build_network
from audiosearch.vggish.postprocess import Postprocessor, center
from audiosearch.windows import WindowPlan
from benchmarks.speed.inputs import audio_seconds

RES_TYPES = ("soxr_hq", "kaiser_best")
PATCHES = 4  # a window
LIMIT = 10


def measure(
    models: Path, kinds: dict[str, Sequence[Path]], sizes: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Measure it in this process, which keeps TensorFlow.

    Parameters
    ----------
    models : Path
        The folder of VGGish's weights.
    kinds : dict
        Recordings to encode, by what they are; the first one's are the queries.
    sizes : sequence of int
        Windows of the libraries to search.

    Returns
    -------
    dict
        ``indexing``: times real time, by ``<kind>, <resampler>``; ``query_ms``: medians, by size.
    """
    original = Original(models)
    queries = next(iter(kinds.values()))
    speeds = {}
    for res_type in RES_TYPES:
        original.embed(queries[0], res_type)  # all is loaded and compiled
        for kind, files in kinds.items():
            started = time.perf_counter()
            for path in files:
                original.embed(path, res_type)
            speeds[f"{kind}, {res_type}"] = audio_seconds(files) / (time.perf_counter() - started)
    return {"indexing": speeds, "query_ms": {str(n): original.query_ms(queries, n) for n in sizes}}


class Original:
    """VGGish as the example has it.

    Parameters
    ----------
    models : Path
        The folder of its weights.
    """

    def __init__(self, models: Path) -> None:
        self._network: Any = build_network(read_checkpoint(models / CHECKPOINT))
        self._postprocessor = Postprocessor(models / PCA_PARAMS)

    def embed(self, path: Path, res_type: str) -> Vectors:
        """Embed the windows of a recording, one after the other."""
        import librosa

        waveform, _ = librosa.load(path, sr=params.SAMPLE_RATE, res_type=res_type)
        vectors = []
        for span in WindowPlan().spans(waveform.size):
            samples = waveform[span.start : span.stop].astype(np.float64)
            frames = log_mel(samples).astype(np.float32)[: PATCHES * params.PATCH_FRAMES]
            frames = np.resize(frames, (PATCHES * params.PATCH_FRAMES, params.N_MELS))
            patches = frames.reshape(PATCHES, params.PATCH_FRAMES, params.N_MELS)
            raw = np.asarray(self._network(patches))
            vectors.append(center(self._postprocessor.quantize(raw)).ravel())
        return l2_normalize(np.array(vectors))

    def query_ms(self, queries: Sequence[Path], n_windows: int) -> float:
        """Give the median time to find the likes of a recording among random vectors, in ms."""
        rng = np.random.default_rng(0)
        dim = PATCHES * params.EMBEDDING_SIZE
        library = l2_normalize(rng.standard_normal((n_windows, dim), np.float32))
        taken_s = []
        for path in queries:
            started = time.perf_counter()
            similarities: Vectors = np.inner(self.embed(path, RES_TYPES[0]), library)
            np.argsort(-similarities)[:, :LIMIT]
            taken_s.append(time.perf_counter() - started)
        return 1000 * median(taken_s)
