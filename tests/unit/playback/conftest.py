from pathlib import Path

import pytest

from tests.unit.playback.sounds import write_tones


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the tones in every format."""
    folder = tmp_path_factory.mktemp("tones")
    write_tones(folder)
    return folder
