import subprocess
import sys

import pytest

from audiosearch import openvino_runtime
from audiosearch.errors import InvalidQueryError
from audiosearch.openvino_runtime import choose_precision


def test_precision_follows_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_runtime, "has_bf16", lambda: True)
    assert [choose_precision(p) for p in ("auto", "f32", "bf16")] == ["bf16", "f32", "bf16"]
    monkeypatch.setattr(openvino_runtime, "has_bf16", lambda: False)
    assert [choose_precision(p) for p in ("auto", "f32")] == ["f32", "f32"]
    with pytest.raises(InvalidQueryError, match="neither AMX nor AVX512-BF16"):
        choose_precision("bf16")


def test_openvino_comes_without_its_telemetry() -> None:
    code = """
import sys
from audiosearch.openvino_runtime import import_openvino
import_openvino().Core()
loaded = [name for name, module in sys.modules.items() if module]
assert "openvino" in loaded
assert not [name for name in loaded if name.partition(".")[0] == "openvino_telemetry"]
"""
    subprocess.run([sys.executable, "-c", code], check=True)
