"""The library's commands as their users run them: without a server, then with one."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet
import pytest

from audiosearch.store.sqlite import SQLiteStore
from tests.audio_files import write_soundfile
from tests.conftest import TOY_DATA, sine
from tests.integration.service import Service, app, run_app, serving, wait_for

CLIPS = (
    "bell_perc_bell.ogg",
    "door_door_close.ogg",
    "drum_loop_loop_tabla.ogg",
    "guitar_guit_e_fifths.ogg",
    "guitar_guit_em9.mp3",
)
TABLA = "clips/drum_loop_loop_tabla.ogg"
TIMES = ("start_s", "end_s")


def run(*arguments: str | Path, workspace: Path, status: int = 0) -> str:
    done = run_app(*arguments, "--workspace", workspace)
    assert done.returncode == status, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done.stdout if status == 0 else done.stderr


def ask(*arguments: str | Path, workspace: Path) -> Any:
    return json.loads(run(*arguments, "--json", workspace=workspace))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library") / "clips"
    folder.mkdir()
    for name in (*CLIPS, "labels.csv"):
        shutil.copy(TOY_DATA / name, folder)
    (folder / "broken.wav").write_bytes(b"no sound")
    return folder


@pytest.fixture(scope="module")
def library(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a workspace that holds the clips; tests only read it."""
    workspace = tmp_path_factory.mktemp("commands") / "workspace"
    report = ask("index", clips, "--encoder", "yamnet", workspace=workspace)
    assert (report["added"], len(report["failed"])) == (len(CLIPS), 1)
    return workspace


@pytest.fixture
def copy(library: Path, tmp_path: Path) -> Path:
    """Give a copy of the library, to be changed."""
    return Path(shutil.copytree(library, tmp_path / "workspace"))


def test_list_in_pages(library: Path) -> None:
    found, after = [], ""
    while after is not None:
        page = ask("list", "--limit", "2", "--after", after, workspace=library)
        assert 1 <= len(page["recordings"]) <= 2
        found += [each["uris"][0] for each in page["recordings"]]
        after = page["after"]
    assert found == sorted(f"clips/{name}" for name in CLIPS)


def test_list_by_prefix_and_tag(library: Path) -> None:
    def uris(*options: str) -> list[str]:
        return [
            uri
            for each in ask("list", *options, workspace=library)["recordings"]
            for uri in each["uris"]
        ]

    guitars = ["clips/guitar_guit_e_fifths.ogg", "clips/guitar_guit_em9.mp3"]
    assert uris("--tag", "label=guitar") == guitars
    assert uris("--tag", "label=guitar", "--tag", "seconds=9.97") == guitars[1:]
    assert uris("--tag", "label=guitar", "--tag", "label=bell") == [
        "clips/bell_perc_bell.ogg",
        *guitars,
    ]
    assert uris("--prefix", "clips/d") == ["clips/door_door_close.ogg", TABLA]
    assert uris("--prefix", "other/") == []
    assert uris("--text", "EM9 guitar") == guitars[1:]
    assert uris("--text", "guitar nothing") == []
    assert "expected key=value" in run("list", "--tag", "label", workspace=library, status=1)


def test_show_by_uri_path_and_id(library: Path, clips: Path) -> None:
    by_uri = ask("show", TABLA, workspace=library)
    assert by_uri == ask("show", clips / CLIPS[2], workspace=library)
    assert by_uri == ask("show", by_uri["id"], workspace=library)
    assert (by_uri["n_windows"], by_uri["tags"]["label"]) == (4, "drum_loop")
    assert [file["uri"] for file in by_uri["files"]] == [TABLA]
    assert TABLA in run("show", TABLA, workspace=library)
    assert "is no recording id" in run("show", "clips/absent.ogg", workspace=library, status=1)


def test_status(library: Path) -> None:
    found = ask("status", workspace=library)
    assert (found["recordings"], found["failures"]) == (len(CLIPS), {"undecodable": 1})
    assert found["encoder"].startswith("yamnet")
    assert found["server"] is None
    assert found["disk_bytes"] > (library / "library.sqlite").stat().st_size
    assert f"recordings  {len(CLIPS)}" in run("status", workspace=library)


