"""What the README claims: its curl, its answer, each right-hand side of the tutorial's tables."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from audiosearch.server import free_port
from executors.service.answers import SearchAnswer
from tests.conftest import PROJECT_DIR, TOY_DATA

README = (PROJECT_DIR / "README.md").read_text()
PYTHON_TABLE, YAML_TABLE = (
    re.findall(r"^\| `.*?`[^|]*\| `([^`]*)`.*\|$", part, re.MULTILINE)
    for part in README.partition("## From Jina's tutorial")[2]
    .partition("## Where things are")[0]
    .split("and in `flow.yml`:")
)


CLIP = "toy-data/drum_loop_loop_mika.mp3"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a folder that looks like the project, with a workspace and a port of its own."""
    shutil.copytree(PROJECT_DIR / "executors", tmp_path / "executors")
    shutil.copytree(TOY_DATA, tmp_path / "toy-data")
    config = yaml.safe_load((PROJECT_DIR / "flow.yml").read_text())
    config["gateway"]["port"] = free_port()
    (tmp_path / "flow.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    return tmp_path


def test_tables_are_found() -> None:
    assert len(PYTHON_TABLE) == 8
    assert len(YAML_TABLE) == 7


def test_readme_answer_has_the_fields_of_the_schema() -> None:
    block = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert block
    SearchAnswer.model_validate(json.loads(block[1]), strict=True, extra="forbid")


def run(script: str, folder: Path) -> str:
    """Run a script in a folder, and give the last line that it prints."""
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout.strip().splitlines()[-1]


def test_python_column_runs(project: Path) -> None:
    *lines, score, block = PYTHON_TABLE
    assert block == "f.block()"
    script = [
        "import os, signal, threading",
        "from pathlib import Path",
        *lines,
        f"score = {score}",
    ]
    script += ["print(len(docs), found[0].matches[0].uri, score)"]
    script += [
        "threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()",
        block,
        "f.close()",
    ]
    number, uri, distance = run("\n".join(script), project).split()
    assert int(number) == len(list(TOY_DATA.glob("*.mp3")))
    assert uri.endswith(".mp3")
    assert float(distance) < 1e-3


def test_yaml_column_loads(project: Path, random_vggish: Path) -> None:
    config = yaml.safe_load((project / "flow.yml").read_text())
    boxes = {box["name"]: box for box in config["executors"]} | {"gateway": config["gateway"]}
    for cell in YAML_TABLE:
        for name, changes in yaml.safe_load(cell).items():
            for key, value in changes.items():
                if key == "uses_with":
                    boxes[name].setdefault(key, {}).update(value)
                else:
                    boxes[name][key] = value
    for option in ("model", "fallback"):
        boxes["encoder"]["uses_with"].pop(option)
    boxes["encoder"]["uses_with"] |= {"models": str(random_vggish), "unverified_weights": True}
    (project / "flow.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    script = """
import httpx
from jina import Flow

with Flow.load_config("flow.yml") as f:
    url = f"http://127.0.0.1:{f.port}/health"
    answer = httpx.get(url, headers={"Origin": "https://example.org"})
print(answer.status_code, answer.headers["access-control-allow-origin"])
"""
    assert run(script, project) == "200 https://example.org"


def test_curl_works_as_printed(project: Path) -> None:
    """Run the README's curl word by word, but for the port."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    block = re.search(r"```sh\n(curl .*?)```", README, re.DOTALL)
    assert block
    port = yaml.safe_load((project / "flow.yml").read_text())["gateway"]["port"]
    command = shlex.split(block[1].replace("\\\n", " ").replace("45678", str(port)))
    script = f"""
import subprocess
import httpx
from jina import Flow

with Flow.load_config("flow.yml"):
    body = {{"data": [{{"uri": "{CLIP}"}}]}}
    httpx.post("http://127.0.0.1:{port}/index", json=body, timeout=60).raise_for_status()
    subprocess.run({command!r}, check=True)
"""
    answer = json.loads(run(script, project))
    assert answer["data"][0]["matches"][0]["uri"] == CLIP
