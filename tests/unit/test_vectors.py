import numpy as np

from audiosearch.vectors import l2_normalize


def test_rows_get_unit_length() -> None:
    vectors = np.array([[3, 4], [0.0, -0.5], [1e-15, 0]], np.float32)
    normalized = l2_normalize(vectors)
    assert normalized.dtype == np.float32
    np.testing.assert_allclose(normalized, [[0.6, 0.8], [0, -1], [1, 0]], atol=1e-6)
    assert vectors[0].tolist() == [3, 4]


def test_zeros_stay() -> None:
    assert l2_normalize(np.zeros((1, 3), np.float32)).tolist() == [[0, 0, 0]]


def test_no_rows_stay_none() -> None:
    assert l2_normalize(np.empty((0, 3), np.float32)).tolist() == []
