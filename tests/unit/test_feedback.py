import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from audiosearch.errors import InvalidQueryError
from audiosearch.feedback import NEGATIVE_WEIGHT, POSITIVE_WEIGHT, combine
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize

DIM = 4
EYE = np.eye(DIM, dtype=np.float32)


def unit(*rows: list[float]) -> Vectors:
    return l2_normalize(np.array(rows, np.float32))


windows = (
    arrays(np.float32, st.tuples(st.integers(1, 3), st.just(DIM)), elements=st.integers(-4, 4))
    .filter(lambda each: bool((np.abs(each).sum(axis=1) > 0).all()))
    .map(l2_normalize)
)
sounds = st.lists(windows, min_size=1, max_size=3)


def test_one_sound_alone_stays_as_it_is() -> None:
    query = unit([1, 2, 0, 0], [0, 1, 0, 3])
    [moved] = combine([query], [])
    assert np.array_equal(moved, query)


def test_negatives_alone_are_refused() -> None:
    with pytest.raises(InvalidQueryError, match="negatives alone"):
        combine([], [EYE])


def test_positives_move_towards_each_other() -> None:
    first, second = combine([EYE[:1], EYE[1:2]], [])
    np.testing.assert_allclose(first, unit([1, POSITIVE_WEIGHT, 0, 0]), rtol=1e-6)
    np.testing.assert_allclose(second, unit([POSITIVE_WEIGHT, 1, 0, 0]), rtol=1e-6)


def test_each_sound_counts_alike_however_long_it_is() -> None:
    short, long = EYE[1:2], np.repeat(EYE[2:3], 50, axis=0)
    [moved, *_] = combine([EYE[:1], short, long], [])
    np.testing.assert_allclose(moved[0, 1], moved[0, 2], rtol=1e-5)


def test_component_along_a_negative_shrinks_and_others_stay() -> None:
    [moved] = combine([unit([1, 1, 0, 0])], [EYE[1:2]])
    np.testing.assert_allclose(moved, unit([1, 1 - NEGATIVE_WEIGHT, 0, 0]), rtol=1e-6)


def test_only_a_negatives_nearest_window_counts() -> None:
    query, nearest = unit([1, 1, 0, 0]), unit([0, 1, 0.1, 0])
    [by_one] = combine([query], [nearest])
    [by_all] = combine([query], [np.concatenate([EYE[2:3], nearest, EYE[3:4]])])
    assert np.array_equal(by_one, by_all)


@pytest.mark.parametrize("negative", [EYE[1:2], -EYE[:1]], ids=["unrelated", "opposite"])
def test_what_has_nothing_in_common_takes_nothing_away(negative: Vectors) -> None:
    [moved] = combine([EYE[:1]], [negative])
    np.testing.assert_allclose(moved, EYE[:1], atol=1e-7)


def test_a_negative_that_equals_the_query_changes_nothing() -> None:
    query = unit([1, 2, 3, 4])
    [moved] = combine([query], [query])
    np.testing.assert_allclose(moved, query, rtol=1e-6)


@settings(max_examples=200, deadline=None)
@given(positives=sounds, negatives=st.lists(windows, max_size=3))
def test_windows_stay_windows_of_unit_length(
    positives: list[Vectors], negatives: list[Vectors]
) -> None:
    moved = combine(positives, negatives)
    assert [each.shape for each in moved] == [each.shape for each in positives]
    for each in moved:
        assert each.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(each, axis=1), 1, rtol=1e-5)


@settings(max_examples=200, deadline=None)
@given(positives=sounds, negative=windows)
def test_no_window_comes_nearer_to_the_negative_it_is_nearest_to(
    positives: list[Vectors], negative: Vectors
) -> None:
    before, after = combine(positives, []), combine(positives, [negative])
    for old, new in zip(before, after, strict=True):
        nearest = negative[(old @ negative.T).argmax(axis=1)]
        assert ((new * nearest).sum(axis=1) <= (old * nearest).sum(axis=1) + 1e-6).all()


@settings(max_examples=100, deadline=None)
@given(positives=sounds, negatives=sounds, data=st.data())
def test_order_of_examples_does_not_matter(
    positives: list[Vectors], negatives: list[Vectors], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(positives))))
    attracted, shuffled = combine(positives, []), combine([positives[i] for i in order], [])
    for place, each in enumerate(order):
        np.testing.assert_allclose(shuffled[place], attracted[each], atol=1e-6)
    repelled, reversed_ = combine(positives, negatives), combine(positives, negatives[::-1])
    for one, other in zip(repelled, reversed_, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
