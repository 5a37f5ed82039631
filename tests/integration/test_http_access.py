"""A server with a token, as other machines would reach it: Host, Origin, token, cookie, headers."""

from collections.abc import Iterator

import httpx
import pytest

from audiosearch.server import free_port
from tests.integration.service import Service, run_app, serving
from tests.integration.test_http_errors import CLIP, check_problem

TOKEN = "a secret of 24 letters :)"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve on all interfaces, with a token."""
    workspace = tmp_path_factory.mktemp("guarded") / "workspace"
    with serving(workspace, "--host", "0.0.0.0", AUDIOSEARCH_TOKEN=TOKEN) as service:
        yield service


def operations(service: Service) -> list[tuple[str, str]]:
    paths = service.get("/openapi.json", headers=BEARER).json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_every_operation_is_guarded(guarded: Service) -> None:
    found = operations(guarded)
    assert len(found) >= 20
    for method, path in found:
        response = httpx.request(method, guarded.address + path, trust_env=False)
        if path.startswith("/health") or path == "/session":
            assert response.status_code != 401, path
        elif method == "HEAD":
            assert response.status_code == 401
        else:
            check_problem(response, 401, "unauthorized")
    for page in ("/docs", "/openapi.json", "/static-offline-docs/swagger-ui-bundle.js"):
        check_problem(guarded.get(page), 401, "unauthorized")
    assert guarded.get("/", follow_redirects=False).status_code != 401


def test_token_lets_in(guarded: Service) -> None:
    assert guarded.get("/status", headers=BEARER).status_code == 200
    body = {"data": [{"uri": CLIP}]}
    assert guarded.post("/search", body, **BEARER).status_code == 200
    check_problem(guarded.post("/search", body, Authorization="Bearer x"), 401, "unauthorized")


def test_command_line_needs_no_token(guarded: Service) -> None:
    indexed = run_app("index", CLIP, "--workspace", guarded.workspace)
    assert indexed.returncode == 0, indexed.stderr
    assert CLIP in guarded.get("/recordings", headers=BEARER).text


def test_cookie_stands_for_the_token(guarded: Service) -> None:
    with httpx.Client(base_url=guarded.address, trust_env=False) as browser:
        check_problem(browser.post("/session", json={"token": "guess"}), 401, "unauthorized")
        opened = browser.post("/session", json={"token": TOKEN})
        assert opened.status_code == 204
        cookie = opened.headers["Set-Cookie"]
        for part in ("HttpOnly", "SameSite=strict", "Path=/"):
            assert part in cookie
        assert TOKEN not in cookie
        assert browser.get("/status").status_code == 200
        assert browser.get("/docs").status_code == 200
        browser.delete("/session")
        check_problem(browser.get("/status"), 401, "unauthorized")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Host": "evil.example"}, "allowed_hosts"),
        ({"Origin": "https://evil.example"}, "cors_origins"),
        ({"Origin": "null"}, "cors_origins"),
    ],
)
@pytest.mark.parametrize("path", ["/status", "/health", "/"])
def test_foreign_requests_are_refused(
    toy_service: Service, headers: dict[str, str], reason: str, path: str
) -> None:
    assert reason in check_problem(toy_service.get(path, headers=headers), 403, "forbidden")


def test_other_pages_are_not_told_that_they_may_call(toy_service: Service) -> None:
    headers = {"Origin": toy_service.address, "Access-Control-Request-Method": "POST"}
    response = httpx.options(toy_service.address + "/search", headers=headers, trust_env=False)
    assert not [name for name in response.headers if name.startswith("access-control")]


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/health", "/docs", "/nowhere", "/recordings?limit=0"])
def test_security_headers(toy_service: Service, path: str) -> None:
    headers = toy_service.get(path).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    [scripts] = [part for part in policy.split("; ") if part.startswith("script-src")]
    assert "unsafe" not in scripts
    assert ("'sha256-" in scripts) == (path == "/docs")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_are_not_served_without_a_token(host: str) -> None:
    refused = run_app("serve", "--host", host, "--port", str(free_port()), AUDIOSEARCH_TOKEN="")
    assert refused.returncode == 1
    assert "AUDIOSEARCH_TOKEN" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
