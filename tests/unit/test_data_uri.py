import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosearch.data_uri import MAX_ESCAPED, make_data_uri, read_data_uri, shorten
from audiosearch.errors import InvalidQueryError


@given(data=st.binary())
def test_what_is_written_is_read(data: bytes) -> None:
    assert read_data_uri(make_data_uri(data, "audio/flac")) == data


@pytest.mark.parametrize(
    ("uri", "data"),
    [
        ("data:audio/wav;base64,bGF1Z2g=", b"laugh"),
        ("data:;base64,bGF1Z2g=", b"laugh"),
        ("data:audio/wav;name=a.wav;base64,", b""),
        ("data:,a%20b", b"a b"),
        ("data:text/plain,a,b", b"a,b"),
        ("data:text/plain,bGF1Z2g=", b"bGF1Z2g="),
    ],
)
def test_forms(uri: str, data: bytes) -> None:
    assert read_data_uri(uri) == data


@pytest.mark.parametrize(
    "uri",
    [
        "data:audio/wav;base64",
        "toy-data/x.mp3",
        "http://data:1/,x",
        "data:audio/wav;base64,bGF1Z2",
        "data:audio/wav;base64,bGF1 Z2g=",
        "data:audio/wav;base64,bGF1Z2g=!",
        "data:audio/wav;base64,bGF1Z2gü",
    ],
)
def test_broken_forms_are_told(uri: str) -> None:
    with pytest.raises(InvalidQueryError, match="data:") as raised:
        read_data_uri(uri)
    assert "bGF1Z2" not in str(raised.value)


def test_long_data_travels_as_base64() -> None:
    with pytest.raises(InvalidQueryError, match="without base64"):
        read_data_uri("data:," + "%41" * MAX_ESCAPED)


def test_only_the_header_is_shown() -> None:
    assert shorten("data:audio/wav;base64,bGF1Z2g=") == "data:audio/wav;base64"
    assert len(shorten("data:" + "x" * 10_000)) == 80
    assert shorten("toy-data/a,b.mp3") == "toy-data/a,b.mp3"
