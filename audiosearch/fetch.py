"""Fetches a sound from the public internet, and from nowhere else, whoever chose the URL."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

import httpcore
import httpx

from audiosearch.addresses import Address, is_public, resolve
from audiosearch.errors import (
    AudioSearchError,
    ForbiddenPathError,
    NotFoundError,
    TooLongError,
    UnreadableFileError,
)

MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 5.0  # for each address of a host: the next one may answer

_REMEDY = "download the sound and send it as a data: URI"
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")  # a name, an IPv4 or an IPv6 address
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = [(b"Accept-Encoding", b"identity"), (b"User-Agent", b"audiosearch")]
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


@dataclass(frozen=True)
class Policy:
    """What may be fetched.

    Parameters
    ----------
    is_allowed : callable
        Tells of an address whether it may be connected to.
    resolve : callable
        Gives the addresses of a host.
    ports : collection of int
        Only those where the web's files are: others would let strangers try the ports of third
        parties from here, and speak to services that are no web servers.
    ssl_context : SSLContext, optional
        Which certificates are believed; by default those of certifi.
    """

    is_allowed: Callable[[Address], bool] = is_public
    resolve: Callable[[str], Awaitable[Sequence[Address]]] = resolve
    ports: Collection[int] = (80, 443)
    ssl_context: ssl.SSLContext | None = None


PUBLIC = Policy()


async def fetch(url: str, max_bytes: int, timeout_s: float, policy: Policy = PUBLIC) -> bytes:
    """Fetch the bytes of an http or https URL.

    Every address to which a connection is made, after redirects too, is one that ``policy``
    allows. Proxy variables, cookies and stored passwords play no part.

    Parameters
    ----------
    url : str
        Without a user name or password.
    max_bytes : int
        The largest body that is read.
    timeout_s : float
        How long it may take in all, in seconds.
    policy : Policy
        What may be fetched; by default what is public.

    Returns
    -------
    bytes
        The body, as it was sent.

    Raises
    ------
    ForbiddenPathError
        If it may not be fetched. A host that is not public and a name that leads nowhere are told
        alike, before any connection: nothing shows what there is in the server's own network.
    NotFoundError
        If a public host has no such file.
    UnreadableFileError
        If a public host cannot be reached, takes too long, or answers with anything but a file.
    TooLongError
        If the body is larger.
    """
    try:
        async with asyncio.timeout(timeout_s), _pool(policy) as pool:
            return await _follow(pool, _check(_parse(url), policy), max_bytes, policy)
    except TimeoutError as error:
        raise _unreadable(f"the sound did not arrive within {timeout_s:g} s") from error
    except (httpcore.NetworkError, httpcore.TimeoutException) as error:
        raise _unreadable(f"the connection failed: {error}") from error
    except httpcore.ProtocolError as error:
        raise _unreadable("the host's answer is no valid HTTP") from error


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked; the name is not looked up a second time."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failures = []
        for address in await self._addresses(host):
            try:
                return await self._network.connect_tcp(
                    str(address), port, CONNECT_TIMEOUT_S, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failures.append(error)
        raise failures[0]

    async def _addresses(self, host: str) -> Sequence[Address]:
        """Resolve a host; one address that is not allowed damns them all."""
        addresses = await self._policy.resolve(host)
        if not addresses or not all(map(self._policy.is_allowed, addresses)):
            raise ForbiddenPathError(
                f"received the host {host[:100]}, expected one of the public internet; "
                f"check its name, or {_REMEDY}"
            )
        return addresses


def _pool(policy: Policy) -> httpcore.AsyncConnectionPool:
    certificates = policy.ssl_context or _certificates()
    return httpcore.AsyncConnectionPool(certificates, network_backend=_CheckedBackend(policy))


@cache
def _certificates() -> ssl.SSLContext:
    """Read the certificates of certifi once: it stops the event loop for some 0.1 s."""
    return httpcore.default_ssl_context()


async def _follow(
    pool: httpcore.AsyncConnectionPool, url: httpx.URL, max_bytes: int, policy: Policy
) -> bytes:
    """Ask for a URL, and for those that it redirects to."""
    for _ in range(1 + MAX_REDIRECTS):
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        headers = [(b"Host", url.netloc), *_HEADERS]
        async with pool.stream("GET", target, headers=headers) as response:
            found = httpx.Headers(response.headers)
            if response.status not in _REDIRECTS:
                _check_head(response.status, found, max_bytes)
                return await _read(response, max_bytes)
            url = _check(_parse(found.get("Location", ""), url), policy)
    raise _unreadable(f"received more than {MAX_REDIRECTS} redirects, expected a file")


def _parse(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """Read a URL, one of a redirect relative to where it was met."""
    try:
        return base.join(text) if base else httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise ForbiddenPathError(
            f"received {text[:100]!r}, which is no URL ({error}), expected http:// or https://"
        ) from error


def _check(url: httpx.URL, policy: Policy) -> httpx.URL:
    """Give a URL back whose scheme, host and port may be asked for."""
    if url.scheme not in ("http", "https"):
        raise ForbiddenPathError(
            f"received the scheme {url.scheme[:20]!r}, expected http or https; else {_REMEDY}"
        )
    if url.userinfo:
        raise ForbiddenPathError(
            f"received a URL with a user name or password, expected one without; else {_REMEDY}"
        )
    if not _HOST.fullmatch(url.raw_host.decode("ascii")):
        raise ForbiddenPathError(
            f"received the host {url.host[:100]!r}, expected a name or an address; else {_REMEDY}"
        )
    port = url.port if url.port is not None else 443 if url.scheme == "https" else 80
    if port not in policy.ports:
        expected = " or ".join(map(str, policy.ports))
        raise ForbiddenPathError(f"received port {port}, expected {expected}; else {_REMEDY}")
    return url


def _check_head(status: int, headers: httpx.Headers, max_bytes: int) -> None:
    if status in _GONE:
        raise NotFoundError(f"the host has no such file (HTTP {status}); check the URL")
    if status != HTTPStatus.OK:
        raise _unreadable(f"received HTTP {status}, expected 200")
    # What is compressed may be a bomb, and nothing of it was asked for.
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise _unreadable(f"received a body encoded as {encoding[:20]!r}, expected it as it is")
    if int(headers.get("Content-Length", 0)) > max_bytes:
        raise _too_long(max_bytes)


async def _read(response: httpcore.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_stream():
        if len(body) + len(chunk) > max_bytes:
            raise _too_long(max_bytes)
        body += chunk
    return bytes(body)


def _too_long(max_bytes: int) -> AudioSearchError:
    return TooLongError(
        f"received more than {max_bytes / 1e6:g} MB from the URL, expected at most that; "
        "cut the stretch that is asked about and send it as a data: URI"
    )


def _unreadable(what: str) -> AudioSearchError:
    return UnreadableFileError(f"{what}; try again later, or {_REMEDY}")
