"""The whole Flow with VGGish, whose weights are drawn at random: index, restart, search."""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from audiosearch.decode import decode
from audiosearch.encoders import load_encoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.windows import WindowPlan
from tests.conftest import TOY_DATA
from tests.integration.service import Service, run_app, serving

UNVERIFIED = "--unverified-weights"


@pytest.fixture(scope="module")
def workspace(random_vggish: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index the toy data with flow.yml's own choice, which is VGGish where its weights are."""
    workspace = tmp_path_factory.mktemp("vggish") / "workspace"
    done = run_app(
        *("index", "--workspace", workspace, UNVERIFIED, "--json"),
        AUDIOSEARCH_MODELS=str(random_vggish),
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["added"], report["failed"]) == (33, [])
    return workspace


@pytest.fixture(scope="module")
def service(workspace: Path, random_vggish: Path) -> Iterator[Service]:
    with serving(workspace, UNVERIFIED, AUDIOSEARCH_MODELS=str(random_vggish)) as service:
        yield service


def distance(match: dict[str, Any]) -> float:
    value: float = match["scores"]["cosine"]["value"]
    return value


def test_each_is_its_own_nearest(service: Service) -> None:
    assert service.get("/health").json()["encoder"] == "vggish"
    gaps = []
    clips = [path for path in sorted(TOY_DATA.iterdir()) if path.suffix not in (".csv", ".md")]
    for clip in clips:
        first, second = service.search({"uri": f"toy-data/{clip.name}"}, limit=2)
        assert first["uri"] == f"toy-data/{clip.name}"
        assert distance(first) < 1e-3
        gaps.append(distance(second))
    print(f"the next is at {median(gaps):.3f} in the median of {len(gaps)}")
    assert median(gaps) > 0.01


def test_no_process_carries_tensorflow(service: Service) -> None:
    for process in service.processes():
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert "site-packages/tensorflow/" not in maps


def test_embed_equals_the_encoder(workspace: Path, random_vggish: Path, tmp_path: Path) -> None:
    clip, out = TOY_DATA / "drum_loop_loop_tabla.ogg", tmp_path / "vectors.npz"
    done = run_app(
        *("embed", clip, "--out", out, "--workspace", workspace, UNVERIFIED),
        AUDIOSEARCH_MODELS=str(random_vggish),
    )
    assert done.returncode == 0, done.stderr
    with np.load(out, allow_pickle=False) as arrays:
        vectors = arrays["embeddings"]
    assert vectors.shape == (4, 512)
    settings = EncoderSettings(models_dir=random_vggish, unverified_weights=True)
    encoder = load_encoder("vggish", settings)
    waveform = decode(clip)
    spans = WindowPlan().spans(waveform.size)
    padded = np.pad(waveform, (0, spans[-1].stop - waveform.size))
    np.testing.assert_allclose(vectors, encoder.embed_spans(padded, spans), atol=1e-6)
    slices = encoder.embed([padded[span.start : span.stop] for span in spans], 16_000)
    assert np.max(1 - np.sum(vectors * slices, axis=1)) < 1e-4


@pytest.mark.parametrize("command", [("index", "toy-data"), ("serve",), ("embed", "--out")])
def test_yamnet_is_refused(
    workspace: Path, random_vggish: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    clip = TOY_DATA / "bell_perc_bell.ogg"
    files = (tmp_path / "vectors.npz", clip) if command[0] == "embed" else ()
    done = run_app(
        *(*command, *files, "--workspace", workspace, "--encoder", "yamnet"),
        AUDIOSEARCH_MODELS=str(random_vggish),
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: this index was made with vggish (sha256:")
    assert "yamnet was asked for" in line
    assert "python app.py index PATH --encoder yamnet --workspace OTHER" in line


def test_other_weights_are_refused_unless_accepted(random_vggish: Path, tmp_path: Path) -> None:
    done = run_app(
        *("index", TOY_DATA / "bell_perc_bell.ogg", "--workspace", tmp_path / "workspace"),
        AUDIOSEARCH_MODELS=str(random_vggish),
    )
    assert done.returncode == 1
    assert "--unverified-weights accepts weights of your own" in done.stderr
    assert "Traceback" not in done.stderr


def test_index_made_with_weights_that_are_gone(workspace: Path, tmp_path: Path) -> None:
    done = run_app("serve", "--workspace", workspace, AUDIOSEARCH_MODELS=str(tmp_path))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: vggish needs vggish_model.ckpt")
