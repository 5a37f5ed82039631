"""Draws how cost grows with what is indexed and with the library."""

from pathlib import Path
from typing import Any


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw indexing, the indexer's memory and searches, each by size.

    Parameters
    ----------
    results : dict
        As of the JSON file.
    path : Path
        The picture to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (indexing, memory, searching) = pyplot.subplots(1, 3, figsize=(13, 3.8))
    _indexing(indexing, results["growth"]["runs"].values())
    sizes = results["serving"]["sizes"]
    windows = [row["windows"] for row in sizes]
    _memory(memory, windows, sizes)
    _searching(searching, windows, sizes)
    for axes in (indexing, memory, searching):
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _indexing(axes: Any, runs: Any) -> None:
    minutes = [run["audio_s"] / 60 for run in runs]
    elapsed_s = [run["elapsed_s"] for run in runs]
    axes.plot(minutes, elapsed_s, "o-", label="measured")
    axes.plot([0, minutes[-1]], [0, elapsed_s[-1]], "--", color="grey", label="in proportion")
    axes.set(title="Indexing (YAMNet)", xlabel="audio, minutes", ylabel="s")


def _memory(axes: Any, windows: list[int], sizes: list[dict[str, Any]]) -> None:
    axes.plot(windows, [row["used_bytes"]["indexer"] / 1e6 for row in sizes], "o-", label="indexer")
    matrix = [row["matrix_bytes"] / 1e6 for row in sizes]
    axes.plot(windows, matrix, "--", color="grey", label="windows × dim × 4 bytes")
    axes.set(title="Memory (VGGish)", xlabel="windows", ylabel="MB")


def _searching(axes: Any, windows: list[int], sizes: list[dict[str, Any]]) -> None:
    for which in ("p50", "p95"):
        axes.plot(windows, [row["stages_ms"]["all"][which] for row in sizes], "o-", label=which)
    search = [row["stages_ms"]["search"]["p50"] for row in sizes]
    axes.plot(windows, search, "s--", label="comparing alone, p50")
    axes.set(title="Search for a clip of 10 s (VGGish)", xlabel="windows", ylabel="ms")
