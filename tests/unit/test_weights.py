import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audiosearch.errors import ModelNotFoundError, WeightsMismatchError
from audiosearch.weights import (
    PROJECT_DIR,
    list_models,
    models_dir,
    require_weights,
    sha256_of,
    verify_models,
)

CHECKPOINT, PCA_PARAMS = "vggish_model.ckpt", "vggish_pca_params.npz"


def test_models_dir_can_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDIOSEARCH_MODELS", str(tmp_path))
    assert models_dir() == tmp_path
    monkeypatch.delenv("AUDIOSEARCH_MODELS")
    assert models_dir() == PROJECT_DIR / "models"


def test_sha256_of(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * 3_000_000)
    assert sha256_of(path) == hashlib.sha256(b"a" * 3_000_000).hexdigest()


def test_states(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    shutil.copy(shared_data(f"vggish/{PCA_PARAMS}"), tmp_path)
    (tmp_path / "yamnet.bin").write_bytes(b"mine")
    listed = {status.file.name: status.state for status in list_models(tmp_path)}
    assert listed == {
        CHECKPOINT: "absent",
        PCA_PARAMS: "present",
        "yamnet.xml": "absent",
        "yamnet.bin": "present",
    }
    verified = {status.file.name: status.state for status in verify_models(tmp_path)}
    assert verified == listed | {PCA_PARAMS: "verified", "yamnet.bin": "unknown"}


def test_shipped_weights_are_the_ones_of_the_table() -> None:
    shipped = verify_models(PROJECT_DIR / "models")
    assert {s.state for s in shipped if s.file.model == "yamnet"} == {"verified"}


def test_absent_weights_are_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / PCA_PARAMS).touch()
    with pytest.raises(ModelNotFoundError) as raised:
        require_weights("vggish", tmp_path)
    for part in (CHECKPOINT, PCA_PARAMS, str(tmp_path), "python app.py models download vggish"):
        assert part in str(raised.value)


def test_other_weights_need_consent(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"fine-tuned")
    (tmp_path / PCA_PARAMS).write_bytes(b"also")
    with pytest.raises(WeightsMismatchError, match="--unverified-weights"):
        require_weights("vggish", tmp_path)
    checksums = require_weights("vggish", tmp_path, unverified=True)
    assert checksums[CHECKPOINT] == hashlib.sha256(b"fine-tuned").hexdigest()
