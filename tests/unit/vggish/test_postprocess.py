from pathlib import Path

import numpy as np
import pytest

from audiosearch.errors import WeightsMismatchError
from audiosearch.vggish.postprocess import Postprocessor, center


@pytest.fixture
def identity(tmp_path: Path) -> Postprocessor:
    """Leave the values as they are but for clipping and quantisation."""
    path = tmp_path / "pca.npz"
    np.savez(path, pca_eigen_vectors=np.eye(128), pca_means=np.zeros((128, 1)))
    return Postprocessor(path)


@pytest.mark.parametrize(
    ("value", "byte"),
    [(-9, 0), (-2, 0), (0, 127), (0.0078, 127), (0.0079, 128), (1.999, 254), (2, 255), (9, 255)],
)
def test_values_are_clipped_and_truncated(identity: Postprocessor, value: float, byte: int) -> None:
    quantized = identity.quantize(np.full((2, 128), value, np.float32))
    assert quantized.dtype == np.uint8
    assert (quantized == byte).all()


def test_means_are_taken_off_before_the_projection(tmp_path: Path) -> None:
    swap = np.eye(128)[::-1]
    path = tmp_path / "pca.npz"
    means = np.arange(128) / 128
    np.savez(path, pca_eigen_vectors=swap, pca_means=means)
    raw = means.astype(np.float32)
    raw[0] += 1.0
    (quantized,) = Postprocessor(path).quantize(raw[np.newaxis])
    assert quantized[127] == 191
    assert (quantized[:127] == 127).all()


def test_center() -> None:
    centred = center(np.array([[0, 128, 255]], np.uint8))
    assert centred.tolist() == [[-1.0, 0.0, 127 / 128]]


@pytest.mark.parametrize(
    "arrays",
    [
        {"pca_means": np.zeros(128)},
        {"pca_means": np.zeros(128), "pca_eigen_vectors": np.eye(64)},
        {"pca_means": np.array([{}]), "pca_eigen_vectors": np.eye(128)},
    ],
    ids=["absent", "shape", "pickled"],
)
def test_other_arrays_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    path = tmp_path / "pca.npz"
    np.savez(path, **arrays)
    with pytest.raises(WeightsMismatchError, match=r"pca\.npz"):
        Postprocessor(path)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04 cut off"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pca.npz"
    path.write_bytes(content)
    with pytest.raises(WeightsMismatchError, match="models download vggish"):
        Postprocessor(path)
