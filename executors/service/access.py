"""Who may use the service: checks of Host, Origin and token before any route is reached."""

import ipaddress
import secrets
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from audiosearch.access import is_loopback
from audiosearch.client import OWNER_HEADER
from executors.service.problems import problem

COOKIE = "audiosearch_session"
SESSION_S = 30 * 24 * 3600
_OPEN_PATHS = ("/", "/session", "/favicon.ico", "/health", "/health/live", "/health/ready")
_OPEN_PREFIX = "/assets/"  # the page's files


class Tokens:
    """The secrets that open the service.

    Parameters
    ----------
    token : str, optional
        What all must show (``AUDIOSEARCH_TOKEN``); without one all that reach the service may
        use it.
    owner : str, optional
        What the workspace's owner shows: files anywhere may then be indexed.
    """

    def __init__(self, token: str | None, owner: str | None) -> None:
        self._token = token or None
        self._owner = owner or None

    @property
    def required(self) -> bool:
        """Whether a token must be shown."""
        return self._token is not None

    def is_token(self, received: str) -> bool:
        """Tell, in a time that says nothing, whether a token is the right one."""
        return _same(received, self._token)

    def is_owner(self, connection: HTTPConnection) -> bool:
        """Tell whether a request is the workspace's owner's."""
        return _same(connection.headers.get(OWNER_HEADER, ""), self._owner)

    def admits(self, connection: HTTPConnection) -> bool:
        """Tell whether a request shows a token, or the cookie that was given for one."""
        if not self.required or self.is_owner(connection):
            return True
        scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(token.strip()):
            return True
        return self._is_session(connection.cookies.get(COOKIE, ""))

    def new_session(self) -> str:
        """Make the value of a cookie that stands for the token."""
        return self._signer().sign(b"session").decode()

    def _is_session(self, cookie: str) -> bool:
        try:
            return self._signer().unsign(cookie, max_age=SESSION_S) == b"session"
        except BadSignature:
            return False

    def _signer(self) -> TimestampSigner:
        return TimestampSigner(self._token or "", salt="audiosearch.session")


class Access:
    """Refuses requests from foreign pages, under foreign names, and without a token.

    Parameters
    ----------
    app : ASGIApp
        What follows.
    tokens : Tokens
        What must be shown.
    host : str
        Where the service listens.
    allowed_hosts, origins : collection of str
        Names under which it is reached, and origins whose pages may call it, beside its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        tokens: Tokens,
        host: str,
        allowed_hosts: Collection[str],
        origins: Collection[str],
    ) -> None:
        self.app = app
        self._tokens = tokens
        self._exposed = not is_loopback(host)
        self._names = {name.lower() for name in (host, *allowed_hosts)}
        if self._exposed:
            self._names.add(socket.gethostname().lower())
        self._origins = set(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is refused, and pass on the rest."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(HTTPConnection(scope))
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, request: HTTPConnection) -> Response | None:
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if not self._knows(host):
            return problem(
                "forbidden",
                f"received a request for the host {host[:80]!r}, which is no name of this service; "
                "expected localhost, or a name listed in allowed_hosts of flow.yml",
            )
        if origin is not None and not self._is_own(origin, host):
            return problem(
                "forbidden",
                f"received a request from a page of {origin[:80]!r}, expected one of the service "
                "itself, or of an origin listed in cors_origins of flow.yml",
            )
        if _is_embedded(request) and origin not in self._origins:
            return problem("forbidden", "received a request that another site's page makes")
        path = request.scope["path"]
        if path in _OPEN_PATHS or path.startswith(_OPEN_PREFIX) or self._tokens.admits(request):
            return None
        return problem(
            "unauthorized",
            "received no valid token; expected the header Authorization: Bearer TOKEN with the "
            "value that the service was started with in AUDIOSEARCH_TOKEN",
        )

    def _knows(self, host: str) -> bool:
        """Tell whether a Host header names this service: DNS rebinding brings foreign names.

        Where it listens beyond this machine, any address will do: only names can be rebound.
        """
        name = _name_of(host)
        if name is None:
            return False
        return name in self._names or is_loopback(name) or (self._exposed and _is_address(name))

    def _is_own(self, origin: str, host: str) -> bool:
        if origin in self._origins:
            return True
        scheme, _, netloc = origin.partition("://")
        return scheme in ("http", "https") and netloc.lower() == host.lower()


def _is_embedded(request: HTTPConnection) -> bool:
    """Tell whether another site's page loads something of ours, such as a picture or a sound."""
    headers = request.headers
    cross_site = headers.get("Sec-Fetch-Site") == "cross-site"
    return cross_site and headers.get("Sec-Fetch-Mode") != "navigate"


def _name_of(host: str) -> str | None:
    """Give the name or address of a Host header without its port; ``None`` if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 (raises where it is no number)
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and "@" not in host else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(received: str, expected: str | None) -> bool:
    if expected is None:
        return False
    return secrets.compare_digest(received.encode(errors="replace"), expected.encode())
