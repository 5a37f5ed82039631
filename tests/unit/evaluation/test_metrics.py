"""The measures, compared with their definitions."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosearch.evaluation.metrics import (
    RECALL_LEVELS,
    Measures,
    at_best,
    at_chance,
    measure,
    precision_curve,
)

rankings = st.lists(st.booleans(), min_size=1, max_size=40).filter(any)


def precision_at(ranking: list[bool], k: int) -> float:
    return sum(ranking[:k]) / k


@given(ranking=rankings)
def test_measures_by_definition(ranking: list[bool]) -> None:
    ranks = [rank for rank, is_relevant in enumerate(ranking, start=1) if is_relevant]
    expected = Measures(
        average_precision=sum(precision_at(ranking, rank) for rank in ranks) / len(ranks),
        precision_at_1=precision_at(ranking, 1),
        precision_at_5=precision_at(ranking, 5),
        r_precision=precision_at(ranking, len(ranks)),
    )
    assert measure(np.array(ranking)) == pytest.approx(expected)


@given(ranking=rankings)
def test_curves_by_definition(ranking: list[bool]) -> None:
    points = [
        (sum(ranking[:rank]) / sum(ranking), precision_at(ranking, rank))
        for rank in range(1, len(ranking) + 1)
    ]
    expected = [
        max(precision for recall, precision in points if recall >= level)
        for level in RECALL_LEVELS.tolist()
    ]
    np.testing.assert_allclose(precision_curve(np.array(ranking)), expected)


@pytest.mark.parametrize(
    ("n_relevant", "n_ranked"), [(1, 1), (1, 2), (2, 3), (1, 6), (3, 7), (4, 4)]
)
def test_chance_is_the_mean_of_all_orders(n_relevant: int, n_ranked: int) -> None:
    ranking = [rank < n_relevant for rank in range(n_ranked)]
    orders = [measure(np.array(order)) for order in permutations(ranking)]
    assert at_chance(n_relevant, n_ranked) == pytest.approx(tuple(np.mean(orders, axis=0)))


@given(n_relevant=st.integers(1, 20), n_others=st.integers(0, 20))
def test_the_best_order_and_no_better_one(n_relevant: int, n_others: int) -> None:
    ranking = np.arange(n_relevant + n_others) < n_relevant
    assert measure(ranking) == pytest.approx(at_best(n_relevant))
    reversed_order = measure(ranking[::-1])
    assert all(np.array(reversed_order) <= np.array(at_best(n_relevant)) + 1e-12)
