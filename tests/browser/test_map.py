"""The map: what is shown, heard, opened and selected on it, by pointer, keys and list."""

import base64
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.visiting import Visit
from tests.conftest import TOY_DATA
from tests.integration.service import Service, serving, wait_for

MANY = 50_000
FRAMES = 60
FRAME_MS = 50  # three of 60 a second, on two cores that also do other work
MADE_WITHIN_S = 600  # UMAP compiles itself first, and stands back for all else


def is_made(service: Service) -> bool:
    told = service.get("/map").json()
    return bool(told["state"] == "ready" and not told["stale"])


@pytest.fixture
def toy_map(visit: Visit, toy_service: Service) -> Page:
    """Open the map of the toy data, once it is made."""
    wait_for(lambda: is_made(toy_service), "the map", MADE_WITHIN_S)
    page = visit.open("/?view=map")
    page.locator(".stage").wait_for()
    expect(page.get_by_role("heading", name="33 recordings in view")).to_be_visible()
    return page


def place_of(page: Page, service: Service, name: str) -> tuple[float, float]:
    """Tell where a recording is on the screen, as the service and the view's whole say."""
    points = service.get("/map").json()["points"]
    at = points["uris"].index(f"toy-data/{name}")
    x, y = (np.frombuffer(base64.b64decode(points[axis]), "<f4") for axis in ("x", "y"))
    box = page.locator(".stage").bounding_box()
    assert box
    width, height = box["width"] - 2, box["height"] - 2  # within its border
    scale = float(0.92 / 2 * min(width / np.abs(x).max(), height / np.abs(y).max()))
    return (
        box["x"] + 1 + width / 2 + float(x[at]) * scale,
        box["y"] + 1 + height / 2 + float(y[at]) * scale,
    )


def is_heard(page: Page, title: str) -> None:
    player = page.get_by_role("region", name="Player")
    expect(player).to_contain_text(title)
    page.wait_for_function("() => document.querySelector('.dock input').valueAsNumber > 0.1")


