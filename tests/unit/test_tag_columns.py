"""Tags that group recordings, and those that do not."""

from audiosearch.tag_columns import MAX_COLUMNS, MAX_VALUES, NONE, OTHER, tag_columns


def test_values_are_counted_and_coded() -> None:
    [column] = tag_columns([{"label": "cat"}, {"label": "dog"}, {}, {"label": "dog"}])
    assert (column.key, column.values) == ("label", ["dog", "cat"])
    assert column.codes.tolist() == [1, 0, NONE, 0]


def test_tags_that_tell_nothing_apart_are_left_out() -> None:
    tags = [{"title": f"title {n}", "source": "one", "year": n % 2} for n in range(6)]
    [column] = tag_columns(tags)
    assert (column.key, column.values) == ("year", ["0", "1"])


def test_rare_values_are_others() -> None:
    tags = [{"artist": n // 2} for n in range(2 * MAX_VALUES)] + [{"artist": "rare"}]
    [column] = tag_columns(tags)
    assert len(column.values) == MAX_VALUES
    assert column.codes[-1] == OTHER
    assert sorted(set(column.codes.tolist())) == [*range(MAX_VALUES), OTHER]


def test_the_most_frequent_tags_come_first() -> None:
    tags = [{"rare": n % 2} if n < 4 else {"common": n % 3} for n in range(12)]
    assert [each.key for each in tag_columns(tags)] == ["common", "rare"]
    many = [{f"key {key:02}": n % 2 for key in range(30)} for n in range(4)]
    assert len(tag_columns(many)) == MAX_COLUMNS


def test_no_recordings() -> None:
    assert tag_columns([]) == []
