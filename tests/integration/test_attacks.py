"""What strangers may try: to read files outside the library, and to make the server visit hosts."""

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import soundfile

from audiosearch.client import OWNER_HEADER
from audiosearch.server import SERVER_FILE
from tests.attacks import ALIASES, FOLDER, SSRF, TRAVERSALS, Target, lay_traps
from tests.conftest import PROJECT_DIR, sine
from tests.integration.service import Service, run_app, serving

Form = Callable[[Target], str]

traversals = pytest.mark.parametrize("form", TRAVERSALS.values(), ids=TRAVERSALS)


@dataclass(frozen=True)
class Attacked:
    """A server whose library holds one sound, and two files outside: one is there, one is not."""

    service: Service
    http: httpx.Client
    there: Target
    absent: Target

    @property
    def token(self) -> str:
        """Give the owner's token, which strangers do not have."""
        token: str = json.loads((self.service.workspace / SERVER_FILE).read_text())["token"]
        return token

    def search(self, query: dict[str, str]) -> httpx.Response:
        return self.http.post("/search", json={"data": [query], "header": {"request_id": "same"}})

    def index(self, uri: str) -> httpx.Response:
        body = {"data": [{"uri": uri, "id": "same"}], "header": {"request_id": "same"}}
        return self.http.post("/index", json=body)

    def recording(self, method: str, name: str, **headers: str) -> httpx.Response:
        path = f"/recordings/{quote(name, safe='').replace('.', '%2E')}"
        return self.http.request(method, path, headers=headers)

    def check_same(self, form: Form, ask: Callable[[str], httpx.Response]) -> httpx.Response:
        """Ask for both files in a form: the answers may not tell which is there, nor any path."""
        uris = [form(self.there), form(self.absent)]
        assert uris[0] != uris[1]
        answers = [ask(uri) for uri in uris]
        told = [
            (answer.status_code, self._anonymous(answer.text, uri))
            for answer, uri in zip(answers, uris, strict=True)
        ]
        assert told[0] == told[1]
        return answers[0]

    def _anonymous(self, text: str, uri: str) -> str:
        """Take what was asked for out of an answer; no path that it did not name may be left."""
        text = text.replace(json.dumps(uri, ensure_ascii=False)[1:-1], "URI")
        for path in map(str, (self.there.library.parent, PROJECT_DIR, Path.home())):
            assert path not in text or path in uri
        return re.sub(r"secret-[12]", "secret", text)  # of a long or odd uri a part is shown


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    folder = tmp_path_factory.mktemp("attacked")
    library = folder / FOLDER
    library.mkdir()
    (folder / "outside").mkdir()
    soundfile.write(library / "first.wav", sine(1.0, 300), 16_000)
    there, absent = (
        Target(folder / "outside" / f"secret-{n}.wav", library, PROJECT_DIR) for n in (1, 2)
    )
    soundfile.write(there.path, sine(1.0, 800), 16_000)
    with serving(folder / "workspace", "--encoder", "yamnet") as service:
        indexed = run_app("index", library, "--workspace", service.workspace)
        assert indexed.returncode == 0, indexed.stderr
        for target in (there, absent):
            lay_traps(target)  # after the owner's own indexing, which follows his links
        with httpx.Client(base_url=service.address, timeout=60, trust_env=False) as http:
            yield Attacked(service, http, there, absent)


def test_lists_are_long_enough() -> None:
    assert len(TRAVERSALS) >= 60
    assert len(SSRF) >= 40


def test_the_library_itself_is_read(attacked: Attacked) -> None:
    for uri in (f"{FOLDER}/first.wav", f"{FOLDER}/./deep/../first.wav"):
        assert attacked.search({"uri": uri}).status_code == 200
    soundfile.read(attacked.there.path)  # so that a way out would find a sound


@traversals
@pytest.mark.parametrize("fragment", ["", "#t=0,1"], ids=["whole", "stretch"])
def test_search_stays_inside(attacked: Attacked, form: Form, fragment: str) -> None:
    answer = attacked.check_same(form, lambda uri: attacked.search({"uri": uri + fragment}))
    assert answer.status_code in (403, 404, 422), answer.text


@traversals
def test_index_stays_inside(attacked: Attacked, form: Form) -> None:
    answer = attacked.check_same(form, attacked.index)
    assert answer.status_code in (200, 403, 422), answer.text
    for result in answer.json().get("data", []):
        assert (result["status"], result["recording_id"]) == ("failed", None)


@traversals
def test_recording_ids_name_no_files(attacked: Attacked, form: Form) -> None:
    answer = attacked.check_same(form, lambda uri: attacked.search({"recording_id": uri}))
    assert answer.status_code == 404, answer.text


@traversals
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_paths_of_recordings_name_no_files(attacked: Attacked, form: Form, method: str) -> None:
    headers = {OWNER_HEADER: attacked.token}
    answer = attacked.check_same(form, lambda uri: attacked.recording(method, uri, **headers))
    assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.parametrize("alias", ALIASES.values(), ids=ALIASES)
def test_ways_by_outside_into_the_library(attacked: Attacked, alias: Callable[[Path], str]) -> None:
    for path in (attacked.there.library / "first.wav", PROJECT_DIR / "toy-data" / "README.md"):
        assert attacked.search({"uri": alias(path)}).status_code == 403
        assert attacked.index(alias(path)).status_code == 403


def test_working_folders_of_processes_are_no_way_in(attacked: Attacked) -> None:
    inside = (PROJECT_DIR / "toy-data" / "README.md").relative_to(Path.cwd())
    for process in ("self", str(os.getpid())):
        uri = f"/proc/{process}/cwd/{inside}"
        assert attacked.search({"uri": uri}).status_code == 403
        assert attacked.index(uri).status_code == 403


@pytest.mark.parametrize("form", SSRF.values(), ids=SSRF)
def test_urls_are_not_visited(attacked: Attacked, form: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        uri = form.replace("{port}", str(listener.getsockname()[1]))
        assert attacked.search({"uri": uri}).status_code in (403, 404, 422)
        [result] = attacked.index(uri).json().get("data", [{"status": "failed"}])
        assert result["status"] == "failed"
        with pytest.raises(BlockingIOError):
            listener.accept()
        with socket.create_connection(listener.getsockname()):
            listener.accept()  # so that a visit would have been seen


def test_nothing_of_it_was_kept(attacked: Attacked) -> None:
    assert attacked.service.get("/health").json()["recordings"] == 1
    [match] = attacked.service.search({"uri": f"{FOLDER}/first.wav"}, limit=10)
    assert match["uri"] == f"{FOLDER}/first.wav"
    assert "Traceback" not in attacked.service.log.read_text()
