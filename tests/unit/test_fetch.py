"""Fetching from servers of this machine, which the tests' own policies allow."""

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest

from audiosearch.addresses import Address
from audiosearch.addresses import resolve as look_up
from audiosearch.errors import (
    AudioSearchError,
    ForbiddenPathError,
    NotFoundError,
    TooLongError,
    UnreadableFileError,
)
from audiosearch.fetch import MAX_REDIRECTS, Policy, fetch
from tests.attacks import SSRF

LOOPBACK = IPv4Address("127.0.0.1")
SOUND = bytes(range(256)) * 400
MAX_BYTES = 200_000
TIMEOUT_S = 10.0


class Site(ThreadingHTTPServer):
    """A server whose paths answer what a test sets: raw bytes, sent as they are."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Callable[[Handler], None]] = {}
        self.hosts: list[str | None] = []  # of the requests that came
        self.policy = Policy(lambda address: address == LOOPBACK, ports=(self.server_port,))

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.server_port}{path}"

    def answer(self, path: str, body: bytes, head: str = "HTTP/1.1 200 OK", *headers: str) -> str:
        """Let a path answer, and give its URL."""
        lines = "\r\n".join([head, *headers, f"Content-Length: {len(body)}", "", ""])
        self.answers[path] = lambda handler: handler.send(lines.encode() + body)
        return self.url(path)

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        return self.answer(path, b"", f"HTTP/1.1 {status} Moved", f"Location: {to}")


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])
        self.server.answers[self.path](self)
        self.close_connection = True

    def send(self, data: bytes) -> None:
        self.wfile.write(data)

    def send_forever(self, head: bytes, part: bytes, pause_s: float = 0.0) -> None:
        """Send until the other side has had enough."""
        try:
            self.send(head)
            while True:
                self.send(part)
                time.sleep(pause_s)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        """Keep the tests' output free of requests."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(site: Site, url: str, timeout_s: float = TIMEOUT_S, **policy: object) -> bytes:
    return asyncio.run(fetch(url, MAX_BYTES, timeout_s, replace(site.policy, **policy)))


def refusal(site: Site, url: str, kind: type[AudioSearchError], **options: object) -> str:
    with pytest.raises(kind) as raised:
        get(site, url, **options)
    assert type(raised.value) is kind
    return str(raised.value)


def leading(*addresses: str) -> Callable[[str], object]:
    """Make a resolver whose every name leads to the addresses given."""

    async def resolve(host: str) -> Sequence[Address]:
        return [ip_address(each) for each in addresses]

    return resolve


def test_a_sound(site: Site) -> None:
    url = site.answer("/a%20b.wav?x=1", SOUND)
    assert get(site, f"{url}#t=1,2") == SOUND
    assert site.hosts == [f"127.0.0.1:{site.server_port}"]


def test_a_sound_in_chunks(site: Site) -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    site.answers["/x"] = lambda handler: handler.send(chunks)
    assert get(site, site.url("/x")) == b"abc"


def test_nothing_but_public_addresses_by_default(site: Site) -> None:
    url = site.answer("/x", SOUND)
    policy = Policy(ports=(site.server_port,))
    with pytest.raises(ForbiddenPathError, match="expected one of the public internet"):
        asyncio.run(fetch(url, MAX_BYTES, TIMEOUT_S, policy))
    with pytest.raises(ForbiddenPathError, match=f"port {site.server_port}, expected 80 or 443"):
        asyncio.run(fetch(url, MAX_BYTES, TIMEOUT_S))
    assert site.hosts == []


async def lead_here(host: str) -> Sequence[Address]:
    """Resolve as an attacker's name server would: what is no address leads to this machine."""
    return await look_up(host) or [LOOPBACK]


@pytest.mark.parametrize("form", SSRF.values(), ids=SSRF)
def test_no_way_to_this_machine(site: Site, form: str) -> None:
    site.answer("/", SOUND)
    url = form.replace("{port}", str(site.server_port))
    policy = Policy(resolve=lead_here, ports=(80, 443, site.server_port))
    with pytest.raises(ForbiddenPathError):
        asyncio.run(fetch(url, MAX_BYTES, TIMEOUT_S, policy))
    assert site.hosts == []


@pytest.mark.parametrize(
    "name", ["backslash in the name", "encoded host", "encoded NUL", "encoded user", "zone"]
)
def test_odd_hosts_are_not_looked_up(site: Site, name: str) -> None:
    url = SSRF[name].replace("{port}", str(site.server_port))
    reason = refusal(site, url, ForbiddenPathError, resolve=leading("127.0.0.1"))
    assert "expected a name or an address" in reason


@pytest.mark.parametrize(
    "name",
    [
        "loopback", "unspecified", "localhost", "localhost, rooted", "decimal", "hexadecimal",
        "hexadecimal parts", "two parts", "one part", "mapped", "name that leads here", "mDNS",
        "ideographic stops", "fragment", "query", "empty label",
    ],
)  # fmt: skip
def test_the_address_alone_stops_these(site: Site, name: str) -> None:
    site.answer("/", SOUND)
    site.answer("/?@public.example/", SOUND)
    url = SSRF[name].replace("{port}", str(site.server_port))
    assert get(site, url, is_allowed=lambda _: True, resolve=lead_here) == SOUND


