"""Reads Google's VGGish checkpoint, TensorFlow's V1 format in one file."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import WeightsMismatchError
from audiosearch.vggish.network import import_tensorflow, weight_shapes


def read_checkpoint(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read the network's 18 arrays; whatever else a training run has stored is left out.

    Parameters
    ----------
    path : Path
        A checkpoint such as ``vggish_model.ckpt``.

    Returns
    -------
    dict of str to array, float32
        The arrays of ``network.weight_shapes``, 72,141,184 values in all.

    Raises
    ------
    WeightsMismatchError
        If the file is no checkpoint, is damaged, or lacks an array of the expected shape and type.
    """
    tf = import_tensorflow()
    try:
        reader = tf.train.load_checkpoint(os.fspath(path))
        stored = reader.get_variable_to_shape_map()
        for name, shape in weight_shapes().items():
            if tuple(stored.get(name, ())) != shape:
                raise WeightsMismatchError(
                    f"received {path.name} with {name} of shape {stored.get(name, 'absent')}, "
                    f"expected {list(shape)}: it is not a VGGish checkpoint"
                )
        weights = {name: reader.get_tensor(name) for name in weight_shapes()}
    except tf.errors.OpError as error:
        raise WeightsMismatchError(
            f"received {path.name} that TensorFlow cannot read ({error.message}), "
            "expected a VGGish checkpoint; delete it and run: "
            "python app.py models download vggish"
        ) from error
    for name, array in weights.items():
        if array.dtype != np.float32:
            raise WeightsMismatchError(
                f"received {path.name} with {name} of type {array.dtype}, expected float32"
            )
    return weights
