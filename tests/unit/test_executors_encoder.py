"""The encoder box, called without a Flow."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docarray import DocList

from audiosearch.deadline import Deadline
from audiosearch.decode import decode
from audiosearch.errors import InvalidQueryError, ModelNotFoundError
from audiosearch.heard.windows import N_KEPT, name_heard
from audiosearch.windows import WindowPlan
from executors.documents import Recording, Window
from executors.encoder import AudioEncoder, VGGishEncoder
from tests.conftest import TOY_DATA, sine

MODELS = TOY_DATA.parent / "models"
CLIP = TOY_DATA / "drum_loop_loop_tabla.ogg"  # 10 s, four windows


def make(tmp_path: Path, **options: Any) -> AudioEncoder:
    return AudioEncoder(model="yamnet", fallback=None, workspace=str(tmp_path), **options)


@pytest.fixture(scope="module")
def waveform() -> np.ndarray:
    return decode(CLIP)


def windows(n_samples: int) -> DocList[Window]:
    spans = WindowPlan().spans(n_samples)
    return DocList[Window](
        Window(start_s=span.start / 16_000, end_s=min(span.stop, n_samples) / 16_000)
        for span in spans
    )


def encode(encoder: AudioEncoder, *docs: Recording) -> DocList[Recording]:
    return encoder.encode_queries(DocList[Recording](docs), parameters={})


def embeddings(doc: Recording) -> np.ndarray:
    return np.stack([np.asarray(window.embedding) for window in doc.chunks])


def test_inputs_give_the_same_vectors_of_windows(tmp_path: Path, waveform: np.ndarray) -> None:
    def doc(**fields: Any) -> Recording:
        return Recording(chunks=windows(waveform.size), window_s=4.0, **fields)

    by_waveform = make(tmp_path)
    [one] = encode(by_waveform, doc(tensor=waveform, sample_rate=16_000))
    assert embeddings(one).shape == (4, 1545)

    separate = doc(sample_rate=16_000)
    of_log_mels = doc()
    for own, mel, span in zip(
        separate.chunks, of_log_mels.chunks, WindowPlan().spans(waveform.size), strict=True
    ):
        own.tensor = waveform[span.start : span.stop]
        mel.tensor = by_waveform.encoder.log_mel(waveform[span.start : span.stop])
    [two] = encode(by_waveform, separate)
    [three] = encode(make(tmp_path, load_input_from="log_mel"), of_log_mels)
    [four] = encode(make(tmp_path, load_input_from="uri"), doc(uri=str(CLIP)))
    for other in (two, three, four):
        np.testing.assert_allclose(embeddings(other), embeddings(one), atol=1e-5)


def test_windows_are_heard(tmp_path: Path, waveform: np.ndarray) -> None:
    doc = Recording(
        tensor=waveform, sample_rate=16_000, chunks=windows(waveform.size), window_s=4.0
    )
    [done] = encode(make(tmp_path), doc)
    heard = np.stack([np.asarray(window.heard) for window in done.chunks])
    assert (heard.shape, heard.dtype) == ((4, N_KEPT, 2), np.uint16)
    assert {"Music", "Percussion", "Wood block"} <= set(name_heard(heard, most=None))


def test_inputs_give_the_same_vector_of_a_recording(tmp_path: Path, waveform: np.ndarray) -> None:
    by_waveform = make(tmp_path, traversal_paths="@r")
    [one] = encode(by_waveform, Recording(tensor=waveform, sample_rate=16_000))
    expected = by_waveform.encoder.embed([waveform], 16_000)[0]
    np.testing.assert_allclose(np.asarray(one.embedding), expected, atol=1e-5)

    log_mel = by_waveform.encoder.log_mel(waveform)
    by_log_mel = make(tmp_path, traversal_paths="@r", load_input_from="log_mel")
    [two] = encode(by_log_mel, Recording(tensor=log_mel))
    by_uri = make(tmp_path, traversal_paths="@r", load_input_from="uri")
    [three] = encode(by_uri, Recording(path=str(CLIP)))
    for other in (two, three):
        np.testing.assert_allclose(np.asarray(other.embedding), expected, atol=1e-5)


def test_any_sample_rate_is_resampled(tmp_path: Path, waveform: np.ndarray) -> None:
    encoder = make(tmp_path, traversal_paths="@r")
    faster = decode(CLIP, 44_100)
    at_16k, at_44k = encode(
        encoder,
        Recording(tensor=waveform, sample_rate=16_000),
        Recording(tensor=faster, sample_rate=44_100),
    )
    assert 1 - np.asarray(at_16k.embedding) @ np.asarray(at_44k.embedding) < 0.01


def test_sound_does_not_travel_on(tmp_path: Path, waveform: np.ndarray) -> None:
    doc = Recording(
        tensor=waveform, sample_rate=16_000, chunks=windows(waveform.size), window_s=4.0
    )
    [done] = encode(make(tmp_path), doc)
    assert done.tensor is None
    assert (done.encoder, done.dim) == ("yamnet", 1545)
    assert (done.encoder_version or "").startswith("sha256:")


WRONG_TENSORS = {
    "integers": np.zeros(64_000, np.int16),
    "float64": np.zeros(64_000),
    "stereo": np.zeros((64_000, 2), np.float32),
    "NaN": np.full(64_000, np.nan, np.float32),
    "integers as floats": np.full(64_000, 30_000, np.float32),
    "nothing": np.zeros(0, np.float32),
    "absent": None,
}


@pytest.mark.parametrize("tensor", WRONG_TENSORS.values(), ids=WRONG_TENSORS)
def test_wrong_tensor_fails_alone(tmp_path: Path, tensor: np.ndarray | None) -> None:
    def doc(samples: np.ndarray | None) -> Recording:
        return Recording(tensor=samples, sample_rate=16_000, chunks=windows(64_000), window_s=4.0)

    good, wrong, other = encode(make(tmp_path), doc(sine(4.0)), doc(tensor), doc(sine(4.0, 880)))
    assert (wrong.status, wrong.code) == ("failed", "invalid_waveform")
    assert "expected" in (wrong.message or "")
    assert not wrong.chunks
    for each in (good, other):
        assert each.status is None
        assert embeddings(each).shape == (1, 1545)


@pytest.mark.parametrize("sample_rate", [0, 10, 10_000_000])
def test_wrong_sample_rate_fails_alone(tmp_path: Path, sample_rate: int) -> None:
    encoder = make(tmp_path, traversal_paths="@r")
    wrong, good = encode(
        encoder,
        Recording(tensor=sine(1.0), sample_rate=sample_rate),
        Recording(tensor=sine(1.0), sample_rate=16_000),
    )
    assert (wrong.status, wrong.code) == ("failed", "invalid_waveform")
    assert str(sample_rate) in (wrong.message or "")
    assert good.embedding is not None


@pytest.mark.parametrize("shape", [(96, 63), (95, 64), (96,)])
def test_wrong_log_mel_fails(tmp_path: Path, shape: tuple[int, ...]) -> None:
    encoder = make(tmp_path, traversal_paths="@r", load_input_from="log_mel")
    [wrong] = encode(encoder, Recording(tensor=np.zeros(shape, np.float32)))
    assert (wrong.status, wrong.code) == ("failed", "invalid_waveform")


def test_failed_documents_pass_through(tmp_path: Path) -> None:
    [doc] = encode(make(tmp_path), Recording(status="failed", code="silent"))
    assert (doc.status, doc.code) == ("failed", "silent")


def test_deadline_fails_queries(tmp_path: Path, waveform: np.ndarray) -> None:
    encoder = make(tmp_path)

    def doc() -> Recording:
        return Recording(
            tensor=waveform, sample_rate=16_000, chunks=windows(waveform.size), window_s=4.0
        )

    late = {"deadline": Deadline.after(-1).at}
    docs = encoder.encode_queries(DocList[Recording]([doc(), doc()]), parameters=late)
    assert [(each.status, each.code) for each in docs] == [("failed", "timeout")] * 2
    assert all(each.tensor is None and not each.chunks for each in docs)
    early = {"deadline": Deadline.after(60).at}
    [good] = encoder.encode_queries(DocList[Recording]([doc()]), parameters=early)
    assert embeddings(good).shape == (4, 1545)


def test_query_goes_before_the_block_that_is_encoded(tmp_path: Path, waveform: np.ndarray) -> None:
    encoder = make(tmp_path)
    minutes = np.resize(waveform, 600 * 16_000)
    block = Recording(
        tensor=minutes, sample_rate=16_000, chunks=windows(minutes.size), window_s=4.0
    )
    query = Recording(
        tensor=waveform, sample_rate=16_000, chunks=windows(waveform.size), window_s=4.0
    )
    with ThreadPoolExecutor(1) as thread:
        indexing = thread.submit(encoder.encode_blocks, DocList[Recording]([block]))
        while not indexing.done() and not encoder._turns._taken:
            time.sleep(0.001)
        [found] = encode(encoder, query)
        assert not indexing.done(), "the query waited for the whole block"
        assert embeddings(found).shape == (4, 1545)
        [done] = indexing.result(60)
    assert embeddings(done).shape == (299, 1545)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("traversal_paths", "@r,c"),
        ("traversal_paths", "c"),
        ("traversal_paths", ""),
        ("load_input_from", "blob"),
        ("load_input_from", None),
        ("batch_size", 0),
        ("engine", "onnx"),
        ("precision", "f16"),
        ("min_duration", 0),
    ],
)
def test_wrong_option_is_refused(tmp_path: Path, option: str, value: Any) -> None:
    with pytest.raises(InvalidQueryError, match=option) as raised:
        make(tmp_path, **{option: value})
    assert repr(value) in str(raised.value)


def test_no_fallback_without_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="models download vggish"):
        VGGishEncoder(models=str(tmp_path), workspace=str(tmp_path))
    encoder = AudioEncoder(
        models=str(TOY_DATA.parent / "models"), model="yamnet", workspace=str(tmp_path)
    )
    assert encoder.encoder.name == "yamnet"


def test_vggish_by_name(random_vggish: Path, tmp_path: Path, waveform: np.ndarray) -> None:
    encoder = VGGishEncoder(
        models=str(random_vggish), unverified_weights=True, workspace=str(tmp_path), min_duration=2
    )
    doc = Recording(
        tensor=waveform, sample_rate=16_000, chunks=windows(waveform.size), window_s=4.0
    )
    [done] = encode(encoder, doc)
    assert (done.encoder, done.dim) == ("vggish", 256)
    assert all(window.heard is None for window in done.chunks)  # YAMNet's weights are not there
    np.testing.assert_allclose(np.linalg.norm(embeddings(done), axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("heard", [True, False])
def test_yamnet_tells_beside_vggish_what_is_heard(
    random_vggish: Path, tmp_path: Path, waveform: np.ndarray, heard: bool
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    for file in (*random_vggish.iterdir(), *MODELS.glob("yamnet.*")):
        (models / file.name).symlink_to(file)
    options = {"models": str(models), "unverified_weights": True, "workspace": str(tmp_path)}
    doc = Recording(
        tensor=waveform, sample_rate=16_000, chunks=windows(waveform.size), window_s=4.0
    )
    [done] = encode(VGGishEncoder(heard=heard, **options), doc)
    assert (done.encoder, done.dim) == ("vggish", 512)
    told = [window.heard is not None for window in done.chunks]
    assert told == [heard] * 4
    if heard:
        assert "Music" in name_heard(np.stack([window.heard for window in done.chunks]), most=None)
