"""Answers: ranked, played from their moments, walked through by keys, compared, refined."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_ask import titles, upload
from tests.browser.visiting import Visit

TIME = "() => document.querySelector('.dock video')?.currentTime ?? -1"
PAUSED = "() => document.querySelector('.dock video')?.paused ?? true"


@pytest.fixture
def answered(page: Page, clip: Path) -> Iterator[Page]:
    """Ask about a clip."""
    upload(page, clip)
    yield page


def wait_for_time(page: Page, least_s: float) -> None:
    page.wait_for_function(f"() => document.querySelector('.dock video')?.currentTime >= {least_s}")


def test_result_tells_name_path_similarity_and_moments(answered: Page) -> None:
    result = answered.locator(".result").nth(1)
    expect(result.get_by_role("heading")).to_have_text("drum_loop_loop_amen_full.ogg")
    expect(result.locator(".path")).to_contain_text("toy-data/drum_loop_loop_amen_full.ogg")
    expect(result.locator(".path")).to_contain_text("6.9 s")
    similarity = float(result.get_by_role("meter").get_attribute("aria-valuenow") or "")
    expect(result.locator(".similarity .number")).to_have_text(f"{similarity:.2f}")
    share = result.locator(".bar span").evaluate(
        "bar => bar.getBoundingClientRect().width / bar.parentElement.getBoundingClientRect().width"
    )
    assert share == pytest.approx(similarity, abs=0.02)
    said = re.compile(
        r"^\s*(very similar|similar|weak)\s+nearer than\s+\d+\.\d %\s+of this library's pairs\s*$"
    )
    expect(result.locator(".verdict")).to_have_text(said)
    expect(result.locator(".verdict .soft")).to_have_attribute("title", re.compile("^Nearer than"))
    expect(result.locator(".mark")).to_have_count(1)
    expect(result.locator(".wave path")).to_have_attribute("d", re.compile(r"^M0 .*Z$"))
    chip = result.get_by_role("group", name="Matching moment").get_by_role("button").first
    expect(chip).to_have_attribute("aria-pressed", "true")


def test_similarity_falls(answered: Page) -> None:
    shown = [float(each) for each in answered.locator(".similarity .number").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)


def test_click_plays_from_the_moment(answered: Page) -> None:
    guitar = answered.locator(".result", has_text="guitar_guit_em9.mp3")
    guitar.get_by_role("button", name="Play guitar_guit_em9.mp3 from 4.0 s").click()
    wait_for_time(answered, 4.2)
    assert answered.evaluate(TIME) < 7
    assert "/audio" in answered.locator(".dock video").evaluate("video => video.currentSrc")
    guitar.get_by_role("button", name="Pause guitar_guit_em9.mp3").click()
    assert answered.evaluate(PAUSED)


def test_click_on_the_waveform_plays_from_there(answered: Page) -> None:
    wave = answered.locator(".result").nth(1).locator(".wave")
    box = wave.bounding_box()
    assert box is not None
    wave.click(position={"x": box["width"] / 2, "y": 10})
    wait_for_time(answered, 3.4)
    assert answered.evaluate(TIME) < 5
    expect(wave.locator(".head")).to_be_visible()


def test_keyboard_alone(page: Page) -> None:
    """From the picker to a playing moment, without a pointer."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id === 'pick'"):
            break
    page.keyboard.type("em9")
    page.keyboard.press("Enter")
    page.locator(".result").first.wait_for()
    page.keyboard.press("ArrowDown")
    rows = page.locator(".result")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    expect(rows.nth(1).locator(".play")).to_be_focused()
    page.keyboard.press("Space")
    page.wait_for_function("() => !document.querySelector('.dock video').paused")
    expect(page.get_by_role("heading", level=1)).to_have_text("guitar_guit_em9.mp3")
    playing = page.locator(".dock .title").inner_text()
    assert playing == titles(rows)[1]
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('.dock video').paused")
    page.keyboard.press("ArrowUp")
    expect(rows.first).to_have_attribute("aria-current", "true")
    page.keyboard.press("End")
    expect(rows.last.locator(".play")).to_be_focused()


