"""The library's view: listing, sorting, filtering, adding with progress, failing, removing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.visiting import Visit
from tests.conftest import sine
from tests.integration.service import Service, run_app, serving_with

PHONE = {"viewport": {"width": 390, "height": 844}}


def rows(page: Page) -> Locator:
    return page.locator("table.recordings tbody tr")


def names(page: Page) -> list[str]:
    return page.locator("table.recordings tbody .title").all_inner_texts()


@pytest.fixture
def toy_library(visit: Visit) -> Page:
    """Open the library of the toy data."""
    page = visit.open("/?view=library")
    rows(page).first.wait_for()
    return page


def test_all_recordings_are_listed(toy_library: Page) -> None:
    expect(rows(toy_library)).to_have_count(33)
    assert names(toy_library) == sorted(names(toy_library))
    expect(toy_library.locator(".holds")).to_contain_text("33 recordings · 3 min 15 s · 77 windows")
    assert "encoded by yamnet" in toy_library.locator(".holds").inner_text()


def test_words_narrow_the_list_and_stand_in_the_address(toy_library: Page) -> None:
    toy_library.get_by_role("searchbox", name="Words").fill("drum mika")
    expect(rows(toy_library)).to_have_count(1)
    assert names(toy_library) == ["drum_loop_loop_mika.mp3"]
    assert "text=drum+mika" in toy_library.url
    toy_library.reload()
    expect(rows(toy_library)).to_have_count(1)
    toy_library.get_by_role("searchbox", name="Words").fill("nothing like it")
    expect(toy_library.get_by_text("No recording has all of this.")).to_be_visible()
    toy_library.get_by_role("button", name="Show all").click()
    expect(rows(toy_library)).to_have_count(33)


def test_columns_sort(toy_library: Page) -> None:
    length = toy_library.get_by_role("columnheader", name="Length")
    length.get_by_role("button").click()
    expect(length).to_have_attribute("aria-sort", "descending")
    expect(rows(toy_library).first.locator(".length")).to_have_text("0:10.0")
    length.get_by_role("button").click()
    expect(length).to_have_attribute("aria-sort", "ascending")
    times = rows(toy_library).locator("td.length")
    expect(times.first).not_to_have_text("0:10.0")
    assert times.all_inner_texts() == sorted(times.all_inner_texts(), key=seconds)
    toy_library.go_back()
    expect(length).to_have_attribute("aria-sort", "descending")


def seconds(clock: str) -> float:
    minutes, _, rest = clock.partition(":")
    return 60 * int(minutes) + float(rest)


def test_tags_and_folders_filter(toy_library: Page) -> None:
    rows(toy_library).first.get_by_role("button", name="Show only label bell").click()
    expect(rows(toy_library)).to_have_count(1)
    toy_library.get_by_role("button", name="label: bell").click()
    expect(rows(toy_library)).to_have_count(33)
    toy_library.get_by_role("combobox", name="Tag").fill("label=guitar")
    toy_library.keyboard.press("Enter")
    expect(rows(toy_library)).to_have_count(4)
    toy_library.get_by_role("combobox", name="Folder").select_option("toy-data")
    expect(rows(toy_library)).to_have_count(4)
    assert "folder=toy-data" in toy_library.url


def test_a_recording_plays_and_pauses(toy_library: Page) -> None:
    rows(toy_library).first.get_by_role("button", name="Play bell_perc_bell.ogg").click()
    player = toy_library.get_by_role("region", name="Player")
    expect(player).to_contain_text("bell_perc_bell.ogg")
    toy_library.wait_for_function("() => document.querySelector('.dock input').valueAsNumber > 0.2")
    rows(toy_library).first.get_by_role("button", name="Pause bell_perc_bell.ogg").click()
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_more_like_this_asks_and_back_returns(toy_library: Page) -> None:
    toy_library.get_by_role("link", name="More like this: door_door_open.flac").click()
    expect(toy_library.locator(".result h3").first).to_have_text("door_door_close.ogg")
    toy_library.go_back()
    expect(rows(toy_library)).to_have_count(33)


def test_phone_and_dark(visitor: Visitor, toy_service: Service) -> None:
    page = visitor(toy_service.address, color_scheme="dark", **PHONE).open("/?view=library")
    rows(page).first.wait_for()
    page.get_by_role("combobox", name="Order").select_option("longest")
    expect(rows(page).first.locator(".length")).to_have_text("0:10.0")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make folders of sounds, two of which fail, below a library root."""
    root = tmp_path_factory.mktemp("root")
    for folder in ("few", "many"):
        (root / folder).mkdir()
    for pitch in (300, 400, 500):
        soundfile.write(root / "few" / f"{pitch}.wav", sine(1.0, pitch), 16_000)
    soundfile.write(root / "few" / "silent.wav", np.zeros(16_000), 16_000)
    (root / "few" / "text.wav").write_text("no sound")
    rng = np.random.default_rng(0)
    for number in range(40):
        noise = rng.uniform(-0.5, 0.5, 16_000 * 60).astype(np.float32)
        soundfile.write(root / "many" / f"{number:02}.flac", noise, 16_000)
    return root


