"""Who may use the service: hosts, origins, tokens and cookies, without a server."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from audiosearch.access import check_exposure, is_loopback
from audiosearch.errors import ServerError
from executors.service.access import COOKIE, Access, Tokens

PATHS = ("/", "/session", "/health", "/health/live", "/health/ready", "/assets/page.js")
GUARDED = ("/search", "/recordings", "/docs", "/openapi.json", "/metrics", "/status", "/jobs/x")
TOKEN, OWNER = "open sesame", "the owner's"


def client(
    token: str | None = None,
    host: str = "127.0.0.1",
    allowed_hosts: tuple[str, ...] = (),
    origins: tuple[str, ...] = (),
) -> TestClient:
    async def answer(request: object) -> PlainTextResponse:
        return PlainTextResponse("let in")

    access = Middleware(
        Access,
        tokens=Tokens(token, OWNER),
        host=host,
        allowed_hosts=allowed_hosts,
        origins=origins,
    )
    app = Starlette(
        routes=[Route(path, answer, methods=["GET", "POST"]) for path in (*PATHS, *GUARDED)],
        middleware=[access],
    )
    return TestClient(app, base_url="http://127.0.0.1:45678")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1.2.3:45678", "localhost", "LOCALHOST:1", "[::1]:45678", "a.localhost"],
)
def test_own_names_are_let_in(host: str) -> None:
    assert client().get("/search", headers={"Host": host}).status_code == 200


FOREIGN = [
    "evil.example",
    "evil.example:45678",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "192.168.0.7",
    "0.0.0.0",
    "user@127.0.0.1",
    "127.0.0.1:port",
    "127.0.0.1/x",
    "",
]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/search", "/health", "/"])
def test_foreign_names_are_refused(host: str, path: str) -> None:
    response = client().get(path, headers={"Host": host})
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "allowed_hosts" in response.json()["detail"]


def test_listed_names_are_let_in() -> None:
    listed = client(allowed_hosts=("Sounds.example",))
    assert listed.get("/search", headers={"Host": "sounds.example:80"}).status_code == 200
    assert listed.get("/search", headers={"Host": "x.sounds.example"}).status_code == 403


def test_addresses_are_let_in_where_other_machines_are() -> None:
    """A name can be rebound to another address; an address cannot."""
    exposed = client(TOKEN, host="0.0.0.0")
    authorized = {"Authorization": f"Bearer {TOKEN}"}
    for host, status in (("192.168.0.7:45678", 200), ("[fd00::1]", 200), ("evil.example", 403)):
        assert exposed.get("/search", headers={"Host": host, **authorized}).status_code == status


ORIGINS = {
    "http://127.0.0.1:45678": 200,
    "http://127.0.0.1:3000": 403,
    "http://localhost:45678": 403,
    "https://evil.example": 403,
    "null": 403,
    "": 403,
    "file://": 403,
    "chrome-extension://127.0.0.1:45678": 403,
}


@pytest.mark.parametrize(("origin", "status"), ORIGINS.items(), ids=map(repr, ORIGINS))
def test_origins(origin: str, status: int) -> None:
    response = client().post("/search", headers={"Origin": origin})
    assert response.status_code == status
    if status == 403:
        assert "cors_origins" in response.json()["detail"]


def test_listed_origins_are_let_in() -> None:
    listed = client(origins=("https://friend.example",))
    for origin, status in (("https://friend.example", 200), ("https://friend.example.org", 403)):
        assert listed.post("/search", headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize("path", PATHS)
def test_open_paths_need_no_token(path: str) -> None:
    assert client(TOKEN).get(path).status_code == 200


@pytest.mark.parametrize("path", GUARDED)
def test_all_else_does(path: str) -> None:
    response = client(TOKEN).get(path)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "AUDIOSEARCH_TOKEN" in response.json()["detail"]


HEADERS = {
    "right": ({"Authorization": f"Bearer {TOKEN}"}, 200),
    "small letters": ({"Authorization": f"bearer {TOKEN}"}, 200),
    "owner": ({"X-AudioSearch-Owner": OWNER}, 200),
    "wrong": ({"Authorization": "Bearer guess"}, 401),
    "longer": ({"Authorization": f"Bearer {TOKEN}x"}, 401),
    "empty": ({"Authorization": "Bearer "}, 401),
    "other scheme": ({"Authorization": f"Basic {TOKEN}"}, 401),
    "wrong owner": ({"X-AudioSearch-Owner": TOKEN}, 401),
    "no text": ({"Authorization": b"Bearer \xff\xfe"}, 401),
}


@pytest.mark.parametrize(("headers", "status"), HEADERS.values(), ids=HEADERS)
def test_tokens(headers: dict[str, str | bytes], status: int) -> None:
    assert client(TOKEN).get("/search", headers=headers).status_code == status


def test_cookie_stands_for_the_token() -> None:
    tokens, guarded = Tokens(TOKEN, OWNER), client(TOKEN)
    session = tokens.new_session()
    assert TOKEN not in session
    for cookie, status in (
        (session, 200),
        (session[:-1], 401),
        (f"x{session}", 401),
        (Tokens("another", OWNER).new_session(), 401),
        ("", 401),
    ):
        guarded.cookies = {COOKIE: cookie}
        assert guarded.get("/search").status_code == status


def test_without_a_token_none_is_needed_and_none_helps() -> None:
    assert client().get("/search").status_code == 200
    assert not Tokens(None, None).is_token("")
    assert not Tokens("", "").required


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    check_exposure(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "sounds.example", "127.0.0.1.x"])
def test_other_hosts_do(host: str) -> None:
    check_exposure(host, TOKEN)
    for token in (None, ""):
        with pytest.raises(ServerError, match="AUDIOSEARCH_TOKEN"):
            check_exposure(host, token)


@pytest.mark.parametrize(
    ("mode", "status"), [("no-cors", 403), ("cors", 403), (None, 403), ("navigate", 200)]
)
def test_other_sites_may_link_but_not_embed(mode: str | None, status: int) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"} | ({"Sec-Fetch-Mode": mode} if mode else {})
    assert client().get("/search", headers=headers).status_code == status
    assert client().get("/search", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
