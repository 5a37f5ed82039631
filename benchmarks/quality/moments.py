"""How well moments are found in long recordings made of ESC-10's clips."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from audiosearch.types import Waveform
from audiosearch.vggish.params import SAMPLE_RATE
from benchmarks.quality.clips import PROJECT_DIR, Clip, LabelledSet
from benchmarks.quality.mixes import mix_clips, pink_noise

SNRS_DB = (0, 6, 12)
N_MIXES = 3
CLIPS_A_LABEL = 4
MEETING_SNR_DB = 30
_COLUMNS = ("path", "start", "end", "label", "group")


@dataclass(frozen=True)
class Condition:
    """A background, and how much louder than it the sounds are, in dB."""

    background: str
    snr_db: int


def measure_moments(
    sounds: LabelledSet, music: LabelledSet, folder: Path
) -> Iterator[tuple[Condition, dict[str, Any]]]:
    """Make mixes and search them for each of their moments by ``app.py evaluate``.

    Parameters
    ----------
    sounds, music : LabelledSet
        What is to be found, and the backgrounds beside pink noise.
    folder : Path
        Where the mixes are made.

    Yields
    ------
    condition, evaluation
        As ``app.py evaluate --json`` prints it.
    """
    for background in ("pink noise", "music"):
        for snr_db in SNRS_DB:
            condition = Condition(background, snr_db)
            own = folder / f"{background.replace(' ', '-')}-{snr_db}"
            own.mkdir()
            table = _make_mixes(own, sounds.clips, _background(background, music), snr_db)
            yield condition, evaluate(table, "--workspace", str(own / "workspace"))


def measure_meeting(voices: LabelledSet, folder: Path) -> dict[str, Any]:
    """Make meetings of prompts that speakers read, and search them for each of their remarks."""
    own = folder / "meetings"
    own.mkdir()
    table = _make_mixes(own, voices.clips, _background("pink noise"), MEETING_SNR_DB)
    return evaluate(table, "--workspace", str(own / "workspace"))


def evaluate(table: Path, *options: str) -> dict[str, Any]:
    """Run ``app.py evaluate`` on a table of labels."""
    command = [sys.executable, "app.py", "evaluate", str(table), "--json", *options]
    done = subprocess.run(command, cwd=PROJECT_DIR, check=True, stdout=subprocess.PIPE)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def moment_table(measured: Sequence[tuple[Condition, dict[str, Any]]]) -> str:
    """Make the Markdown table."""
    lines = [
        "| background | dB | F1 by default | precision | recall | onset error | best F1 | at |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for condition, answer in measured:
        overall = answer["moment_scores"][0]
        default, best = overall["default"], overall["best"]
        lines.append(
            f"| {condition.background} | {condition.snr_db} | {_with_interval(default['f1'])} | "
            f"{default['precision']['value']:.2f} | {default['recall']['value']:.2f} | "
            f"{default['onset_error_s']:.1f} s | {best['f1']['value']:.2f} | "
            f"{answer['moment_threshold']:.2f} |"
        )
    return "\n".join(lines)


def _make_mixes(folder: Path, clips: Sequence[Clip], background: Waveform, snr_db: int) -> Path:
    """Write the mixes and the table of what sounds in them; no clip is in two."""
    rng = np.random.default_rng(0)
    shuffled = [clips[n] for n in rng.permutation(len(clips))]
    by_label = {
        label: [each for each in shuffled if each.label == label] for label in _labels(clips)
    }
    table = folder / "labels.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for number in range(N_MIXES):
            first = number * CLIPS_A_LABEL
            chosen = [
                each for own in by_label.values() for each in own[first : first + CLIPS_A_LABEL]
            ]
            mix = mix_clips(chosen, background, snr_db, seed=number)
            soundfile.write(folder / f"{number}.wav", mix.waveform, SAMPLE_RATE)
            for event in mix.events:
                times = (f"{event.start_s:.3f}", f"{event.end_s:.3f}")
                rows.writerow((f"{number}.wav", *times, event.label, event.group))
    return table


def _labels(clips: Sequence[Clip]) -> list[str]:
    return sorted({each.label for each in clips})


def _background(kind: str, music: LabelledSet | None = None) -> Waveform:
    """Give a minute of background."""
    if music is None or kind == "pink noise":
        return pink_noise(60 * SAMPLE_RATE, seed=0)
    rng = np.random.default_rng(0)
    return np.concatenate([music.clips[n].waveform for n in rng.permutation(len(music.clips))[:6]])


def _with_interval(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.2f} ({estimate['low']:.2f}–{estimate['high']:.2f})"
