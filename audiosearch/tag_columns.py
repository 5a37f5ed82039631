"""Turns the tags of many recordings into columns by which they can be told apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audiosearch.types import Tags

MAX_COLUMNS = 20
MAX_VALUES = 50
OTHER, NONE = 254, 255


@dataclass(frozen=True)
class TagColumn:
    """One tag of all recordings.

    Parameters
    ----------
    key : str
        The tag's name.
    values : list of str
        Its most frequent values, the most frequent first.
    codes : [shape=(n_recordings,)], uint8
        Which of them each recording has; ``OTHER`` for another one, ``NONE`` without the tag.
    """

    key: str
    values: list[str]
    codes: NDArray[np.uint8]


def tag_columns(tags: Sequence[Tags]) -> list[TagColumn]:
    """Choose the tags that group recordings: at least half of those that have one share a value.

    Parameters
    ----------
    tags : sequence of dict
        Of each recording.

    Returns
    -------
    list of TagColumn
        At most ``MAX_COLUMNS``, each with at most ``MAX_VALUES``; those of most recordings first.
    """
    counts: dict[str, Counter[str]] = {}
    for each in tags:
        for key, value in each.items():
            counts.setdefault(key, Counter())[str(value)] += 1
    grouping = {key: found.total() for key, found in counts.items() if _groups(found)}
    keys = sorted(grouping, key=lambda key: (-grouping[key], len(counts[key]), key))[:MAX_COLUMNS]
    return [_column(key, counts[key], tags) for key in keys]


def _groups(counts: Counter[str]) -> bool:
    shared = sum(count for _, count in counts.most_common(MAX_VALUES) if count > 1)
    return len(counts) > 1 and 2 * shared >= counts.total()


def _column(key: str, counts: Counter[str], tags: Sequence[Tags]) -> TagColumn:
    values = [value for value, _ in counts.most_common(MAX_VALUES)]
    code_of = {value: code for code, value in enumerate(values)}
    codes = [code_of.get(str(each[key]), OTHER) if key in each else NONE for each in tags]
    return TagColumn(key, values, np.array(codes, np.uint8))
