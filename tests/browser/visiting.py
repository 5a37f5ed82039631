"""A visit to the page, watched: what it logs, what it asks for, whether all can use it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What axe's "reflow" of a page in motion would see: half-way colours.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"


class Visit:
    """A page of a service.

    Parameters
    ----------
    page : Page
        A fresh one.
    address : str
        The service's base URL.
    axe : Path
        axe-core's script.
    """

    def __init__(self, page: Page, address: str, axe: Path) -> None:
        self.page = page
        self.address = address
        self._axe = axe.read_text()
        self._errors: list[str] = []
        self._foreign: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("request", self._note)

    def open(self, path: str = "/") -> Page:
        """Open an address, and wait until the page can be used."""
        self.page.goto(self.address + path)
        self.page.locator("main .view :visible").first.wait_for()
        return self.page

    @contextmanager
    def expecting_errors(self, pattern: str) -> Iterator[None]:
        """Take back the errors that browsers log by themselves of what a test provokes."""
        before = len(self._errors)
        try:
            yield
        finally:
            self._errors[before:] = [
                each for each in self._errors[before:] if not re.search(pattern, each)
            ]

    def leave(self) -> None:
        """Check the page, and close it."""
        if not self.page.is_closed():
            self.check()
            self.page.context.close()

    def check(self) -> None:
        """Assert that nothing was logged, no other host asked, and no one is shut out."""
        assert self._errors == []
        assert self._foreign == []
        assert self.violations() == []

    def violations(self) -> list[str]:
        """Let axe look at the page as it is."""
        self.page.add_style_tag(content=STILL)
        # Through the debugger: the page's policy forbids scripts from elsewhere.
        self.page.evaluate(self._axe)
        found: dict[str, Any] = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
        )
        return [
            f"{each['id']}: {each['help']}: {node['html'][:200]} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._errors.append(f"{message.type}: {message.text} {message.location.get('url')}")

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob", "data") and not request.url.startswith(self.address + "/"):
            self._foreign.append(request.url)
