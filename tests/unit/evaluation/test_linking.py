from audiosearch.evaluation.linking import link
from audiosearch.store.base import Store
from audiosearch.store.rows import File
from tests.unit.evaluation.libraries import add, random_vectors, row


def fill(store: Store) -> None:
    for number, recording_id in enumerate("abc"):
        add(store, recording_id, random_vectors(1, 4, number))
    store.put_file(File("lib/copy", "/sounds/copy", recording_id="a"))
    store.put_file(File("lib/bad", "/sounds/bad", code="silent", message="only silence"))


def test_rows_find_their_recordings(store: Store) -> None:
    fill(store)
    linked = link([row(2, "b", "dog", "tape"), row(3, "a", "cat"), row(4, "c", "dog")], store)
    assert [(each.id, each.label) for each in linked.recordings] == [
        ("b", "dog"),
        ("a", "cat"),
        ("c", "dog"),
    ]
    assert linked.recordings[0].group == "tape"
    assert len({each.group for each in linked.recordings}) == 3
    assert (linked.moments, linked.skipped) == ([], [])


def test_what_is_not_indexed_is_skipped(store: Store) -> None:
    fill(store)
    linked = link([row(2, "bad", "dog"), row(3, "unknown", "dog"), row(4, "a", "dog")], store)
    assert [(each.line, each.why) for each in linked.skipped] == [
        (2, "it is not indexed"),
        (3, "it is not indexed"),
    ]
    assert [each.id for each in linked.recordings] == ["a"]


def test_the_same_audio_counts_once(store: Store) -> None:
    fill(store)
    [recording] = link([row(2, "copy", "dog"), row(3, "a", "dog", "tape")], store).recordings
    assert (recording.id, recording.name, recording.group) == ("a", "copy", "tape")


def test_the_same_audio_with_two_labels_counts_never(store: Store) -> None:
    fill(store)
    rows = [row(2, "copy", "dog"), row(3, "a", "cat"), row(4, "a", "dog"), row(5, "b", "dog")]
    linked = link(rows, store)
    assert [each.id for each in linked.recordings] == ["b"]
    assert [str(each) for each in linked.skipped] == [
        "line 2, copy: it is the same audio as line 3, which calls it 'cat'",
        "line 3, a: it is the same audio as line 2, which calls it 'dog'",
        "line 4, a: it is the same audio as line 3, which calls it 'cat'",
    ]


def test_moments_may_have_several_labels(store: Store) -> None:
    fill(store)
    rows = [
        row(2, "a", "dog", "", 1.0, 2.0),
        row(3, "copy", "dog", "", 1.0, 2.0),
        row(4, "a", "cat", "", 1.0, 2.0),
        row(5, "a", "dog", "", 1.0, 2.5),
    ]
    linked = link(rows, store)
    assert [(each.line, each.label, each.end_s) for each in linked.moments] == [
        (2, "dog", 2.0),
        (4, "cat", 2.0),
        (5, "dog", 2.5),
    ]
    assert (linked.recordings, linked.skipped) == ([], [])
