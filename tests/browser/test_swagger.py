"""Swagger UI in a browser: it works under the content policy, and asks no other host."""

from typing import TYPE_CHECKING

from tests.integration.service import Service

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_swagger_ui_tries_a_search(browser: "Browser", toy_service: Service) -> None:
    page = browser.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    hosts: set[str] = set()
    page.goto(f"{toy_service.address}/docs")
    search = page.locator(".opblock", has=page.locator('[data-path="/search"]'))
    search.locator(".opblock-summary").click()
    search.get_by_role("button", name="Execute").click()
    answer = search.locator(".live-responses-table .response-col_description pre").first
    assert "drum_loop_loop_mika.mp3" in answer.inner_text()
    page.close()
    assert not faults
    assert hosts == {toy_service.address.removeprefix("http://")}
