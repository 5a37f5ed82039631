"""The embedded YAMNet against goldens of the original in TensorFlow (``make_yamnet_goldens``)."""

import csv

import numpy as np
import pytest

from audiosearch.encoders.settings import EncoderSettings
from audiosearch.encoders.yamnet import YAMNetEncoder
from audiosearch.errors import ModelNotFoundError, WeightsMismatchError
from audiosearch.openvino_runtime import import_openvino
from audiosearch.vggish.log_mel import log_mel
from audiosearch.weights import models_dir
from tests.regression.make_yamnet_goldens import CLIPS, GOLDENS, load_clip, sha256

MAX_COSINE_DISTANCE = 1e-8  # 7.8e-10 was measured
MAX_SCORE_ERROR = 1e-4  # of probabilities


@pytest.fixture(scope="module")
def goldens():
    with np.load(GOLDENS, allow_pickle=False) as stored:
        return dict(stored)


class OriginalHop(YAMNetEncoder):
    patch_hop_frames = 48


@pytest.fixture(scope="module")
def encoder():
    return OriginalHop(EncoderSettings(precision="f32"))


def cosine_distances(a, b):
    """Compare row by row in float64: float32 errs by more than the bound."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return 1 - np.sum(a * b, axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("clip", CLIPS)
def test_frames_equal_the_originals(encoder, goldens, clip):
    assert str(goldens[f"sha256:{clip}"]) == sha256(clip), "the clip is another: make new goldens"
    frames = encoder._forward(encoder._patches(encoder.log_mel(load_clip(clip))))
    assert frames.shape == goldens[clip].shape
    embeddings, scores = np.split(frames, [1024], axis=1)
    expected_embeddings, expected_scores = np.split(goldens[clip], [1024], axis=1)
    assert np.max(cosine_distances(embeddings, expected_embeddings)) < MAX_COSINE_DISTANCE
    np.testing.assert_allclose(scores, expected_scores, atol=MAX_SCORE_ERROR)


@pytest.mark.parametrize("clip", CLIPS)
def test_vector_is_half_embeddings_half_classes(encoder, goldens, clip):
    vector = encoder.embed([load_clip(clip)], 16_000)
    mean = goldens[clip].astype(np.float64).mean(axis=0, keepdims=True)
    halves = [mean[:, :1024], np.sqrt(mean[:, 1024:])]
    expected = np.hstack([half / np.linalg.norm(half) for half in halves])
    assert np.max(cosine_distances(vector, expected)) < MAX_COSINE_DISTANCE


TIME_S = np.arange(48_000) / 16_000
SOUNDS = {
    "Silence": np.zeros(48_000),
    "White noise": np.random.default_rng(0).uniform(-1, 1, 48_000),
    "Sine wave": np.sin(2 * np.pi * 440 * TIME_S),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_scores_fit_the_class_map(name):
    """Google's own test of an installation: the class is among the ten that score best."""
    with (models_dir() / "yamnet_class_map.csv").open() as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    frames = log_mel(SOUNDS[name].astype(np.float32), YAMNetEncoder.log_offset)
    patches = np.stack([frames[first : first + 96] for first in range(0, len(frames) - 95, 48)])
    network = import_openvino().Core().compile_model(models_dir() / "yamnet.xml", "CPU")
    scores = network({"patches": patches})["scores"]
    assert scores.shape == (len(patches), len(names)) == (5, 521)
    best = np.argsort(scores.mean(axis=0))[-10:]
    assert name in [names[index] for index in best]


def test_absent_weights_are_named(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"yamnet\.xml"):
        YAMNetEncoder(EncoderSettings(models_dir=tmp_path))


def test_other_weights_are_refused_unless_allowed(tmp_path, encoder):
    (tmp_path / "yamnet.xml").write_bytes((models_dir() / "yamnet.xml").read_bytes())
    weights = bytearray((models_dir() / "yamnet.bin").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "yamnet.bin").write_bytes(weights)
    with pytest.raises(WeightsMismatchError, match="unverified"):
        YAMNetEncoder(EncoderSettings(models_dir=tmp_path))
    other = YAMNetEncoder(EncoderSettings(models_dir=tmp_path, unverified_weights=True))
    assert other.version != encoder.version
