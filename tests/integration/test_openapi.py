"""The service against its own OpenAPI document: what that allows, what it forbids, and in a row."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.conftest import PROJECT_DIR
from tests.integration.service import run_app, serving
from tests.integration.test_http_errors import CLIP

CONFIG = PROJECT_DIR / "tests" / "openapi" / "schemathesis.toml"
COUNTED = re.compile(
    r'^audiosearch_requests_total{method="(\w+)",route="(.*?)",status="(\d+)"} (\d+)', re.MULTILINE
)
SUCCEEDING = (
    "POST /search",
    "POST /index",
    "POST /remove",
    "POST /jobs",
    "GET /recordings",
    "GET /recordings/{recording_id}",
    "GET /recordings/{recording_id}/audio",
    "GET /recordings/{recording_id}/clip",
    "GET /recordings/{recording_id}/peaks",
    "GET /jobs",
    "GET /failures",
    "GET /status",
    "GET /health/ready",
    "GET /metrics",
)


def test_schemathesis(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with serving(workspace, "--encoder", "yamnet") as service:
        indexed = run_app("index", "toy-data", "--workspace", workspace, "--encoder", "yamnet")
        assert indexed.returncode == 0, indexed.stderr
        page = service.get("/recordings", params={"prefix": CLIP}).json()
        known = {"recording_id": page["recordings"][0]["id"], "uri": CLIP}
        command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIG}"]
        command += ["run", f"{service.address}/openapi.json", "--no-color"]
        ended = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ
            | {
                "AUDIOSEARCH_KNOWN": json.dumps(known),
                "PYTHONPATH": str(PROJECT_DIR),
                "SCHEMATHESIS_HOOKS": "tests.openapi.hooks",
            },
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-2_000:]
        succeeded: Counter[str] = Counter()
        for method, route, status, count in COUNTED.findall(service.get("/metrics").text):
            if status in ("200", "202", "204", "206"):
                succeeded[f"{method} {route}"] += int(count)
        assert not [name for name in SUCCEEDING if not succeeded[name]], succeeded
        assert succeeded["POST /search"] > 20, succeeded
        assert service.get("/health/ready").status_code == 200
        assert "Traceback" not in service.log.read_text()
