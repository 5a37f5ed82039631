import json
import socket
from pathlib import Path

import pytest

from audiosearch.errors import ServerError
from audiosearch.server import (
    SERVER_FILE,
    Address,
    announced,
    check_port,
    find_server,
    free_port,
    new_token,
)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:45678"),
        ("0.0.0.0", "http://127.0.0.1:45678"),
        ("::", "http://127.0.0.1:45678"),
        ("::1", "http://[::1]:45678"),
        ("localhost", "http://localhost:45678"),
    ],
)
def test_urls_reach_the_server_from_this_machine(host: str, url: str) -> None:
    assert Address(host, 45678, "token").url == url


def test_the_announcement_is_for_this_user_while_the_server_runs(tmp_path: Path) -> None:
    file = tmp_path / SERVER_FILE
    with announced(tmp_path, Address("127.0.0.1", 1234, "secret")):
        assert file.stat().st_mode & 0o777 == 0o600
        assert json.loads(file.read_text()) == {
            "host": "127.0.0.1",
            "port": 1234,
            "token": "secret",
        }
    assert not file.exists()


def test_an_old_announcement_becomes_private(tmp_path: Path) -> None:
    file = tmp_path / SERVER_FILE
    file.write_text("old and longer than what replaces it" * 10)
    file.chmod(0o644)
    with announced(tmp_path, Address("127.0.0.1", 1234, "secret")):
        assert file.stat().st_mode & 0o777 == 0o600
        assert json.loads(file.read_text())["token"] == "secret"


def test_the_announcement_is_removed_when_the_server_fails(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        announced(tmp_path, Address("127.0.0.1", 1234, "secret")),
    ):
        raise KeyboardInterrupt
    assert not (tmp_path / SERVER_FILE).exists()


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "{}", "[]", "not json", '{"host": "127.0.0.1"}'),
        '{"host": "no such host", "port": 1, "token": "x"}',
        '{"host": 7, "port": 1, "token": "x"}',
        '{"host": "127.0.0.1", "port": "abc", "token": "x"}',
        '{"host": "127.0.0.1", "port": 99999, "token": "x"}',
        '{"host": "127.0.0.1", "port": -1, "token": "x"}',
        '{"host": "127.0.0.1", "port": null, "token": "x"}',
        '{"host": "%s", "port": 1, "token": "x"}' % ("a" * 99),
        '{"host": "127.0.0.1", "port": 1, "token": 7}',
    ],
)
def test_what_is_no_announcement_finds_no_server(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / SERVER_FILE).write_text(text)
    assert find_server(tmp_path) is None


def test_a_server_that_is_gone_is_not_found(tmp_path: Path) -> None:
    with announced(tmp_path, Address("127.0.0.1", free_port(), "secret")):
        assert find_server(tmp_path) is None


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ServerError, match=rf"127\.0\.0\.1:{port} .*--port"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_number_that_is_no_port_is_told(port: int) -> None:
    with pytest.raises(ServerError, match=str(port)):
        check_port("127.0.0.1", port)


def test_a_host_of_another_machine_is_told() -> None:
    with pytest.raises(ServerError, match=r"cannot listen on 192\.0\.2\.1"):
        check_port("192.0.2.1", free_port())


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 99, "no host"])
def test_a_name_that_is_no_host_is_told(host: str) -> None:
    with pytest.raises(ServerError, match=rf"received --host {host}, expected"):
        check_port(host, free_port())


def test_tokens_are_long_and_differ() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43  # 32 bytes
