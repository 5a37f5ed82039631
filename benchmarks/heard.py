"""Measure how well the classes heard in clips are those of their labels, by the threshold.

A clip counts as one in which a label is heard where one of the label's classes scores the threshold
or more in some window (4 s each 2 s). A window's score is the mean of its frames', as the encoder
makes it, or the largest, for comparison.

``python -m benchmarks.heard ESC-10-FOLDER``, with a ``labels.csv`` of ``path`` and ``label``.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.encoders.settings import EncoderSettings
from audiosearch.encoders.yamnet import EMBEDDING_SIZE, YAMNetEncoder
from audiosearch.heard.names import understand
from audiosearch.heard.windows import FULL_SCALE, THRESHOLD, class_scores, keep_best
from audiosearch.types import Heard, Vectors
from audiosearch.windows import WindowPlan
from benchmarks.quality.clips import Clip, read_clips

CLASSES = {
    "baby_cry": ("Baby cry, infant cry",),
    "chainsaw": ("Chainsaw",),
    "clock_tick": ("Clock", "Tick"),
    "dog_bark": ("Dog",),
    "fire_crackling": ("Fire",),
    "helicopter": ("Helicopter",),
    "person_sneeze": ("Sneeze",),
    "rain": ("Rain",),
    "rooster": ("Chicken, rooster",),
    "sea_waves": ("Waves, surf",),
}
THRESHOLDS = (0.02, 0.04, 0.05, THRESHOLD, 0.07, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5)
CLIPS_AT_ONCE = 16


class LargestEncoder(YAMNetEncoder):
    """Hears in a window what its best frame hears."""

    def _hear(self, sounds: Iterable[Vectors]) -> Heard:
        largest = [outputs[:, EMBEDDING_SIZE:].max(axis=0) for outputs in sounds]
        return keep_best(np.array(largest))


@dataclass(frozen=True)
class Result:
    """Right and wrong findings: true positives, false positives, false negatives."""

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        """Which share of what was found is right."""
        return self.tp / max(self.tp + self.fp, 1)

    @property
    def recall(self) -> float:
        """Which share of what is right was found."""
        return self.tp / (self.tp + self.fn)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn)


def main() -> None:
    """Print the tables."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    clips = read_clips(Path(sys.argv[1]))
    for name, encoder in (
        ("mean of the frames", YAMNetEncoder(EncoderSettings())),
        ("largest of the frames", LargestEncoder(EncoderSettings())),
    ):
        scores = hear(encoder, clips)
        print(f"\n{name}\n\n| threshold | precision | recall | F1 | mean F1 of the labels |")
        print("|---|---|---|---|---|")
        for threshold in THRESHOLDS:
            print(row(f"{threshold:g}", compare(clips, scores, threshold)))
    print(f"\nat {THRESHOLD:g}\n\n{heard_table(clips)}")


def heard_table(clips: Sequence[Clip]) -> str:
    """Make the Markdown table of the labels, as heard by default."""
    scores = hear(YAMNetEncoder(EncoderSettings()), clips)
    lines = ["| label | classes | precision | recall | F1 |", "| --- | --- | ---: | ---: | ---: |"]
    for label, found in compare(clips, scores, THRESHOLD).items():
        names = ", ".join(CLASSES[label])
        measures = f"{found.precision:.2f} | {found.recall:.2f} | {found.f1:.2f}"
        lines.append(f"| {label} | {names} | {measures} |")
    return "\n".join(lines)


def hear(encoder: YAMNetEncoder, clips: Sequence[Clip]) -> NDArray[np.float64]:
    """Give each clip's best score of each class in any window, shape=(n_clips, 521)."""
    plan, best = WindowPlan(), []
    for first in range(0, len(clips), CLIPS_AT_ONCE):
        waveforms = [clip.waveform for clip in clips[first : first + CLIPS_AT_ONCE]]
        jobs = [(each, plan.spans(each.size)) for each in waveforms]
        for described in encoder.describe_recordings(jobs):
            assert described.heard is not None
            best.append(class_scores(described.heard).max(axis=0) / FULL_SCALE)
    return np.array(best)


def compare(
    clips: Sequence[Clip], scores: NDArray[np.float64], threshold: float
) -> dict[str, Result]:
    """Compare what is heard in clips with their labels, label by label."""
    labels = np.array([clip.label for clip in clips])
    results = {}
    for label, names in CLASSES.items():
        classes = sorted({number for name in names for number in understand(name).classes})
        heard = (scores[:, classes] >= threshold).any(axis=1)
        is_label = labels == label
        counts = (heard & is_label, heard & ~is_label, ~heard & is_label)
        results[label] = Result(*(int(each.sum()) for each in counts))
    return results


def row(name: str, results: dict[str, Result]) -> str:
    """Write a row of all labels together, with the mean of the labels' own F1."""
    found = results.values()
    whole = Result(sum(r.tp for r in found), sum(r.fp for r in found), sum(r.fn for r in found))
    mean = np.mean([each.f1 for each in found])
    return f"| {name} | {whole.precision:.3f} | {whole.recall:.3f} | {whole.f1:.3f} | {mean:.3f} |"


if __name__ == "__main__":
    main()
