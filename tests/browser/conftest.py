"""What the page's tests share: the system's Chromium, and pages that must stay without fault."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from executors.service.page import BUILT
from tests.browser.visiting import Visit
from tests.conftest import PROJECT_DIR, TOY_DATA
from tests.integration.conftest import toy_service
from tests.integration.service import Service

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

__all__ = ["toy_service"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SPOKEN = TOY_DATA / "drum_loop_loop_breakbeat.wav"  # what the fake microphone hears
AXE = PROJECT_DIR / "web" / "node_modules" / "axe-core" / "axe.min.js"

Visitor = Callable[..., Visit]


# Of a module, not of the session: while Playwright runs, no other test may use asyncio.run.
@pytest.fixture(scope="module")
def browser() -> "Iterator[playwright.Browser]":
    if CHROMIUM is None:
        pytest.skip("no chromium is installed: .ci/run installs the distribution's")
    for needed in (BUILT / "index.html", AXE):
        if not needed.exists():
            pytest.skip(f"{needed.relative_to(PROJECT_DIR)} is absent: run make setup")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={SPOKEN}",
                "--autoplay-policy=no-user-gesture-required",
                "--mute-audio",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: "playwright.Browser") -> Iterator[Visitor]:
    """Open pages of any service; in the end each must be accessible, and have had no fault."""
    visits: list[Visit] = []

    def visit(address: str, **options: object) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        context.set_default_timeout(15_000)
        visits.append(Visit(context.new_page(), address, AXE))
        return visits[-1]

    yield visit
    for each in visits:
        each.leave()


@pytest.fixture
def visit(visitor: Visitor, toy_service: Service) -> Visit:
    """Visit the page of the service that holds the toy data."""
    return visitor(toy_service.address)


@pytest.fixture
def page(visit: Visit) -> "playwright.Page":
    """Open the start of the toy data's page."""
    visit.open()
    return visit.page


@pytest.fixture(scope="session")
def clip() -> Path:
    """Give a clip to ask about."""
    return TOY_DATA / "drum_loop_loop_mika.mp3"
