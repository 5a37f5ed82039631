"""Laying out: what is near stays near."""

import subprocess
import sys

import numpy as np
import pytest

from audiosearch.map import project, project_roughly
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize
from tests.conftest import PROJECT_DIR


def groups(sizes: list[int], dim: int = 32) -> tuple[Vectors, np.ndarray]:
    """Make vectors in groups, each around a direction of its own; give the group of each too."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    noise = 0.2 * rng.standard_normal((len(owner), dim)) / np.sqrt(dim)
    return l2_normalize((np.eye(dim)[owner] + noise).astype(np.float32)), owner


def share_of_own(points: np.ndarray, owner: np.ndarray) -> float:
    """Tell which share of the nearest points is of the same group."""
    distances = ((points[:, None] - points) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((owner[distances.argmin(axis=1)] == owner).mean())


@pytest.mark.parametrize("way", [project, project_roughly])
@pytest.mark.parametrize("sizes", [[], [1], [2], [1, 1], [1, 1, 1], [5, 4]])
def test_few_vectors(way, sizes: list[int]) -> None:
    vectors, _ = groups(sizes)
    points = way(vectors)
    assert points.shape == (len(vectors), 2)
    assert points.dtype == np.float32
    assert np.abs(points).max(initial=0) <= 1


def test_two_groups_of_few_lie_apart() -> None:
    vectors, owner = groups([4, 4])
    points = project(vectors)
    assert share_of_own(points, owner) == 1
    assert np.ptp(points[:, 0]) == pytest.approx(2)


def test_equal_vectors_lie_together() -> None:
    assert (project(np.ones((5, 8), np.float32)) == project_roughly(np.ones((5, 8)))).all()


def test_vectors_of_one_number() -> None:
    assert project_roughly(np.array([[1], [-1]], np.float32)).tolist() == [[1, 0], [-1, 0]]


def test_many_groups_lie_apart_where_two_axes_do_not_tell_them() -> None:
    vectors, owner = groups([8] * 24)
    points = project(vectors)
    assert share_of_own(points, owner) > 0.95
    assert share_of_own(project_roughly(vectors), owner) < 0.8
    assert np.abs(points).max() == pytest.approx(1)
    assert np.ptp(points[:, 0]) >= np.ptp(points[:, 1])
    np.testing.assert_array_equal(project(vectors), points)


def test_tensorflow_is_left_out() -> None:
    code = """
import sys
import numpy as np
from audiosearch.map import project
project(np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32))
assert sys.modules["tensorflow"] is None
"""
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT_DIR, check=True, timeout=300)
