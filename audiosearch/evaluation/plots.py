"""Draws the diagrams of the report: SVG that takes its colours from the page around it."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audiosearch.evaluation.metrics import RECALL_LEVELS
from audiosearch.evaluation.recordings import DISTANCE_EDGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_COLOURS = 12
"""Lines that can be told apart; the page gives them ``--colour-0`` to ``--colour-11``."""

Line = NDArray[np.float64]

_INK = "#010203"  # stands for the colour of the page's text
_COLOURS = tuple(f"#fe00{number:02x}" for number in range(N_COLOURS))  # and for those of the lines
_STYLE: Any = {
    "axes.edgecolor": _INK,
    "axes.grid": True,
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.alpha": 0.15,
    "grid.color": _INK,
    "svg.fonttype": "none",  # text stays text
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def draw_curves(overall: Line, by_label: Mapping[str, Line]) -> str:
    """Draw precisions [shape=(101,)] by recall: of all queries, and of at most 12 labels."""
    with _diagram("recall", "precision") as (axes, written):
        for colour, curve in zip(_COLOURS, by_label.values(), strict=False):
            axes.plot(RECALL_LEVELS, curve, color=colour, lw=1.3)
        axes.plot(RECALL_LEVELS, overall, color=_INK, lw=2.6)
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
    return written()


def draw_distances(same: NDArray[np.int64], other: NDArray[np.int64]) -> str:
    """Draw the shares of pairs of the same label, and of others, by their distance."""
    last = int(np.flatnonzero(same + other).max(initial=0)) + 1
    with _diagram("cosine distance", "share of the pairs") as (axes, written):
        for counts, colour in ((other, _COLOURS[1]), (same, _COLOURS[0])):
            shares = counts[:last] / max(1, counts.sum())
            axes.stairs(shares, DISTANCE_EDGES[: last + 1], color=colour, lw=1.6)
            axes.stairs(shares, DISTANCE_EDGES[: last + 1], color=colour, fill=True, alpha=0.3)
        axes.set(xlim=(0, DISTANCE_EDGES[last]), ylim=(0, None))
    return written()


def draw_thresholds(thresholds: Line, lines: Mapping[str, Line], best: float) -> str:
    """Draw measures [shape=(n_thresholds,)] by threshold; the best one is marked."""
    with _diagram("cosine distance up to which a window counts", "") as (axes, written):
        axes.axvline(best, color=_INK, lw=1, ls="--")
        for colour, line in zip(_COLOURS, lines.values(), strict=False):
            axes.plot(thresholds, line, color=colour, lw=1.8)
        axes.set(ylim=(0, 1.02))
    return written()


@contextmanager
def _diagram(x: str, y: str) -> Iterator[tuple["Axes", Callable[[], str]]]:
    """Give axes to draw on, and what writes them as SVG in the end."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 3.6), layout="constrained")
        axes = figure.add_subplot(xlabel=x, ylabel=y)

        def written() -> str:
            text = io.StringIO()
            figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
            svg = text.getvalue()
            svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
            for number, colour in enumerate(_COLOURS):
                svg = svg.replace(colour, f"var(--colour-{number})")
            return svg

        yield axes, written
