import numpy as np
import pytest

from audiosearch.errors import InvalidWaveformError
from audiosearch.vggish import params
from audiosearch.vggish.log_mel import log_mel, n_frames
from tests.conftest import sine


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2), (15_600, 96), (16_000, 98), (64_000, 398)],
)
def test_only_whole_frames_count(n_samples, expected):
    spectrogram = log_mel(np.zeros(n_samples, np.float32))
    assert n_frames(n_samples) == expected
    assert spectrogram.shape == (expected, params.N_MELS)
    assert spectrogram.dtype == np.float32


def test_one_step_of_many_frames_equals_frames_one_by_one(noise):
    waveform = np.tile(noise, 4)  # 798 frames: two steps of the transform
    spectrogram = log_mel(waveform)
    for frame in (0, 511, 512, 797):
        alone = log_mel(waveform[160 * frame : 160 * frame + 400])
        np.testing.assert_array_equal(alone, spectrogram[frame : frame + 1])


@pytest.mark.parametrize("start_frame", [0, 1, 48, 102])
def test_slices_equal_the_wholes(noise, start_frame):
    first = start_frame * params.STFT_HOP_LENGTH
    part = log_mel(noise[first : first + params.PATCH_SAMPLES])
    np.testing.assert_array_equal(part, log_mel(noise)[start_frame : start_frame + 96])


@pytest.mark.parametrize("log_offset", [0.01, 0.001])
def test_silence_is_the_logarithm_of_the_offset(log_offset):
    spectrogram = log_mel(np.zeros(16_000), log_offset)
    np.testing.assert_allclose(spectrogram, np.log(log_offset), rtol=1e-12)


def mel(frequency_hz):
    return 1127 * np.log(1 + frequency_hz / 700)


@pytest.mark.parametrize("frequency_hz", [250, 1_000, 4_000, 7_000])
def test_tone_is_loudest_in_its_band(frequency_hz):
    """Centres are equally spaced in mel between 125 and 7,500 Hz: the tone's is the nearest."""
    centers = np.linspace(mel(125), mel(7_500), 66)[1:-1]
    expected = np.argmin(np.abs(centers - mel(frequency_hz)))
    spectrogram = log_mel(sine(1.0, frequency_hz))
    assert set(spectrogram.argmax(axis=1)) == {expected}


FRAMES = {
    "noise": np.random.default_rng(1).normal(0, 0.1, 400),
    "constant": np.full(400, 0.5),
    "loud tone": np.sin(2 * np.pi * 440 * np.arange(400) / 16_000),
    "impulse": np.eye(1, 400, 200)[0],
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_equals_the_direct_computation(frame):
    """By the definition: windowed Fourier sums, triangles in mel, logarithm."""
    hann = np.sin(np.pi * np.arange(400) / 400) ** 2
    magnitude = [
        abs(np.sum(frame * hann * np.exp(-2j * np.pi * k * np.arange(400) / 512)))
        for k in range(257)
    ]
    edges = np.linspace(mel(125), mel(7_500), 66)
    bins = mel(np.arange(257) * 16_000 / 512)
    triangles = [np.interp(bins, edges[i : i + 3], [0, 1, 0]) for i in range(64)]
    expected = np.log(triangles @ np.array(magnitude) + params.LOG_OFFSET)
    np.testing.assert_allclose(log_mel(frame)[0], expected, rtol=1e-10)
    rounded = log_mel(frame.astype(np.float32))[0]
    np.testing.assert_allclose(rounded, expected, rtol=0, atol=1e-4)  # 4e-5 was measured


@pytest.mark.parametrize(
    "waveform",
    [np.zeros((2, 16_000), np.float32), np.zeros(16_000, np.int16), np.float32(0.5)],
    ids=["stereo", "int16", "scalar"],
)
def test_what_is_no_waveform_is_refused(waveform):
    with pytest.raises(InvalidWaveformError, match="expected mono float32"):
        log_mel(np.asarray(waveform))
