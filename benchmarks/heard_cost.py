"""Measure what it costs to tell what is heard beside VGGish, by YAMNet.

``python -m benchmarks.heard_cost CLIPS_FOLDER``, with a ``labels.csv``. VGGish has random weights:
its speed does not depend on them.
"""

import shutil
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from audiosearch.encoders import choose_encoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.weights import models_dir
from audiosearch.windows import WindowPlan
from benchmarks.quality.clips import read_clips
from tests.vggish_weights import make_random_weights

CLIPS = 60
ROUNDS = 5


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    plan = WindowPlan()
    waveforms = [each.waveform for each in read_clips(Path(sys.argv[1]))[:CLIPS]]
    jobs = [(each, plan.spans(each.size)) for each in waveforms]
    with TemporaryDirectory() as folder:
        make_random_weights(Path(folder))
        for weights in models_dir().glob("yamnet*"):
            shutil.copy(weights, folder)
        encoders = [
            choose_encoder(
                *("vggish", None, None),
                EncoderSettings(models_dir=Path(folder), heard=heard, unverified_weights=True),
            )
            for heard in (False, True)
        ]
        seconds: list[list[float]] = [[], []]
        for _ in range(ROUNDS + 1):  # the first is not counted
            for encoder, own in zip(encoders, seconds, strict=True):
                started = time.perf_counter()
                encoder.describe_recordings(jobs)
                own.append(time.perf_counter() - started)
    alone, both = (median(own[1:]) for own in seconds)
    audio_s = sum(each.size for each in waveforms) / plan.sample_rate
    print(
        f"VGGish alone {audio_s / alone:.0f} × real time, with what is heard {audio_s / both:.0f}"
    )
    print(f"{both / alone:.2f} times as long")


if __name__ == "__main__":
    main()
