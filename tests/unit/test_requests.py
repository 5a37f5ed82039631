"""The bodies that the gateway accepts, where a mistake would reach the microservices."""

import io

import pytest
from fastapi import UploadFile
from pydantic import ValidationError

from executors.service.requests import IndexBody, Query, SearchBody, SearchParameters, Upload


def test_a_fragment_equals_the_fields() -> None:
    assert (
        Query.model_validate({"uri": "a.wav#t=1.5,4"}).model_dump()
        == Query.model_validate({"uri": "a.wav", "start_s": 1.5, "end_s": 4}).model_dump()
    )


@pytest.mark.parametrize(
    "uri", ["a.wav#t=4,4", "a.wav#t=4,1", f"a.wav#t={10**20}", "a.wav#t=0,1e9"]
)
def test_stretches_that_no_recording_has(uri: str) -> None:
    if uri.endswith("1e9"):  # no number of a media fragment: part of the name
        assert Query.model_validate({"uri": uri}).uri == uri
    else:
        with pytest.raises(ValidationError, match="stretch"):
            Query.model_validate({"uri": uri})


def test_stretches_of_uploads_end_after_their_start() -> None:
    form = {"file": UploadFile(io.BytesIO(b"sound"), filename="a#t=4,1.wav"), "start_s": "2"}
    assert Upload.model_validate(form | {"end_s": "3"}).end_s == 3
    with pytest.raises(ValidationError, match="received start_s 2 and end_s 1"):
        Upload.model_validate(form | {"end_s": "1"})


def test_a_query_by_name_has_no_sound() -> None:
    query = Query.model_validate({"id": "q", "heard": "laughing baby", "uri": None})
    assert query.sounds() == {"query": [], "positive": [], "negative": []}
    for sound in ({"uri": "a.wav"}, {"start_s": 1}, {"negatives": [{"uri": "a.wav"}]}):
        [name] = sound
        with pytest.raises(ValidationError, match=f"heard and {name}, expected one .*filter.heard"):
            Query.model_validate({"heard": "dog", **sound})
    with pytest.raises(ValidationError, match=r"such as 'Motorcycle'"):
        Query.model_validate({"heard": "motorbike"})


@pytest.mark.parametrize("tag", ["\ud800", 2**60, float("inf"), {"a": 1}, [1], None])
def test_tags_that_protobuf_cannot_carry(tag: object) -> None:
    with pytest.raises(ValidationError):
        IndexBody.model_validate({"data": [{"uri": "a.wav", "tags": {"tag": tag}}]})


@pytest.mark.parametrize(
    "condition",
    [
        {"recording_id": []},
        {"uri_prefix": ["x"] * 1001},
        {"tags": {"label": {"not": "a value"}}},
        {"tags": {"label": None}},
        {"tags": dict.fromkeys(map(str, range(101)), "x")},
        {"tags": {"\ud800": "x"}},
        {"uri_prefix": "\ud800"},
        {"colour": "red"},
        {"heard": []},
        {"heard": "unicorn"},
        {"heard": ["dog", "unicorn"]},
        {"heard": ["dog"] * 21},
        {"heard": "dog " * 30},
        {"heard": 1},
    ],
)
def test_filters_that_mean_nothing(condition: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SearchParameters.model_validate({"filter": condition})


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"uri": "a.wav", "id": "\ud800"}]},
        {"data": [{"recording_id": "\ud800"}]},
        {"data": [{"uri": "a.wav"}], "header": {"request_id": "\ud800"}},
    ],
)
def test_texts_that_utf8_cannot_spell(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="surrogates not allowed"):
        SearchBody.model_validate(body)


def test_one_value_and_a_list_of_one_are_the_same() -> None:
    one = SearchParameters.model_validate({"filter": {"uri_prefix": "a/", "tags": {"n": 1}}})
    many = SearchParameters.model_validate({"filter": {"uri_prefix": ["a/"], "tags": {"n": [1]}}})
    assert one == many


def test_what_a_jina_client_adds_is_ignored() -> None:
    body = SearchBody.model_validate(
        {
            "data": [{"uri": "a.wav", "chunks": [], "path": None, "block": 0}],
            "header": {"request_id": "1"},
            "exec_endpoint": "/search",
            "parameters": {"limit": 3.0, "__results__": {}},
        }
    )
    assert body.parameters.limit == 3
    assert body.data[0].model_dump(exclude_defaults=True) == {"uri": "a.wav"}
