"""What the limits of flow.yml do: their answers are clear, and the service goes on."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest

from tests.integration.service import Service, serving_with
from tests.integration.test_http_errors import CLIP, check_problem, data_uri

LIMITS: dict[str, Any] = {
    "max_body_mb": 2,
    "max_queries": 2,
    "max_results": 5,
    "max_searches": 1,
    "max_waiting": 2,
    "timeout_s": 60,
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve with small limits."""
    workspace = tmp_path_factory.mktemp("limited") / "workspace"
    changes = {"gateway": LIMITS, "segmenter": {"max_query_s": 30}}
    with serving_with(workspace, changes) as service:
        yield service


def noise(seconds: float) -> str:
    rng = np.random.default_rng(0)
    return data_uri(rng.uniform(-0.1, 0.1, round(seconds * 8000)).astype(np.float32), 8000)


def search(service: Service, *queries: dict[str, Any], **parameters: Any) -> httpx.Response:
    return service.post("/search", {"data": list(queries), "parameters": parameters})


def test_number_of_queries(limited: Service) -> None:
    assert search(limited, *[{"uri": CLIP}] * 2).status_code == 200
    detail = check_problem(search(limited, *[{"uri": CLIP}] * 3), 422, "invalid_query")
    assert "received 3 queries, expected at most 2 (max_queries)" in detail


def test_number_of_results(limited: Service) -> None:
    assert search(limited, {"uri": CLIP}, limit=5).status_code == 200
    detail = check_problem(search(limited, {"uri": CLIP}, limit=6), 422, "invalid_query")
    assert "expected at most 5 (max_results)" in detail


def test_size_of_the_body(limited: Service) -> None:
    content = b"x" * 2_100_000
    for path, options in (
        ("/search", {"content": content, "headers": {"Content-Type": "application/json"}}),
        ("/search/upload", {"files": {"file": content}}),
    ):
        response = httpx.post(limited.address + path, timeout=60, trust_env=False, **options)
        assert "more than 2 MB" in check_problem(response, 413, "too_long")


def test_what_comes_before_the_token_is_small(limited: Service) -> None:
    detail = check_problem(limited.post("/session", {"token": "x" * 20_000}), 413, "too_long")
    assert "more than 0.01 MB" in detail


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "latin-1"])
def test_forms_in_other_charsets(limited: Service, charset: str) -> None:
    """Of some charsets decoding a megabyte takes Python seconds, in which nobody is answered."""
    field = b'Content-Disposition: form-data; name="parameters"'
    body = b"--XX\r\n" + field + b"\r\n\r\ntda" + b"a" * 999_990 + b"\r\n--XX--\r\n"
    started = time.monotonic()
    response = httpx.post(
        limited.address + "/search/upload",
        content=body,
        headers={"Content-Type": f"multipart/form-data; boundary=XX; charset={charset}"},
        trust_env=False,
    )
    assert "expected utf-8" in check_problem(response, 415, "unsupported")
    assert time.monotonic() - started < 3


def test_length_of_the_sound(limited: Service) -> None:
    assert search(limited, {"uri": noise(29)}).status_code == 200
    detail = check_problem(search(limited, {"uri": noise(31)}), 413, "too_long")
    assert "#t=0,30" in detail
    together = search(limited, {"uri": noise(20)}, {"uri": noise(20)})
    check_problem(together, 413, "too_long")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "audio/wav"])
def test_bodies_that_are_not_json(limited: Service, kind: str) -> None:
    response = httpx.post(
        limited.address + "/search",
        content=b'{"data": []}',
        headers={"Content-Type": kind},
        trust_env=False,
    )
    assert "Content-Type: application/json" in check_problem(response, 415, "unsupported")


def test_uploads_that_hold_no_sound(limited: Service) -> None:
    for name, content in (("x.mp3", b"no sound"), ("x.wav", b""), ("x.png", b"\x89PNG\r\n\x1a\n")):
        response = httpx.post(
            limited.address + "/search/upload", files={"file": (name, content)}, trust_env=False
        )
        check_problem(response, 415, "unsupported")


def test_more_searches_than_wait_are_told_to_come_back(limited: Service) -> None:
    query = {"uri": noise(29)}
    with ThreadPoolExecutor(12) as pool:
        responses = list(pool.map(lambda _: search(limited, query), range(12)))
    counts = Counter(response.status_code for response in responses)
    assert counts[200] >= 1
    assert counts[429] >= 1
    assert set(counts) <= {200, 429, 504}
    for response in responses:
        if response.status_code == 429:
            assert "2 wait" in check_problem(response, 429, "busy")
            assert int(response.headers["Retry-After"]) > 0
    assert search(limited, {"uri": CLIP}).status_code == 200


def test_late_searches_are_given_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With a time that no search keeps, the answer comes soon after it, and work stops."""
    workspace = tmp_path_factory.mktemp("late") / "workspace"
    changes = {"gateway": {"timeout_s": 0.05}}
    query = {"uri": noise(500)}
    with serving_with(workspace, changes) as service:
        started = time.monotonic()
        detail = check_problem(search(service, query), 504, "timeout")
        assert time.monotonic() - started < 20
        assert "again" in detail
        assert service.get("/health").status_code == 200
        assert "Traceback" not in service.log.read_text()
