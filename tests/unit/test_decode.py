import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import soundfile as sf

from audiosearch.decode import check_duration, decode
from audiosearch.errors import (
    AudioDecodeError,
    InvalidWaveformError,
    NoAudioError,
    NotFoundError,
    TooShortError,
    UnreadableFileError,
)
from audiosearch.identity import recording_id
from tests.audio_files import chirp, write_ffmpeg, write_silent_video, write_soundfile
from tests.conftest import sine

SECONDS = 6.0
OPUS_RATE = 48_000

# name: libsndfile's format and subtype
BY_SOUNDFILE = {
    "pcm16.wav": ("WAV", "PCM_16"),
    "pcm24.wav": ("WAV", "PCM_24"),
    "float.wav": ("WAV", "FLOAT"),
    "pcm16.flac": ("FLAC", "PCM_16"),
    "vorbis.ogg": ("OGG", "VORBIS"),
    "opus.opus": ("OGG", "OPUS"),
    "lame.mp3": ("MP3", "MPEG_LAYER_III"),
    "pcm16.aiff": ("AIFF", "PCM_16"),
}
# name: FFmpeg's encoder and options
BY_FFMPEG: dict[str, tuple[str, dict[str, Any]]] = {
    "aac.m4a": ("aac", {}),
    "alac.m4a": ("alac", {}),
    "aac.mov": ("aac", {}),
    "aac.mkv": ("aac", {}),
    "picture.mp4": ("aac", {"picture": True}),
    "picture.mkv": ("aac", {"picture": True}),
    "picture.avi": ("libmp3lame", {"picture": True}),
    "opus.webm": ("libopus", {"sample_rate": OPUS_RATE}),
    "raw.aac": ("aac", {}),
    "raw.ac3": ("ac3", {}),
}
FORMATS = [*BY_SOUNDFILE, *BY_FFMPEG]
# Nothing in these files tells how many samples the encoder put before the sound.
DELAYED = {"raw.aac", "raw.ac3", "picture.avi"}
# Frames decoded after a seek miss what the AAC decoder remembers of those before (noise shaping):
# the second that is decoded before the stretch makes up for it but for rounding at the start.
SEEKING_LOSSY = {"aac.m4a", "aac.mov", "picture.mp4", "aac.mkv", "picture.mkv"}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the chirp in every format."""
    folder = tmp_path_factory.mktemp("recordings")
    for name, (container, subtype) in BY_SOUNDFILE.items():
        rate = OPUS_RATE if subtype == "OPUS" else 44_100
        write_soundfile(
            folder / name, chirp(SECONDS, rate), rate, format=container, subtype=subtype
        )
    for name, (codec, options) in BY_FFMPEG.items():
        samples = chirp(SECONDS, options.get("sample_rate", 44_100))
        write_ffmpeg(folder / name, samples, codec, **options)
    return folder


@pytest.fixture(scope="module")
def source() -> np.ndarray:
    resampled: np.ndarray = librosa.resample(
        chirp(SECONDS), orig_sr=44_100, target_sr=16_000, res_type="soxr_hq"
    )
    return resampled


def correlation(decoded: np.ndarray, source: np.ndarray) -> float:
    n = min(len(decoded), len(source))
    return float(np.corrcoef(decoded[:n], source[:n])[0, 1])


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in DELAYED])
def test_every_format_sounds_as_its_source(recordings: Path, source: np.ndarray, name: str) -> None:
    decoded = decode(recordings / name)
    assert decoded.dtype == np.float32
    assert len(decoded) / 16_000 == pytest.approx(SECONDS, abs=0.05)
    assert correlation(decoded, source) > 0.995


@pytest.mark.parametrize("name", sorted(DELAYED))
def test_formats_that_begin_late_sound_as_their_source(recordings: Path, name: str) -> None:
    """Compared at their own rate, at which the delay is a whole number of samples."""
    decoded, source = decode(recordings / name, 44_100), chirp(SECONDS)
    assert len(decoded) / 44_100 == pytest.approx(SECONDS, abs=0.05)
    delay = np.correlate(decoded[: 44_100 + 2_205], source[:44_100]).argmax()
    assert correlation(decoded[delay:], source) > 0.995


@pytest.mark.parametrize("name", FORMATS)
def test_bytes_are_the_same_as_their_file(recordings: Path, name: str) -> None:
    path = recordings / name
    np.testing.assert_array_equal(decode(path.read_bytes()), decode(path))


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(0, 1.5), (0.37, 2), (2.3, 4.1), (3, 5), (2.55, 2.75), (4.5, None)]
)
@pytest.mark.parametrize("name", FORMATS)
def test_a_stretch_equals_the_slice_of_the_whole(
    recordings: Path, name: str, start_s: float, end_s: float | None
) -> None:
    whole = decode(recordings / name)
    stretch = decode(recordings / name, 16_000, start_s, end_s)
    expected = whole[round(start_s * 16_000) : None if end_s is None else round(end_s * 16_000)]
    assert len(stretch) == len(expected)
    np.testing.assert_allclose(stretch, expected, atol=0.02 if name in SEEKING_LOSSY else 1e-4)


@pytest.mark.parametrize("start_s", [SECONDS + 0.1, SECONDS + 5.0, 1e6])
@pytest.mark.parametrize("name", ["pcm16.wav", "lame.mp3", "aac.m4a", "raw.aac", "picture.mkv"])
def test_a_stretch_beyond_the_end_is_empty(recordings: Path, name: str, start_s: float) -> None:
    assert decode(recordings / name, 16_000, start_s, start_s + 2).size == 0


@pytest.mark.parametrize("name", ["pcm16.wav", "aac.m4a"])
def test_a_stretch_over_the_end_stops_there(recordings: Path, name: str) -> None:
    whole = decode(recordings / name)
    stretch = decode(recordings / name, 16_000, 5.0, 60.0)
    np.testing.assert_allclose(stretch, whole[5 * 16_000 :], atol=0.02)


@pytest.mark.parametrize("name", ["long.mp3", "long.ogg", "long.flac"])
def test_what_is_read_in_parts_equals_the_whole(tmp_path: Path, name: str) -> None:
    container = name.rpartition(".")[2].upper()
    write_soundfile(tmp_path / name, chirp(25.0, 16_000), 16_000, format=container)
    whole, _ = sf.read(tmp_path / name, dtype="float32")
    np.testing.assert_array_equal(decode(tmp_path / name), whole)


def test_stereo_is_the_mean_of_its_channels(tmp_path: Path) -> None:
    left, right = sine(1.0, 440), sine(1.0, 660)
    write_soundfile(tmp_path / "a.wav", np.stack([left, right], 1), 16_000, subtype="FLOAT")
    np.testing.assert_allclose(decode(tmp_path / "a.wav"), (left + right) / 2, atol=1e-6)


def test_opposite_channels_cancel(tmp_path: Path) -> None:
    tone = sine(0.5)
    write_soundfile(tmp_path / "a.flac", np.stack([tone, -tone], 1), 16_000, format="FLAC")
    assert np.abs(decode(tmp_path / "a.flac")).max() < 1e-4


def test_six_channels_at_a_high_rate(tmp_path: Path) -> None:
    tone = sine(2.0, 440, 96_000)
    channels = np.stack([tone * weight for weight in (1, 0, 0.5, 0, 0.9, 0.6)], 1)
    write_soundfile(tmp_path / "a.wav", channels, 96_000, subtype="PCM_24")
    np.testing.assert_allclose(
        decode(tmp_path / "a.wav")[800:-800], sine(2.0)[800:-800] / 2, atol=1e-3
    )


@pytest.mark.parametrize("res_type", ["soxr_hq", "kaiser_best"])
@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 44_100])
def test_resampling_keeps_a_tone(tmp_path: Path, sample_rate: int, res_type: str) -> None:
    path = tmp_path / "a.wav"
    write_soundfile(path, sine(1.0, 440, sample_rate), sample_rate, subtype="FLOAT")
    decoded = decode(path, 16_000, res_type=res_type)
    assert len(decoded) == 16_000
    np.testing.assert_allclose(decoded[800:-800], sine(1.0)[800:-800], atol=2e-3)


def test_the_rate_wanted_is_given(tmp_path: Path) -> None:
    write_soundfile(tmp_path / "a.wav", sine(1.0), 16_000, subtype="FLOAT")
    assert len(decode(tmp_path / "a.wav", 22_050)) == 22_050
    np.testing.assert_array_equal(decode(tmp_path / "a.wav", 16_000), sine(1.0))


@pytest.mark.parametrize("name", ["pcm16.wav", "pcm16.flac", "lame.mp3", "vorbis.ogg", "aac.m4a"])
def test_garbage_at_the_end_does_no_harm(
    recordings: Path, source: np.ndarray, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    garbage = np.random.default_rng(0).bytes(3000)
    path.write_bytes((recordings / name).read_bytes() + garbage)
    decoded = decode(path)
    assert len(decoded) / 16_000 == pytest.approx(SECONDS, abs=0.15)
    assert correlation(decoded, source) > 0.995


def test_a_broken_frame_costs_no_more_than_itself(
    recordings: Path, source: np.ndarray, tmp_path: Path
) -> None:
    data = bytearray((recordings / "lame.mp3").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = np.random.default_rng(0).bytes(600)
    (tmp_path / "broken.mp3").write_bytes(data)
    decoded = decode(tmp_path / "broken.mp3")
    assert len(decoded) / 16_000 == pytest.approx(SECONDS, abs=0.3)
    assert correlation(decoded[: 2 * 16_000], source) > 0.99


@pytest.mark.parametrize("name", ["lame.mp3", "vorbis.ogg", "pcm16.wav", "pcm16.flac", "aac.mkv"])
def test_a_truncated_file_gives_what_is_there(
    recordings: Path, source: np.ndarray, tmp_path: Path, name: str
) -> None:
    data = (recordings / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 4 // 5])
    decoded = decode(tmp_path / name)
    assert 0.4 * SECONDS < len(decoded) / 16_000 < 0.85 * SECONDS  # Vorbis has pages of 2.5 s
    assert correlation(decoded, source) > 0.99


@pytest.mark.parametrize("name", ["aac.m4a", "picture.mp4", "aac.mov"])
def test_a_film_cut_before_its_table_is_refused(
    recordings: Path, tmp_path: Path, name: str
) -> None:
    data = (recordings / name).read_bytes()
    (tmp_path / name).write_bytes(data[: data.rindex(b"moov") - 4])
    with pytest.raises(AudioDecodeError, match=rf"{name} cannot be decoded"):
        decode(tmp_path / name)


def test_a_video_without_sound(tmp_path: Path) -> None:
    write_silent_video(tmp_path / "silent.mp4")
    with pytest.raises(NoAudioError, match=r"silent\.mp4 has no audio stream"):
        decode(tmp_path / "silent.mp4")


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.m4a", "a.txt"])
def test_text_is_not_audio(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("This is not a sound.\n" * 100)
    with pytest.raises(AudioDecodeError, match=name):
        decode(tmp_path / name)
    with pytest.raises(AudioDecodeError):
        decode((tmp_path / name).read_bytes())


def test_noise_is_not_audio(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(np.random.default_rng(0).bytes(20_000))
    with pytest.raises(AudioDecodeError, match=r"noise\.wav"):
        decode(tmp_path / "noise.wav")


def test_nothing_is_not_audio(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    with pytest.raises(AudioDecodeError, match=r"empty\.mp3 is empty \(0 bytes\)"):
        decode(tmp_path / "empty.mp3")
    with pytest.raises(AudioDecodeError, match="received 0 bytes"):
        decode(b"")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to("absent.wav")
    with pytest.raises(NotFoundError, match=r"there is no file absent\.wav"):
        decode(tmp_path / "absent.wav")
    with pytest.raises(NotFoundError, match=r"link\.wav \(a broken link\)"):
        decode(tmp_path / "link.wav")


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="regular file"):
        decode(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(UnreadableFileError, match=r"pipe\.wav is not a regular file"):
        decode(tmp_path / "pipe.wav")


def test_an_unknown_codec(tmp_path: Path) -> None:
    write_soundfile(tmp_path / "a.wav", sine(1.0), 16_000)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[20:22] = b"\xfe\xff"  # the codec stands in an extension, which is not there
    with pytest.raises(AudioDecodeError, match="a codec that FFmpeg does not know"):
        decode(bytes(data))
    with pytest.raises(AudioDecodeError, match="a codec that FFmpeg does not know"):
        recording_id(bytes(data))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "private.wav"
    write_soundfile(path, sine(1.0), 16_000)
    path.chmod(0o000)
    with pytest.raises(UnreadableFileError, match=r"private\.wav cannot be read"):
        decode(path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_samples_that_are_no_numbers(tmp_path: Path, value: float) -> None:
    samples = sine(1.0)
    samples[100] = value
    write_soundfile(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    with pytest.raises(InvalidWaveformError, match=r"a\.wav with NaN or infinite samples"):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["50%.m4a", "%03d.m4a", "ü ☂.m4a", "a#t=1,2.m4a", "-i.m4a"])
def test_odd_names(recordings: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes((recordings / "aac.m4a").read_bytes())
    assert len(decode(tmp_path / name)) / 16_000 == pytest.approx(SECONDS, abs=0.05)


@pytest.mark.parametrize("name", ["talk:1.m4a", "concat:aac.m4a"])
def test_a_relative_name_with_a_colon_is_a_file(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_bytes((recordings / "aac.m4a").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert len(decode(Path(name))) / 16_000 == pytest.approx(SECONDS, abs=0.05)


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:6,\n{}\n#EXT-X-ENDLIST\n"
LIST = "ffconcat version 1.0\nfile '{}'\n"


@pytest.mark.parametrize("as_source", [Path, Path.read_bytes], ids=["path", "bytes"])
@pytest.mark.parametrize("suffix", [".m3u8", ".mp3"])
@pytest.mark.parametrize("text", [PLAYLIST, LIST], ids=["hls", "concat"])
@pytest.mark.parametrize("folder", ["{0}/", "file://{0}/", ""])
def test_a_list_of_files_opens_none_of_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    as_source: Callable[[Path], Path | bytes],
    suffix: str,
    text: str,
    folder: str,
) -> None:
    """What comes in a request must not name files of the server."""
    write_ffmpeg(tmp_path / "secret.m4a", chirp(3.0, 16_000), "aac", sample_rate=16_000)
    path = tmp_path / f"list{suffix}"
    path.write_text(text.format(folder.format(tmp_path) + "secret.m4a"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AudioDecodeError):
        decode(as_source(path))


@pytest.mark.parametrize(("n_samples", "refused"), [(1_599, True), (1_600, False), (0, True)])
def test_too_short_is_below_a_tenth_of_a_second(n_samples: int, refused: bool) -> None:
    waveform = np.zeros(n_samples, np.float32)
    if refused:
        with pytest.raises(TooShortError, match=rf"received {n_samples / 16_000:.3f} s"):
            check_duration(waveform, 16_000)
    else:
        check_duration(waveform, 16_000)
