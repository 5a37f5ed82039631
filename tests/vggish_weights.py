"""Makes VGGish weights at random, in the very files that Google publishes the real ones in.

``make_random_weights`` does so in a process of its own, since TensorFlow stays in memory.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from audiosearch.vggish import params
from audiosearch.vggish.log_mel import log_mel
from audiosearch.vggish.network import (
    CONVOLUTIONS,
    DENSE,
    FLAT_SIZE,
    import_tensorflow,
    weight_shapes,
)

PROJECT_DIR = Path(__file__).resolve().parent.parent
# Real clips vary more than the examples here: this gives them the real network's deviation, 0.35.
RAW_SCALE = 0.17


def make_random_weights(folder: Path, seed: int = 0) -> None:
    """Write ``vggish_model.ckpt`` (V1 format) and ``vggish_pca_params.npz`` into a folder.

    The raw vectors have a deviation near 0.35 and differ between sounds; the PCA is a random
    rotation.
    """
    command = [sys.executable, "-m", "tests.vggish_weights", str(folder.absolute()), str(seed)]
    subprocess.run(command, cwd=PROJECT_DIR, check=True)


def write_weights(folder: Path, seed: int) -> None:
    """Write both files; TensorFlow is loaded into this process."""
    tf = import_tensorflow()
    rng = np.random.default_rng(seed)
    variables = {name: tf.Variable(array) for name, array in random_weights(rng).items()}
    tf.get_logger().setLevel("ERROR")  # it finds the format old, as it is
    saver = tf.compat.v1.train.Saver(variables, write_version=1)
    saver.save(None, str(folder / "vggish_model.ckpt"), write_meta_graph=False, write_state=False)

    rotation, _ = np.linalg.qr(rng.standard_normal((params.EMBEDDING_SIZE, params.EMBEDDING_SIZE)))
    means = rng.normal(0, 0.05, params.EMBEDDING_SIZE)
    np.savez(folder / "vggish_pca_params.npz", pca_eigen_vectors=rotation, pca_means=means)


def random_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the 18 arrays, each layer scaled and shifted so that its outputs differ between sounds.

    Without that, the patches' vectors become the more alike the deeper the network: all patches
    are far from zero in the same direction.
    """
    tf = import_tensorflow()
    weights: dict[str, np.ndarray] = {}
    x = _example_patches(rng)[..., np.newaxis]

    def layer(name: str, product: Any, scale: float) -> Any:
        """Take a product with the drawn weights, and centre and scale what they give."""
        axes = range(len(product.shape) - 1)
        mean, variance = tf.nn.moments(product, list(axes))
        factor = scale / np.sqrt(np.mean(variance))
        weights[f"{name}/weights"] *= factor
        weights[f"{name}/biases"] = np.asarray(-mean * factor)
        return (product - mean) * factor

    for name, shape in weight_shapes().items():
        if name.endswith("/weights"):
            weights[name] = rng.standard_normal(shape, np.float32)
    for name, _, pooled in CONVOLUTIONS:
        x = tf.nn.relu(layer(name, tf.nn.conv2d(x, weights[f"{name}/weights"], 1, "SAME"), 1.0))
        if pooled:
            x = tf.nn.max_pool2d(x, 2, 2, "SAME")
    x = tf.reshape(x, (-1, FLAT_SIZE))
    for name, _, activated in DENSE:
        x = layer(name, x @ weights[f"{name}/weights"], 1.0 if activated else RAW_SCALE)
        if activated:
            x = tf.nn.relu(x)
    return weights


def _example_patches(rng: np.random.Generator, n: int = 64) -> np.ndarray:
    """Make patches [shape=(n, 96, 64)] of tones in noise, of all loudnesses and pitches."""
    time_s = np.arange(params.PATCH_SAMPLES) / params.SAMPLE_RATE
    waveforms = [
        amplitude
        * (np.sin(2 * np.pi * frequency_hz * time_s) + 0.3 * rng.standard_normal(len(time_s)))
        for amplitude, frequency_hz in zip(
            10 ** rng.uniform(-3, -0.5, n), 10 ** rng.uniform(2, 3.8, n), strict=True
        )
    ]
    return np.stack([log_mel(waveform.astype(np.float32)) for waveform in waveforms])


if __name__ == "__main__":
    write_weights(Path(sys.argv[1]), int(sys.argv[2]))
