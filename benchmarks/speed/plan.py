"""How much a run of the benchmark does, in which parts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.speed import indexing, limits, original, serving
from benchmarks.speed.inputs import Inputs, Setup, setups
from benchmarks.speed.library import space_of
from benchmarks.speed.targets import CLIPS, SONGS

SONG_MINUTES = 3.5
GROWTH_MINUTES = 2

Part = Callable[[], dict[str, Any]]
"""Measures something; what it gives fits JSON."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is done.

    Parameters
    ----------
    clips, songs, minutes : int
        Recordings of 10 s, of 3.5 min, and of a minute (flac, mp4) that are indexed.
    many : int
        How many times as many of 10 s and of 3.5 min YAMNet gets, which is faster.
    long_minutes : int
        Length of the long one.
    original_clips, original_songs : int
        How many of these are encoded the original way, which is slow.
    growth : tuple of int
        Recordings of two minutes, to see how indexing grows.
    sizes : tuple of int
        Windows of the libraries that are searched.
    searches : int
        In each.
    songs_each : int
        Recordings of 3.5 min that are then added to it.
    """

    clips: int
    songs: int
    minutes: int
    many: int
    long_minutes: int
    original_clips: int
    original_songs: int
    growth: tuple[int, ...]
    sizes: tuple[int, ...]
    searches: int
    songs_each: int


FULL = Plan(
    clips=60,
    songs=6,
    minutes=6,
    many=4,
    long_minutes=120,
    original_clips=10,
    original_songs=1,
    growth=(1, 4, 16),
    sizes=(1_000, 12_500, 50_000, 200_000),
    searches=100,
    songs_each=2,
)
QUICK = Plan(
    clips=4,
    songs=1,
    minutes=1,
    many=2,
    long_minutes=11,
    original_clips=1,
    original_songs=1,
    growth=(1, 4),
    sizes=(1_000, 50_000),
    searches=10,
    songs_each=1,
)


def parts(plan: Plan, inputs: Inputs) -> dict[str, Part]:
    """Make the inputs, and give what is to be measured, by its name."""
    encoders = setups(inputs)
    vggish, yamnet = encoders["vggish"], encoders["yamnet"]
    clips, songs = inputs.clips(plan.clips), inputs.joined("song", plan.songs, SONG_MINUTES)
    few = {CLIPS: clips[: plan.original_clips], SONGS: songs[: plan.original_songs]}
    kinds: indexing.Kinds = {
        CLIPS: clips,
        SONGS: songs,
        f"mp3, {plan.long_minutes} min": inputs.joined("long", 1, plan.long_minutes),
        "flac, 1 min": inputs.flac(plan.minutes),
        "mp4, 1 min": inputs.mp4(plan.minutes),
    }
    many_kinds: indexing.Kinds = {
        **kinds,
        CLIPS: inputs.clips(plan.many * plan.clips),
        SONGS: inputs.joined("song", plan.many * plan.songs, SONG_MINUTES),
    }
    growth: indexing.Kinds = {
        f"{n} ×": inputs.joined(f"growth-{n}", n, GROWTH_MINUTES) for n in plan.growth
    }
    [warm_up] = inputs.joined("warm-up", 1, 1)
    return {
        "start": lambda: {"help_s": serving.help_s()},
        "peaks": partial(_fresh, limits.measure_peaks),
        **{
            f"stages, {name}": partial(_fresh, limits.measure_stages, setup, songs[0])
            for name, setup in encoders.items()
        },
        "original": partial(_fresh, original.measure, vggish.models, few, plan.sizes),
        "alone, yamnet": lambda: indexing.measure_alone(yamnet, clips),
        "alone, vggish": lambda: indexing.measure_alone(vggish, clips),
        "indexing, yamnet": lambda: indexing.measure(yamnet, many_kinds, warm_up),
        "growth": lambda: indexing.measure(yamnet, growth, warm_up),
        "indexing, vggish": lambda: indexing.measure(vggish, kinds, warm_up),
        "serving": lambda: _serving(plan, inputs, vggish),
    }


def _serving(plan: Plan, inputs: Inputs, setup: Setup) -> dict[str, Any]:
    """Measure servers of one library that grows."""
    clips = inputs.clips()
    added = inputs.joined("added", plan.songs_each * len(plan.sizes), SONG_MINUTES)
    with TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        space = _fresh(space_of, setup)
        return {
            "sizes": [
                serving.measure(
                    setup,
                    workspace,
                    space,
                    size,
                    clips,
                    plan.searches,
                    added[first:][: plan.songs_each],
                )
                for first, size in zip(
                    range(0, len(added), plan.songs_each), plan.sizes, strict=True
                )
            ]
        }


def _fresh(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a process of its own, whose memory and threads go with it."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(function, args)
