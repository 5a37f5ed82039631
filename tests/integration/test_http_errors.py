"""What the HTTP service refuses, and how it says so."""

import base64
import io
import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import PROJECT_DIR, sine
from tests.integration.service import Service, run_app, serving

CLIP = "toy-data/drum_loop_loop_mika.mp3"
NAN, INFINITY = float("nan"), float("inf")


def data_uri(waveform: np.ndarray, sample_rate: int = 16_000) -> str:
    file = io.BytesIO()
    soundfile.write(file, waveform, sample_rate, format="FLAC")
    return "data:audio/flac;base64," + base64.b64encode(file.getvalue()).decode()


def check_problem(response: httpx.Response, status: int, code: str) -> str:
    """Check an answer against RFC 9457, and give its detail."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"] == HTTPStatus(status).phrase
    detail: str = problem["detail"]
    assert detail
    for forbidden in ("Traceback", 'File "', str(PROJECT_DIR), str(Path.home())):
        assert forbidden not in response.text
    return detail


def send(service: Service, path: str, content: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return httpx.post(
        service.address + path, content=content, headers=headers, timeout=60, trust_env=False
    )


def refused(service: Service, query: Any, status: int, code: str, **parameters: Any) -> str:
    body = {"data": [query], "parameters": parameters}
    content = json.dumps(body).encode()  # which writes NaN, as httpx does not
    return check_problem(send(service, "/search", content), status, code)


UNKNOWN = {
    "file": {"uri": "toy-data/unknown.ogg"},
    "library uri": {"uri": "files/unknown.ogg"},
    "long name": {"uri": "toy-data/" + "x" * 5_000},
    "empty query string": {"uri": "toy-data/unknown.ogg?x=1"},
    "NUL": {"uri": "toy-data/drum\0.ogg"},
    "recording": {"recording_id": "0" * 32},
    "no recording's id": {"recording_id": "' OR 1=1 --"},
}


@pytest.mark.parametrize("query", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown(toy_service: Service, query: dict[str, str]) -> None:
    detail = refused(toy_service, query, 404, "not_found")
    assert detail.startswith("data[0]: ")


OUTSIDE = [
    "/etc/passwd",
    "/etc/no_such_file",
    "../../../../../../etc/passwd",
    "toy-data/../../../../../etc/passwd",
    "toy-data/../../shared/README.md",
    "//etc/passwd",
]


@pytest.mark.parametrize("uri", OUTSIDE)
def test_outside(toy_service: Service, uri: str) -> None:
    detail = refused(toy_service, {"uri": uri}, 403, "forbidden")
    assert "index its folder first" in detail


def test_outside_says_nothing_of_what_is_there(toy_service: Service, tmp_path: Path) -> None:
    there, absent = tmp_path / "there.wav", tmp_path / "absent.wav"
    soundfile.write(there, sine(1.0), 16_000)
    details = [
        refused(toy_service, {"uri": str(path)}, 403, "forbidden").replace(path.name, "NAME")
        for path in (there, absent, tmp_path / "folder" / "absent.wav")
    ]
    assert details[0] == details[1] == details[2].replace("folder/", "")


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "file://toy-data/x.ogg"])
def test_other_schemes_are_names_of_files(toy_service: Service, uri: str) -> None:
    refused(toy_service, {"uri": uri}, 404, "not_found")


@pytest.mark.parametrize("uri", ["http://localhost/", "HTTPS://example.org/x.wav"])
def test_addresses_are_not_fetched(toy_service: Service, uri: str) -> None:
    assert "allow_urls" in refused(toy_service, {"uri": uri}, 403, "forbidden")


INNER_FIELDS = [
    {"path": "/etc/passwd"},
    {"file_state": "1 2"},
    {"tensor": [0.0]},
    {"status": "added"},
    {"chunks": [{"start_s": 0, "end_s": 1}]},
    {"block": 3},
    {"limit": 3},
]


@pytest.mark.parametrize("extra", INNER_FIELDS, ids=lambda extra: next(iter(extra)))
@pytest.mark.parametrize("endpoint", ["/search", "/index"])
def test_inner_fields_are_refused(
    toy_service: Service, endpoint: str, extra: dict[str, Any]
) -> None:
    response = toy_service.post(endpoint, {"data": [{"uri": CLIP, **extra}]})
    detail = check_problem(response, 422, "invalid_query")
    assert (
        detail
        == f"data.0.{next(iter(extra))}: there is no such field; see /docs for those that there are"
    )


UNDECODABLE = {
    "text file": ({"uri": "toy-data/README.md"}, "undecodable", "README.md cannot be decoded"),
    "text": ({"uri": "data:,hello"}, "undecodable", "the data cannot be decoded"),
    "nothing": ({"uri": "data:audio/wav;base64,"}, "undecodable", "0 bytes"),
    "broken base64": ({"uri": "data:audio/wav;base64,AA*A"}, "invalid_query", "base64"),
    "cut base64": ({"uri": "data:audio/wav;base64,AAA"}, "invalid_query", "base64"),
    "no comma": ({"uri": "data:audio/wav;base64"}, "invalid_query", "expected data:"),
    "silence": ({"uri": data_uri(np.zeros(32_000))}, "silent", "only silence"),
    "near silence": ({"uri": data_uri(sine(2.0) / 1_000)}, "silent", "only silence"),
    "short": ({"uri": data_uri(sine(0.05))}, "too_short", "received 0.050 s"),
    "short stretch": ({"uri": CLIP, "start_s": 1, "end_s": 1.05}, "too_short", "received 0.050 s"),
    "beyond the end": ({"uri": CLIP, "start_s": 8.5}, "invalid_query", "beyond the sound's end"),
    "far beyond the end": ({"uri": CLIP, "start_s": 1e7}, "invalid_query", "beyond the sound's"),
    "folder": ({"uri": "toy-data"}, "unreadable", "not a regular file"),
}


@pytest.mark.parametrize(("query", "code", "reason"), UNDECODABLE.values(), ids=UNDECODABLE)
def test_no_sound_to_search_by(
    toy_service: Service, query: dict[str, Any], code: str, reason: str
) -> None:
    assert reason in refused(toy_service, query, 422, code)


def test_too_long_suggests_a_stretch(toy_service: Service) -> None:
    rng = np.random.default_rng(0)
    long = data_uri(rng.uniform(-0.1, 0.1, 8_000 * 601).astype(np.float32), 8_000)
    detail = refused(toy_service, {"uri": long}, 413, "too_long")
    assert "more than 600 s" in detail
    assert "#t=0,600" in detail
    assert toy_service.search({"uri": long, "start_s": 595, "end_s": 600})


def test_too_large_a_body_is_not_read(toy_service: Service) -> None:
    response = send(toy_service, "/search", b" " * 100_000_001)
    assert "more than 100 MB" in check_problem(response, 413, "too_long")


def test_names_that_are_no_text_are_told(toy_service: Service) -> None:
    condition = {"tags": {"\ud800": "x"}}
    detail = refused(toy_service, {"uri": CLIP}, 422, "invalid_query", filter=condition)
    assert detail.startswith("parameters.filter.tags.")
    detail = refused(toy_service, {"uri": CLIP, "\ud800": 1}, 422, "invalid_query")
    assert detail.startswith("data.0: ")


INVALID = {
    "both": ({"uri": CLIP, "recording_id": "0" * 32}, {}, "received uri and recording_id"),
    "neither": ({}, {}, "expected either uri or recording_id"),
    "empty uri": ({"uri": ""}, {}, "data.0.uri: "),
    "end at start": ({"uri": CLIP, "start_s": 2, "end_s": 2}, {}, "received start_s 2 and end_s 2"),
    "end before start": ({"uri": CLIP, "start_s": 3, "end_s": 2}, {}, "ends after its start"),
    "end at 0": ({"uri": CLIP, "end_s": 0}, {}, "ends after its start"),
    "fragment that ends first": ({"uri": f"{CLIP}#t=3,2"}, {}, "ends after its start"),
    "fragment and field": ({"uri": f"{CLIP}#t=1,2", "start_s": 1}, {}, "expected one"),
    "fragment and end": ({"uri": f"{CLIP}#t=1", "end_s": 2}, {}, "expected one"),
    "negative start": ({"uri": CLIP, "start_s": -1}, {}, "data.0.start_s: "),
    "NaN start": ({"uri": CLIP, "start_s": NAN}, {}, "data.0.start_s: "),
    "infinite end": ({"uri": CLIP, "end_s": INFINITY}, {}, "data.0.end_s: "),
    "text start": ({"uri": CLIP, "start_s": "soon"}, {}, "received 'soon'"),
    "numeric uri": ({"uri": 7}, {}, "data.0.uri: "),
    "listed uri": ({"uri": [CLIP]}, {}, "data.0.uri: "),
    "text for a query": (CLIP, {}, "data.0: "),
    "null query": (None, {}, "data.0: "),
    "limit 0": ({"uri": CLIP}, {"limit": 0}, "parameters.limit: "),
    "limit -1": ({"uri": CLIP}, {"limit": -1}, "parameters.limit: "),
    "limit 1.5": ({"uri": CLIP}, {"limit": 1.5}, "parameters.limit: "),
    "limit of millions": ({"uri": CLIP}, {"limit": 10**7}, "parameters.limit: "),
    "text limit": ({"uri": CLIP}, {"limit": "many"}, "received 'many'"),
    "limit in quotes": ({"uri": CLIP}, {"limit": "3"}, "expected a number, received '3'"),
    "true limit": ({"uri": CLIP}, {"limit": True}, "expected a number, received 'True'"),
    "true start": ({"uri": CLIP, "start_s": True}, {}, "expected a number, received 'True'"),
    "negative moments": ({"uri": CLIP}, {"moments": -1}, "parameters.moments: "),
    "NaN distance": ({"uri": CLIP}, {"max_distance": NAN}, "parameters.max_distance: "),
    "distance 3": ({"uri": CLIP}, {"moment_distance": 3}, "parameters.moment_distance: "),
    "unknown parameter": ({"uri": CLIP}, {"limits": 3}, "parameters.limits: there is no such"),
    "unknown filter": ({"uri": CLIP}, {"filter": {"uri": "x"}}, "parameters.filter.uri: there is"),
    "wrong filter": ({"uri": CLIP}, {"filter": {"uri_prefix": 3}}, "parameters.filter.uri_prefix"),
    "text filter": ({"uri": CLIP}, {"filter": "toy-data"}, "parameters.filter: "),
    "wrong tags": ({"uri": CLIP}, {"filter": {"tags": ["x"]}}, "parameters.filter.tags: "),
    "text exclude_self": ({"uri": CLIP}, {"exclude_self": "perhaps"}, "parameters.exclude_self: "),
    "surrogate": ({"uri": "toy-data/\ud800.ogg"}, {}, "data.0.uri: "),
}


@pytest.mark.parametrize(("query", "parameters", "reason"), INVALID.values(), ids=INVALID)
def test_invalid(toy_service: Service, query: Any, parameters: dict[str, Any], reason: str) -> None:
    assert reason in refused(toy_service, query, 422, "invalid_query", **parameters)


def test_first_wrong_query_is_named(toy_service: Service) -> None:
    body = {"data": [{"uri": CLIP}, {"uri": "toy-data/unknown.ogg"}, {"uri": CLIP}]}
    detail = check_problem(toy_service.post("/search", body), 404, "not_found")
    assert detail.startswith("data[1]: ")


BODIES = {
    "no data": (b"{}", "data: Field required"),
    "empty data": (b'{"data": []}', "data: "),
    "unknown field": (b'{"data": [{"uri": "x"}], "limit": 3}', "limit: there is no such field"),
    "list": (b"[]", "body: "),
    "not JSON": (b"uri=toy-data", "JSON decode error"),
    "cut JSON": (b'{"data": [', "JSON decode error"),
    "nothing": (b"", "body: Field required"),
    "too many": (json.dumps({"data": [{"uri": CLIP}] * 33}).encode(), "data: "),
}


@pytest.mark.parametrize(("content", "reason"), BODIES.values(), ids=BODIES)
def test_wrong_body(toy_service: Service, content: bytes, reason: str) -> None:
    response = send(toy_service, "/search", content)
    assert reason in check_problem(response, 422, "invalid_query")


@pytest.mark.parametrize("content", [b'{"data": [{"uri": "\xff"}]}', b"[" * 100_000])
def test_body_that_cannot_be_read(toy_service: Service, content: bytes) -> None:
    check_problem(send(toy_service, "/search", content), 400, "bad_request")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/docs/../../etc/passwd", "/static-offline-docs/..%2f..%2fx", "/index"]
)
def test_unknown_address(toy_service: Service, path: str) -> None:
    status = 405 if path == "/index" else 404
    code = "method_not_allowed" if path == "/index" else "not_found"
    check_problem(toy_service.get(path), status, code)


def test_health(toy_service: Service) -> None:
    response = toy_service.get("/health")
    assert response.status_code == 200
    health = response.json()
    assert len(health.pop("library_id")) == 32
    assert health["windows"] > health["recordings"] == 33
    assert set(health) == {"status", "encoder", "recordings", "windows", "duration_s"}


def test_server_still_answers(toy_service: Service) -> None:
    assert toy_service.search({"uri": CLIP})[0]["uri"] == CLIP
    assert "Traceback" not in toy_service.log.read_text()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    """Serve a library of one folder, with the folder."""
    root = tmp_path_factory.mktemp("library")
    folder = root / "sounds"
    folder.mkdir()
    soundfile.write(folder / "first.wav", sine(1.0, 300), 16_000)
    with serving(root / "workspace") as service:
        indexed = run_app("index", folder, "--workspace", service.workspace)
        assert indexed.returncode == 0, indexed.stderr
        yield service, folder


Library = tuple[Service, Path]


def index(service: Service, *new: dict[str, Any]) -> list[dict[str, Any]]:
    response = service.post("/index", {"data": list(new)})
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["data"]
    return results


def test_bad_among_good(library: Library) -> None:
    service, folder = library
    soundfile.write(folder / "good.wav", sine(1.0, 400), 16_000)
    soundfile.write(folder / "better.wav", sine(1.0, 500), 16_000)
    soundfile.write(folder / "silent.wav", np.zeros(32_000), 16_000)
    (folder / "text.mp3").write_text("no sound")
    names = ["good.wav", "text.mp3", "silent.wav", "absent.wav", "first.wav", "better.wav"]
    results = index(service, *({"uri": f"sounds/{name}"} for name in names))
    assert [result["uri"] for result in results] == [f"sounds/{name}" for name in names]
    assert [(result["status"], result["code"]) for result in results] == [
        ("added", None),
        ("failed", "undecodable"),
        ("failed", "silent"),
        ("failed", "not_found"),
        ("unchanged", None),
        ("added", None),
    ]
    for result in results:
        assert bool(result["message"]) == (result["status"] == "failed")
        assert bool(result["recording_id"]) or result["status"] == "failed"
        assert str(folder) not in str(result)
    assert service.search({"uri": "sounds/better.wav"})[0]["uri"] == "sounds/better.wav"


def test_copies_in_one_request(library: Library) -> None:
    service, folder = library
    for name in ("copy.wav", "copy of copy.wav"):
        soundfile.write(folder / name, sine(1.0, 600), 16_000)
    uris = ["sounds/copy.wav", "sounds/copy of copy.wav", "sounds/copy.wav"]
    results = index(service, *({"uri": uri, "id": "same"} for uri in uris))
    assert [result["status"] for result in results] == ["added", "known", "known"]
    assert [result["uri"] for result in results] == uris
    assert {result["id"] for result in results} == {"same"}
    assert len({result["recording_id"] for result in results}) == 1
    matches = service.search({"uri": uris[1]}, limit=2)
    assert matches[0]["uri"] == "sounds/copy of copy.wav", "its first name in their order"
    assert matches[1]["id"] != matches[0]["id"]


def test_sound_in_a_request(library: Library) -> None:
    service, _ = library
    sound = data_uri(sine(1.0, 700))
    tags = {"place": "studio", "take": 2, "recorded_ms": 1_700_000_000_000}
    [result] = index(service, {"uri": sound, "tags": tags})
    assert (result["status"], result["uri"]) == ("added", "data:audio/flac;base64")
    match = service.search({"uri": sound}, limit=1)[0]
    assert match["uri"] == f"data/{result['recording_id']}"
    assert match["tags"] == tags
    for condition, found in (
        ({"take": 2}, 1),
        ({"recorded_ms": 1_700_000_000_000}, 1),
        ({"take": [1, 2], "place": "studio"}, 1),
        ({"take": 1}, 0),
    ):
        assert len(service.search({"uri": sound}, filter={"tags": condition})) == found
    assert index(service, {"uri": sound})[0]["status"] == "unchanged"


def test_outside_is_not_indexed(library: Library, tmp_path: Path) -> None:
    service, folder = library
    soundfile.write(folder / "inside.wav", sine(1.0, 800), 16_000)
    soundfile.write(tmp_path / "outside.wav", sine(1.0, 900), 16_000)
    body = {"data": [{"uri": "sounds/inside.wav"}, {"uri": str(tmp_path / "outside.wav")}]}
    recordings = service.get("/health").json()["recordings"]
    answer = service.post("/index", body)
    check_problem(answer, 403, "forbidden")
    assert answer.json()["detail"].startswith("data[1]: ")
    assert service.get("/health").json()["recordings"] == recordings, "neither is indexed"


def test_link_that_leads_outside(library: Library, tmp_path: Path) -> None:
    service, folder = library
    soundfile.write(tmp_path / "secret.wav", sine(1.0), 16_000)
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "folder").symlink_to(tmp_path)
    for uri in ("sounds/link.wav", "sounds/folder/secret.wav"):
        refused(service, {"uri": uri}, 404, "not_found")
        [result] = index(service, {"uri": uri})
        assert (result["status"], result["code"]) == ("failed", "not_found")


@pytest.mark.parametrize("token", [None, "", "guess", "\xe4"])
def test_folders_are_the_owners(library: Library, tmp_path: Path, token: str | None) -> None:
    service, _ = library
    soundfile.write(tmp_path / "outside.wav", sine(1.0, 900), 16_000)
    body = {
        "data": [{"uri": str(tmp_path / "outside.wav")}],
        "parameters": {"folders": [str(tmp_path)]},
    }
    headers = {} if token is None else {"X-AudioSearch-Owner": token.encode("latin-1")}
    check_problem(service.post("/index", body, **headers), 403, "forbidden")


def test_what_index_refuses(library: Library) -> None:
    service, _ = library
    for new, reason in (
        ({"recording_id": "0" * 32}, "data.0.uri: Field required"),
        ({"uri": "sounds/first.wav", "start_s": 1}, "data.0.start_s: there is no such field"),
        ({"uri": "sounds/first.wav", "tags": "loud"}, "data.0.tags: "),
    ):
        response = service.post("/index", {"data": [new]})
        assert reason in check_problem(response, 422, "invalid_query")


def test_library_server_has_met_no_surprise(library: Library) -> None:
    assert "Traceback" not in library[0].log.read_text()


HUGE: dict[str, Any] = {
    "fields": {f"field {number}": 1 for number in range(200_000)},
    "name of a field": {"x" * 1_000_000: 1},
    "id": {"id": "x" * 1_000_000},
    "path": {"uri": "a/" * 500_000},
}


@pytest.mark.parametrize("query", HUGE.values(), ids=HUGE)
def test_huge_requests_get_short_answers(toy_service: Service, query: dict[str, Any]) -> None:
    for body in ({"data": [query]}, {"data": [{"uri": CLIP}], "parameters": query}, query):
        response = send(toy_service, "/search", json.dumps(body).encode())
        assert response.status_code in (404, 422), response.text[:300]
        assert len(response.content) < 3_000
    response = send(toy_service, "/session", json.dumps(query).encode())
    assert response.status_code == 413, "it is open to those without a token"
    assert len(response.content) < 3_000
