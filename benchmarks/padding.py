"""Measure what a sound too short for the network is best padded with.

Cuts each clip to a short excerpt at its loudest place, pads that to the network's smallest input
(0.975 s) in several ways and searches with it: the whole clips (windows of 4 s, stride 2 s), and
the excerpts of the other lengths. ``docs/padding.md`` has the results.

``python benchmarks/padding.py FOLDER…``, each folder with a ``labels.csv`` of ``path``, ``label``
and, where clips share a recording, ``freesound_id``.
"""

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.decode import decode
from audiosearch.encoders import load_encoder
from audiosearch.encoders.base import Encoder
from audiosearch.types import Vectors, Waveform
from audiosearch.vggish import params
from audiosearch.windows import WindowPlan

EXCERPTS_S = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Clip:
    """A labelled clip, and the recording that it was cut from."""

    label: str
    source: str
    waveform: Waveform


def zeros_after(excerpt: Waveform, missing: int) -> Waveform:
    return np.pad(excerpt, (0, missing))


def zeros_around(excerpt: Waveform, missing: int) -> Waveform:
    return np.pad(excerpt, (missing // 2, missing - missing // 2))


def repetition(excerpt: Waveform, missing: int) -> Waveform:
    return np.pad(excerpt, (0, missing), mode="wrap")


def reflection(excerpt: Waveform, missing: int) -> Waveform:
    return np.pad(excerpt, (0, missing), mode="reflect")


PADDINGS: tuple[Callable[[Waveform, int], Waveform], ...] = (
    zeros_after,
    zeros_around,
    repetition,
    reflection,
)


def main() -> None:
    """Print a table for each folder."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    encoder = load_encoder("yamnet")
    for folder in map(Path, sys.argv[1:]):
        print(f"\n{folder.name}")
        report(encoder, read_clips(folder))


def read_clips(folder: Path) -> list[Clip]:
    """Read the clips that a folder's ``labels.csv`` lists."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Clip(
            label=row["label"],
            source=row.get("freesound_id", row["path"]),
            waveform=decode(folder / row["path"]),
        )
        for row in rows
    ]


def report(encoder: Encoder, clips: Sequence[Clip]) -> None:
    """Print for each padding, library and length of excerpt how many searches succeed.

    Two counts: the nearest clip of another recording has the excerpt's label; the nearest clip of
    all is the excerpt's own.
    """
    n_clips = len(clips)
    same_source = np.array([[a.source == b.source for b in clips] for a in clips])
    same_label = np.array([[a.label == b.label for b in clips] for a in clips])
    n_answerable = (same_label & ~same_source).any(axis=1).sum()
    print(f"{n_clips} clips, {n_answerable} have their label in another recording")
    print("padding       searched  " + "".join(f"{each:>5} s      " for each in EXCERPTS_S))
    whole, owners = whole_clips(encoder, clips)
    for padding in PADDINGS:
        excerpts = [padded_excerpts(encoder, clips, each, padding) for each in EXCERPTS_S]
        counts: dict[str, list[str]] = {"whole": [], "excerpts": []}
        for i, queries in enumerate(excerpts):
            others = np.concatenate(excerpts[:i] + excerpts[i + 1 :])
            distances = {
                "whole": clip_distances(queries, whole, owners),
                "excerpts": clip_distances(queries, others, np.arange(len(others)) % n_clips),
            }
            for searched, each in distances.items():
                own_first = each.argmin(axis=1) == np.arange(n_clips)
                found = np.where(same_source, np.inf, each).argmin(axis=1)
                right = same_label[np.arange(n_clips), found]
                counts[searched].append(f"{right.sum():4d} {own_first.sum():4d}   ")
        for searched, cells in counts.items():
            print(f"{padding.__name__:13} {searched:9}" + "".join(cells))


def whole_clips(encoder: Encoder, clips: Sequence[Clip]) -> tuple[Vectors, NDArray[np.intp]]:
    """Embed the windows of the whole clips; also give the clip that each is from."""
    plan = WindowPlan()
    recordings = [(clip.waveform, plan.spans(clip.waveform.size)) for clip in clips]
    vectors = encoder.embed_recordings(recordings)
    owners = np.repeat(np.arange(len(clips)), [len(each) for each in vectors])
    return np.concatenate(vectors), owners


def clip_distances(
    queries: Vectors, vectors: Vectors, owners: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Give the cosine distance of each clip's nearest vector, shape=(n_queries, n_clips)."""
    nearest = np.full((owners.max() + 1, len(queries)), np.inf, np.float32)
    np.minimum.at(nearest, owners, 1 - vectors @ queries.T)
    return nearest.T


def padded_excerpts(
    encoder: Encoder,
    clips: Sequence[Clip],
    duration_s: float,
    padding: Callable[[Waveform, int], Waveform],
) -> Vectors:
    """Embed each clip's loudest excerpt."""
    excerpts = [loudest(clip.waveform, duration_s) for clip in clips]
    padded = [padding(each, params.PATCH_SAMPLES - each.size) for each in excerpts]
    return encoder.embed(padded, params.SAMPLE_RATE)


def loudest(waveform: Waveform, duration_s: float) -> Waveform:
    """Cut the excerpt of most energy."""
    n_samples = round(duration_s * params.SAMPLE_RATE)
    energy = np.cumsum(np.square(waveform, dtype=np.float64))
    start = int(np.argmax(energy[n_samples:] - energy[:-n_samples]))
    return waveform[start : start + n_samples]


if __name__ == "__main__":
    main()