def test_arrows_go_from_moment_to_moment(visit: Visit) -> None:
    page = visit.open()
    path = several_moments(visit)
    visit.open(path)
    row = page.locator(".result", has=page.locator(".moments .chip:not(.tag):nth-child(2)")).first
    moments = row.locator(".moments .chip:not(.tag)")
    moments.nth(0).click()
    page.keyboard.press("ArrowRight")
    expect(moments.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(row.locator(".mark").nth(1)).to_have_class(re.compile("chosen"))
    start = float(re.match(r"[\d.]+", moments.nth(1).inner_text())[0])  # type: ignore[index]
    wait_for_time(page, start)
    page.keyboard.press("ArrowLeft")
    expect(moments.nth(0)).to_have_attribute("aria-pressed", "true")


def several_moments(visit: Visit) -> str:
    """Find a question to which a recording answers with several moments."""
    recordings = visit.page.request.get(f"{visit.address}/recordings?limit=40").json()["recordings"]
    for each in recordings:
        body = {
            "data": [{"recording_id": each["id"], "start_s": 0, "end_s": 4}],
            "parameters": {"moments": 20},
        }
        answer = visit.page.request.post(f"{visit.address}/search", data=body).json()
        if any(len(match["moments"]) > 1 for match in answer["data"][0]["matches"]):
            return f"/?id={each['id']}&t=0,4"
    raise AssertionError("no recording of the toy data has two moments")


def test_more_like_this_asks_again_and_back_returns(answered: Page) -> None:
    first = titles(answered.locator(".result"))
    answered.get_by_role("link", name="all of it from music_singularity_1.ogg").click()
    heading = answered.get_by_role("heading", level=1)
    expect(heading).to_have_text("music_singularity_1.ogg")
    expect(heading).to_be_focused()
    expect(answered.locator(".result h3").first).to_have_text(re.compile("^music_"))
    answered.go_back()
    expect(heading).to_have_text("drum_loop_loop_mika.mp3")
    expect(answered.locator(".result")).to_have_count(len(first))
    assert titles(answered.locator(".result")) == first


def test_more_like_this_moment(answered: Page) -> None:
    answered.get_by_role("link", name="this moment of guitar_guit_em9.mp3").click()
    stretch = re.compile(r"t=([\d.]+),[\d.]+$")
    expect(answered).to_have_url(stretch)
    [start_s] = stretch.findall(answered.url)
    expect(answered.get_by_role("spinbutton", name="from")).to_have_value(f"{float(start_s):.1f}")
    # A stretch may be answered by its own recording.
    expect(answered.locator(".result h3").first).to_have_text("guitar_guit_em9.mp3")


def test_thumbs_refine_the_question(answered: Page) -> None:
    before = titles(answered.locator(".result"))
    disliked, liked = "drum_loop_loop_tabla.ogg", before[-1]
    with answered.expect_response("**/search/upload"):
        answered.get_by_role("button", name=f"Less like {disliked}").click()
    with answered.expect_response("**/search/upload"):
        answered.get_by_role("button", name=f"More like {liked}").click()
    chips = answered.get_by_role("group", name="Examples")
    expect(chips.get_by_role("button")).to_have_count(2)
    pressed = answered.get_by_role("button", name=f"More like {liked}", exact=True)
    expect(pressed).to_have_attribute("aria-pressed", "true")
    after = titles(answered.locator(".result"))
    assert after.index(liked) < before.index(liked)
    assert disliked not in after or after.index(disliked) > before.index(disliked)
    with answered.expect_response("**/search/upload"):
        chips.get_by_role("button", name=f"Take back: less like {disliked}").click()
    expect(chips.get_by_role("button")).to_have_count(1)


def test_question_and_match_are_compared(answered: Page) -> None:
    row = answered.locator(".result").nth(1)
    row.get_by_role("button", name="Compare drum_loop_loop_amen_full.ogg").click()
    figures = row.locator("figure")
    expect(figures).to_have_count(2)
    boxes = [each.bounding_box() for each in figures.all()]
    assert boxes[0] and boxes[1] and boxes[0]["y"] < boxes[1]["y"]
    expect(figures.nth(0)).to_contain_text("drum_loop_loop_mika.mp3")
    row.get_by_role("button", name="One after the other").click()
    title = answered.locator(".dock .title")
    expect(title).to_have_text("drum_loop_loop_mika.mp3")
    expect(title).to_have_text("drum_loop_loop_amen_full.ogg", timeout=10_000)
    row.get_by_role("button", name="Compare drum_loop_loop_amen_full.ogg").click()
    expect(figures).to_have_count(0)


def test_tag_filters(answered: Page) -> None:
    answered.get_by_role("button", name="Only label: guitar").first.click()
    expect(answered.locator(".result h3").first).to_have_text(re.compile("^guitar"))
    assert all(each.startswith("guitar") for each in titles(answered.locator(".result")))
    answered.get_by_role("button", name="Remove the filter label=guitar").click()
    expect(answered.locator(".result")).to_have_count(10)


def test_more_are_shown(answered: Page) -> None:
    answered.get_by_role("button", name="Show more").click()
    expect(answered.locator(".result")).to_have_count(25)
    expect(answered).to_have_url(re.compile("limit=25"))


def test_video_shows_its_picture(visit: Visit) -> None:
    page = visit.open()
    page.get_by_role("combobox").fill("splash1")
    page.get_by_role("option", name="water_splash1.ogg").click()
    video = page.locator(".result", has_text="water_fill.mp4")
    expect(video.locator(".still")).to_be_visible()
    video.get_by_role("button", name="Play water_fill.mp4").click()
    expect(page.locator(".dock .screen")).to_be_visible()
    assert page.locator(".dock video").evaluate("video => video.videoWidth") > 0


def test_what_browsers_do_not_play_is_played_as_wav(visit: Visit, answered: Page) -> None:
    """The player falls back by itself: here the original is said to be broken."""
    answered.route(
        re.compile(r"/audio$"),
        lambda route: route.fulfill(body=b"no sound", content_type="audio/x"),
    )
    answered.locator(".result").nth(1).locator(".play").click()
    wait_for_time(answered, 0.2)
    assert (
        answered.locator(".dock video")
        .evaluate("video => video.currentSrc")
        .endswith("/audio?format=wav")
    )
