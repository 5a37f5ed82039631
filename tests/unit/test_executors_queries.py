"""Queries of one sound and of several, through the indexer and ranker boxes without a Flow."""

import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docarray import DocList

from audiosearch.vectors import l2_normalize
from executors.documents import Match, Recording, Window
from executors.indexer import SimpleIndexer
from executors.queries import sounds_of_queries
from executors.ranker import MaxScoreRanker
from tests.unit.heard.test_windows import heard

LIBRARY = {  # of each recording its windows, 4 s each 2 s
    "bark": [[1, 0, 0, 0], [0.9, 0.1, 0, 0]],
    "bark and rain": [[1, 1, 0, 0]],
    "rain": [[0, 0, 1, 0], [0, 1, 0, 0]],
    "wind": [[0, 0.5, 0, 1]],
}


def sound(*vectors: list[float], **fields: Any) -> Recording:
    """Make a document as the encoder hands it on."""
    rows = l2_normalize(np.array(vectors, np.float32))
    settings = {"window_s": 4.0, "stride_s": 2.0, "encoder": "test", "encoder_version": "1"}
    return Recording(
        chunks=DocList[Window](
            Window(start_s=2.0 * i, end_s=2.0 * i + 4, embedding=row) for i, row in enumerate(rows)
        ),
        **{**settings, "dim": 4, "duration_s": 2.0 * len(rows) + 2, **fields},
    )


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[SimpleIndexer]:
    indexer = SimpleIndexer(workspace=str(tmp_path))
    new = [sound(*rows, uri=f"files/{name}", recording_id=name) for name, rows in LIBRARY.items()]
    indexer.index(DocList[Recording](new))
    yield indexer
    indexer.close()


def search(indexer: SimpleIndexer, *docs: Recording, **parameters: Any) -> DocList[Recording]:
    """Search and rank; what is between the boxes travels as it does in the Flow."""
    found = indexer.search(sent(DocList[Recording](docs)), parameters=parameters)
    return sent(MaxScoreRanker().rank(sent(found), parameters=parameters))


def sent(docs: DocList[Recording]) -> DocList[Recording]:
    return DocList[Recording].from_protobuf(docs.to_protobuf())


def ids(doc: Recording) -> list[str]:
    return [match.id for match in doc.matches]


def test_one_sound_has_matches_and_moments(indexer: SimpleIndexer) -> None:
    [doc] = search(indexer, sound([0, 0, 0, 1], [0, 1, 0, 0]), limit=2)
    assert ids(doc) == ["rain", "wind"]
    [rain, wind] = doc.matches
    assert rain.scores["cosine"]["value"] == pytest.approx(0, abs=1e-6)
    assert (rain.start_s, rain.end_s, rain.query_start_s, rain.query_end_s) == (2, 6, 2, 6)
    assert (wind.start_s, wind.end_s, wind.query_start_s, wind.query_end_s) == (0, 4, 0, 4)
    assert (rain.uri, rain.duration_s) == ("files/rain", 6)
    [moment] = wind.moments
    assert moment == {
        "start_s": 0,
        "end_s": 4,
        "query_start_s": 0,
        "query_end_s": 4,
        "cosine": wind.scores["cosine"]["value"],
        "heard": [],
    }
    assert rain.query_sound is None


def hear(doc: Recording, *windows: dict[str, float]) -> Recording:
    """Put what YAMNet would hear into a document's windows."""
    for window, kept in zip(doc.chunks, heard(*windows), strict=True):
        window.heard = kept
    return doc


