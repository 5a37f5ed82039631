"""python app.py evaluate, as its users meet it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiosearch.decode import decode
from tests.conftest import TOY_DATA
from tests.integration.service import run_app

RATE = 16_000
SOUNDS = {
    "speech": ("speech_it_1.ogg", "speech_it_2.ogg"),
    "drums": ("drum_loop_loop_mika.mp3", "drum_loop_loop_tabla.ogg"),
}


def evaluate(folder: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Evaluate the labels.csv of a folder, from the folder."""
    return run_app("evaluate", "labels.csv", "--encoder", "yamnet", *options, cwd=folder)


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with labelled clips, one of them twice, and a long recording of them all."""
    folder = tmp_path_factory.mktemp("labelled & odd")
    clips, moments, parts = ["path,label,start,end"], [], []
    for label, names in SOUNDS.items():
        for name in names:
            shutil.copy(TOY_DATA / name, folder)
            clips.append(f"{name},{label},,")
    shutil.copy(TOY_DATA / SOUNDS["speech"][0], folder / "copy.ogg")
    clips += ["copy.ogg,speech,,", "gone.ogg,speech,,"]
    for label in ("speech", "drums", "speech", "drums"):
        start_s = sum(map(len, parts)) / RATE
        moments.append(f"long.flac,{label},{start_s},{start_s + 6}")
        clip = decode(TOY_DATA / SOUNDS[label][len(moments) > 2], RATE)
        parts += [np.resize(clip, 6 * RATE), np.zeros(8 * RATE, np.float32)]
    soundfile.write(folder / "long.flac", np.concatenate(parts), RATE)
    (folder / "labels.csv").write_text("\n".join([*clips, *moments]))
    return folder


def test_evaluates_in_a_workspace_of_its_own(folder: Path) -> None:
    found = document(evaluate(folder, "--json", "--report", "report.html"))
    [workspace] = (folder / "evaluation").iterdir()
    assert workspace.name.endswith("-yamnet")
    assert not (folder / "workspace").exists()
    assert (found["recordings"], found["moments"]) == (4, 4)
    overall, *labels = found["scores"]
    assert [each["label"] for each in labels] == ["drums", "speech"]
    assert (overall["label"], overall["n_queries"], overall["n_left_out"]) == (None, 4, 0)
    for measure in ("average_precision", "precision_at_1", "r_precision"):
        score = overall["scores"][measure]
        assert (score["measured"]["value"], score["best"]) == (1.0, 1.0)
        assert score["chance"] < 0.7
    moments = found["moment_scores"][0]
    assert moments["best"]["f1"]["value"] > 0.8
    assert 0 < moments["default"]["f1"]["value"] <= moments["best"]["f1"]["value"]
    assert moments["best"]["onset_error_s"] <= 2
    assert found["skipped"] == [{"line": 7, "path": "gone.ogg", "why": "there is no such file"}]
    html = (folder / "report.html").read_text()
    assert 'src="long.flac#t=' in html

    again = evaluate(folder, "--report", "report.html")
    assert again.returncode == 0, again.stderr
    assert "skipped: 1\nline 7, gone.ogg: there is no such file" in again.stdout
    for text in ("by chance", "R-precision", "onset error", "drums", "[1.000, 1.000]"):
        assert text in again.stdout


def test_another_workspace_and_groups(folder: Path) -> None:
    """All speech comes from one tape: nothing of it is left to be found."""
    rows = (folder / "labels.csv").read_text().splitlines()[1:5]
    grouped = [f"{row},{'tape' if 'speech' in row else ''}" for row in rows]
    (folder / "grouped.csv").write_text("\n".join(["path,label,start,end,source", *grouped]))
    done = run_app(
        *("evaluate", folder / "grouped.csv", "--encoder", "yamnet", "--json"),
        *("--workspace", folder / "library", "--group-column", "source"),
        cwd=folder,
    )
    counts = {each["label"]: each["n_queries"] for each in document(done)["scores"]}
    assert counts == {None: 2, "drums": 2, "speech": 0}
    assert (folder / "library" / "library.sqlite").exists()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file,label\na.ogg,dog\n", "line 1: received the columns file, label, expected also path"),
        ("path,label\na.ogg,dog\n", "no row that can be used; line 2, a.ogg: there is no such"),
        (
            "path,label\nlabels.csv,dog\n",
            "none of the labelled files can be indexed; line 2, labels.csv",
        ),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "labels.csv").write_text(table)
    done = evaluate(tmp_path)
    assert done.returncode == 1
    assert not done.stdout
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert message in done.stderr
