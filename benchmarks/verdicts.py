"""Learn from which distance on sounds are similar, and measure what is taken for the same audio.

``python -m benchmarks.verdicts`` reads ``esc10``, ``music``, ``voices`` and ``toy-clips`` below
``AUDIOSEARCH_TEST_DATA`` (by default ``../shared``) and prints Markdown; ``docs/scores.md`` has the
results. What it learns goes into ``THRESHOLDS`` of ``audiosearch/scoring/verdicts.py``.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audiosearch.encoders import load_encoder
from audiosearch.encoders.base import Encoder
from audiosearch.heard.windows import nothing_heard
from audiosearch.peaks import peaks_of
from audiosearch.scoring.alignment import FINE_PEAKS_PER_S, Asked, align
from audiosearch.scoring.distances import percentile
from audiosearch.scoring.verdicts import THRESHOLDS, is_same_recording, may_be_same
from audiosearch.store.exact import ExactIndex
from audiosearch.store.pairs import PairSample
from audiosearch.types import Peaks, Vectors, Waveform
from audiosearch.windows import WindowPlan, silent
from benchmarks.quality.clips import TEST_DATA, Clip, read_clips
from benchmarks.quality.copies import CHANGES, copies

PLAN = WindowPlan()
GROUPS = {"esc10": "freesound_id", "music": "group", "voices": "path", "toy-clips": "path"}
COPIED = {"esc10": 4, "music": 2, "voices": 3, "toy-clips": 1}  # every so manieth
NOISES = {"rain", "sea_waves", "fire_crackling"}

Distances = NDArray[np.float32]


@dataclass(frozen=True)
class Sound:
    """A recording, as it is asked about and as the library keeps it."""

    set: str
    path: str
    label: str
    group: str
    waveform: Waveform
    asked: Asked
    end_s: NDArray[np.float64]
    peaks: Peaks


class Library:
    """Sounds in an index, under numbers for ids, with the distances of all pairs.

    Those of pairs that share a group, and of each sound with itself, are NaN.

    Parameters
    ----------
    name : str
        What to call it.
    sounds : sequence of Sound
        What it holds.
    kinds : tuple of str
        Sets of which all sounds are of one kind, whatever their labels.
    """

    def __init__(self, name: str, sounds: Sequence[Sound], kinds: tuple[str, ...] = ()) -> None:
        self.name = name
        self.sounds = sounds
        self.index = ExactIndex(sounds[0].asked.vectors.shape[1])
        for number, sound in enumerate(sounds):
            vectors = sound.asked.vectors
            times = np.stack([sound.asked.start_s, sound.end_s], axis=1)
            heard = nothing_heard(len(vectors))
            self.index.extend([_id(number)], [len(vectors)], times, vectors, heard)
        self.usual = PairSample(self.index).distances()
        groups = np.array([f"{sound.set} {sound.group}" for sound in sounds])
        labels = np.array([each.set if each.set in kinds else each.label for each in sounds])
        self.alike = labels[:, None] == labels
        self.distances = np.stack([self._distances(sound.asked.vectors) for sound in sounds])
        self.distances[groups[:, None] == groups] = np.nan

    def takes_for(self, sound: Sound, number: int) -> bool:
        """Tell whether a sound is taken for the same audio as one of the library."""
        windows = self.index.window_distances(_id(number), sound.asked.vectors)
        if not may_be_same(float(windows.distances.min()), "yamnet"):
            return False
        peaks = self.sounds[number].peaks
        found = align(
            sound.asked,
            lambda first, stop: peaks[first:stop],
            len(peaks),
            windows,
            PLAN.stride_s,
        )
        return found is not None and is_same_recording(found, "yamnet")

    def precision_between(self, least: float, most: float) -> tuple[int, float]:
        """Count the pairs with a distance in (least, most], and tell how many are of one kind."""
        pairs = (self.distances > least) & (self.distances <= most)
        return int(pairs.sum()) // 2, float(self.alike[pairs].mean()) if pairs.any() else np.nan

    def reach(self, precision: float, least: float = -1.0) -> float:
        """Tell up to which distance so many pairs, of those beyond the least, are of one kind."""
        pairs = self.distances > least
        order = np.argsort(self.distances[pairs])
        alike = np.cumsum(self.alike[pairs][order]) / np.arange(1, len(order) + 1)
        last = np.flatnonzero(alike >= precision)[-1]
        return float(self.distances[pairs][order][last])

    def nearest(self, percent: float) -> float:
        """Tell the distance that is nearer than so many percent of the library's pairs."""
        return float(np.quantile(self.usual, 1 - percent / 100))

    def _distances(self, queries: Vectors) -> Distances:
        vectors = self.index.vectors(np.arange(self.index.n_rows))
        sizes = [len(sound.end_s) for sound in self.sounds]
        nearest: Distances = (1 - vectors @ queries.T).min(axis=1)
        return np.minimum.reduceat(nearest, np.cumsum([0, *sizes])[:-1])


