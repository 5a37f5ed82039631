import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audiosearch.scoring.distances import percentile

distances = st.floats(0, 2, width=32)


@given(pairs=st.lists(distances, min_size=1), one=distances, other=distances)
def test_counts_what_is_farther_and_falls_with_the_distance(
    pairs: list[float], one: float, other: float
) -> None:
    ascending = np.sort(np.array(pairs, np.float32))
    nearer, farther = sorted((one, other))
    expected = 100 * sum(pair > nearer for pair in pairs) / len(pairs)
    found = percentile(nearer, ascending)
    assert found is not None
    assert abs(found - expected) < 1e-3
    assert found >= (percentile(farther, ascending) or 0)


def test_a_pair_at_the_same_distance_is_not_farther() -> None:
    assert percentile(0.1, np.array([0.1, 0.1, 0.2], np.float32)) == 33.333


def test_without_pairs_there_is_nothing_to_compare_with() -> None:
    assert percentile(0.1, np.empty(0, np.float32)) is None
