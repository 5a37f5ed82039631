"""Evaluates a library whose recordings, or moments in them, are labelled."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from audiosearch.errors import AudioSearchError, InvalidLabelsError
from audiosearch.evaluation.labels import LabelTable, Skipped
from audiosearch.evaluation.linking import LabelledMoment, link
from audiosearch.evaluation.moment_summary import LabelMoments, summarise_moments
from audiosearch.evaluation.moments import MomentsResult, evaluate_moments
from audiosearch.evaluation.recordings import RecordingsResult, evaluate_recordings
from audiosearch.evaluation.summary import LabelScores, summarise
from audiosearch.store.base import Store
from audiosearch.types import Vectors

Embed = Callable[[LabelledMoment], Vectors]
"""Gives the windows [shape=(n_windows, dim)] of a moment, as of a user's query."""


@dataclass(frozen=True)
class Evaluation:
    """How good the answers are.

    Parameters
    ----------
    space : str
        What the vectors were made with.
    n_recordings, n_moments : int
        How many are labelled.
    skipped : list of Skipped
        The rows that do not count.
    recordings, moments : RecordingsResult and MomentsResult, optional
        Answer by answer; ``None`` where none is labelled.
    scores, moment_scores : list of LabelScores and LabelMoments
        The same summed up: of all queries first, then of each label.
    """

    space: str
    n_recordings: int
    n_moments: int
    skipped: list[Skipped]
    recordings: RecordingsResult | None
    moments: MomentsResult | None
    scores: list[LabelScores]
    moment_scores: list[LabelMoments]

    @property
    def best_threshold(self) -> float | None:
        """Cosine distance at which moments are found best; ``None`` without such queries."""
        if not self.moments or not self.moments.queries:
            return None
        return float(self.moments.thresholds[self.moments.best])

    def as_json(self) -> dict[str, Any]:
        """Give what was measured, without the single answers."""
        return {
            "space": self.space,
            "recordings": self.n_recordings,
            "moments": self.n_moments,
            "scores": [asdict(each) for each in self.scores],
            "moment_threshold": self.best_threshold,
            "moment_scores": [asdict(each) for each in self.moment_scores],
            "skipped": [
                {"line": each.line, "path": each.name, "why": each.why} for each in self.skipped
            ],
        }


def evaluate(table: LabelTable, store: Store, embed: Embed) -> Evaluation:
    """Search for all that is labelled, and measure the answers.

    Parameters
    ----------
    table : LabelTable
        What recordings and moments are.
    store : Store
        A library that holds them.
    embed : callable
        Encodes the moments; those that it cannot are not searched for.

    Raises
    ------
    InvalidLabelsError
        If the library holds nothing that is labelled.
    """
    linked = link(table.rows, store)
    if not linked.recordings and not linked.moments:
        raise InvalidLabelsError(f"nothing that is labelled can be searched; {linked.skipped[0]}")
    vectors, not_encoded = _embedded(linked.moments, embed)
    recordings = evaluate_recordings(store, linked.recordings) if linked.recordings else None
    moments = evaluate_moments(store, linked.moments, vectors) if vectors else None
    return Evaluation(
        space=str(store.space),
        n_recordings=len(linked.recordings),
        n_moments=len(linked.moments),
        skipped=sorted([*table.skipped, *linked.skipped, *not_encoded], key=lambda each: each.line),
        recordings=recordings,
        moments=moments,
        scores=summarise(recordings) if recordings else [],
        moment_scores=summarise_moments(moments) if moments else [],
    )


def _embedded(
    moments: Iterable[LabelledMoment], embed: Embed
) -> tuple[dict[LabelledMoment, Vectors], list[Skipped]]:
    vectors, skipped = {}, []
    for moment in moments:
        try:
            vectors[moment] = embed(moment)
        except AudioSearchError as error:
            why = f"it is not searched for: {error}"
            skipped.append(Skipped(moment.line, moment.name, why))
    return vectors, skipped
