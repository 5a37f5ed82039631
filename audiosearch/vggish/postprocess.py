"""VGGish's post-processing: PCA with whitening, clipping and 8-bit quantisation.

As in Google's ``vggish_postprocess.py`` (Apache-2.0), with which AudioSet's published embeddings
were made. Quantisation truncates; rounding would differ in about every third value.
"""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import WeightsMismatchError
from audiosearch.types import Vectors
from audiosearch.vggish import params

_SHAPES = {
    "pca_eigen_vectors": (params.EMBEDDING_SIZE, params.EMBEDDING_SIZE),
    "pca_means": (params.EMBEDDING_SIZE,),
}


class Postprocessor:
    """Turns raw vectors into AudioSet's 8-bit ones.

    Parameters
    ----------
    path : Path
        The PCA parameters, such as ``vggish_pca_params.npz``.

    Raises
    ------
    WeightsMismatchError
        If the file lacks an array of the expected shape.
    """

    def __init__(self, path: Path) -> None:
        arrays = _read_npz(path)
        for name, shape in _SHAPES.items():
            if name not in arrays or arrays[name].squeeze().shape != shape:
                received = arrays[name].shape if name in arrays else "absent"
                raise WeightsMismatchError(
                    f"received {path.name} with {name} of shape {received}, expected {shape}"
                )
        self._eigen_vectors = arrays["pca_eigen_vectors"]
        self._means = arrays["pca_means"].squeeze()

    def quantize(self, raw: Vectors) -> NDArray[np.uint8]:
        """Apply PCA, clip to [-2, 2], scale to [0, 255] and truncate.

        Parameters
        ----------
        raw : [shape=(n, 128)], float32
            The network's raw vectors.

        Returns
        -------
        [shape=(n, 128)], uint8
            The published form of VGGish's embeddings.
        """
        values = (raw - self._means) @ self._eigen_vectors.T
        values = np.clip(values, params.QUANTIZE_MIN, params.QUANTIZE_MAX)
        scale = 255.0 / (params.QUANTIZE_MAX - params.QUANTIZE_MIN)
        quantized: NDArray[np.uint8] = ((values - params.QUANTIZE_MIN) * scale).astype(np.uint8)
        return quantized


def center(quantized: NDArray[np.uint8]) -> Vectors:
    """Turn bytes into floats in [-1, 1) around zero, as cosine distances need them.

    Raw bytes are all positive: unrelated vectors would be at a cosine distance of only 0.25.

    Parameters
    ----------
    quantized : [shape=(n, 128)], uint8
        What ``Postprocessor.quantize`` returns.

    Returns
    -------
    [shape=(n, 128)], float32
        ``(quantized - 128) / 128``.
    """
    return (quantized.astype(np.float32) - np.float32(128)) / np.float32(128)


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (ValueError, EOFError, TypeError, BadZipFile) as error:
        raise WeightsMismatchError(
            f"received {path.name} that is not an npz file of plain arrays ({error}), expected "
            "VGGish's PCA parameters; delete it and run: python app.py models download vggish"
        ) from error
