"""What is heard in each recording as a whole: made of what is heard in its windows."""

import json
from collections.abc import Collection

from audiosearch.heard.windows import best_scores
from audiosearch.store.database import Database
from audiosearch.types import Heard

_KEEP_BEST = """
INSERT INTO heard VALUES (?, ?, ?)
ON CONFLICT (class, recording_id) DO UPDATE SET score = max(score, excluded.score)
"""


def write_heard(database: Database, recording_id: str, heard: Heard) -> None:
    """Note the classes heard in windows of a recording, within a caller's transaction."""
    for number, score in best_scores(heard).items():
        database.execute(_KEEP_BEST, (number, recording_id, score))


def read_heard_recordings(database: Database, classes: Collection[int]) -> dict[str, int]:
    """Give the best score of some classes, in 65,535ths, by the recordings they are heard in."""
    return dict(
        database.query(
            "SELECT recording_id, max(score) FROM heard "
            "WHERE class IN (SELECT value FROM json_each(?)) GROUP BY recording_id",
            (json.dumps(sorted(classes)),),
        )
    )


def count_heard(database: Database, among: Collection[str] | None) -> dict[int, int]:
    """Count the recordings that each class is heard in, of all or of some."""
    which = "" if among is None else "WHERE recording_id IN (SELECT value FROM json_each(?))"
    values = [] if among is None else [json.dumps(sorted(among))]
    counts = f"SELECT class, count(*) FROM heard {which} GROUP BY class"
    return dict(database.query(counts, values))


def keep_best_scores(best: dict[int, int], heard: Heard) -> None:
    """Raise the best scores of classes, in 65,535ths, to those that they have in more windows."""
    for number, score in best_scores(heard).items():
        best[number] = max(score, best.get(number, 0))