def test_hover_names_and_plays_and_leaving_pauses(toy_map: Page, toy_service: Service) -> None:
    toy_map.mouse.move(*place_of(toy_map, toy_service, "bell_perc_bell.ogg"))
    expect(toy_map.locator(".tip")).to_have_text("bell_perc_bell.ogg")
    is_heard(toy_map, "bell_perc_bell.ogg")
    toy_map.get_by_role("heading", level=1).hover()
    expect(toy_map.locator(".tip")).to_be_hidden()
    expect(toy_map.locator(".dock").get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_hover_is_silent_where_that_is_wanted(toy_map: Page, toy_service: Service) -> None:
    toy_map.get_by_role("button", name="Play on hover").click()
    toy_map.mouse.move(*place_of(toy_map, toy_service, "bell_perc_bell.ogg"))
    expect(toy_map.locator(".tip")).to_be_visible()
    toy_map.wait_for_timeout(500)
    expect(toy_map.locator(".dock")).to_have_count(0)


def test_click_opens_and_the_address_tells(toy_map: Page, toy_service: Service) -> None:
    toy_map.mouse.click(*place_of(toy_map, toy_service, "water_splash1.ogg"))
    opened = toy_map.get_by_role("region", name="Chosen recording")
    expect(opened).to_contain_text("toy-data/water_splash1.ogg")
    expect(opened.locator("dl")).to_have_text(re.compile("labelwater"))
    toy_map.reload()
    expect(opened).to_contain_text("toy-data/water_splash1.ogg")
    opened.get_by_role("link", name="More like this").click()
    expect(toy_map.locator(".result h3").first).to_have_text(re.compile("^water_"))


def test_lasso_selects_and_the_selection_is_searched(toy_map: Page, toy_service: Service) -> None:
    toy_map.get_by_role("button", name="Lasso").click()
    x, y = place_of(toy_map, toy_service, "bell_perc_bell.ogg")
    toy_map.mouse.move(x - 9, y - 9)
    toy_map.mouse.down()
    for dx, dy in ((9, -9), (9, 9), (-9, 9), (-9, -9)):
        toy_map.mouse.move(x + dx, y + dy, steps=4)
    toy_map.mouse.up()
    selected = toy_map.get_by_role("region", name="Selected recordings")
    expect(selected).to_contain_text("1 recording selected")
    expect(selected.get_by_role("listitem")).to_have_text(["bell_perc_bell.ogg"])
    selected.get_by_role("button", name="Play", exact=True).click()
    is_heard(toy_map, "bell_perc_bell.ogg")
    selected.get_by_role("link", name="Search among these").click()
    toy_map.set_input_files("input[type=file]", TOY_DATA / "drum_loop_loop_mika.mp3")
    expect(toy_map.locator(".result h3")).to_have_text(["bell_perc_bell.ogg"])
    toy_map.get_by_role("button", name="Search the whole library again").click()
    expect(toy_map.locator(".result h3").first).to_have_text("drum_loop_loop_mika.mp3")


def test_the_keyboard_moves_zooms_and_opens(toy_map: Page) -> None:
    toy_map.locator(".stage").focus()
    in_view = toy_map.locator(".list h2")
    for _ in range(4):
        toy_map.keyboard.press("+")
    expect(in_view).not_to_have_text("33 recordings in view")
    for _ in range(2):
        toy_map.keyboard.press("ArrowLeft")
    toy_map.keyboard.press("0")
    expect(in_view).to_have_text("33 recordings in view")
    toy_map.keyboard.press("Enter")
    expect(toy_map.get_by_role("region", name="Chosen recording")).to_be_visible()


def test_the_list_says_the_same_without_a_picture(toy_map: Page) -> None:
    entries = toy_map.locator(".list li")
    expect(entries).to_have_count(33)
    name = entries.first.locator(".name").inner_text()
    entries.first.get_by_role("button", name=f"Play {name}").press("Enter")
    is_heard(toy_map, name)
    entries.first.get_by_role("button", name=name, exact=True).press("Enter")
    expect(toy_map.get_by_role("region", name="Chosen recording")).to_contain_text(name)


def colours(page: Page) -> set[tuple[int, int, int]]:
    """Tell which colours many pixels of the map have."""
    found = page.evaluate(
        """() => {
            const canvas = document.querySelector('canvas.dots');
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            const counts = {};
            for (let i = 0; i < data.length; i += 4) {
                const colour = [data[i], data[i + 1], data[i + 2]];
                counts[colour] = (counts[colour] ?? 0) + 1;
            }
            return Object.keys(counts).filter(each => counts[each] >= 20);
        }"""
    )
    return {tuple(map(int, each.split(","))) for each in found}  # type: ignore[misc]


def test_points_are_coloured_by_a_tag_as_the_legend_says(toy_map: Page) -> None:
    expect(toy_map.get_by_label("Colour by")).to_have_value("label")
    swatches = toy_map.locator(".legend .swatch").evaluate_all(
        "all => all.map(each => getComputedStyle(each).backgroundColor)"
    )
    told = {tuple(map(int, re.findall(r"\d+", each))) for each in swatches}
    assert len(told) == 11
    assert told <= colours(toy_map)
    toy_map.get_by_role("button", name="drum_loop 6").click()
    toy_map.wait_for_timeout(100)
    assert len(told & colours(toy_map)) == 1
    toy_map.get_by_label("Colour by").select_option("folder")
    expect(toy_map.locator(".legend li")).to_have_count(1)
    assert "by=folder" in toy_map.url


def test_phone_and_dark(visitor: Visitor, toy_service: Service) -> None:
    wait_for(lambda: is_made(toy_service), "the map", MADE_WITHIN_S)
    phone = {"viewport": {"width": 390, "height": 844}}
    page = visitor(toy_service.address, color_scheme="dark", **phone).open("/?view=map")
    page.locator(".stage").wait_for()
    page.wait_for_timeout(300)
    assert (28, 31, 32) in colours(page), "the surface's own dark"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def answer(state: str, **more: Any) -> Callable[[Route], None]:
    told = {"state": state, "stale": False, "version": None, "points": None, "message": None}
    return lambda route: route.fulfill(json=told | more)


def test_while_it_is_made_that_is_told_and_then_it_appears(
    visit: Visit, toy_service: Service
) -> None:
    wait_for(lambda: is_made(toy_service), "the map", MADE_WITHIN_S)
    visit.page.route("**/map", answer("computing"))
    page = visit.open("/?view=map")
    expect(page.get_by_role("heading", name="The map is being made")).to_be_visible()
    assert visit.violations() == []
    page.unroute("**/map")
    expect(page.locator(".stage")).to_be_visible()


def test_a_failure_is_told_with_its_reason(visit: Visit) -> None:
    visit.page.route("**/map", answer("failed", message="the reason"))
    page = visit.open("/?view=map")
    expect(page.get_by_text("the reason")).to_be_visible()
    page.unroute("**/map")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".stage")).to_be_visible()