@pytest.fixture(scope="module")
def own_service(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve an empty library that may read these folders."""
    workspace = tmp_path_factory.mktemp("own") / "workspace"
    with serving_with(workspace, {"indexer": {"library_roots": [str(sounds)]}}) as service:
        yield service


@pytest.fixture
def own(visitor: Visitor, own_service: Service) -> Visit:
    return visitor(own_service.address)


def add_folder(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add a folder").click()
    page.get_by_role("dialog").get_by_role("button", name=f"Index {name}").click()


def test_an_empty_library_says_what_to_do_and_a_folder_is_added(own: Visit) -> None:
    page = own.open("/?view=library")
    expect(page.get_by_role("heading", name="Nothing is indexed yet")).to_be_visible()
    add_folder(page, "few")
    expect(page.locator(".job[data-state=done]")).to_contain_text("3 added, 2 failed")
    expect(rows(page)).to_have_count(3)
    page.locator(".job").get_by_role("button", name="Close").click()
    expect(page.locator(".job")).to_have_count(0)


def test_failures_tell_why_and_are_tried_again(
    own: Visit, own_service: Service, sounds: Path
) -> None:
    run_app("index", sounds / "few", "--workspace", own_service.workspace)
    page = own.open("/?view=library")
    page.get_by_role("button", name="Failures (2)").click()
    expect(page.locator(".failures li")).to_have_count(2)
    expect(page.locator(".failures")).to_contain_text("few/silent.wav")
    expect(page.locator(".failures")).to_contain_text("only silence")
    soundfile.write(sounds / "few" / "text.wav", sine(1.0, 700), 16_000)
    page.get_by_role("button", name="Try again: few/text.wav").click()
    expect(page.locator(".job[data-state=done]")).to_contain_text("1 added")
    expect(page.locator(".failures li")).to_have_count(1)
    page.get_by_role("button", name="Try all again").click()
    expect(page.locator(".job[data-state=done]").last).to_contain_text("1 failed")


def test_removal_is_asked_about_and_taken_back(own: Visit) -> None:
    page = own.open("/?view=library&text=300")
    remove = page.get_by_role("button", name="Remove 300.wav")
    remove.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(rows(page)).to_have_count(1)
    remove.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator(".toast")).to_contain_text("300.wav was removed.")
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(1)


def test_progress_is_live_also_after_a_reload_and_a_job_is_stopped(own: Visit) -> None:
    page = own.open("/?view=library")
    add_folder(page, "many")
    job = page.locator(".job[data-state=running]")
    page.wait_for_function("() => document.querySelector('.job progress')?.value > 0")
    page.reload()
    expect(job).to_contain_text("many")
    expect(page.locator("#header .state")).to_contain_text("Indexing")
    job.get_by_role("button", name="Stop indexing many").click()
    expect(page.locator(".job[data-state=stopped]")).to_be_visible()


def test_the_chooser_goes_into_folders_and_closes_by_escape(own: Visit, sounds: Path) -> None:
    (sounds / "outer" / "inner").mkdir(parents=True)
    soundfile.write(sounds / "outer" / "inner" / "a.wav", sine(1.0, 900), 16_000)
    page = own.open("/?view=library")
    page.get_by_role("button", name="Add a folder").click()
    dialog = page.get_by_role("dialog", name="Add a folder")
    expect(dialog).to_contain_text("in the library")
    dialog.get_by_role("button", name="Open outer").click()
    expect(dialog.get_by_role("button", name="Index outer", exact=True)).to_be_visible()
    expect(dialog.get_by_role("button", name="Index inner")).to_be_visible()
    assert own.violations() == []
    dialog.get_by_role("button", name="All folders").click()
    expect(dialog.get_by_role("button", name="Open outer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Add a folder")).to_be_focused()
