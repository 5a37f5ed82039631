import io
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audiosearch.errors import AudioDecodeError, InvalidQueryError, NotFoundError, TooLongError
from audiosearch.playback.clips import ClipFormat, clip
from tests.audio_files import write_soundfile
from tests.conftest import sine
from tests.unit.playback.sounds import FORMATS, LEFT_HZ, RATES, RIGHT_HZ, SECONDS, pitch_hz, tones

KINDS: list[ClipFormat] = ["wav", "ogg"]


@pytest.mark.parametrize("format", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_clip_sounds_as_its_stretch(recordings: Path, name: str, format: ClipFormat) -> None:
    data = clip(recordings / name, 2.5, 5.25, format)
    samples, rate = sf.read(io.BytesIO(data))
    assert sf.info(io.BytesIO(data)).format == format.upper()
    assert rate == min(RATES[name], 48_000)
    assert samples.shape[1] == 2
    assert len(samples) / rate == pytest.approx(2.75, abs=0.02)
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    assert pitch_hz(middle[:, 0], rate) == pytest.approx(LEFT_HZ, abs=0.2)
    assert pitch_hz(middle[:, 1], rate) == pytest.approx(RIGHT_HZ, abs=0.2)
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("name", ["tones.wav", "tones.aiff"])
def test_16_bits_come_out_as_they_went_in(recordings: Path, name: str) -> None:
    whole, rate = sf.read(recordings / name, dtype="int16")
    samples, _ = sf.read(io.BytesIO(clip(recordings / name, 1.5, 4, "wav")), dtype="int16")
    np.testing.assert_array_equal(samples, whole[round(1.5 * rate) : 4 * rate])


def test_clips_are_where_they_should_be(tmp_path: Path) -> None:
    """A tone a second, each higher than the one before."""
    sound = np.concatenate([sine(1.0, 300 + 100 * each, 44_100) for each in range(8)])
    write_soundfile(tmp_path / "steps.mp3", sound, 44_100, format="MP3")
    for second in range(8):
        data = clip(tmp_path / "steps.mp3", second + 0.1, second + 0.9, "wav")
        samples, rate = sf.read(io.BytesIO(data))
        assert pitch_hz(samples, rate) == pytest.approx(300 + 100 * second, abs=1)


@pytest.mark.parametrize("format", KINDS)
@pytest.mark.parametrize("rate", [8_000, 11_025, 192_000])
def test_mono_at_odd_rates(tmp_path: Path, rate: int, format: ClipFormat) -> None:
    write_soundfile(tmp_path / "a.wav", sine(3.0, 440, rate), rate, subtype="PCM_16")
    samples, clip_rate = sf.read(io.BytesIO(clip(tmp_path / "a.wav", 1, 2, format)))
    assert samples.shape == (min(rate, 48_000),)
    assert clip_rate == min(rate, 48_000)
    assert pitch_hz(samples, clip_rate) == pytest.approx(440, abs=0.5)


def test_more_channels_are_heard_at_both_sides(tmp_path: Path) -> None:
    channels = np.stack([sine(2.0, hz) for hz in (300, 500, 800, 1300)], axis=1)
    write_soundfile(tmp_path / "a.wav", channels, 16_000, subtype="FLOAT")
    samples, _ = sf.read(io.BytesIO(clip(tmp_path / "a.wav", 0, 2, "wav")))
    loud = np.abs(np.fft.rfft(samples, axis=0))[[600, 1000, 1600, 2600]] > 1000
    assert loud.T.tolist() == [[True, False, True, True], [False, True, True, True]]


def test_the_end_is_where_the_recording_ends(recordings: Path) -> None:
    samples, rate = sf.read(io.BytesIO(clip(recordings / "tones.wav", 7, 60, "wav")))
    assert len(samples) == rate * (SECONDS - 7)


@pytest.mark.parametrize("name", ["tones.wav", "tones.mp3", "tones.mkv", "tones.aac"])
def test_a_clip_behind_the_end_is_refused(recordings: Path, name: str) -> None:
    with pytest.raises(InvalidQueryError, match=r"received start: 9 .* before its end"):
        clip(recordings / name, 9, 10, "wav")


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(2, 2), (3, 2), (-1, 2), (0, float("inf")), (0, float("nan"))]
)
def test_what_is_no_stretch_is_refused(recordings: Path, start_s: float, end_s: float) -> None:
    with pytest.raises(InvalidQueryError, match="expected seconds"):
        clip(recordings / "tones.wav", start_s, end_s, "wav")


def test_a_long_clip_is_refused(recordings: Path) -> None:
    with pytest.raises(TooLongError, match="a stretch of 301 s, expected at most 300 s"):
        clip(recordings / "tones.wav", 0, 301, "wav")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        clip(tmp_path / "absent.wav", 0, 1, "wav")
    with pytest.raises(AudioDecodeError):
        clip(b"no sound at all", 0, 1, "wav")


def test_bytes_are_as_good_as_a_file() -> None:
    data = io.BytesIO()
    write_soundfile(data, tones(2.0, 16_000), 16_000, format="FLAC")
    samples, _ = sf.read(io.BytesIO(clip(data.getvalue(), 0.5, 1.5, "ogg")))
    assert samples.shape == (16_000, 2)