def test_whether_a_private_host_is_there_is_not_told(site: Site) -> None:
    site.answer("/x", SOUND)
    told = {
        refusal(site, site.url("/x", host), ForbiddenPathError, resolve=leading(*found))
        .replace(host, "HOST")
        for host, found in {
            "there.example": ["127.0.0.2"],
            "refuses.example": ["10.0.0.1"],
            "silent.example": ["192.168.255.254"],
            "nothing.example": [],
            "169.254.169.254": ["169.254.169.254"],
        }.items()
    }  # fmt: skip
    assert len(told) == 1
    assert site.hosts == []


def test_one_private_address_among_others(site: Site) -> None:
    url = site.url("/x", "mixed.example")
    refusal(site, url, ForbiddenPathError, resolve=leading("127.0.0.1", "10.0.0.1"))
    refusal(site, url, ForbiddenPathError, resolve=leading("127.0.0.1", "::1"))
    assert site.hosts == []


def test_the_address_that_was_checked_is_connected_to(site: Site) -> None:
    site.answer("/x", SOUND)
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked: list[str] = []

    async def rebind(host: str) -> Sequence[Address]:
        asked.append(host)
        return [ip_address(each) for each in next(answers)]

    assert get(site, site.url("/x", "rebinding.example"), resolve=rebind) == SOUND
    assert asked == ["rebinding.example"], "looked up once: there is no second answer to use"
    assert site.hosts == [f"rebinding.example:{site.server_port}"]


def test_a_second_address_where_the_first_refuses(site: Site) -> None:
    site.answer("/x", SOUND)
    policy = {"is_allowed": lambda address: address.is_loopback}
    url = site.url("/x", "two.example")
    assert get(site, url, resolve=leading("127.0.0.2", "127.0.0.1"), **policy) == SOUND
    reason = refusal(site, url, UnreadableFileError, resolve=leading("127.0.0.2"), **policy)
    assert reason.startswith("the connection failed")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["/sound", "sound", "http://127.0.0.1:{port}/sound"])
def test_redirects_are_followed(site: Site, status: int, to: str) -> None:
    site.answer("/sound", SOUND)
    url = site.redirect("/x", to.format(port=site.server_port), status)
    assert get(site, url) == SOUND


def test_redirects_have_an_end(site: Site) -> None:
    site.answer(f"/{MAX_REDIRECTS}", SOUND)
    for number in range(-1, MAX_REDIRECTS):
        site.redirect(f"/{number}", f"/{number + 1}")
    assert get(site, site.url("/0")) == SOUND
    assert "5 redirects" in refusal(site, site.url("/-1"), UnreadableFileError)
    site.redirect("/round", "/round")
    assert "5 redirects" in refusal(site, site.url("/round"), UnreadableFileError)


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.2:{port}/sound",
        "//127.0.0.2:{port}/sound",
        "http://127.1.1.1:{port}/sound",
        "http://[::1]:{port}/sound",
        "http://localhost:{port}/sound",
        "http://user@127.0.0.1:{port}/sound",
        "http://127.0.0.1:22/sound",
        "http://169.254.169.254:{port}/latest",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/x",
        "http://[::1",
        "data:audio/wav,x",
        "/\x01",
    ],
)
def test_redirects_are_checked(site: Site, to: str) -> None:
    site.answer("/sound", SOUND)
    url = site.redirect("/x", to.format(port=site.server_port))
    refusal(site, url, ForbiddenPathError)
    assert len(site.hosts) == 1


def test_a_name_that_changes_its_address_between_redirects(site: Site) -> None:
    url = site.redirect("/x", site.url("/sound", "other.example"))
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def rebind(host: str) -> Sequence[Address]:
        return [ip_address(each) for each in next(answers)]

    refusal(site, url, ForbiddenPathError, resolve=rebind)
    assert len(site.hosts) == 1


def test_proxies_of_the_environment_play_no_part(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(site, site.answer("/x", SOUND)) == SOUND


def test_the_largest_body(site: Site) -> None:
    assert len(get(site, site.answer("/x", bytes(MAX_BYTES)))) == MAX_BYTES
    reason = refusal(site, site.answer("/y", bytes(MAX_BYTES + 1)), TooLongError)
    assert "more than 0.2 MB" in reason


@pytest.mark.parametrize(
    ("head", "part"),
    [
        ("\r\n", b"x" * 10_000),
        ("Transfer-Encoding: chunked\r\n\r\n", b"2710\r\n" + b"x" * 10_000 + b"\r\n"),
        ("Content-Length: 99999999999999\r\n\r\n", b"x" * 10_000),
    ],
    ids=["until closed", "chunks", "announced"],
)
def test_endless_bodies(site: Site, head: str, part: bytes) -> None:
    start = f"HTTP/1.1 200 OK\r\n{head}".encode()
    site.answers["/x"] = lambda handler: handler.send_forever(start, part)
    refusal(site, site.url("/x"), TooLongError)


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "headers", "continue"],
)
def test_slow_drips(site: Site, head: bytes, part: bytes) -> None:
    site.answers["/x"] = lambda handler: handler.send_forever(head, part, 0.05)
    started = time.monotonic()
    reason = refusal(site, site.url("/x"), UnreadableFileError, timeout_s=0.4)
    assert reason.startswith("the sound did not arrive within 0.4 s; try again later")
    assert time.monotonic() - started < 3


