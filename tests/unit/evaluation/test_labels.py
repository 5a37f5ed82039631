from pathlib import Path

import pytest

from audiosearch.errors import InvalidLabelsError, NotFoundError
from audiosearch.evaluation.labels import Row, read_labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with two files, one of them in a folder of its own."""
    (tmp_path / "deep").mkdir()
    for name in ("a, b.ogg", "deep/c.ogg"):
        (tmp_path / name).touch()
    return tmp_path


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "labels.csv"
    file.write_text(text, encoding=encoding)
    return file


def test_paths_count_from_the_table(folder: Path) -> None:
    text = (
        f'label,path,other\ndog,"a, b.ogg",x\ncat,deep/../deep/c.ogg,\ncow,{folder}/deep/c.ogg,\n'
    )
    read = read_labels(table(folder, text))
    assert read.rows == [
        Row(2, "a, b.ogg", folder / "a, b.ogg", "dog"),
        Row(3, "deep/../deep/c.ogg", folder / "deep/c.ogg", "cat"),
        Row(4, f"{folder}/deep/c.ogg", folder / "deep/c.ogg", "cow"),
    ]
    assert read.skipped == []


def test_groups_and_moments(folder: Path) -> None:
    text = "path,label,group,tape,start,end\ndeep/c.ogg,Vögel,g,t,1.5,3\ndeep/c.ogg,x,,,,\n"
    file = table(folder, text, "utf-8-sig")
    moment, whole = read_labels(file).rows
    assert (moment.label, moment.group, moment.start_s, moment.end_s) == ("Vögel", "g", 1.5, 3.0)
    assert (whole.group, whole.start_s, whole.end_s) == ("", None, None)
    assert [each.group for each in read_labels(file, "tape").rows] == ["t", ""]


def test_rows_with_mistakes_are_skipped_with_their_lines(folder: Path) -> None:
    good = "deep/c.ogg,dog,,"
    bad = {
        "gone.ogg,dog,,": "there is no such file",
        "deep,dog,,": "there is no such file",
        "deep/c.ogg, ,,": "it has no label",
        ",dog,,": "it has no path",
        "deep/c.ogg,dog,3,2": "received start 3 and end 2, expected an end after its start",
        "deep/c.ogg,dog,3,3": "an end after its start",
        "deep/c.ogg,dog,-1,2": "from 0 s on",
        "deep/c.ogg,dog,nan,2": "an end after its start",
        "deep/c.ogg,dog,0,inf": "an end after its start",
        "deep/c.ogg,dog,1:30,2": "received start '1:30' and end '2', expected two numbers",
        "deep/c.ogg,dog,1,": "expected two numbers of seconds, or neither",
        "deep/c.ogg": "it has no label",
    }
    read = read_labels(table(folder, "\n".join(["path,label,start,end", good, *bad, good])))
    assert [each.line for each in read.rows] == [2, 3 + len(bad)]
    assert [each.line for each in read.skipped] == list(range(3, 3 + len(bad)))
    for skipped, why in zip(read.skipped, bad.values(), strict=True):
        assert why in skipped.why


def test_files_that_cannot_be_indexed_are_skipped(folder: Path) -> None:
    read = read_labels(table(folder, 'path,label\n"a, b.ogg",dog\ngone,dog\ndeep/c.ogg,cat\n'))
    failure = {"path": str(folder / "a, b.ogg"), "message": "it is only silence"}
    other = {"path": str(folder / "deep/c.ogg"), "message": "no audio"}
    left = read.without([failure])
    assert [each.line for each in left.rows] == [4]
    assert [str(each) for each in left.skipped] == [
        "line 3, gone: there is no such file",
        "line 2, a, b.ogg: it is only silence",
    ]
    with pytest.raises(InvalidLabelsError, match=r"can be indexed; line 2, a, b\.ogg: it is only"):
        read.without([failure, other])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"labels.csv, line 1: received the columns \(none\), expected also path, label"),
        ("file,label\na,b\n", "received the columns file, label, expected also path"),
        ("path,label,start\ndeep/c.ogg,dog,1\n", "expected also end"),
        ("path,label\n", "has no row that can be used"),
        ("path,label\nx.ogg,dog\n", "can be used; line 2, x.ogg: there is no such file"),
        ('path,label\n"' + "x" * 200_000 + '",dog\n', "is not a CSV file in UTF-8: field larger"),
    ],
)
def test_tables_that_cannot_be_used(folder: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidLabelsError, match=message):
        read_labels(table(folder, text))


def test_a_missing_group_column_is_a_mistake_if_it_was_asked_for(folder: Path) -> None:
    file = table(folder, "path,label\ndeep/c.ogg,dog\n")
    assert len(read_labels(file).rows) == 1
    with pytest.raises(InvalidLabelsError, match="expected also tape"):
        read_labels(file, "tape")


def test_other_encodings_and_missing_tables(folder: Path) -> None:
    with pytest.raises(InvalidLabelsError, match="not a CSV file in UTF-8"):
        read_labels(table(folder, "path,label\ndeep/c.ogg,Vögel\n", "latin-1"))
    with pytest.raises(NotFoundError, match=r"there is no table .*other\.csv"):
        read_labels(folder / "other.csv")
