"""Google's own smoke test of VGGish: three seconds of a 1 kHz sine, with the recorded numbers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audiosearch.encoders.settings import EncoderSettings
from audiosearch.encoders.vggish import CHECKPOINT, PCA_PARAMS, VGGishEncoder
from audiosearch.vggish import params
from audiosearch.vggish.log_mel import log_mel
from audiosearch.vggish.postprocess import Postprocessor, center
from audiosearch.weights import models_dir

RECORDED = json.loads((Path(__file__).parent / "data" / "vggish_smoke_test.json").read_text())
GOOGLES_TOLERANCE = 0.1  # of mean and deviation, relative


def smoke_waveform() -> np.ndarray:
    time_s = np.arange(3 * params.SAMPLE_RATE) / params.SAMPLE_RATE
    return np.sin(2 * np.pi * 1000 * time_s)


@pytest.fixture
def pca_params(shared_data: Callable[[str], Path]) -> Path:
    own = models_dir() / PCA_PARAMS
    return own if own.exists() else shared_data(f"vggish/{PCA_PARAMS}")


def test_first_log_mel_frame() -> None:
    frame = log_mel(smoke_waveform())[0]
    recorded = RECORDED["log_mel_frame_first3"] + RECORDED["log_mel_frame_last3"]
    received = np.concatenate([frame[:3], frame[-3:]])
    np.testing.assert_allclose(received, recorded, rtol=0, atol=1e-8)
    np.testing.assert_allclose(received.astype(np.float32), recorded, rtol=0, atol=1e-6)


def test_postprocessing_gives_every_recorded_byte(pca_params: Path) -> None:
    raw = np.array(RECORDED["raw_embedding"], np.float32)[np.newaxis]
    quantized = Postprocessor(pca_params).quantize(raw)
    assert quantized.tolist() == [RECORDED["postprocessed"]]
    assert quantized.mean() == pytest.approx(RECORDED["postprocessed_mean"])
    assert quantized.std() == pytest.approx(RECORDED["postprocessed_std"])


def test_centred_floats_keep_every_byte() -> None:
    quantized = np.array([RECORDED["postprocessed"]], np.uint8)
    centred = center(quantized)
    assert centred.dtype == np.float32
    assert centred.min() >= -1
    assert centred.max() < 1
    np.testing.assert_array_equal(centred * 128 + 128, quantized)


@pytest.mark.parametrize("engine", ["tensorflow", "openvino"])
def test_real_weights(engine: str) -> None:
    if not (models_dir() / CHECKPOINT).exists():
        pytest.skip(
            f"{CHECKPOINT} is not in {models_dir()}; run: python app.py models download vggish"
        )
    settings = EncoderSettings(engine=engine, precision="f32")
    patches = log_mel(smoke_waveform()).astype(np.float32)[: 3 * params.PATCH_FRAMES]
    raw = VGGishEncoder(settings).raw_vectors(
        patches.reshape(3, params.PATCH_FRAMES, params.N_MELS)
    )
    np.testing.assert_allclose(raw[0], RECORDED["raw_embedding"], rtol=0, atol=1e-4)
    assert raw.mean() == pytest.approx(RECORDED["raw_mean"], rel=GOOGLES_TOLERANCE)
    assert raw.std() == pytest.approx(RECORDED["raw_std"], rel=GOOGLES_TOLERANCE)

    quantized = Postprocessor(models_dir() / PCA_PARAMS).quantize(raw)
    assert quantized.mean() == pytest.approx(RECORDED["postprocessed_mean"], rel=GOOGLES_TOLERANCE)
    assert quantized.std() == pytest.approx(RECORDED["postprocessed_std"], rel=GOOGLES_TOLERANCE)
    # Truncation turns the last digit of a float into a whole step here and there.
    differences = quantized[0].astype(int) - RECORDED["postprocessed"]
    assert np.abs(differences).max() <= 1
    assert np.count_nonzero(differences) <= 2