def test_a_length_beyond_the_limit_is_not_waited_for(site: Site) -> None:
    def promise(handler: Handler) -> None:
        handler.send(b"HTTP/1.1 200 OK\r\nContent-Length: 200001\r\n\r\n")
        handler.connection.recv(1)  # until the other side closes

    site.answers["/x"] = promise
    refusal(site, site.url("/x"), TooLongError)


def test_no_answer(site: Site) -> None:
    gone = threading.Event()

    def wait(handler: Handler) -> None:
        handler.connection.recv(1)  # until the other side closes
        gone.set()

    site.answers["/x"] = wait
    refusal(site, site.url("/x"), UnreadableFileError, timeout_s=0.2)
    assert gone.wait(TIMEOUT_S), "the connection is closed"


def test_a_slow_name_server(site: Site) -> None:
    async def resolve(host: str) -> Sequence[Address]:
        await asyncio.sleep(60)
        return [LOOPBACK]

    refusal(site, site.url("/x"), UnreadableFileError, timeout_s=0.2, resolve=resolve)


@pytest.mark.parametrize(
    "encoding", ["gzip", "deflate", "br", "GZIP", "gzip, gzip", "identity, gzip"]
)
def test_compressed_bodies(site: Site, encoding: str) -> None:
    bomb = gzip.compress(bytes(50_000_000), 9)
    assert len(bomb) < MAX_BYTES
    url = site.answer("/x", bomb, "HTTP/1.1 200 OK", f"Content-Encoding: {encoding}")
    assert encoding.lower() in refusal(site, url, UnreadableFileError)


def test_a_compressed_file_comes_as_it_is(site: Site) -> None:
    bomb = gzip.compress(bytes(50_000_000), 9)
    assert get(site, site.answer("/x.gz", bomb)) == bomb
    assert get(site, site.answer("/x", SOUND, "HTTP/1.1 200 OK", "Content-Encoding: Identity"))


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 401, 403, 429, 500, 503])
def test_other_statuses(site: Site, status: int) -> None:
    reason = refusal(site, site.answer("/x", b"", f"HTTP/1.1 {status} X"), UnreadableFileError)
    assert f"received HTTP {status}, expected 200" in reason


@pytest.mark.parametrize("status", [404, 410])
def test_no_such_file(site: Site, status: int) -> None:
    reason = refusal(site, site.answer("/x", b"", f"HTTP/1.1 {status} X"), NotFoundError)
    assert f"HTTP {status}" in reason


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"",
    ],
    ids=["SSH", "long header", "many headers", "negative length", "two lengths", "gzip transfer",
         "no chunk", "cut", "nothing"],
)  # fmt: skip
def test_what_is_no_http(site: Site, answer: bytes) -> None:
    site.answers["/x"] = lambda handler: handler.send(answer)
    reason = refusal(site, site.url("/x"), UnreadableFileError)
    assert "OpenSSH" not in reason


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    policy = Policy(lambda _: True, ports=(port,))
    with pytest.raises(UnreadableFileError, match="the connection failed"):
        asyncio.run(fetch(f"http://127.0.0.1:{port}/", MAX_BYTES, TIMEOUT_S, policy))


@pytest.fixture
def tls_site(site: Site, tmp_path: Path) -> Site:
    """Serve by TLS, with a certificate of sounds.example that only this site's policy believes."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=sounds.example", "-addext", "subjectAltName=DNS:sounds.example",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    site.socket = server.wrap_socket(site.socket, server_side=True)
    believed = ssl.create_default_context(cafile=str(certificate))
    site.policy = replace(site.policy, ssl_context=believed, resolve=leading("127.0.0.1"))
    return site


def test_certificates_are_those_of_the_name(tls_site: Site) -> None:
    tls_site.answer("/x", SOUND)
    assert get(tls_site, tls_site.url("/x", "sounds.example", "https")) == SOUND
    other = tls_site.url("/x", "other.example", "https")
    assert "certificate" in refusal(tls_site, other, UnreadableFileError)


def test_unknown_certificates_are_refused(tls_site: Site) -> None:
    tls_site.answer("/x", SOUND)
    url = tls_site.url("/x", "sounds.example", "https")
    assert "certificate" in refusal(tls_site, url, UnreadableFileError, ssl_context=None)
    assert tls_site.hosts == []
