import pytest

from audiosearch.scoring.alignment import Alignment
from audiosearch.scoring.verdicts import THRESHOLDS, is_same_recording, may_be_same, verdict

YAMNET = THRESHOLDS["yamnet"]


def test_words_follow_the_distance() -> None:
    distances = (0.0, YAMNET.very_similar, YAMNET.very_similar + 1e-6, YAMNET.similar, 0.9)
    words = [verdict(distance, "yamnet", same_recording=False) for distance in distances]
    assert words == ["very similar", "very similar", "similar", "similar", "weak"]
    assert verdict(0.15, "yamnet", same_recording=True) == "same recording"


def test_of_other_encoders_only_the_same_recording_is_told() -> None:
    assert verdict(0.0, "vggish", same_recording=False) is None
    assert verdict(0.0, "vggish", same_recording=True) == "same recording"
    assert may_be_same(1.5, "vggish")


@pytest.mark.parametrize(
    ("alignment", "expected"),
    [
        (Alignment(correlation=0.95, significance=12, distance=0.1), True),
        (Alignment(correlation=0.8, significance=12, distance=0.01), False),
        (Alignment(correlation=0.95, significance=12, distance=0.5), False),
        (Alignment(correlation=0.97, significance=2, distance=0.01), False),  # one bark
        (Alignment(correlation=0.99, significance=2, distance=0.1), False),
        (Alignment(correlation=0.99, significance=2, distance=0.001), True),
    ],
)
def test_same_recording_needs_all_its_evidence(alignment: Alignment, expected: bool) -> None:
    assert is_same_recording(alignment, "yamnet") is expected


def test_of_other_encoders_the_distance_is_not_known() -> None:
    assert is_same_recording(Alignment(0.95, 12, distance=0.9), "vggish")
    assert not is_same_recording(Alignment(0.99, 2, distance=0.01), "vggish")
