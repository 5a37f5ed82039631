"""What was aimed at, and whether a run reached it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CLIPS, SONGS = "mp3, 10 s", "mp3, 3.5 min"
LIBRARY = 50_000  # windows, of the searches that are judged
ORIGINAL = "soxr_hq"


@dataclass(frozen=True)
class Target:
    """A figure with its bound.

    Parameters
    ----------
    name : str
        What is measured, and in what.
    bound : float
        What it must be, at least or below.
    at_least : bool
        Whether more is better.
    measured : float
        What it is.
    """

    name: str
    bound: float
    at_least: bool
    measured: float

    @property
    def reached(self) -> bool:
        """Whether it is as it must be."""
        if self.at_least:
            return self.measured >= self.bound
        return self.measured < self.bound


def targets(results: dict[str, Any], amx: bool) -> Iterator[Target]:
    """Compare a run's results with the targets; those of parts that failed are left out.

    Parameters
    ----------
    results : dict
        As of the JSON file.
    amx : bool
        Whether the processor has AMX, for which the targets are higher.
    """
    for kind in (CLIPS, SONGS):
        if speed := speed_of(results, "vggish", kind):
            original = results.get("original", {}).get("indexing", {}).get(f"{kind}, {ORIGINAL}")
            if original:
                bound = 10 if amx else 3
                yield Target(f"VGGish, {kind}: × the original", bound, True, speed / original)
            if amx:
                yield Target(f"VGGish, {kind}: × real time", 250, True, speed)
        if speed := speed_of(results, "yamnet", kind):
            yield Target(f"YAMNet, {kind}: × real time", 400, True, speed)
    for row in results.get("serving", {}).get("sizes", []):
        if row["windows"] == LIBRARY:
            yield from _serving_targets(row)


def speed_of(results: dict[str, Any], encoder: str, kind: str) -> float | None:
    """Give how fast a kind was indexed, in times real time; ``None`` if it was not measured."""
    run = results.get(f"indexing, {encoder}", {}).get("runs", {}).get(kind)
    return run["audio_s"] / run["elapsed_s"] if run else None


def _serving_targets(row: dict[str, Any]) -> Iterator[Target]:
    where = f"VGGish, {row['windows']:,} windows"
    whole = row["stages_ms"]["all"]
    yield Target(f"{where}: `serve` is ready, s", 6, False, row["ready_s"])
    yield Target(f"{where}: the first search, ms", 300, False, row["first_ms"]["all"])
    yield Target(f"{where}: searches, p50, ms", 60, False, whole["p50"])
    yield Target(f"{where}: searches, p95, ms", 120, False, whole["p95"])
    idle_gb = sum(row["idle_bytes"].values()) / 1e9
    yield Target(f"{where}: memory of all processes, idle, GB", 1.5, False, idle_gb)
