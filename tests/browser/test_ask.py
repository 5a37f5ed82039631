"""Asking: by a file, by the microphone, by the library, with a stretch of a sound."""

import re
from base64 import b64encode
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, Response, expect

from audiosearch.decode import decode
from tests.audio_files import write_ffmpeg, write_soundfile
from tests.browser.visiting import Visit
from tests.conftest import TOY_DATA


def upload(page: Page, file: Path) -> Locator:
    """Choose a file; give the results once they are there."""
    page.set_input_files("input[type=file]", file)
    results = page.locator(".result")
    results.first.wait_for()
    return results


def titles(results: Locator) -> list[str]:
    return results.locator("h3").all_inner_texts()


def test_chosen_file_finds_itself_first(page: Page, clip: Path) -> None:
    results = upload(page, clip)
    assert titles(results)[0] == clip.name
    assert results.first.get_by_role("meter").get_attribute("aria-valuenow") == "1.00"
    assert len(titles(results)) == 10
    expect(page.get_by_role("heading", level=1)).to_have_text(clip.name)


def test_query_shows_as_waveform_and_spectrogram(page: Page, clip: Path) -> None:
    upload(page, clip)
    picture = page.get_by_role("group", name=f"Waveform and spectrogram of {clip.name}")
    painted = picture.evaluate(
        """async group => {
            const canvases = () => {
                const found = [], visit = node => {
                    if (node instanceof HTMLCanvasElement) found.push(node);
                    if (node.shadowRoot) visit(node.shadowRoot);
                    for (const child of node.children ?? []) visit(child);
                };
                visit(group);
                return found;
            };
            const paints = canvas => new Set(
                canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data,
            ).size;
            while (canvases().filter(each => paints(each) > 9).length < 2)
                await new Promise(resolve => setTimeout(resolve, 50));
            return canvases().length;
        }"""
    )
    assert painted >= 2


def test_dropped_file_is_asked_about(page: Page) -> None:
    sound = TOY_DATA / "water_splash1.ogg"
    transfer = page.evaluate_handle(
        """encoded => {
            const bytes = Uint8Array.from(atob(encoded), each => each.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], 'splash.ogg', {type: 'audio/ogg'}));
            return transfer;
        }""",
        b64encode(sound.read_bytes()).decode(),
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": transfer})
    expect(page.get_by_text("Let go, and hear")).to_be_visible()
    page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    expect(page.locator(".result h3").first).to_have_text(sound.name)
    expect(page.get_by_text("Let go, and hear")).to_have_count(0)


def test_microphone_hears_the_drum_loop(page: Page) -> None:
    page.get_by_role("button", name="Record").click()
    page.wait_for_timeout(2500)
    page.get_by_role("button", name="Stop and search").click()
    results = page.locator(".result")
    results.first.wait_for()
    assert titles(results)[0].startswith("drum_loop")
    expect(page.get_by_role("heading", level=1)).to_have_text("recording.webm")


def test_recording_can_be_called_off(page: Page) -> None:
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Stop and search")).to_have_count(0)
    expect(page.locator(".result")).to_have_count(0)


def test_library_is_searched_while_typing(page: Page) -> None:
    field = page.get_by_role("combobox", name="pick one from the library")
    field.press_sequentially("splash water")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    field.press("ArrowDown")
    field.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("water_splash2.wav")
    expect(page.locator(".result").first).to_be_visible()
    assert "water_splash2.wav" not in titles(page.locator(".result"))  # no answer to itself
    assert re.search(r"/\?id=[0-9a-f]{32}$", page.url)


def test_unknown_words_are_told(page: Page) -> None:
    page.get_by_role("combobox").press_sequentially("xylophone")
    expect(page.get_by_text("No recording has these words")).to_be_visible()


def test_dragged_stretch_alone_is_asked_about(page: Page, clip: Path) -> None:
    upload(page, clip)
    page.get_by_text("Drag over it").wait_for()
    box = page.locator(".sound .picture").first.bounding_box()
    assert box is not None
    height = box["y"] + 40
    with page.expect_response("**/search/upload") as answered:
        page.mouse.move(box["x"] + box["width"] / 4, height)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, height, steps=8)
        page.mouse.up()
    best = answered.value.json()["data"][0]["matches"][0]
    assert_near(best["query_start_s"], 2.0)
    assert_near(best["query_end_s"], 4.0)
    asked = re.search(r"/\?t=([\d.]+),([\d.]+)$", page.url)
    assert asked is not None, page.url
    assert_near(float(asked[1]), 2.0)
    assert_near(float(asked[2]), 4.0)
    expect(page.get_by_role("button", name="Whole sound")).to_be_visible()


