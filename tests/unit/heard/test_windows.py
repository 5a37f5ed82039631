"""What is kept of windows' classes, and what windows have in common."""

import numpy as np
import pytest

from audiosearch.heard.ontology import ontology
from audiosearch.heard.windows import (
    FULL_SCALE,
    N_CLASSES,
    N_KEPT,
    THRESHOLD,
    best_scores,
    class_scores,
    in_common,
    keep_best,
    name_heard,
    nothing_heard,
)
from audiosearch.types import Heard

NAMES = ontology().class_names


def heard(*windows: dict[str, float]) -> Heard:
    """Keep what is heard in windows, by the classes' names."""
    probabilities = np.zeros((len(windows), N_CLASSES), np.float32)
    for row, window in zip(probabilities, windows, strict=True):
        for name, probability in window.items():
            row[NAMES.index(name)] = probability
    return keep_best(probabilities)


def scores(kept: Heard) -> dict[str, float]:
    """Give the scores of one window's classes."""
    return {NAMES[number]: round(score / FULL_SCALE, 4) for number, score in kept.tolist() if score}


def test_a_class_is_heard_where_one_that_it_covers_is() -> None:
    [window] = heard({"Church bell": 0.6, "Bell": 0.2, "Speech": 0.3})
    found = scores(window)
    assert (found["Church bell"], found["Bell"], found["Speech"]) == (0.6, 0.6, 0.3)
    assert "Bicycle bell" not in found
    assert found["Music"] == 0.6  # of which bells are instruments


def test_the_best_are_kept_in_order() -> None:
    probabilities = np.random.default_rng(0).random((7, N_CLASSES), np.float32)
    kept = keep_best(probabilities)
    assert (kept.shape, kept.dtype) == ((7, N_KEPT, 2), np.uint16)
    known = ontology()
    for window, row in zip(kept, probabilities, strict=True):
        wide = [row[[n, *known.classes_below[n]]].max() for n in range(N_CLASSES)]
        expected = np.sort(wide)[::-1][:N_KEPT]
        np.testing.assert_allclose(window[:, 1] / FULL_SCALE, expected, atol=1e-5)
        assert len(set(window[:, 0].tolist())) == N_KEPT


def test_no_windows() -> None:
    assert heard().shape == nothing_heard(0).shape == (0, N_KEPT, 2)
    assert best_scores(nothing_heard(3)) == {}
    assert name_heard(nothing_heard(0)) == []


def test_scores_by_class() -> None:
    dense = class_scores(heard({"Dog": 0.5}, {}))
    assert dense.shape == (2, N_CLASSES)
    assert dense[0, NAMES.index("Dog")] == round(0.5 * FULL_SCALE)
    assert not dense[1].any()


def test_only_from_the_threshold_on_is_a_class_heard() -> None:
    windows = heard({"Rain": THRESHOLD - 0.001, "Dog": THRESHOLD + 0.001}, {"Speech": 0.5})
    found = {NAMES[number] for number in best_scores(windows)}
    assert {"Dog", "Speech"} <= found
    assert "Rain" not in found


def test_the_specific_is_named_before_what_covers_it() -> None:
    assert name_heard(heard({"Church bell": 0.6}), most=2) == ["Church bell", "Bell"]
    assert name_heard(heard({"Bell": 0.9, "Church bell": 0.2}), most=2) == ["Church bell", "Bell"]
    both = heard({"Speech": 0.3, "Dog": 0.4})
    assert name_heard(both)[:2] == ["Dog", "Speech"]
    assert set(name_heard(both, most=None)) > {"Dog", "Speech", "Animal"}


def test_several_windows_are_named_by_their_best() -> None:
    assert name_heard(heard({"Speech": 0.3}, {"Speech": 0.2, "Rain": 0.9}))[:2] == [
        "Rain",
        "Speech",
    ]


@pytest.mark.parametrize("nearest", [0, 1])
def test_in_common_is_the_smaller_score(nearest: int) -> None:
    queries = heard({"Dog": 0.3}, {"Speech": 0.9})
    common = in_common(heard({"Dog": 0.7, "Speech": 0.5}), queries, np.array([nearest]))
    expected = [("Dog", 0.3), ("Speech", 0.5)][nearest]
    found = scores(common[0])
    assert found[expected[0]] == expected[1]
    assert ("Speech" in found) == (nearest == 1)