def test_failures(library: Path, clips: Path) -> None:
    [failure] = ask("failures", workspace=library)
    assert failure["path"] == str(clips / "broken.wav")
    assert (failure["uri"], failure["code"]) == ("clips/broken.wav", "undecodable")
    assert ask("failures", "--limit", "1", "--after", failure["uri"], workspace=library) == []
    assert failure["failed_at"].endswith("+00:00")
    assert "cannot be decoded" in run("failures", workspace=library)


def test_no_library(tmp_path: Path) -> None:
    for command in ("list", "status", "failures", "check", "export"):
        assert "there is no library" in run(command, workspace=tmp_path, status=1)
    assert not list(tmp_path.iterdir())


def test_second_index_starts_no_server(copy: Path, clips: Path) -> None:
    log = copy / "server.log"
    log.unlink()
    report = ask("index", clips, workspace=copy)
    assert (report["unchanged"], report["failed_before"], log.exists()) == (len(CLIPS), 1, False)


def test_remove_a_file_a_folder_and_a_recording(copy: Path, clips: Path) -> None:
    recording = ask("show", TABLA, workspace=copy)["id"]
    targets = (recording, clips / CLIPS[0])
    assert ask("remove", *targets, workspace=copy)["removed"] == [TABLA, f"clips/{CLIPS[0]}"]
    assert ask("status", workspace=copy)["recordings"] == len(CLIPS) - 2
    assert len(ask("remove", clips, workspace=copy)["removed"]) == len(CLIPS) - 1
    assert ask("status", workspace=copy)["windows"] == 0
    assert ask("failures", workspace=copy) == []
    assert "is no recording id" in run("remove", clips, workspace=copy, status=1)


def test_remove_while_another_process_writes(copy: Path) -> None:
    writer = SQLiteStore(copy)
    try:
        assert "is writing to" in run("remove", TABLA, workspace=copy, status=1)
    finally:
        writer.close()
    assert ask("status", workspace=copy)["recordings"] == len(CLIPS)


def test_export_recordings(library: Path, clips: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("export", workspace=library))))
    assert {row["path"] for row in rows} == {str(clips / name) for name in CLIPS}
    labels = {row["uri"]: json.loads(row["tags"])["label"] for row in rows}
    assert labels[TABLA] == "drum_loop"
    run("export", "--format", "parquet", "--out", tmp_path / "x.parquet", workspace=library)
    table = pyarrow.parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert [{key: str(value) for key, value in row.items()} for row in table] == rows
    lines = run("export", "--format", "m3u", workspace=library).splitlines()
    assert lines[0] == "#EXTM3U"
    assert "#EXTINF:10," + TABLA in lines
    assert {line for line in lines if not line.startswith("#")} == {row["path"] for row in rows}


def test_export_windows(library: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("export", "--windows", workspace=library))))
    times = [(row["start_s"], row["end_s"]) for row in rows if row["uri"] == TABLA]
    assert times == [("0.0", "4.0"), ("2.0", "6.0"), ("4.0", "8.0"), ("6.0", "10.0")]
    assert len(rows) == ask("status", workspace=library)["windows"]


def test_export_of_what_is_no_answer(library: Path, tmp_path: Path) -> None:
    for content in ("", "[]", '{"data": 1}', '{"data": [{"id": "x"}]}'):
        (tmp_path / "x.json").write_text(content)
        error = run("export", "--search", tmp_path / "x.json", workspace=library, status=1)
        assert error.startswith("Error: ")
    error = run("export", "--search", tmp_path / "absent.json", workspace=library, status=1)
    assert "there is no file" in error