def test_stretch_in_numbers(page: Page, clip: Path) -> None:
    upload(page, clip)
    with page.expect_response("**/search/upload") as answered:
        page.get_by_role("spinbutton", name="from").fill("4.5")
        page.get_by_role("spinbutton", name="from").press("Tab")
    assert query_times(answered.value) == {(4.5, 8.0)}
    with page.expect_response("**/search/upload") as answered:
        page.get_by_role("button", name="Whole sound").click()
    assert {start for start, _ in query_times(answered.value)} > {4.0}


def test_question_is_played(page: Page, clip: Path) -> None:
    upload(page, clip)
    page.get_by_role("spinbutton", name="from").fill("3")
    page.get_by_role("spinbutton", name="from").press("Tab")
    page.get_by_role("button", name="Play the stretch").click()
    page.wait_for_function("() => document.querySelector('video.picture')?.currentTime > 3.1")
    page.get_by_role("button", name="Pause").first.click()
    assert page.evaluate("document.querySelector('video.picture').paused")


def test_long_sound_has_a_minimap_and_a_closer_look(page: Page, tmp_path: Path, clip: Path) -> None:
    long = tmp_path / "long.wav"
    write_soundfile(long, np.tile(decode(clip, 16_000), 20), 16_000)  # 160 s
    upload(page, long)
    page.get_by_text("Drag over it").wait_for()
    picture = page.get_by_role("group", name="Waveform and spectrogram of long.wav")
    minimap = picture.locator("[part=minimap]")
    expect(minimap).to_be_visible()
    closer = page.get_by_role("group", name="Spectrogram of the stretch of long.wav")
    expect(closer).to_be_hidden()
    page.get_by_role("spinbutton", name="to").fill("4")
    page.get_by_role("spinbutton", name="to").press("Tab")
    expect(closer.locator("canvas").first).to_be_visible()
    page.get_by_role("button", name="Whole sound").click()
    expect(closer).to_be_hidden()


def test_what_the_browser_cannot_decode_is_answered_all_the_same(
    page: Page, tmp_path: Path, clip: Path
) -> None:
    unplayable = tmp_path / "drums.wma"
    write_ffmpeg(unplayable, decode(clip, 16_000), "wmav2", 16_000, bit_rate=64_000)
    results = upload(page, unplayable)
    assert titles(results)[0] == clip.name
    expect(page.get_by_text("This browser cannot draw this sound")).to_be_visible()


def test_shared_link_asks_the_same(visit: Visit) -> None:
    page = visit.open()
    page.get_by_role("combobox").fill("mika")
    page.get_by_role("option", name="mika").click()
    page.locator(".result").first.wait_for()
    path = page.url.removeprefix(visit.address) + "&t=2,6&tag=label%3Dspeech_en&limit=2"
    visit.open(path)
    results = page.locator(".result")
    expect(results).to_have_count(2)
    assert all(title.startswith("speech_en") for title in titles(results))
    expect(page.get_by_role("spinbutton", name="from")).to_have_value("2.0")
    expect(page.get_by_role("button", name="Remove the filter label=speech_en")).to_be_visible()


def query_times(answer: Response) -> set[tuple[float, float]]:
    matches = answer.json()["data"][0]["matches"]
    return {(each["query_start_s"], each["query_end_s"]) for each in matches}


def assert_near(value: float, expected: float) -> None:
    assert abs(value - expected) < 0.2
