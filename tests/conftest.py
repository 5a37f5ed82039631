"""What all tests share: where other people's recordings are, and synthetic signals."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import executors.flow  # noqa: F401 (before docarray, which else imports TensorFlow)
from tests.vggish_weights import make_random_weights

PROJECT_DIR = Path(__file__).resolve().parent.parent
TOY_DATA = PROJECT_DIR / "toy-data"


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the path of shared test data by its name, or skip where it is absent."""
    root = Path(os.environ.get("AUDIOSEARCH_TEST_DATA") or PROJECT_DIR.parent / "shared")

    def find(name: str) -> Path:
        path = root / name
        if not path.exists():
            pytest.skip(f"{name} is not in the shared test data (set AUDIOSEARCH_TEST_DATA)")
        return path

    return find


@pytest.fixture(scope="session")
def random_vggish(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a models folder with VGGish weights drawn at random (0.6 GB; removed in the end)."""
    folder = tmp_path_factory.mktemp("random_vggish")
    make_random_weights(folder)
    yield folder
    shutil.rmtree(folder)


def sine(seconds: float, frequency_hz: float = 440.0, sample_rate: int = 16_000) -> np.ndarray:
    """Make a sine of amplitude 0.5, shape=(n_samples,), float32."""
    time_s = np.arange(round(seconds * sample_rate)) / sample_rate
    return (0.5 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)