def test_matches_and_moments_tell_what_they_have_in_common(indexer: SimpleIndexer) -> None:
    away = [1, 0, 0, 0]
    rows = [[0, 0, 0, 1], away, away, [0, 0, 0.9, 1]]
    tower = sound(*rows, uri="files/tower", recording_id="t")
    hear(tower, {"Church bell": 0.9, "Speech": 0.3}, {}, {}, {"Bell": 0.4, "Rain": 0.9})
    indexer.index(DocList[Recording]([tower]))
    query = hear(sound([0, 0, 0, 1]), {"Church bell": 0.5, "Rain": 0.7})
    [doc] = search(indexer, query, limit=1, moment_distance=0.4)
    [match] = doc.matches
    assert (match.id, match.heard[:2]) == ("t", ["Church bell", "Bell"])
    assert match.moments[0]["heard"][:2] == ["Church bell", "Bell"]
    assert match.moments[1]["heard"][:1] == ["Rain"]
    [deaf] = search(indexer, sound([0, 0, 0, 1]), limit=1)
    assert deaf.matches[0].heard == []


def test_only_recordings_in_which_something_is_heard(indexer: SimpleIndexer) -> None:
    barks = hear(sound([0, 1, 0, 0], uri="files/dog", recording_id="dog"), {"Bark": 0.5})
    indexer.index(DocList[Recording]([barks]))
    query = sound([0, 0, 0, 1])
    assert len(ids(search(indexer, query)[0])) == 5
    for names in ("dog", ["church bell", "barking"]):
        assert ids(search(indexer, query, filter={"heard": names})[0]) == ["dog"]
    assert ids(search(indexer, query, filter={"heard": "cat"})[0]) == []
    [failed] = search(indexer, sound([0, 0, 0, 1]), filter={"heard": "unicorn"})
    assert (failed.status, failed.code) == ("failed", "invalid_query")


def test_neither_windows_nor_hits_leave_the_boxes(indexer: SimpleIndexer) -> None:
    [found] = indexer.search(DocList[Recording]([sound([1, 0, 0, 0])]), parameters={})
    assert (len(found.chunks), len(found.hits)) == (0, 4)
    [ranked] = MaxScoreRanker().rank(DocList[Recording]([found]), parameters={})
    assert (len(ranked.hits), len(ranked.matches)) == (0, 4)


def sounds_matched(doc: Recording) -> dict[str, Any]:
    def of(match: Match) -> list[Any]:
        return [match.query_sound, *(moment["query_sound"] for moment in match.moments)]

    return {match.id: of(match) for match in doc.matches}


def test_matches_tell_which_of_several_sounds_they_are_like(indexer: SimpleIndexer) -> None:
    first, _, _ = search(
        indexer,
        sound([1, 0, 0, 0], group=0),
        sound([0, 0, 1, 0], group=0, role="positive"),
        sound([0, 0.5, 0, 1], group=0, role="positive"),
        max_distance=0.2,
    )
    assert sounds_matched(first) == {"bark": [0, 0], "rain": [1, 1], "wind": [2, 2]}


def test_query_of_positives_alone(indexer: SimpleIndexer) -> None:
    positives = [sound([0, 0, 1, 0]), sound([0, 0.5, 0, 1])]
    for doc in positives:
        doc.group, doc.role = 0, "positive"
    first, _ = search(indexer, *positives, max_distance=0.2)
    assert sounds_matched(first) == {"rain": [1, 1], "wind": [2, 2]}
    alone, _ = search(indexer, positives[0], sound([1, 0, 0, 0], group=0, role="negative"))
    assert alone.matches[0].query_sound is None


def test_negatives_push_their_likes_down(indexer: SimpleIndexer) -> None:
    query = sound([1, 1.5, 0, 0], group=0)
    [before] = search(indexer, query)
    after, _ = search(indexer, query, sound([0, 1, 0, 0], group=0, role="negative"))
    assert ids(before) == ["bark and rain", "rain", "bark", "wind"]
    assert ids(after) == ["bark and rain", "bark", "rain", "wind"]
    assert after.matches[0].query_sound is None


