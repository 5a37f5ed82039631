"""Verdicts and percentiles of the toy clips, and of changed copies of them sent as queries."""

import io
from typing import Any

import numpy as np
import pytest

from audiosearch.data_uri import make_data_uri
from audiosearch.decode import decode
from audiosearch.types import Waveform
from tests.audio_files import write_soundfile
from tests.conftest import TOY_DATA
from tests.integration.service import Service

RATE = 44_100
TABLA = "toy-data/drum_loop_loop_tabla.ogg"
CLIPS = {  # drums, a voice, a hum, music: with many events
    "drum_loop_loop_tabla.ogg",
    "speech_it_1.ogg",
    "glass_ambi_glass_hum.ogg",
    "music_singularity_2.ogg",
    "drum_loop_loop_mika.mp3",
}


def sent(waveform: Waveform, format: str, **options: Any) -> str:
    file = io.BytesIO()
    write_soundfile(file, waveform, RATE, format=format, **options)
    return make_data_uri(file.getvalue(), f"audio/{format.lower()}")


def as_mp3(waveform: Waveform) -> str:
    return sent(waveform, "MP3", bitrate_mode="CONSTANT", compression_level=0.89)  # 64 kbit/s


def louder(waveform: Waveform) -> str:
    return sent(waveform * np.float32(0.9 / np.abs(waveform).max()), "FLAC")


def softer(waveform: Waveform) -> str:
    return sent(waveform * np.float32(0.25), "FLAC")


def cut(waveform: Waveform) -> str:
    return sent(waveform[round(0.37 * RATE) : -round(0.5 * RATE)], "FLAC")


@pytest.mark.parametrize("change", [as_mp3, louder, softer, cut])
@pytest.mark.parametrize("clip", sorted(CLIPS))
def test_changed_copies_are_the_same_recording(
    toy_service: Service, clip: str, change: Any
) -> None:
    uri = change(decode(TOY_DATA / clip, RATE))
    same = [
        match["uri"]
        for match in toy_service.search({"uri": uri}, limit=33)
        if match["verdict"] == "same recording"
    ]
    assert same == [f"toy-data/{clip}"]


@pytest.fixture(scope="module")
def found(toy_service: Service) -> dict[str, list[dict[str, Any]]]:
    """Give all matches of each clip."""
    uris = [match["uri"] for match in toy_service.search({"uri": TABLA}, limit=33)]
    return {uri: toy_service.search({"uri": uri}, limit=33) for uri in uris}


def test_only_itself_is_the_same_recording(found: dict[str, list[dict[str, Any]]]) -> None:
    for uri, matches in found.items():
        same = [each["uri"] for each in matches if each["verdict"] == "same recording"]
        assert same == [uri]


def test_verdicts_and_percentiles_fall_with_the_distance(
    found: dict[str, list[dict[str, Any]]],
) -> None:
    words = ("same recording", "very similar", "similar", "weak")
    for matches in found.values():
        percentiles = [match["percentile"] for match in matches]
        assert percentiles == sorted(percentiles, reverse=True)
        ranks = [words.index(match["verdict"]) for match in matches]
        assert ranks == sorted(ranks)
    assert {match["verdict"] for matches in found.values() for match in matches} == set(words)


def test_a_positive_is_the_same_recording_though_the_query_moved(toy_service: Service) -> None:
    query = {"uri": TABLA, "positives": [{"uri": "toy-data/speech_it_1.ogg"}]}
    verdicts = {each["uri"]: each["verdict"] for each in toy_service.search(query, limit=33)}
    same = {uri for uri, verdict in verdicts.items() if verdict == "same recording"}
    assert same <= {TABLA, "toy-data/speech_it_1.ogg"}
    assert TABLA in same


def test_a_stretch_of_a_recording_is_the_same(toy_service: Service) -> None:
    [match] = toy_service.search({"uri": TABLA, "start_s": 3.3, "end_s": 8.1}, limit=1)
    assert (match["uri"], match["verdict"]) == (TABLA, "same recording")
