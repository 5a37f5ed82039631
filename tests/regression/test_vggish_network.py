"""One network, four ways: NumPy in float64, TensorFlow, OpenVINO in f32 and in bf16.

The weights are random, in a checkpoint of Google's format; the patches are of real clips.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosearch.encoders.base import l2_normalize
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.encoders.vggish import CHECKPOINT, VGGishEncoder
from audiosearch.errors import ConversionError, InvalidQueryError, WeightsMismatchError
from audiosearch.openvino_runtime import has_bf16
from audiosearch.resample import resample
from audiosearch.vggish import params
from audiosearch.vggish.checkpoint import read_checkpoint
from audiosearch.vggish.log_mel import log_mel
from audiosearch.vggish.network import import_tensorflow, weight_shapes
from audiosearch.vggish.openvino_ir import ensure_ir
from tests.conftest import PROJECT_DIR, TOY_DATA, sine

N_IN_NUMPY = 4  # patches: float64 takes its time


@pytest.fixture(scope="module")
def settings(random_vggish: Path) -> EncoderSettings:
    return EncoderSettings(models_dir=random_vggish, precision="f32", unverified_weights=True)


@pytest.fixture(scope="module")
def patches() -> np.ndarray:
    """Give the first patch [shape=(96, 64)] of every third toy clip, float32."""
    first_patches = []
    for path in sorted(TOY_DATA.glob("*.ogg"))[::3]:
        waveform, sample_rate = soundfile.read(path, dtype="float32")
        spectrogram = log_mel(resample(waveform, sample_rate, params.SAMPLE_RATE))
        first_patches.append(spectrogram[: params.PATCH_FRAMES])
    assert len(first_patches) > N_IN_NUMPY
    return np.stack(first_patches)


@pytest.fixture(scope="module")
def from_tensorflow(settings: EncoderSettings, patches: np.ndarray) -> np.ndarray:
    return VGGishEncoder(replace(settings, engine="tensorflow")).raw_vectors(patches)


def numpy_forward(weights: dict[str, np.ndarray], patches: np.ndarray) -> np.ndarray:
    """Run VGGish as its paper tells it, in float64: patches (n, 96, 64) -> (n, 128)."""

    def convolve(x: np.ndarray, name: str) -> np.ndarray:
        kernel = weights[f"vggish/{name}/weights"].astype(np.float64)
        height, width = x.shape[1:3]
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        shifted = (
            padded[:, row : row + height, column : column + width] @ kernel[row, column]
            for row in range(3)
            for column in range(3)
        )
        return np.maximum(sum(shifted) + weights[f"vggish/{name}/biases"], 0)

    def pool(x: np.ndarray) -> np.ndarray:
        n, height, width, channels = x.shape
        return x.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))

    def connect(x: np.ndarray, name: str) -> np.ndarray:
        kernel = weights[f"vggish/{name}/weights"].astype(np.float64)
        return x @ kernel + weights[f"vggish/{name}/biases"]

    x = patches.astype(np.float64)[..., np.newaxis]
    x = pool(convolve(x, "conv1"))
    x = pool(convolve(x, "conv2"))
    x = pool(convolve(convolve(x, "conv3/conv3_1"), "conv3/conv3_2"))
    x = pool(convolve(convolve(x, "conv4/conv4_1"), "conv4/conv4_2"))
    x = x.reshape(len(x), -1)
    x = np.maximum(connect(x, "fc1/fc1_1"), 0)
    x = np.maximum(connect(x, "fc1/fc1_2"), 0)
    return connect(x, "fc2")


def relative_error(received: np.ndarray, expected: np.ndarray) -> float:
    """Give the largest error of a row, as a part of the row's length."""
    errors = np.linalg.norm(received - expected, axis=1) / np.linalg.norm(expected, axis=1)
    return float(errors.max())


def cosine_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return 1 - np.sum(l2_normalize(a) * l2_normalize(b), axis=1)


def test_checkpoint_is_read_whole(random_vggish: Path) -> None:
    weights = read_checkpoint(random_vggish / CHECKPOINT)
    assert len(weights) == 18
    assert {name: array.shape for name, array in weights.items()} == weight_shapes()
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}
    assert sum(array.size for array in weights.values()) == 72_141_184


def test_random_weights_are_fit_to_test_with(from_tensorflow: np.ndarray) -> None:
    assert 0.25 < from_tensorflow.std() < 0.45
    neighbours = cosine_distance(from_tensorflow, np.roll(from_tensorflow, 1, axis=0))
    assert neighbours.min() > 0.05


def test_tensorflow_agrees_with_numpy(
    random_vggish: Path, patches: np.ndarray, from_tensorflow: np.ndarray
) -> None:
    expected = numpy_forward(read_checkpoint(random_vggish / CHECKPOINT), patches[:N_IN_NUMPY])
    assert relative_error(from_tensorflow[:N_IN_NUMPY], expected) < 1e-5


def test_openvino_f32_agrees_with_tensorflow(
    settings: EncoderSettings, patches: np.ndarray, from_tensorflow: np.ndarray
) -> None:
    received = VGGishEncoder(settings).raw_vectors(patches)
    assert relative_error(received, from_tensorflow) < 1e-4


