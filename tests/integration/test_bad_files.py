"""A folder of files as they come: each is indexed rightly or listed with its reason."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conftest import TOY_DATA, sine
from tests.integration.service import Service, app, run_app, serving

ODD_NAME = "Grüße aus Århus 🎸 (live).ogg"
GOOD = {
    "good.flac": 3.86,
    ODD_NAME: 4.33,
    "telephone.wav": 2.0,
    "surround.wav": 1.5,
    "truncated.mp3": 3.9,
    "copy of good.flac": 3.86,
    "inner/deep.ogg": 3.3,
    "LOUD.WAV": 1.0,
}
"""Duration of each, in seconds."""
BAD = {
    "empty.wav": ("undecodable", "is empty (0 bytes)"),
    "text.mp3": ("undecodable", "cannot be decoded"),
    "click.wav": ("too_short", "received 0.010 s of audio, expected at least 0.1 s"),
    "silence.wav": ("silent", "only silence"),
    "nan.wav": ("invalid_waveform", "NaN"),
    "broken link.wav": ("not_found", "broken link"),
    "zeros.mp4": ("undecodable", "cannot be decoded"),
    "not UTF-8 \\xff.wav": ("unreadable", "not valid UTF-8"),
}


def write_files(folder: Path) -> None:
    (folder / "inner").mkdir()
    shutil.copy(TOY_DATA / "speech_it_3.flac", folder / "good.flac")
    shutil.copy(TOY_DATA / "speech_it_3.flac", folder / "copy of good.flac")
    shutil.copy(TOY_DATA / "guitar_guit_e_slide.ogg", folder / ODD_NAME)
    shutil.copy(TOY_DATA / "door_door_close.ogg", folder / "inner" / "deep.ogg")
    shutil.copy(TOY_DATA / "bell_perc_bell.ogg", folder / ".hidden.ogg")
    shutil.copy(TOY_DATA / "labels.csv", folder / "labels.csv")
    (folder / ".trash").mkdir()
    shutil.copy(TOY_DATA / "bell_perc_bell.ogg", folder / ".trash" / "bell.ogg")
    mp3 = (TOY_DATA / "drum_loop_loop_mika.mp3").read_bytes()
    (folder / "truncated.mp3").write_bytes(mp3[: len(mp3) // 2])
    soundfile.write(folder / "telephone.wav", sine(2.0, 440, 8_000), 8_000)
    six = np.stack([sine(1.5, 220 * n, 96_000) / 6 for n in range(1, 7)], axis=1)
    soundfile.write(folder / "surround.wav", six, 96_000)
    soundfile.write(folder / "LOUD.WAV", sine(1.0, 880) * 2, 16_000, format="WAV")

    (folder / "empty.wav").touch()
    (folder / "text.mp3").write_text("This is no sound.\n" * 100)
    soundfile.write(folder / "click.wav", sine(0.01), 16_000)
    soundfile.write(folder / "silence.wav", np.zeros(48_000), 16_000)
    nan = sine(1.0)
    nan[8_000] = np.nan
    soundfile.write(folder / "nan.wav", nan, 16_000, subtype="FLOAT")
    (folder / "broken link.wav").symlink_to(folder / "nothing.wav")
    (folder / "zeros.mp4").write_bytes(bytes(1_000))
    soundfile.write(folder / "name.wav", sine(1.0, 990), 16_000)
    (folder / "name.wav").rename(folder / os.fsdecode(b"not UTF-8 \xff.wav"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad") / "as they come"
    folder.mkdir()
    write_files(folder)
    return folder


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Path:
    return folder.parent / "workspace"


@pytest.fixture(scope="module")
def first(folder: Path, workspace: Path) -> subprocess.CompletedProcess[str]:
    return run_app("index", folder, "--workspace", workspace, "--json")


@pytest.fixture(scope="module")
def service(first: subprocess.CompletedProcess[str], workspace: Path) -> Iterator[Service]:
    """Serve what the first run has indexed; later runs use it."""
    with serving(workspace) as service:
        yield service


def failures(report: dict[str, Any], folder: Path) -> dict[str, tuple[str, str]]:
    return {
        each["path"].removeprefix(f"{folder}/"): (each["code"], each["message"])
        for each in report["failed"]
    }


def check_failures(report: dict[str, Any], folder: Path) -> None:
    failed = failures(report, folder)
    assert set(failed) == set(BAD)
    for name, (code, reason) in BAD.items():
        assert failed[name][0] == code, failed[name]
        assert reason in failed[name][1]


def test_bad_are_listed_and_the_rest_is_indexed(
    first: subprocess.CompletedProcess[str], folder: Path
) -> None:
    assert first.returncode == 0
    report = json.loads(first.stdout)
    check_failures(report, folder)
    assert (report["added"], report["known"], report["unchanged"]) == (len(GOOD) - 1, 1, 0)
    assert not report["interrupted"]
    assert "Traceback" not in (folder.parent / "workspace" / "server.log").read_text()


def test_good_are_unchanged_the_second_time(
    service: Service, folder: Path, workspace: Path
) -> None:
    again = run_app("index", folder, "--workspace", workspace, "--json")
    assert again.returncode == 0
    report = json.loads(again.stdout)
    check_failures(report, folder)
    assert (report["added"], report["known"], report["unchanged"]) == (0, 0, len(GOOD))


def test_good_are_found_whatever_their_format(service: Service) -> None:
    assert service.get("/health").json()["recordings"] == len(GOOD) - 1
    for name, duration_s in GOOD.items():
        match = service.search({"uri": f"as they come/{name}"}, limit=1)[0]
        assert match["uri"].removeprefix("as they come/") in (name, f"copy of {name}")
        assert match["scores"]["cosine"]["value"] < 1e-3
        assert match["duration_s"] == pytest.approx(duration_s, abs=0.1)
    for name in (".hidden.ogg", ".trash/bell.ogg"):
        by_prefix = {"uri_prefix": f"as they come/{name}"}
        assert not service.search({"uri": "as they come/good.flac"}, filter=by_prefix)


def test_table_names_each_failure(service: Service, folder: Path, workspace: Path) -> None:
    shown = run_app("index", folder, "--workspace", workspace)
    assert shown.returncode == 0
    for name, (code, _) in BAD.items():
        assert any(name in line and code in line for line in shown.stdout.splitlines()), name


def test_unreadable_file(tmp_path: Path) -> None:
    shutil.copy(TOY_DATA / "water_splash2.wav", tmp_path / "good.wav")
    shutil.copy(TOY_DATA / "door_door_open.flac", tmp_path / "secret.flac")
    (tmp_path / "secret.flac").chmod(0)
    command = app("index", tmp_path, "--workspace", tmp_path / "workspace", "--json")
    if not os.getuid():
        if not shutil.which("setpriv"):
            pytest.skip("root reads any file, unless started by setpriv, which is not there")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["added"] == 1
    [failed] = report["failed"]
    assert (Path(failed["path"]).name, failed["code"]) == ("secret.flac", "unreadable")
    assert "Permission denied" in failed["message"]


def test_all_bad(tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("no sound")
    (tmp_path / "empty.wav").touch()
    done = run_app("index", tmp_path, "--workspace", tmp_path / "workspace", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert {each["code"] for each in report["failed"]} == {"undecodable"}
    assert len(report["failed"]) == 2


def test_nothing_found(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("no sound")
    done = run_app("index", tmp_path, "--workspace", tmp_path / "workspace")
    assert done.returncode == 1
    assert "Error: no audio or video file was found there" in done.stderr.splitlines()
    assert not (tmp_path / "workspace" / "server.log").exists(), "nothing had to be started"


def test_no_such_folder(tmp_path: Path) -> None:
    done = run_app("index", tmp_path / "absent", "--workspace", tmp_path / "workspace")
    assert done.returncode == 1
    assert f"there is no file or folder {tmp_path}/absent" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("index", "--encoders", "x"), ("serve", "--port", "many"), ("search",), ("indexx",)],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    done = run_app(*arguments)
    assert done.returncode == 2
    assert "Usage: " in done.stderr
