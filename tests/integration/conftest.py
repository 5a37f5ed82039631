"""What the integration tests share: a server that holds the toy data."""

import json
from collections.abc import Iterator

import pytest

from tests.integration.service import Service, run_app, serving


@pytest.fixture(scope="session")
def toy_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve the toy data, encoded by YAMNet, to all tests that only read."""
    workspace = tmp_path_factory.mktemp("toy") / "workspace"
    with serving(workspace, "--encoder", "yamnet") as service:
        indexed = run_app(
            "index", "toy-data", "--workspace", workspace, "--encoder", "yamnet", "--json"
        )
        assert indexed.returncode == 0, indexed.stderr
        report = json.loads(indexed.stdout)
        assert (report["added"], report["failed"]) == (33, [])
        yield service
