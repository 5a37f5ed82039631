import numpy as np
import pytest

from audiosearch.encoders.base import pad_short


def test_short_sound_is_followed_by_its_reflection():
    sound = np.arange(4, dtype=np.float32)
    padded = pad_short(sound)
    assert padded.shape == (15_600,)
    assert padded.dtype == np.float32
    np.testing.assert_array_equal(padded[:12], [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1])


def test_no_seam_jumps():
    sound = np.sin(np.arange(3_200) / 20, dtype=np.float32)
    steps = np.abs(np.diff(pad_short(sound)))
    assert steps.max() == np.abs(np.diff(sound)).max()


@pytest.mark.parametrize("n_samples", [1, 2, 7_800, 15_599])
def test_every_short_length_is_padded_to_one_patch(n_samples):
    sound = np.linspace(-1, 1, n_samples, dtype=np.float32)
    padded = pad_short(sound)
    assert padded.shape == (15_600,)
    np.testing.assert_array_equal(padded[:n_samples], sound)


@pytest.mark.parametrize("n_samples", [15_600, 15_601])
def test_long_enough_sound_stays_as_it_is(n_samples):
    sound = np.zeros(n_samples, np.float32)
    assert pad_short(sound) is sound
