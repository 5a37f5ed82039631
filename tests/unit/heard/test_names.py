"""Names of sounds as people write them."""

import pytest

from audiosearch.errors import InvalidQueryError
from audiosearch.heard.names import classes_named, understand
from audiosearch.heard.ontology import ontology

MEANT = {
    "Baby laughter": "Baby laughter",
    "laughing baby": "Baby laughter",
    "BABY, LAUGHING": "Baby laughter",
    "dog": "Dog",
    "barking dog": "Bark",
    "dog barking": "Bark",
    "church bells": "Church bell",
    "church bells ringing": "Church bell",
    "bell": "Bell",
    "crying baby": "Baby cry, infant cry",
    "sneezing": "Sneeze",
    "sea waves": "Waves, surf",
    "crackling fire": "Crackle",
    "clock ticking": "Tick",
    "cat purring": "Purr",
    "cock crowing": "Crowing, cock-a-doodle-doo",
    "rainfall": "Rain",
    "laugh": "Laughter",
    "singer": "Singing",
    "guitars": "Guitar",
    "rock": "Rock music",
    "drum kit": "Drum kit",
    "snare": "Snare drum",
    "toilet": "Toilet flush",
    "car horn": "Vehicle horn, car horn, honking",
    "police siren": "Police car (siren)",
    "lawnmower": "Lawn mower",
    "door bell": "Doorbell",
    "gun shot": "Gunshot, gunfire",
    "airplane": "Fixed-wing aircraft, airplane",
    "domestic animals": "Domestic animals, pets",
    "human voice": "Human voice",
    "gitar": "Guitar",
    "helicoptr": "Helicopter",
    "chruch bell": "Church bell",
}


@pytest.mark.parametrize(("name", "kind"), MEANT.items())
def test_means_one_kind(name: str, kind: str) -> None:
    assert understand(name).names == (kind,)


def test_every_class_is_found_by_its_own_name() -> None:
    names = ontology().class_names
    assert len(names) == 521
    assert [each for each in names if understand(each).names != (each,)] == []
    assert [each for each in names if understand(each.upper()).names != (each,)] == []


def names_of(name: str) -> set[str]:
    return {ontology().class_names[number] for number in understand(name).classes}


def test_a_kind_covers_what_is_below_it() -> None:
    assert {"Dog", "Bark", "Howl", "Bow-wow"} <= names_of("dog")
    assert "Meow" not in names_of("dog")
    assert {"Dog", "Cat", "Meow", "Bark"} <= names_of("Domestic animals, pets")
    assert names_of("bark") == {"Bark"}


def test_kinds_that_fit_alike_are_all_meant() -> None:
    assert names_of("baby") == {"Baby laughter", "Baby cry, infant cry"}
    assert {"Bass guitar", "Bass drum", "Double bass"} <= names_of("bass")


def test_of_several_names_any_counts() -> None:
    both = set(classes_named(["dog", "church bell"]))
    assert both == set(classes_named(["dog"])) | set(classes_named(["church bell"]))
    assert classes_named([]) == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("motorbike", "'motorbike', which names no kind of sounds; .* such as 'Motorcycle'"),
        ("cow", "such as 'Moo'"),
        ("oboe", "'oboe', which YAMNet does not tell from others; .* 'Wind instrument, woodwind"),
        ("clavinet", "which YAMNet does not tell from others; .*'Keyboard"),
        ("male speech", "which YAMNet does not tell from others; .* such as 'Speech'"),
        ("unicorn", "names no kind of sounds; expected one of AudioSet's names; .* lists"),
        ("", "names no kind of sounds"),
        ("🙂", "names no kind of sounds"),
        ("(", "names no kind of sounds"),
    ],
)
def test_what_is_not_known_is_told_with_what_is_near(name: str, message: str) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        understand(name)