def test_queries_of_a_request_do_not_mix(indexer: SimpleIndexer) -> None:
    bark, rain = sound([1, 0, 0, 0], group=0), sound([0, 1, 0, 0], group=1)
    negative = sound([0, 1, 0, 0], group=0, role="negative")
    first, _, second = search(indexer, bark, negative, rain)
    assert ids(first)[0] == "bark"
    assert ids(second)[0] == "rain"
    assert [len(each) for each in sounds_of_queries([bark, negative, rain])] == [2, 1]
    assert [len(each) for each in sounds_of_queries([Recording(), Recording()])] == [1, 1]


def test_query_with_a_failed_sound_is_not_searched_for(indexer: SimpleIndexer) -> None:
    bad = Recording(
        group=0, role="positive", status="failed", code="silent", message="only silence"
    )
    first, failed, other = search(
        indexer, sound([1, 0, 0, 0], group=0), bad, sound([1, 0, 0, 0], group=1)
    )
    assert (first.status, len(first.matches)) == (None, 0)
    assert (failed.status, failed.code, failed.message) == ("failed", "silent", "only silence")
    assert len(other.matches) == 4


def test_query_of_another_encoder_fails_alone(indexer: SimpleIndexer) -> None:
    wrong, right = search(indexer, sound([1, 0, 0, 0], encoder="other"), sound([1, 0, 0, 0]))
    assert (wrong.status, wrong.code) == ("failed", "index_mismatch")
    assert len(right.matches) == 4


def test_queries_behind_their_deadline_fail(indexer: SimpleIndexer) -> None:
    docs = [sound([1, 0, 0, 0], group=0), sound([0, 1, 0, 0], group=0, role="positive")]
    late = search(indexer, *docs, deadline=time.time() - 1)
    assert [(doc.status, doc.code) for doc in late] == [("failed", "timeout")] * 2
    in_time = search(indexer, *docs, deadline=time.time() + 60)
    assert len(in_time[0].matches) == 4


def test_own_recordings_of_all_sounds_are_left_out(indexer: SimpleIndexer) -> None:
    docs = [
        sound([1, 0, 0, 0], group=0, recording_id="bark"),
        sound([0, 1, 0, 0], group=0, role="positive", recording_id="rain"),
        sound([0, 0, 0, 1], group=0, role="negative", recording_id="wind"),
    ]
    assert len(search(indexer, *docs)[0].matches) == 4
    assert ids(search(indexer, *docs, exclude_self=True)[0]) == ["bark and rain"]


def test_times_of_stages_travel_with_the_first_document(indexer: SimpleIndexer) -> None:
    first, second = search(
        indexer, sound([1, 0, 0, 0], timings={"decode": 0.1}), sound([1, 0, 0, 0])
    )
    assert list(first.timings) == ["decode", "search", "rank"]
    assert first.timings["decode"] == 0.1
    assert all(0 < first.timings[stage] < 10 for stage in ("search", "rank"))
    assert second.timings == {}


def test_a_small_library_has_no_percentile_and_an_unknown_encoder_no_verdict(
    indexer: SimpleIndexer,
) -> None:
    [doc] = search(indexer, sound([1, 0, 0, 0]))
    assert {(match.percentile, match.verdict) for match in doc.matches} == {(None, None)}


def test_percentiles_tell_how_many_pairs_are_farther(indexer: SimpleIndexer) -> None:
    fifth = sound([0, 0, 0, 1], uri="files/hum", recording_id="hum")
    indexer.index(DocList[Recording]([fifth]))
    windows = {**LIBRARY, "hum": [[0, 0, 0, 1]]}
    unit = {name: l2_normalize(np.array(rows, np.float32)) for name, rows in windows.items()}
    pairs = np.concatenate([(1 - a @ b.T).ravel() for a, b in combinations(unit.values(), 2)])
    [doc] = search(indexer, sound([1, 0, 0, 0]))
    for match in doc.matches:
        farther = np.mean(pairs > match.scores["cosine"]["value"] + 1e-6)
        assert match.percentile == pytest.approx(100 * farther, abs=1e-3)
