from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosearch.ranking import Pair, Pairs, RankedRecording, merge_moments, rank

# Few distinct values, all exact in binary: ties, touching and overlapping windows are common.
eighths = st.integers(0, 16).map(lambda number: number / 8)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    start_s, query_start_s = draw(st.integers(0, 30)), draw(st.integers(0, 5))
    length_s = draw(st.integers(1, 6))
    query_end_s, query_sound = query_start_s + 4.0, draw(st.integers(0, 2))
    return Pair(draw(eighths), start_s, start_s + length_s, query_start_s, query_end_s, query_sound)


def as_array(own: list[Pair]) -> Pairs:
    return np.array(own, np.float64).reshape(-1, len(Pair._fields))


def moments_of(*own: Pair) -> list[Pair]:
    return [Pair(*row) for row in merge_moments(as_array(list(own)))]


def stretches_by_definition(own: list[Pair]) -> list[Pair]:
    """Merge any two stretches that touch until none do."""
    groups = [{pair} for pair in own]
    while True:
        touching = [
            (a, b)
            for i, a in enumerate(groups)
            for b in groups[:i]
            if min(p.start_s for p in a) <= max(p.end_s for p in b)
            and min(p.start_s for p in b) <= max(p.end_s for p in a)
        ]
        if not touching:
            break
        a, b = touching[0]
        groups = [group for group in groups if group is not a and group is not b] + [a | b]
    merged = []
    for group in groups:
        best = sorted(group)[0]
        start_s, end_s = min(p.start_s for p in group), max(p.end_s for p in group)
        merged.append(best._replace(start_s=start_s, end_s=end_s))
    return sorted(merged)


@settings(max_examples=200, deadline=None)
@given(own=st.lists(pairs(), max_size=12))
def test_moments_by_definition(own: list[Pair]) -> None:
    assert moments_of(*own) == stretches_by_definition(own)


@settings(max_examples=200, deadline=None)
@given(
    found=st.dictionaries(
        st.sampled_from("abcdef"), st.lists(pairs(), min_size=1, max_size=8), max_size=6
    ),
    limit=st.one_of(st.none(), st.integers(0, 7)),
    moments=st.integers(0, 4),
)
def test_ranks_by_definition(found: dict[str, list[Pair]], limit: int | None, moments: int) -> None:
    expected = []
    for recording_id, own in sorted(found.items()):
        best = sorted(own)[0]
        expected.append(RankedRecording(recording_id, best, stretches_by_definition(own)[:moments]))
    expected.sort(key=lambda each: each.best.cosine)  # stable: ties stay in the order of ids
    arrays = {recording_id: as_array(own) for recording_id, own in found.items()}
    assert rank(arrays, limit, moments) == (expected if limit is None else expected[:limit])


def test_recordings_with_many_windows_gain_nothing() -> None:
    many = as_array([Pair(0.3, start, start + 4.0, 0, 4) for start in range(0, 100, 2)])
    ranked = rank({"many": many, "one": as_array([Pair(0.2, 0, 4, 0, 4)])})
    assert [(each.id, each.best.cosine) for each in ranked] == [("one", 0.2), ("many", 0.3)]


def test_ties_are_in_the_order_of_ids() -> None:
    found = {each: as_array([Pair(0.5, 0, 4, 0, 4)]) for each in ("c", "a", "d", "b")}
    assert [each.id for each in rank(found, limit=3)] == ["a", "b", "c"]


def test_touching_windows_merge_and_others_do_not() -> None:
    touching = [Pair(0.2, 0, 4, 0, 4), Pair(0.1, 4, 8, 2, 6)]
    apart = Pair(0.15, 8.01, 12.01, 0, 4)
    assert moments_of(apart, *touching) == [Pair(0.1, 0, 8, 2, 6), apart]


def test_a_window_within_a_longer_one_does_not_end_the_stretch() -> None:
    windows = [Pair(0.3, 0, 10, 0, 4), Pair(0.2, 1, 2, 0, 4), Pair(0.1, 3, 4, 0, 4)]
    assert moments_of(*windows) == [Pair(0.1, 0, 10, 0, 4)]


def test_moments_are_best_first_and_limited() -> None:
    windows = [
        Pair(cosine, start, start + 4.0, 0, 4)
        for cosine, start in [(0.3, 0), (0.1, 10), (0.4, 20), (0.2, 30)]
    ]
    (ranked,) = rank({"a": as_array(windows)}, moments=3)
    assert [moment.start_s for moment in ranked.moments] == [10, 30, 0]
    assert all(a.cosine <= b.cosine for a, b in pairwise(ranked.moments))


def test_nothing_found_ranks_nothing() -> None:
    assert rank({}) == []
