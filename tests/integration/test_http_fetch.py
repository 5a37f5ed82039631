"""A server that fetches addresses, asked to fetch private ones: it visits none."""

import socket
from collections.abc import Iterator

import pytest

from tests.attacks import SSRF
from tests.integration.service import Service, serving_with


@pytest.fixture(scope="module")
def fetching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    workspace = tmp_path_factory.mktemp("fetching") / "workspace"
    with serving_with(workspace, {"gateway": {"allow_urls": True}}) as service:
        yield service


@pytest.mark.parametrize("form", SSRF.values(), ids=SSRF)
def test_private_addresses_are_not_visited(fetching: Service, form: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        uri = form.replace("{port}", str(listener.getsockname()[1]))
        response = fetching.post("/search", {"data": [{"uri": uri}]})
        expected = {403} if uri.lower().startswith(("http://", "https://")) else {403, 404, 422}
        assert response.status_code in expected, response.text
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_answer_tells_nothing_of_what_is_there(fetching: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        open_port = listener.getsockname()[1]
        details = [
            fetching.post("/search", {"data": [{"uri": f"http://127.0.0.1:{port}/"}]})
            .json()["detail"]
            .replace(str(port), "PORT")
            for port in (open_port, 9)
        ]
    assert details[0] == details[1]
    assert "Traceback" not in fetching.log.read_text()
