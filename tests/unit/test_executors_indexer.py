"""The indexer box, called without a Flow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docarray import DocList

from audiosearch.errors import InvalidQueryError, WorkspaceBusyError
from executors.documents import Recording, Window
from executors.indexer import SimpleIndexer

WRONG = [
    {"traversal_rdarray": "@r"},
    {"traversal_ldarray": "@r,c"},
    {"limit": 0},
    {"limit": -1},
    {"limit": 2.5},
    {"limit": "10"},
    {"limits": 10},
]


@pytest.mark.parametrize("match_args", WRONG, ids=str)
def test_wrong_match_args_are_refused(tmp_path: Path, match_args: dict[str, Any]) -> None:
    [(name, value)] = match_args.items()
    with pytest.raises(InvalidQueryError, match=f"received match_args {name}: ") as raised:
        SimpleIndexer(match_args, workspace=str(tmp_path))
    assert repr(value) in str(raised.value)
    assert not list(tmp_path.iterdir()), "nothing was made"


def test_workspace_has_one_writer(tmp_path: Path) -> None:
    match_args = {"limit": 3, "traversal_rdarray": "@c", "traversal_ldarray": "@c"}
    indexer = SimpleIndexer(match_args, workspace=str(tmp_path))
    assert indexer.limit == 3
    with pytest.raises(WorkspaceBusyError, match="is writing to"):
        SimpleIndexer(workspace=str(tmp_path))
    indexer.close()
    SimpleIndexer(workspace=str(tmp_path)).close()


def block(index: int, is_last: bool = True, n_windows: int = 1, encoded: bool = True) -> Recording:
    """Make a block of a recording as it comes from the encoder."""
    vector = np.array([0.6, 0.8], np.float32) if encoded else None
    window = Window(start_s=600.0 * index, end_s=600.0 * index + 4, embedding=vector)
    return Recording(
        uri="files/long.wav",
        path=__file__,
        file_state="1 1",
        recording_id="long",
        block=index,
        is_last=is_last,
        duration_s=600.0 * (index + 1),
        window_s=4.0,
        stride_s=2.0,
        encoder="test",
        encoder_version="1",
        dim=2,
        chunks=DocList[Window]([window] * n_windows),
    )


def index_blocks(indexer: SimpleIndexer, *blocks: Recording) -> list[tuple[Any, Any]]:
    """Index blocks one after the other; give the status and code of each."""
    docs = [indexer.index(DocList[Recording]([each]))[0] for each in blocks]
    return [(doc.status, doc.code) for doc in docs]


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[SimpleIndexer]:
    indexer = SimpleIndexer(workspace=str(tmp_path))
    yield indexer
    assert indexer.store.check() == []
    indexer.close()


def test_silence_of_several_blocks_is_an_error(indexer: SimpleIndexer) -> None:
    found = index_blocks(indexer, block(0, is_last=False, n_windows=0), block(1, n_windows=0))
    assert found == [("added", None), ("failed", "silent")]
    assert list(indexer.store.recordings()) == []


def test_silence_at_the_end_is_none(indexer: SimpleIndexer) -> None:
    found = index_blocks(indexer, block(0, is_last=False), block(1, n_windows=0))
    assert found == [("added", None), ("added", None)]
    [recording] = indexer.store.recordings()
    assert recording.complete
    assert recording.n_windows == 1


def test_what_to_draw_is_kept_and_not_sent_back(indexer: SimpleIndexer) -> None:
    first, second = block(0, is_last=False), block(1, n_windows=0)
    first.peaks = np.array([[-1, 1], [-127, 127]], np.int8)
    second.peaks = np.array([[-3, 3]], np.int8)
    for doc in (first, second):
        assert indexer.index(DocList[Recording]([doc]))[0].peaks is None
    assert indexer.store.peaks("long").tolist() == [[-1, 1], [-127, 127], [-3, 3]]


def test_where_the_sound_lies_is_kept_and_given_with_the_file(
    indexer: SimpleIndexer, tmp_path: Path
) -> None:
    """To the blocks that follow an interruption, and to queries."""
    table = bytes(range(24))
    first = block(0, is_last=False)
    first.seek_table, first.path = table[:4], str(tmp_path / "long.mp3")
    Path(first.path).write_bytes(b"sound")
    state = Path(first.path).stat()
    first.file_state = f"{state.st_size} {state.st_mtime_ns}"
    second = block(1)
    second.seek_table, second.path, second.file_state = table, first.path, first.file_state
    index_blocks(indexer, first)
    resumed = Recording(recording_id="long")
    [known] = indexer.recognise(DocList[Recording]([resumed]))
    assert (known.block, known.seek_table) == (1, table[:4])
    index_blocks(indexer, second)
    [query] = indexer.resolve(DocList[Recording]([Recording(recording_id="long")]), parameters={})
    assert query.seek_table == table
    sent = Recording.from_protobuf(query.to_protobuf())
    assert (sent.seek_table, sent.path) == (table, first.path)
    assert Recording.from_protobuf(Recording().to_protobuf()).seek_table is None
    indexer.store.set_tags("long", {"label": "new"})
    assert indexer.store.seek_table("long") == table
    assert indexer.store.seek_table("other") == b""


def test_recording_removed_between_two_blocks_stays_away(indexer: SimpleIndexer) -> None:
    index_blocks(indexer, block(0, is_last=False))
    assert indexer.store.remove("long")
    assert index_blocks(indexer, block(1)) == [("failed", "not_found")]
    assert list(indexer.store.recordings()) == []


def test_windows_without_embeddings_are_refused(indexer: SimpleIndexer) -> None:
    assert index_blocks(indexer, block(0, encoded=False)) == [("failed", "invalid_waveform")]
    assert list(indexer.store.recordings()) == []