def test_an_export_that_fails_leaves_the_file_as_it_was(library: Path, tmp_path: Path) -> None:
    out, answer = tmp_path / "x.csv", tmp_path / "x.json"
    out.write_text("as it was")
    answer.write_text('{"data": [{"id": "x", "matches": [{"id": "y"}]}]}')
    for search in (tmp_path / "absent.json", answer):
        run("export", "--search", search, "--out", out, workspace=library, status=1)
        assert out.read_text() == "as it was"
    assert {each.name for each in tmp_path.iterdir()} == {"x.csv", "x.json"}
    run("export", "--out", out, workspace=library)
    assert out.read_text().startswith("recording_id,uri,path")


def test_text_that_is_not_utf_8_is_told(library: Path) -> None:
    odd = os.fsdecode(b"clips/\xff")
    for command in ("list", "search"):
        arguments = ["--prefix", odd] if command == "list" else [TABLA, "--prefix", odd]
        error = run(command, *arguments, workspace=library, status=2)
        assert "expected UTF-8" in error
    assert "expected text" in run("show", odd, workspace=library, status=1)


def test_an_empty_path_is_not_the_current_folder(copy: Path) -> None:
    for command in ("index", "watch"):
        assert "received an empty path" in run(command, "", workspace=copy, status=2)
    assert ask("status", workspace=copy)["recordings"] == len(CLIPS)


def test_check_and_repair(copy: Path) -> None:
    assert ask("check", workspace=copy) == []
    store = SQLiteStore(copy)
    store._db.connection.execute("UPDATE blocks SET n_windows = n_windows + 1 WHERE rowid = 1")
    store.close()
    assert run_app("check", "--workspace", copy).returncode == 1
    writer = SQLiteStore(copy)
    try:
        assert "is writing to" in run("check", "--repair", workspace=copy, status=1)
    finally:
        writer.close()
    assert "dropped" in run("check", "--repair", workspace=copy)
    assert ask("check", workspace=copy) == []
    assert ask("status", workspace=copy)["recordings"] == len(CLIPS) - 1


