"""What every encoder promises, whatever its network."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
import soundfile as sf

from audiosearch.decode import decode
from audiosearch.encoders import ENCODERS, LISTENER, load_encoder
from audiosearch.encoders.hearing import HearingEncoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.errors import DeadlineError, InvalidWaveformError, ModelNotFoundError
from audiosearch.heard.windows import N_KEPT, class_scores
from audiosearch.resample import resample
from audiosearch.windows import Span, WindowPlan
from tests.conftest import TOY_DATA, sine


@pytest.fixture(scope="module", params=ENCODERS)
def encoder(request):
    """Each encoder with its own weights; VGGish, where they are absent, with random ones."""
    try:
        return load_encoder(request.param)
    except ModelNotFoundError as error:
        if request.param == "vggish":
            folder = request.getfixturevalue("random_vggish")
            return load_encoder(
                "vggish", EncoderSettings(models_dir=folder, unverified_weights=True)
            )
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def recording():
    """11.3 s at 16 kHz whose character changes: a rising tone, then noise, then clicks."""
    time_s = np.arange(16_000 * 11 + 4_807) / 16_000
    rng = np.random.default_rng(0)
    chirp = 0.4 * np.sin(2 * np.pi * (200 + 150 * time_s) * time_s)
    noise = 0.1 * rng.standard_normal(time_s.size)
    clicks = np.where(np.arange(time_s.size) % 4_000 < 40, 0.8, 0.0)
    parts = [time_s < 4, (time_s >= 4) & (time_s < 8), time_s >= 8]
    return np.select(parts, [chirp, noise, clicks]).astype(np.float32)


@pytest.fixture(scope="module")
def sounds(recording):
    """Sounds of many lengths, from shorter than a patch to several windows."""
    lengths = (1_600, 8_000, 15_599, 15_600, 16_000, 30_001, 64_000, 100_000)
    return [recording[:length] for length in lengths] + [recording[64_000:], sine(2.5)]


def test_describes_itself(encoder):
    assert ENCODERS[encoder.name].endswith(type(encoder).__name__)
    assert encoder.dim > 0
    assert encoder.sample_rate == 16_000
    assert encoder.version


def test_vectors_have_unit_length(encoder, sounds):
    vectors = encoder.embed(sounds, 16_000)
    assert vectors.shape == (len(sounds), encoder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_many_equal_one_by_one_in_their_order(encoder, sounds):
    together = encoder.embed(sounds, 16_000)
    alone = np.concatenate([encoder.embed([sound], 16_000) for sound in sounds])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_same_sound_gives_same_bytes(encoder, sounds):
    first, second = (encoder.embed(sounds, 16_000) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_threads_may_share_an_encoder(encoder, sounds):
    alone = encoder.embed(sounds, 16_000)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: encoder.embed(sounds, 16_000), range(8)):
            np.testing.assert_allclose(vectors, alone, atol=1e-5)


def test_different_sounds_differ(encoder, recording):
    vectors = encoder.embed([recording[:64_000], recording[64_000:128_000]], 16_000)
    assert 1 - vectors[0] @ vectors[1] > 0.01


def test_nothing_gives_no_rows(encoder, recording):
    assert encoder.embed([], 16_000).shape == (0, encoder.dim)
    assert encoder.embed_spans(recording, []).shape == (0, encoder.dim)
    assert encoder.embed_recordings([]) == []


@pytest.mark.parametrize("plan", [WindowPlan(), WindowPlan(0.98, 0.5), WindowPlan(0.5, 0.25)])
def test_spans_equal_slices(encoder, recording, plan):
    spans = plan.spans(recording.size)
    slices = [recording[span.start : span.stop] for span in spans]
    np.testing.assert_allclose(
        encoder.embed_spans(recording, spans), encoder.embed(slices, 16_000), atol=1e-5
    )


def test_recordings_equal_spans_of_each(encoder, recording):
    plan = WindowPlan()
    waveforms = [recording, recording[:3_000], recording[64_000:]]
    jobs = [(waveform, plan.spans(waveform.size)) for waveform in waveforms]
    together = encoder.embed_recordings(jobs)
    assert [len(each) for each in together] == [5, 1, 3]
    for vectors, (waveform, spans) in zip(together, jobs, strict=True):
        np.testing.assert_allclose(vectors, encoder.embed_spans(waveform, spans), atol=1e-5)


def test_describing_tells_the_same_vectors_and_what_is_heard(encoder, recording, sounds):
    described = encoder.describe(sounds, 16_000)
    np.testing.assert_array_equal(described.vectors, encoder.embed(sounds, 16_000))
    spans = WindowPlan().spans(128_000)
    slices = encoder.describe([recording[span.start : span.stop] for span in spans], 16_000)
    [whole, nothing] = encoder.describe_recordings([(recording, spans), (recording, [])])
    np.testing.assert_allclose(whole.vectors, slices.vectors, atol=1e-5)
    assert len(nothing.vectors) == 0
    if encoder.name == LISTENER:
        assert described.heard.shape == (len(sounds), N_KEPT, 2)
        np.testing.assert_allclose(
            class_scores(whole.heard).astype(int), class_scores(slices.heard), atol=2
        )
        assert nothing.heard.shape == (0, N_KEPT, 2)
    else:
        assert described.heard is whole.heard is nothing.heard is None


def test_yamnet_hears_beside_other_encoders(encoder, recording):
    listener = load_encoder(LISTENER)
    both = HearingEncoder(encoder, listener)
    assert (both.name, both.dim, both.version) == (encoder.name, encoder.dim, encoder.version)
    spans = WindowPlan().spans(128_000)
    [described] = both.describe_recordings([(recording, spans)])
    [expected] = listener.describe_recordings([(recording, spans)])
    np.testing.assert_array_equal(described.heard, expected.heard)
    np.testing.assert_array_equal(described.vectors, encoder.embed_spans(recording, spans))
    slices = both.describe([recording[:64_000]], 16_000)
    np.testing.assert_array_equal(slices.vectors, encoder.embed([recording[:64_000]], 16_000))
    assert slices.heard.shape == (1, N_KEPT, 2)


def test_shared_patches_are_computed_once(encoder, recording, monkeypatch):
    monkeypatch.setattr(encoder, "batch_size", 1)
    hop_s = encoder.patch_hop_frames / 100
    spans = WindowPlan(4 * hop_s, hop_s).spans(recording.size)
    patches = []
    vectors = encoder.embed_spans(recording, spans, lambda: nullcontext(patches.append(1)))
    covered = {span.start + n * round(hop_s * 16_000) for span in spans for n in range(4)}
    assert len(patches) <= len(covered)
    slices = [recording[span.start : span.stop] for span in spans]
    np.testing.assert_allclose(vectors, encoder.embed(slices, 16_000), atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_batch_size_changes_nothing(encoder, sounds, batch_size, monkeypatch):
    expected = encoder.embed(sounds, 16_000)
    monkeypatch.setattr(encoder, "batch_size", batch_size)
    np.testing.assert_allclose(encoder.embed(sounds, 16_000), expected, atol=1e-5)


def ways_to_embed(encoder, recording):
    """Give each method as a function of its ``turn``; all embed the same three windows."""
    spans = WindowPlan().spans(128_000)
    slices = [recording[span.start : span.stop] for span in spans]
    return [
        lambda turn: encoder.embed(slices, 16_000, turn),
        lambda turn: encoder.embed_spans(recording, spans, turn),
        lambda turn: encoder.embed_recordings([(recording, spans)], turn)[0],
    ]


def test_waits_for_a_turn_before_each_batch(encoder, recording, monkeypatch):
    monkeypatch.setattr(encoder, "batch_size", 4)  # three windows of at least four patches
    for embed in ways_to_embed(encoder, recording):
        turns = []
        embed(lambda turns=turns: nullcontext(turns.append("taken")))
        assert len(turns) >= 3


def test_stops_when_its_turn_does_not_come(encoder, recording):
    def passed():
        raise DeadlineError("too late")

    for embed in ways_to_embed(encoder, recording):
        with pytest.raises(DeadlineError, match="too late"):
            embed(passed)


def test_overlapping_patches_are_not_held_at_once(encoder, recording):
    spans = WindowPlan(4.0, 0.07).spans(recording.size)  # which share no patch
    batches = []
    tracemalloc.start()
    try:
        encoder.log_mel(recording)
        _, spectrogram = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        encoder.embed_spans(recording, spans, lambda: nullcontext(batches.append(1)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    all_patches = len(batches) * encoder.batch_size * 96 * 64 * 4  # 11 MB of VGGish's
    assert peak < spectrogram + 0.5 * all_patches


def test_span_off_the_grid_is_refused(encoder, recording):
    with pytest.raises(InvalidWaveformError, match="multiples of 160"):
        encoder.embed_spans(recording, [Span(80, 64_080)])


CLIPS = ("drum_loop_loop_tabla.ogg", "music_singularity_1.ogg", "glass_ambi_glass_hum.ogg")


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_other_rates_are_resampled(encoder, sample_rate):
    clips = [decode(TOY_DATA / clip)[:96_000] for clip in CLIPS]
    faster = [resample(clip, 16_000, sample_rate) for clip in clips]
    distances = 1 - np.sum(
        encoder.embed(clips, 16_000) * encoder.embed(faster, sample_rate), axis=1
    )
    print(encoder.name, distances)
    assert distances.max() < 0.01, distances


def test_telephone_rate_is_resampled(encoder):
    speech, sample_rate = sf.read(TOY_DATA / "speech_it_3.flac", dtype="float32")
    assert sample_rate == 8_000
    direct = encoder.embed([speech], 8_000)
    resampled = encoder.embed([resample(speech, 8_000, 16_000)], 16_000)
    assert 1 - direct[0] @ resampled[0] < 1e-5


NOT_WAVEFORMS = {
    "empty": np.zeros(0, np.float32),
    "stereo": np.zeros((16_000, 2), np.float32),
    "int16": np.zeros(16_000, np.int16),
    "float64": np.zeros(16_000),
    "list": [0.0] * 16_000,
    "NaN": np.full(16_000, np.nan, np.float32),
    "infinite": np.full(16_000, np.inf, np.float32),
    "integers as floats": np.full(16_000, 30_000.0, np.float32),
}


@pytest.mark.parametrize("waveform", NOT_WAVEFORMS.values(), ids=NOT_WAVEFORMS)
def test_what_is_no_waveform_is_refused(encoder, waveform):
    with pytest.raises(InvalidWaveformError, match="expected mono float32"):
        encoder.embed([sine(1.0), waveform], 16_000)
    with pytest.raises(InvalidWaveformError, match="expected mono float32"):
        encoder.embed_spans(waveform, [Span(0, 16_000)])


@pytest.mark.parametrize("sample_rate", [0, -16_000, 16_000.0, 44.1, "16000", None])
def test_what_is_no_sample_rate_is_refused(encoder, sample_rate):
    with pytest.raises(InvalidWaveformError, match="expected a whole number of Hz"):
        encoder.embed([sine(1.0)], sample_rate)