def main() -> None:
    """Print all tables."""
    encoder = load_encoder("yamnet")
    sounds = [
        sound
        for name, column in GROUPS.items()
        for clip in read_clips(TEST_DATA / name, column)
        for sound in _sounds(name, clip, clip.waveform, encoder)
    ]
    sets = [Library(name, [each for each in sounds if each.set == name]) for name in GROUPS]
    report_similar([*sets, *_mixtures(sounds)])
    report_copies(sets, encoder)
    report_mistaken(sets)


def report_similar(libraries: Sequence[Library]) -> None:
    """Print what is learnt of the first library, and how it holds for all.

    Beside it, how as rare a percentile would do.
    """
    first, used = libraries[0], THRESHOLDS["yamnet"]
    very_similar = math.floor(100 * first.reach(0.9)) / 100
    similar = math.floor(100 * first.reach(0.6, least=very_similar)) / 100
    print(f"learnt: very_similar={very_similar}, similar={similar}; in use: {used}\n")
    limits = [-1.0, used.very_similar, used.similar, 2.0]
    rare = [percentile(each, first.usual) or 0.0 for each in limits[1:3]]
    heads = ["very similar", "similar", "weak", *(f"nearest {100 - each:.1f} %" for each in rare)]
    print("| library | recordings |", *(f"{head} |" for head in heads))
    print("|---|---|---|---|---|---|---|")
    for library in libraries:
        cells = [library.precision_between(*each) for each in pairwise(limits)]
        cells += [library.precision_between(-1.0, library.nearest(each)) for each in rare]
        shown = (f"{100 * precision:.0f} % of {n} |" for n, precision in cells)
        print(f"| {library.name} | {len(library.sounds)} |", *shown)


def report_copies(sets: Sequence[Library], encoder: Encoder) -> None:
    """Print how many changed copies are taken for the recordings that they are of."""
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for library in sets:
        for number in range(0, len(library.sounds), COPIED[library.name]):
            original = library.sounds[number]
            clip = Clip(original.path, original.label, original.group, original.waveform)
            for change, waveform in copies(original.waveform):
                for copy in _sounds(library.name, clip, waveform, encoder):
                    found[change, library.name].append(library.takes_for(copy, number))
    print("\n| changed |", *(f"{library.name} |" for library in sets))
    print("|---|---|---|---|---|")
    for change in CHANGES:
        cells = [found[change, library.name] for library in sets]
        print(f"| {change} |", *(f"{sum(each)} of {len(each)} |" for each in cells))


def report_mistaken(sets: Sequence[Library]) -> None:
    """Print how many other recordings are taken for the same, and which."""
    print("\n| library | of other sources | other excerpts of the same source |\n|---|---|---|")
    mistaken = []
    for library in sets:
        taken: dict[bool, list[bool]] = {True: [], False: []}
        for query, sound in enumerate(library.sounds):
            for number, other in enumerate(library.sounds):
                if number != query:
                    is_taken = library.takes_for(sound, number)
                    taken[sound.group == other.group].append(is_taken)
                    mistaken += [f"{sound.path} for {other.path}"] * is_taken
        cells = [f"{sum(taken[same])} of {len(taken[same])} |" for same in (False, True)]
        print(f"| {library.name} |", *cells)
    print("\ntaken:", *mistaken, sep="\n- ")


def _sounds(name: str, clip: Clip, waveform: Waveform, encoder: Encoder) -> Iterator[Sound]:
    """Yield the sound of a clip, unless it is silent or too short."""
    rate = PLAN.sample_rate
    spans = PLAN.spans(waveform.size)
    quiet = silent(waveform, spans)
    loud = [span for span, is_silent in zip(spans, quiet, strict=True) if not is_silent]
    if not loud or waveform.size < rate / 10:
        return
    padded = np.pad(waveform, (0, max(0, spans[-1].stop - waveform.size)))
    vectors = encoder.embed_spans(padded, loud).astype(np.float16).astype(np.float32)
    start_s = np.array([span.start for span in loud]) / rate
    end_s = np.array([min(span.stop, waveform.size) for span in loud]) / rate
    asked = Asked(vectors, start_s, peaks_of(waveform, rate, FINE_PEAKS_PER_S))
    peaks = peaks_of(waveform, rate)
    yield Sound(name, clip.path, clip.label, clip.group, waveform, asked, end_s, peaks)


def _mixtures(sounds: Sequence[Sound]) -> Iterator[Library]:
    """Yield libraries of fewer kinds of sounds, and of more."""
    several = [each for each in sounds if each.set in ("esc10", "music", "voices")]
    yield Library("esc10, music, voices: kinds", several, kinds=("music", "voices"))
    yield Library("esc10: noises", [each for each in sounds if each.label in NOISES])


def _id(number: int) -> str:
    """Make an id whose order has nothing to do with the sound, as a recording's has not."""
    return f"{(number * 2_654_435_761) % 2**32:08x}"


if __name__ == "__main__":
    main()
