import hashlib
from itertools import combinations

import numpy as np
import pytest

from audiosearch.heard.windows import nothing_heard
from audiosearch.store.exact import ExactIndex
from audiosearch.store.pairs import SAMPLE_SIZE, PairSample
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize

DIM = 6


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def add(index: ExactIndex, recording_id: str, vectors: Vectors) -> None:
    times, heard = np.zeros((len(vectors), 2)), nothing_heard(len(vectors))
    index.extend([recording_id], [len(vectors)], times, vectors, heard)


def make_library(n_recordings: int, n_windows: int = 1) -> dict[str, Vectors]:
    rng = np.random.default_rng(n_recordings)
    shape = (n_windows, DIM)
    return {
        digest(number): l2_normalize(rng.standard_normal(shape).astype(np.float32) + 1)
        for number in range(n_recordings)
    }


def sample_of(library: dict[str, Vectors]) -> PairSample:
    index = ExactIndex(DIM)
    for recording_id, vectors in library.items():
        add(index, recording_id, vectors)
    return PairSample(index)


def all_pairs(library: dict[str, Vectors]) -> np.ndarray:
    """Compute the distances of all windows of different recordings, one pair after the other."""
    distances = [(1 - a @ b.T).ravel() for a, b in combinations(library.values(), 2)]
    return np.sort(np.concatenate(distances))


@pytest.mark.parametrize(("n_recordings", "n_windows"), [(5, 3), (40, 12), (64, 8), (512, 1)])
def test_all_pairs_where_all_windows_are_in_the_sample(n_recordings: int, n_windows: int) -> None:
    library = make_library(n_recordings, n_windows)
    expected = all_pairs(library)
    np.testing.assert_allclose(sample_of(library).distances(), expected, atol=1e-6, rtol=0)


def test_too_few_recordings_have_none() -> None:
    assert sample_of(make_library(4, 100)).distances().size == 0


def test_a_sample_tells_what_all_pairs_do() -> None:
    library = make_library(1500)
    expected, found = all_pairs(library), sample_of(library).distances()
    assert found.size == SAMPLE_SIZE * (SAMPLE_SIZE - 1) // 2
    for share in (0.001, 0.01, 0.1, 0.5, 0.9):
        distance = np.quantile(expected, share)
        assert np.mean(found < distance) == pytest.approx(share, abs=0.03, rel=0.3)


def test_long_recordings_count_no_more_than_others() -> None:
    library = make_library(20)
    far, near = np.eye(DIM, dtype=np.float32)[:2], np.ones((1, DIM), np.float32)
    library[digest(100)] = np.repeat(far[:1], 5000, axis=0)
    library[digest(101)] = l2_normalize(near)
    distances = sample_of(library).distances()
    n_of_long = SAMPLE_SIZE // 22
    assert distances.size == 21 * 20 // 2 + 21 * n_of_long


def test_order_of_indexing_does_not_matter() -> None:
    library = make_library(700)
    other_way = dict(reversed(library.items()))
    np.testing.assert_array_equal(sample_of(library).distances(), sample_of(other_way).distances())


def test_follows_a_library_that_grows_and_shrinks() -> None:
    library = make_library(7, 2)
    names = list(library)
    index = ExactIndex(DIM)
    sample = PairSample(index)
    for name in names:
        add(index, name, library[name])
        sample.changed([name])
    whole = sample.distances()
    np.testing.assert_allclose(whole, all_pairs(library), atol=1e-6, rtol=0)
    index.remove(names[3])
    sample.changed([names[3]])
    del library[names[3]]
    np.testing.assert_allclose(sample.distances(), all_pairs(library), atol=1e-6, rtol=0)


def test_is_kept_while_the_sample_is_the_same() -> None:
    library = make_library(700)
    sample = sample_of(library)
    before = sample.distances()
    outside, inside = max(library), min(library)
    sample.changed([outside])
    assert sample.distances() is before
    sample.changed([inside])
    assert sample.distances() is not before