def test_an_empty_library_leads_to_the_library(
    visitor: Visitor, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving(tmp_path_factory.mktemp("empty") / "workspace", "--encoder", "yamnet") as service:
        visit = visitor(service.address)
        page = visit.open("/?view=map")
        expect(page.get_by_role("heading", name="Nothing to show yet")).to_be_visible()
        assert visit.violations() == []
        page.get_by_role("link", name="Go to the library").click()
        expect(page.get_by_role("heading", name="Nothing is indexed yet")).to_be_visible()


MANY_POINTS = """
n => {
    const noise = () => (Math.random() + Math.random() + Math.random()) / 1.5 - 1;
    const encode = array => {
        const bytes = new Uint8Array(array.buffer);
        let text = '';
        for (let i = 0; i < bytes.length; i += 4096)
            text += String.fromCharCode(...bytes.subarray(i, i + 4096));
        return btoa(text);
    };
    const codes = Uint8Array.from({ length: n }, (_, i) => i % 10);
    return {
        ids: Array.from({ length: n }, (_, i) => `${i}`),
        uris: Array.from({ length: n }, (_, i) => `sounds/${i}.ogg`),
        x: encode(Float32Array.from({ length: n }, noise)),
        y: encode(Float32Array.from({ length: n }, noise)),
        tags: [{ key: 'label', values: [...'abcdefghij'], codes: encode(codes) }],
    };
}
"""


def test_many_points_stay_fluent(visit: Visit) -> None:
    page = visit.open("/")
    points = page.evaluate(MANY_POINTS, MANY)
    page.route("**/map", answer("ready", version="many", points=points))
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Map").click()
    expect(page.get_by_role("heading", name="50,000 recordings in view")).to_be_visible()
    page.get_by_role("button", name="Play on hover").click()  # there is nothing to hear
    page.evaluate(
        """() => {
            window.frames_ms = [];
            new PerformanceObserver(list => {
                for (const each of list.getEntriesByName('map frame'))
                    window.frames_ms.push(each.duration);
            }).observe({ entryTypes: ['measure'] });
        }"""
    )
    box = page.locator(".stage").bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    for step in range(2 * FRAMES):
        page.mouse.move(box["x"] + 200 + step, box["y"] + 200 + step % 50)
    page.mouse.up()
    frames_ms = sorted(page.evaluate("window.frames_ms"))
    assert len(frames_ms) >= FRAMES / 2
    median_ms = frames_ms[len(frames_ms) // 2]
    print(f"{MANY} points: {len(frames_ms)} frames, {median_ms:.1f} ms each (median)")
    assert median_ms < FRAME_MS
