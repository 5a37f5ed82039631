"""What docs/http-api.md shows: each example runs as it stands, and prints what it says."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import PROJECT_DIR
from tests.integration.service import Service

TEXT = (PROJECT_DIR / "docs" / "http-api.md").read_text()
EXAMPLES = re.findall(r"```(sh|python|js)\n(.*?)```(?:\n\n```text\n(.*?)```)?", TEXT, re.DOTALL)
RUNNERS = {
    "sh": ["sh", "-euc"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "--eval"],
}


def test_examples_are_found() -> None:
    assert {language for language, _, _ in EXAMPLES} == set(RUNNERS)
    assert len(EXAMPLES) == TEXT.count("```") // 2 - TEXT.count("```text")


@pytest.mark.parametrize(("language", "code", "output"), EXAMPLES)
def test_example(toy_service: Service, language: str, code: str, output: str) -> None:
    command = RUNNERS[language]
    needed = "curl" if language == "sh" else command[0]
    if not shutil.which(needed):
        pytest.skip(f"{needed} is not installed")
    port = toy_service.address.rpartition(":")[2]
    ended = subprocess.run(
        [*command, code.replace("45678", port)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
    if output:
        assert ended.stdout.splitlines()[-1] == output.strip()
