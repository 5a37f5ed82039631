"""VGGish's network, written once, in TensorFlow; other engines convert this one.

Hershey et al., "CNN Architectures for Large-Scale Audio Classification", ICASSP 2017: VGG's
configuration A without its last block, and 128 values without activation as the embedding.
"""

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audiosearch.vggish import params

Weights = Mapping[str, NDArray[np.float32]]
"""The 18 arrays by their names in Google's checkpoint, such as ``vggish/conv1/weights``."""


class Convolution(NamedTuple):
    """A 3x3 SAME convolution with ReLU, and whether a 2x2 max-pool follows it."""

    name: str
    channels: int
    pooled: bool


class Dense(NamedTuple):
    """A fully connected layer, and whether it has a ReLU."""

    name: str
    units: int
    activated: bool


CONVOLUTIONS = (
    Convolution("vggish/conv1", 64, pooled=True),
    Convolution("vggish/conv2", 128, pooled=True),
    Convolution("vggish/conv3/conv3_1", 256, pooled=False),
    Convolution("vggish/conv3/conv3_2", 256, pooled=True),
    Convolution("vggish/conv4/conv4_1", 512, pooled=False),
    Convolution("vggish/conv4/conv4_2", 512, pooled=True),
)
FLAT_SIZE = 6 * 4 * 512  # what four max-pools leave of 96 frames x 64 bands, 512 channels each
DENSE = (
    Dense("vggish/fc1/fc1_1", 4096, activated=True),
    Dense("vggish/fc1/fc1_2", 4096, activated=True),
    Dense("vggish/fc2", params.EMBEDDING_SIZE, activated=False),
)


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """Tell the shapes of the 18 arrays, by name: 72,141,184 values in all."""
    shapes: dict[str, tuple[int, ...]] = {}
    channels = 1
    for convolution in CONVOLUTIONS:
        shapes[f"{convolution.name}/weights"] = (3, 3, channels, convolution.channels)
        shapes[f"{convolution.name}/biases"] = (convolution.channels,)
        channels = convolution.channels
    size = FLAT_SIZE
    for dense in DENSE:
        shapes[f"{dense.name}/weights"] = (size, dense.units)
        shapes[f"{dense.name}/biases"] = (dense.units,)
        size = dense.units
    return shapes


def build_network(weights: Weights) -> Callable[[Any], Any]:
    """Build the network as a TensorFlow function.

    Parameters
    ----------
    weights : mapping of str to array, float32
        The arrays of ``weight_shapes``.

    Returns
    -------
    tf.function
        From patches [shape=(n, 96, 64)] to raw vectors [shape=(n, 128)], both float32.
    """
    tf = import_tensorflow()
    constants = {name: tf.constant(array) for name, array in weights.items()}
    patch = tf.TensorSpec((None, params.PATCH_FRAMES, params.N_MELS), tf.float32, name="patches")

    @tf.function(input_signature=[patch])  # type: ignore[untyped-decorator]
    def network(patches: Any) -> Any:
        x = patches[..., tf.newaxis]  # (n, 96, 64, 1)
        for name, _, pooled in CONVOLUTIONS:
            x = tf.nn.conv2d(x, constants[f"{name}/weights"], 1, "SAME")
            x = tf.nn.relu(x + constants[f"{name}/biases"])
            if pooled:
                x = tf.nn.max_pool2d(x, 2, 2, "SAME")
        x = tf.reshape(x, (-1, FLAT_SIZE))  # (n, 6, 4, 512) -> (n, 12288)
        for name, _, activated in DENSE:
            x = x @ constants[f"{name}/weights"] + constants[f"{name}/biases"]
            if activated:
                x = tf.nn.relu(x)
        return x  # (n, 128)

    return network  # type: ignore[no-any-return]


def import_tensorflow() -> Any:
    """Import TensorFlow, also where a process has ruled it out to keep docarray from it."""
    if sys.modules.get("tensorflow", ...) is None:
        del sys.modules["tensorflow"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its greetings are no errors
    return import_module("tensorflow")