@pytest.fixture(scope="module")
def service(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve a copy of the library; the token of its owner is in the workspace."""
    workspace = shutil.copytree(library, tmp_path_factory.mktemp("served") / "workspace")
    with serving(workspace, "--encoder", "yamnet") as served:
        yield served


def test_status_names_the_server(service: Service) -> None:
    assert ask("status", workspace=service.workspace)["server"] == service.address


def test_search_by_tag_and_prefix(service: Service) -> None:
    def uris(*options: str) -> list[str]:
        answer = ask("search", TOY_DATA / CLIPS[2], *options, workspace=service.workspace)
        return [match["uri"] for match in answer["data"][0]["matches"]]

    assert uris("--tag", "label=bell") == ["clips/bell_perc_bell.ogg"]
    assert uris("--prefix", "clips/drum") == [TABLA]
    assert uris("--tag", "seconds=9.97") == uris("--prefix", "clips/guitar_guit_em9")
    [match] = service.search({"uri": TABLA}, filter={"tags": {"seconds": 9.97}})
    assert match["uri"] == "clips/guitar_guit_em9.mp3"
    assert match["tags"]["label"] == "guitar"


def test_export_a_search(service: Service, clips: Path) -> None:
    answer = run("search", clips / CLIPS[2], "--json", workspace=service.workspace)
    done = subprocess.run(
        app("export", "--search", "-", "--format", "m3u", "--workspace", service.workspace),
        input=answer,
        capture_output=True,
        text=True,
        check=True,
    )
    [start_s, end_s] = (json.loads(answer)["data"][0]["matches"][0][each] for each in TIMES)
    assert done.stdout.splitlines()[:5] == [
        "#EXTM3U",
        f"#EXTINF:{end_s - start_s:g},{TABLA}",
        f"#EXTVLCOPT:start-time={start_s:g}",
        f"#EXTVLCOPT:stop-time={end_s:g}",
        str(clips / CLIPS[2]),
    ]


def test_whole_numbers_of_requests_stay_whole(service: Service, clips: Path) -> None:
    shutil.copy(clips / CLIPS[0], clips / "numbered.ogg")
    tags = {"bpm": 120, "gain": 0.5}
    service.post("/index", {"data": [{"uri": "clips/numbered.ogg", "tags": tags}]})
    found = ask("show", "clips/numbered.ogg", workspace=service.workspace)["tags"]
    assert (repr(found["bpm"]), found["gain"]) == ("120", 0.5)
    [match] = service.search({"uri": TABLA}, filter={"tags": {"bpm": "120"}})
    assert repr(match["tags"]["bpm"]) == "120"
    assert "clips/bell_perc_bell.ogg" in {match["uri"]}
    run("remove", "clips/numbered.ogg", workspace=service.workspace)
    (clips / "numbered.ogg").unlink()


def test_remove_asks_the_server(service: Service, clips: Path) -> None:
    recording = ask("show", TABLA, workspace=service.workspace)["id"]
    assert ask("remove", clips / CLIPS[2], workspace=service.workspace)["removed"] == [TABLA]
    answer = service.post("/search", {"data": [{"recording_id": recording}]})
    assert answer.status_code == 404
    report = ask("index", clips, workspace=service.workspace)
    assert (report["added"], report["unchanged"]) == (1, len(CLIPS) - 1)


def test_removal_over_http(service: Service) -> None:
    recording = ask("show", TABLA, workspace=service.workspace)["id"]
    address = f"{service.address}/recordings/{recording}"
    assert httpx.delete(address, trust_env=False).status_code == 204
    assert httpx.delete(address, trust_env=False).status_code == 404
    body = {"data": [{"uri": TABLA}]}
    assert service.post("/remove", body).json()["data"][0]["code"] == "not_found"
    assert service.post("/remove", {"data": []}).status_code == 422
    assert service.post("/index", body).json()["data"][0]["status"] == "added"
    assert service.post("/remove", body).json()["data"][0]["status"] == "removed"
    assert service.post("/index", body).json()["data"][0]["status"] == "added"


def test_vanished_files_are_pruned_through_the_server(service: Service, clips: Path) -> None:
    extra = clips / "extra.wav"
    write_soundfile(extra, sine(1.0, 321.0), 16_000, format="WAV", subtype="PCM_16")
    assert ask("index", clips, workspace=service.workspace)["added"] == 1
    extra.unlink()
    assert ask("index", clips, workspace=service.workspace)["vanished"] == ["clips/extra.wav"]
    assert ask("index", clips, "--prune", workspace=service.workspace)["pruned"] == 1
    assert ask("index", clips, "--prune", workspace=service.workspace)["vanished"] == []


def test_watch(service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    shutil.copy(TOY_DATA / "water_fill.mp4", folder / "first.mp4")
    command = app("watch", folder, "--workspace", service.workspace, "--prune")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def uris() -> list[str]:
        page = ask("list", "--prefix", "watched/", workspace=service.workspace)
        return [uri for each in page["recordings"] for uri in each["uris"]]

    try:
        wait_for(lambda: uris() == ["watched/first.mp4"], "what is there", 30)
        (folder / "first.mp4").rename(folder / "moved.mp4")
        wait_for(lambda: uris() == ["watched/moved.mp4"], "what has moved", 30)
        slowly(TOY_DATA / "glass_ambi_glass_hum.ogg", folder / "hum.ogg")
        wait_for(lambda: "watched/hum.ogg" in uris(), "what appeared", 30)
        assert ask("show", folder / "hum.ogg", workspace=service.workspace)["n_windows"] == 4
        (folder / "moved.mp4").unlink()
        wait_for(lambda: uris() == ["watched/hum.ogg"], "what is gone", 30)
        process.send_signal(2)
        assert process.wait(10) == 0, (tmp_path / "log").read_text()
    finally:
        process.kill()
    failed = re.findall(r"^failed +(\d+)", (tmp_path / "log").read_text(), re.MULTILINE)
    assert set(failed) == {"0"}, "no file was read while it was written"


def slowly(source: Path, target: Path) -> None:
    """Write a file in parts, as a recorder or a download does."""
    content = source.read_bytes()
    part = len(content) // 5 + 1
    with target.open("wb", buffering=0) as file:
        for start in range(0, len(content), part):
            file.write(content[start : start + part])
            time.sleep(0.4)
