from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosearch.evaluation.matching import MIN_OVERLAP, Stretches, match_stretches, overlaps

NOTHING: Stretches = np.empty((0, 2))


def stretches(*times: tuple[float, float]) -> Stretches:
    return np.array(times, np.float64).reshape(-1, 2)


some_stretches = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda pair: (pair[0], sum(pair))),
    max_size=5,
).map(lambda times: stretches(*times))


@given(found=some_stretches, wanted=some_stretches)
def test_as_many_pairs_as_can_be(found: Stretches, wanted: Stretches) -> None:
    allowed = overlaps(found, wanted) >= MIN_OVERLAP
    few, many = sorted([range(len(found)), range(len(wanted))], key=len)
    matrix = allowed if len(found) <= len(wanted) else allowed.T
    most = max(
        sum(bool(matrix[row, column]) for row, column in zip(few, order, strict=True))
        for order in permutations(many, len(few))
    )
    matching = match_stretches(found, wanted, NOTHING, window_s=0)
    assert len(matching.found) == len(matching.wanted) == most
    assert allowed[matching.found, matching.wanted].all()
    assert len(set(matching.wanted.tolist())) == most
    assert sorted([*matching.found, *matching.wrong]) == list(range(len(found)))


@given(these=some_stretches, those=some_stretches)
def test_overlaps_by_definition(these: Stretches, those: Stretches) -> None:
    def seconds(stretch: Stretches) -> set[int]:
        return set(range(int(stretch[0]), int(stretch[1])))

    expected = [
        [len(seconds(a) & seconds(b)) / len(seconds(a) | seconds(b)) for b in those] for a in these
    ]
    found = overlaps(these, those)
    np.testing.assert_allclose(found, np.array(expected).reshape(found.shape))


@pytest.mark.parametrize(
    ("wanted", "found", "is_right"),
    [
        ((10.0, 10.5), (8, 14), True),  # a bark, in the two windows that hold it
        ((10.0, 10.5), (8, 24), False),  # nearly anything holds a bark
        ((10.0, 10.5), (14, 18), False),
        ((0.0, 0.5), (0, 4), True),  # at the beginning of the recording
        ((3.0, 8.0), (0, 10), True),  # all windows that touch it
        ((0.0, 60.0), (20, 40), True),
        ((0.0, 60.0), (20, 36), False),
    ],
)
def test_windows_are_the_finest_that_can_be_found(
    wanted: tuple[float, float], found: tuple[float, float], is_right: bool
) -> None:
    matching = match_stretches(stretches(found), stretches(wanted), NOTHING, window_s=4)
    assert matching.wanted.tolist() == ([0] if is_right else [])
    assert matching.wrong.tolist() == ([] if is_right else [0])


def test_what_touches_a_neutral_stretch_is_neither_right_nor_wrong() -> None:
    found = stretches((0, 4), (10, 14), (20, 24))
    matching = match_stretches(found, stretches((20, 24)), stretches((12, 22)), window_s=4)
    assert (matching.found.tolist(), matching.wrong.tolist()) == ([2], [0])