def test_openvino_bf16_agrees_with_tensorflow(
    settings: EncoderSettings, patches: np.ndarray, from_tensorflow: np.ndarray
) -> None:
    if not has_bf16():
        pytest.skip("this processor has neither AMX nor AVX512-BF16")
    received = VGGishEncoder(replace(settings, precision="bf16")).raw_vectors(patches)
    distances = cosine_distance(received, from_tensorflow)
    assert distances.max() < 1e-3
    assert distances.max() > 1e-7, "this is f32's result: bf16 was not in use"


def test_tensorflow_computes_in_f32_alone(settings: EncoderSettings) -> None:
    with pytest.raises(InvalidQueryError, match=r"tensorflow.*bf16"):
        VGGishEncoder(replace(settings, engine="tensorflow", precision="bf16"))


def test_short_sound_repeats_its_last_vector(settings: EncoderSettings) -> None:
    encoder = VGGishEncoder(settings)
    (vector,) = encoder.embed([sine(2.0)], params.SAMPLE_RATE)
    blocks = vector.reshape(4, params.EMBEDDING_SIZE)
    np.testing.assert_array_equal(blocks[2], blocks[1])
    np.testing.assert_array_equal(blocks[3], blocks[1])
    assert np.abs(blocks[1] - blocks[0]).max() > 0, "two patches of its own"


@pytest.mark.parametrize("min_duration", [1, 3])
def test_min_duration_sets_the_length(settings: EncoderSettings, min_duration: int) -> None:
    whole = VGGishEncoder(replace(settings, postprocess=False))
    encoder = VGGishEncoder(replace(settings, postprocess=False, min_duration=min_duration))
    waveform = sine(4.0) * np.linspace(0, 1, 64_000, dtype=np.float32)
    (vector,) = encoder.embed([waveform], params.SAMPLE_RATE)
    assert encoder.dim == len(vector) == 128 * min_duration
    first = whole.embed([waveform], params.SAMPLE_RATE)[:, : encoder.dim]
    np.testing.assert_allclose(vector, l2_normalize(first)[0], rtol=0, atol=1e-6)


def test_version_names_all_that_changes_vectors(settings: EncoderSettings) -> None:
    version = VGGishEncoder(settings).version
    assert VGGishEncoder(replace(settings, engine="tensorflow")).version == version
    assert VGGishEncoder(replace(settings, min_duration=2)).version != version
    assert VGGishEncoder(replace(settings, postprocess=False)).version != version


def test_other_weights_are_refused_by_default(settings: EncoderSettings) -> None:
    with pytest.raises(WeightsMismatchError, match="--unverified-weights"):
        VGGishEncoder(replace(settings, unverified_weights=False))


def test_two_processes_convert_at_once(random_vggish: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / CHECKPOINT
    os.link(random_vggish / CHECKPOINT, checkpoint)
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _: ensure_ir(checkpoint, "c0ffee" * 8), range(2))
    assert first == second
    assert "c0ffee" in first.name
    assert set(tmp_path.iterdir()) == {checkpoint, first, first.with_suffix(".bin")}
    assert first.with_suffix(".bin").stat().st_size > 288_000_000
    shutil.rmtree(tmp_path)


def test_file_that_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINT
    path.write_bytes(b"<html>404</html>" * 100)
    with pytest.raises(WeightsMismatchError, match=r"vggish_model\.ckpt that TensorFlow cannot"):
        read_checkpoint(path)
    with pytest.raises(ConversionError, match="TensorFlow cannot read"):
        ensure_ir(path, "0" * 64)
    assert list(tmp_path.iterdir()) == [path]


def test_checkpoint_of_another_network(tmp_path: Path) -> None:
    tf = import_tensorflow()
    path = tmp_path / CHECKPOINT
    saver = tf.compat.v1.train.Saver(
        {"vggish/conv1/weights": tf.Variable(tf.zeros((3, 3, 3, 64)))}, write_version=1
    )
    saver.save(None, str(path), write_meta_graph=False, write_state=False)
    with pytest.raises(WeightsMismatchError, match=r"conv1/weights of shape \[3, 3, 3, 64\]"):
        read_checkpoint(path)


SERVING = """
import sys
sys.modules["tensorflow"] = None
from pathlib import Path
from audiosearch.encoders import EncoderSettings, load_encoder
from tests.conftest import sine
settings = EncoderSettings(models_dir=Path({folder!r}), engine={engine!r}, unverified_weights=True)
assert load_encoder("vggish", settings).embed([sine(1.0)], 16_000).shape == (1, 512)
assert sys.modules.get("openvino_telemetry") is None
print(sys.modules["tensorflow"] is not None)
"""


@pytest.mark.parametrize(("engine", "carries"), [("openvino", "False"), ("tensorflow", "True")])
def test_only_its_own_engine_carries_tensorflow(
    random_vggish: Path, engine: str, carries: str
) -> None:
    code = SERVING.format(folder=str(random_vggish), engine=engine)
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    )
    assert child.stdout.split() == [carries]
