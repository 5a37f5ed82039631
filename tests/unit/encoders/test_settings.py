import pytest

from audiosearch.encoders.settings import EncoderSettings
from audiosearch.errors import InvalidQueryError


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("batch_size", 0, "at least 1"),
        ("threads", -1, "at least 0"),
        ("min_duration", 0, "at least 1"),
        ("min_duration", 1.5, "a whole number"),
        ("engine", "onnx", "auto, openvino, tensorflow"),
        ("precision", "f16", "auto, f32, bf16"),
    ],
)
def test_bad_values_are_told(name: str, value: object, expected: str) -> None:
    with pytest.raises(InvalidQueryError, match=rf"{name} {value!r}, expected .*{expected}"):
        EncoderSettings(**{name: value})
