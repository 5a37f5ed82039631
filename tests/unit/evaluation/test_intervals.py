import numpy as np
import pytest

from audiosearch.evaluation.intervals import estimate_ratio


def names(n: int) -> list[str]:
    return [f"group {number}" for number in range(n)]


def test_of_independent_queries_it_is_the_normal_interval() -> None:
    values = np.random.default_rng(1).random(400)
    found = estimate_ratio(values, np.ones(400), names(400))
    half = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_queries_of_one_group_count_as_one() -> None:
    values = np.random.default_rng(1).random(40)
    alone = estimate_ratio(values, np.ones(40), names(40))
    tenfold = estimate_ratio(np.repeat(values, 10), np.ones(400), list(np.repeat(names(40), 10)))
    assert (tenfold.low, tenfold.high) == pytest.approx((alone.low, alone.high))


def test_ratios_of_sums() -> None:
    found = estimate_ratio([1, 0, 3], [2, 0, 3], names(3))
    assert found.value == pytest.approx(0.8)
    assert (found.low, found.high) == (0.0, 1.0)


def test_nothing_is_told_of_one_group() -> None:
    found = estimate_ratio([1, 0], [1, 1], ["a", "a"])
    assert (found.value, found.low, found.high) == (0.5, None, None)


def test_the_same_values_have_the_same_interval() -> None:
    values = np.random.default_rng(2).random(30)
    assert estimate_ratio(values, np.ones(30), names(30)) == estimate_ratio(
        values, np.ones(30), names(30)
    )
    certain = estimate_ratio(np.ones(5), np.ones(5), names(5))
    assert (certain.value, certain.low, certain.high) == (1.0, 1.0, 1.0)
