"""Searching while a request indexes long recordings."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import soundfile

from audiosearch.decode import decode
from audiosearch.server import find_server
from tests.conftest import TOY_DATA
from tests.integration.service import Service, serving, wait_for

CLIPS = ("bell_perc_bell.ogg", "drum_loop_loop_tabla.ogg", "glass_ambi_glass_hum.ogg")
MINUTES = 10
RATE = 16_000


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Make three recordings of ten minutes, each of another clip in noise of its own."""
    folder = tmp_path_factory.mktemp("long")
    paths = []
    for number, clip in enumerate(CLIPS):
        samples = np.resize(decode(TOY_DATA / clip), MINUTES * 60 * RATE)
        noise = np.random.default_rng(number).normal(0, 0.003, samples.size)
        paths.append(str(folder / f"{number}.wav"))
        soundfile.write(paths[-1], (samples + noise).clip(-1, 1), RATE)
    return paths


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    workspace = tmp_path_factory.mktemp("beside") / "workspace"
    with serving(workspace, "--encoder", "yamnet") as service:
        yield service


def index(service: Service, paths: list[str]) -> list[dict[str, Any]]:
    client = find_server(service.workspace)
    assert client
    with client:
        return client.index(paths, [])


def test_searches_come_between_and_see_what_is_there(
    service: Service, recordings: list[str]
) -> None:
    query = {"uri": f"toy-data/{CLIPS[0]}"}
    assert service.search(query) == []
    first_found, answered = [], 0
    with ThreadPoolExecutor(1) as thread:
        indexing = thread.submit(index, service, recordings)

        def search() -> bool:
            nonlocal answered
            found = service.search(query)
            if not indexing.done():
                answered += 1
                if not first_found:
                    first_found.extend(found)
            return indexing.done()

        wait_for(search, "the end of the indexing")
    assert [each["status"] for each in indexing.result()] == ["added"] * len(recordings)
    assert answered > 1, "searches waited for the recordings"
    assert first_found, "nothing was found before all was indexed"
    assert len(service.search(query, limit=10)) == len(recordings)
