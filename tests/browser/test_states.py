"""Every state has a face: nothing to search, nothing found, nothing to hear, nobody there."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from audiosearch.server import free_port
from tests.audio_files import write_soundfile
from tests.browser.conftest import Visitor
from tests.browser.test_ask import upload
from tests.browser.visiting import Visit
from tests.conftest import PROJECT_DIR
from tests.integration.service import Service, app, running, serving

TOKEN = "open sesame"
RATE = 8000
REFUSED = r"status of 4\d\d"  # browsers log answers that refuse


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve an empty library to those who know a token."""
    workspace = tmp_path_factory.mktemp("locked") / "workspace"
    with serving(workspace, "--encoder", "yamnet", AUDIOSEARCH_TOKEN=TOKEN) as service:
        yield service


def test_token_is_wanted_then_remembered(visitor: Visitor, locked: Service) -> None:
    visit = visitor(locked.address)
    page = visit.page
    with visit.expecting_errors(REFUSED):
        visit.open("/?id=nothing")
        field = page.get_by_label("Token")
        field.fill("guessed")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("alert")).to_contain_text("received another token")
        field.fill(TOKEN)
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("heading", name="That is not in the library")).to_be_visible()
    visit.open()
    expect(page.get_by_role("heading", name="The library is empty")).to_be_visible()


def test_empty_library_says_how_to_index_then_that_it_does(
    visitor: Visitor, locked: Service
) -> None:
    visit = visitor(locked.address)
    visit.page.request.post(f"{locked.address}/session", data={"token": TOKEN})
    page = visit.open()
    expect(page.get_by_text("python app.py index ~/Music")).to_be_visible()
    page.request.post(f"{locked.address}/jobs", data={"paths": ["toy-data"]})
    visit.open()
    expect(page.locator("#header")).to_contain_text("Indexing…")
    expect(page.locator("#header")).to_contain_text("33 recordings", timeout=60_000)
    expect(page.get_by_role("heading", name="The library is empty")).to_have_count(0)


def test_nothing_that_similar(visit: Visit) -> None:
    recording = visit.page.request.get(f"{visit.address}/recordings?text=bell").json()
    page = visit.open(f"/?id={recording['recordings'][0]['id']}&least=0.95")
    expect(page.get_by_text("No recording reaches a similarity of 0.95")).to_be_visible()
    page.get_by_role("button", name="Show the nearest").click()
    expect(page.locator(".result")).to_have_count(10)


def test_nothing_passes_the_filters(visit: Visit) -> None:
    recording = visit.page.request.get(f"{visit.address}/recordings?text=bell").json()
    page = visit.open(f"/?id={recording['recordings'][0]['id']}&tag=label=whale")
    page.get_by_role("button", name="Search the whole library").click()
    expect(page.locator(".result")).to_have_count(10)


@pytest.fixture(params=["undecodable", "silent", "too short", "too long"])
def unanswerable(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"{request.param}.wav"
    noise = np.random.default_rng(0).normal(0, 0.1, 610 * RATE).astype(np.float32)
    if request.param == "undecodable":
        path.write_text("This is no sound.")
        return path
    sounds = {"silent": np.zeros(2 * RATE), "too short": noise[:200], "too long": noise}
    write_soundfile(path, sounds[request.param], RATE)
    return path


def test_refusals_are_in_the_services_own_words(visit: Visit, unanswerable: Path) -> None:
    page = visit.open()
    answer = page.request.post(
        f"{visit.address}/search/upload", multipart={"file": unanswerable}
    ).json()
    with visit.expecting_errors(REFUSED):
        page.set_input_files("input[type=file]", unanswerable)
        expect(page.locator(".problem .detail")).to_have_text(answer["detail"])
    expect(page.locator(".problem")).to_have_attribute("data-code", answer["code"])
    expect(page.get_by_text("Searching…")).to_have_count(0)


def test_upload_is_not_at_hand_after_loading_anew(page: Page, clip: Path) -> None:
    upload(page, clip)
    page.reload()
    expect(page.get_by_role("heading", name="That sound is no longer at hand")).to_be_visible()


def test_unknown_recording(visit: Visit) -> None:
    with visit.expecting_errors(REFUSED):
        page = visit.open("/?id=0123456789abcdef0123456789abcdef")
        expect(page.get_by_role("heading", name="That is not in the library")).to_be_visible()


def test_service_goes_and_comes_back(visitor: Visitor, tmp_path: Path) -> None:
    port = free_port()
    workspace = tmp_path / "workspace"
    command = app("serve", "--workspace", workspace, "--port", str(port), "--encoder", "yamnet")
    address = f"http://127.0.0.1:{port}"
    visit = visitor(address)
    with running(command, address, workspace, cwd=PROJECT_DIR):
        page = visit.open()
        expect(page.get_by_role("heading", name="The library is empty")).to_be_visible()
    with ExitStack() as later:
        with visit.expecting_errors("ERR_CONNECTION_REFUSED"):
            page.set_input_files(
                "input[type=file]", PROJECT_DIR / "toy-data" / "door_door_close.ogg"
            )
            expect(page.get_by_role("heading", name="The service does not answer")).to_be_visible()
            expect(page.locator("#header")).to_contain_text("Service gone", timeout=10_000)
            assert visit.violations() == []
            later.enter_context(running(command, address, workspace, cwd=PROJECT_DIR))
            # It asks again by itself.
            expect(page.locator(".face h2")).to_have_text("The library is empty", timeout=20_000)
        visit.leave()
