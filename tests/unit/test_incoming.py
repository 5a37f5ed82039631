"""Sounds that come with a request: how their files are called, and where their bytes go."""

import asyncio
import io
from pathlib import Path

import pytest
from fastapi import UploadFile

from audiosearch.data_uri import make_data_uri
from executors.documents import Recording
from executors.service.incoming import Incoming, incoming

NAMES = {
    "drums.mp3": "drums.mp3",
    "a/b\\c.wav": "b\\c.wav",
    "": "upload",
    "..": "upload",
    ".\0.": "upload",
    "../../etc/passwd": "passwd",
    "\ud800.wav": ".wav",
}


def keep(folder: Path, name: str) -> Path:
    upload = UploadFile(io.BytesIO(b"sound"), filename=name)
    return asyncio.run(Incoming(folder).keep(upload))


@pytest.mark.parametrize(("name", "kept"), NAMES.items(), ids=map(repr, NAMES))
def test_names_of_uploads(tmp_path: Path, name: str, kept: str) -> None:
    path = keep(tmp_path, name)
    assert path.name == kept
    assert path.parent.parent == tmp_path
    assert path.read_bytes() == b"sound"


@pytest.mark.parametrize("letter", ["x", "é", "音", "🥁"])
def test_long_names_fit_the_file_system(tmp_path: Path, letter: str) -> None:
    assert keep(tmp_path, letter * 300 + ".wav").name.endswith(letter + ".wav")


def test_data_go_to_files() -> None:
    docs = [
        Recording(uri=make_data_uri(b"sound", "audio/wav")),
        Recording(uri="data:audio/wav;base64,%"),
        Recording(uri="toy-data/dog.ogg"),
    ]
    with incoming() as files:
        asyncio.run(files.keep_data(docs))
        assert Path(docs[0].path or "").read_bytes() == b"sound"
    assert [doc.uri for doc in docs] == ["data:audio/wav;base64"] * 2 + ["toy-data/dog.ogg"]
    assert [doc.code for doc in docs] == [None, "invalid_query", None]
    assert (docs[1].path, docs[2].path) == (None, None)
    assert not Path(docs[0].path or "").exists()
