"""Ways to make windows' vectors, and to rank recordings by them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from audiosearch.encoders.base import Encoder, pad_short
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.encoders.yamnet import EMBEDDING_SIZE, YAMNetEncoder
from audiosearch.types import Vectors, Waveform
from audiosearch.vectors import l2_normalize
from audiosearch.vggish.params import SAMPLE_RATE
from audiosearch.windows import Span, WindowPlan, silent
from benchmarks.quality.clips import Clip

Pool = Callable[[Vectors], NDArray[np.float32]]
"""Makes a vector of a window's frames."""
Distances = NDArray[np.float32]
"""Between the windows of two recordings, or between all recordings."""


@dataclass(frozen=True)
class Variant:
    """A way to search.

    Parameters
    ----------
    name : str
        As the table says it.
    embed : callable
        Gives the vectors [shape=(n_windows, dim)] of a clip's windows.
    window_s : float
        Length of the windows; the stride is half of it.
    rank : callable
        Gives the distance of two recordings by those of their windows.
    centred : bool
        Whether the mean of all the set's windows is taken off the vectors.
    standardised : bool
        Whether each number is also divided by its deviation.
    """

    name: str
    embed: Callable[[Waveform, Sequence[Span]], Vectors]
    window_s: float = 4.0
    rank: Callable[[Distances], float] = np.min
    centred: bool = False
    standardised: bool = False


def best_three(windows: Distances) -> float:
    """Mean of the three best pairs of windows."""
    return float(np.sort(windows, axis=None)[:3].mean())


def aligned_mean(windows: Distances) -> float:
    """Mean over pairs that follow each other in both, at the best offset.

    At least half of the shorter recording must be compared.
    """
    least = -(-min(windows.shape) // 2)
    offsets = range(least - windows.shape[0], windows.shape[1] - least + 1)
    return min(float(np.diagonal(windows, offset).mean()) for offset in offsets)


def recording_distances(clips: Sequence[Clip], variant: Variant) -> Distances:
    """Compare all clips with all, shape=(n_clips, n_clips); infinite where one is only silence."""
    plan = WindowPlan(variant.window_s, variant.window_s / 2)
    vectors = [_embed_clip(clip.waveform, plan, variant.embed) for clip in clips]
    sounding = [each for each in vectors if len(each)]
    windows = np.concatenate(sounding)
    if variant.centred or variant.standardised:
        mean, deviation = windows.mean(axis=0), windows.std(axis=0) + 1e-9
        scale = deviation if variant.standardised else 1.0
        vectors = [(each - mean) / scale if len(each) else each for each in vectors]
    vectors = [l2_normalize(each) if len(each) else each for each in vectors]
    distances = np.full((len(clips), len(clips)), np.inf, np.float32)
    for row, query in enumerate(vectors):
        for column, other in enumerate(vectors):
            if len(query) and len(other):
                distances[row, column] = variant.rank(1 - query @ other.T)
    return distances


class YAMNetFrames(YAMNetEncoder):
    """YAMNet that shows its frames, and runs once for all ways to make vectors of them."""

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__(settings)
        self._known: dict[tuple[int, tuple[Span, ...]], tuple[Waveform, list[Vectors]]] = {}

    def pooled(self, pool: Pool, waveform: Waveform, spans: Sequence[Span]) -> Vectors:
        """Make a vector of the frames [shape=(n_frames, 1024 + 521)] of each span."""
        return np.stack([pool(frames) for frames in self._frames(waveform, spans)])

    def pool(self, frames: Vectors) -> NDArray[np.float32]:
        """Make a vector as the product does."""
        return self._pool(frames)

    def _frames(self, waveform: Waveform, spans: Sequence[Span]) -> list[Vectors]:
        key = id(waveform), tuple(spans)
        if key not in self._known:
            sounds = [*self._span_patches(0, waveform, spans)]
            patches = {each: patch for sound in sounds for each, patch in sound.items()}
            outputs = np.concatenate(self._outputs(iter(patches.values()), nullcontext))
            by_key = dict(zip(patches, outputs, strict=True))
            frames = [np.stack([by_key[each] for each in sound]) for sound in sounds]
            self._known[key] = waveform, frames  # the waveform is kept so that its id stays its own
        return self._known[key][1]


def yamnet_variants(encoder: YAMNetFrames) -> Iterator[Variant]:
    """List what was tried with YAMNet; the default first."""
    default = partial(encoder.pooled, encoder.pool)
    yield Variant("YAMNet, embeddings + classes (default)", default)
    yield Variant("… centred", default, centred=True)
    for window_s in (1.0, 2.0, 8.0):
        yield Variant(f"… windows of {window_s:g} s", default, window_s)
    yield Variant("… ranked by the best three windows", default, rank=best_three)
    yield Variant("… ranked by the aligned mean", default, rank=aligned_mean)
    yield Variant("YAMNet, classes alone", partial(encoder.pooled, _classes))
    yield Variant("YAMNet, mean embedding", partial(encoder.pooled, _mean))
    yield Variant("… centred", partial(encoder.pooled, _mean), centred=True)
    yield Variant("YAMNet, largest of the embeddings", partial(encoder.pooled, _max))
    yield Variant("… centred", partial(encoder.pooled, _max), centred=True)
    yield Variant("YAMNet, mean and deviation", partial(encoder.pooled, _mean_and_deviation))
    yield Variant("… centred", partial(encoder.pooled, _mean_and_deviation), centred=True)


def mfcc_statistics(waveform: Waveform, spans: Sequence[Span]) -> Vectors:
    """Give means and deviations of 20 MFCCs and of their slopes: the floor."""
    import librosa

    rows = []
    for span in spans:
        samples = pad_short(waveform[span.start : span.stop])
        mfcc = librosa.feature.mfcc(y=samples, sr=SAMPLE_RATE, n_mfcc=20)
        both = np.concatenate([mfcc, librosa.feature.delta(mfcc, mode="nearest")])
        rows.append(np.concatenate([both.mean(axis=1), both.std(axis=1)]))
    return np.array(rows, np.float32)


def floor() -> Variant:
    """Give the floor that every encoder has to beat."""
    return Variant("MFCC statistics (floor)", mfcc_statistics, standardised=True)


def of_encoder(name: str, encoder: Encoder) -> Variant:
    """Give an encoder as it is."""
    return Variant(name, encoder.embed_spans)


def _embed_clip(
    waveform: Waveform, plan: WindowPlan, embed: Callable[[Waveform, Sequence[Span]], Vectors]
) -> Vectors:
    spans = plan.spans(waveform.size)
    quiet = silent(waveform, spans)
    loud = [span for span, is_silent in zip(spans, quiet, strict=True) if not is_silent]
    return embed(waveform, loud) if loud else np.empty((0, 0), np.float32)


def _classes(frames: Vectors) -> NDArray[np.float32]:
    roots: NDArray[np.float32] = np.sqrt(frames[:, EMBEDDING_SIZE:].mean(axis=0))
    return roots


def _mean(frames: Vectors) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = frames[:, :EMBEDDING_SIZE].mean(axis=0)
    return mean


def _max(frames: Vectors) -> NDArray[np.float32]:
    largest: NDArray[np.float32] = frames[:, :EMBEDDING_SIZE].max(axis=0)
    return largest


def _mean_and_deviation(frames: Vectors) -> NDArray[np.float32]:
    embeddings = frames[:, :EMBEDDING_SIZE]
    return np.concatenate([embeddings.mean(axis=0), embeddings.std(axis=0)])
