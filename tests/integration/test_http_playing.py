"""Listening over HTTP: originals with ranges as browsers make them, WAV on demand, clips."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from tests.conftest import TOY_DATA, sine
from tests.integration.service import Service, run_app, serving
from tests.integration.test_http_errors import CLIP, check_problem
from tests.integration.test_http_library import recording

FILE = TOY_DATA / Path(CLIP).name
RANGES = {
    "bytes=0-": (0, None),
    "bytes=0-0": (0, 1),
    "bytes=0-99": (0, 100),
    "bytes=1000-1999": (1000, 2000),
    "bytes=5000-": (5000, None),
    "bytes=-500": (-500, None),
    "bytes=100-99999999": (100, None),
}


@pytest.fixture(scope="module")
def place(toy_service: Service) -> str:
    return f"/recordings/{recording(toy_service)['id']}"


def test_original(toy_service: Service, place: str) -> None:
    response = toy_service.get(f"{place}/audio")
    assert response.status_code == 200
    assert response.content == FILE.read_bytes()
    assert response.headers["Content-Type"] == "audio/mpeg"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["X-Plays-In-Browsers"] == "true"
    assert response.headers["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(("header", "stretch"), RANGES.items(), ids=RANGES)
@pytest.mark.parametrize("query", ["", "?format=wav"])
def test_ranges(
    toy_service: Service, place: str, query: str, header: str, stretch: tuple[int, int | None]
) -> None:
    whole = toy_service.get(f"{place}/audio{query}").content
    response = toy_service.get(f"{place}/audio{query}", headers={"Range": header})
    assert response.status_code == 206
    assert response.content == whole[slice(*stretch)]
    first = len(whole) + stretch[0] if stretch[0] < 0 else stretch[0]
    last = first + len(response.content) - 1
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    assert int(response.headers["Content-Length"]) == len(response.content)


@pytest.mark.parametrize("query", ["", "?format=wav"])
def test_range_beyond_the_end(toy_service: Service, place: str, query: str) -> None:
    response = toy_service.get(f"{place}/audio{query}", headers={"Range": "bytes=99999999-"})
    check_problem(response, 416, "unsatisfiable")


@pytest.mark.parametrize(
    "header", ["bytes=-", "lines=0-9", "bytes=9-3", "bytes=a-b", f"bytes={'9' * 5000}-"]
)
def test_ranges_that_are_none_mean_all(toy_service: Service, place: str, header: str) -> None:
    response = toy_service.get(f"{place}/audio?format=wav", headers={"Range": header})
    assert response.status_code == 200


@pytest.mark.parametrize("query", ["", "?format=wav"])
def test_head(toy_service: Service, place: str, query: str) -> None:
    url = f"{toy_service.address}{place}/audio{query}"
    head, get = httpx.head(url, trust_env=False), httpx.get(url, trust_env=False)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type", "Accept-Ranges"):
        assert head.headers[name] == get.headers[name]


def test_wav_is_the_sound(toy_service: Service, place: str) -> None:
    content = toy_service.get(f"{place}/audio?format=wav").content
    waveform, rate = soundfile.read(io.BytesIO(content), always_2d=True)
    original, original_rate = soundfile.read(FILE, always_2d=True)
    assert (rate, waveform.shape[1]) == (original_rate, min(2, original.shape[1]))
    size = min(len(waveform), len(original))
    assert abs(len(waveform) - len(original)) < rate / 50
    np.testing.assert_allclose(waveform[:size], original[:size].clip(-1, 1), atol=2e-4)


@pytest.mark.parametrize("format", ["wav", "ogg"])
def test_clip(toy_service: Service, place: str, format: str) -> None:
    response = toy_service.get(f"{place}/clip?start=1.5&end=3&format={format}")
    assert response.headers["Content-Type"] == f"audio/{format}"
    waveform, rate = soundfile.read(io.BytesIO(response.content))
    assert len(waveform) / rate == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("start=3&end=2", 422, "invalid_query"),
        ("start=1e6&end=2e6", 413, "too_long"),
        ("start=5000&end=5001", 422, "invalid_query"),
        ("start=0", 422, "invalid_query"),
        ("start=nan&end=2", 422, "invalid_query"),
        ("start=0&end=inf", 422, "invalid_query"),
        ("start=0&end=1&format=mp3", 422, "invalid_query"),
    ],
)
def test_wrong_clips(toy_service: Service, place: str, query: str, status: int, code: str) -> None:
    check_problem(toy_service.get(f"{place}/clip?{query}"), status, code)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve a library of an aiff, which browsers do not play."""
    folder = tmp_path_factory.mktemp("playing") / "sounds"
    folder.mkdir()
    soundfile.write(folder / "sine.aiff", sine(70.0, 300), 16_000)
    with serving(folder.parent / "workspace") as service:
        run_app("index", folder, "--workspace", service.workspace)
        yield service


def test_what_browsers_do_not_play(library: Service) -> None:
    place = f"/recordings/{recording(library, 'sounds/sine.aiff')['id']}/audio"
    original = library.get(place)
    assert original.headers["Content-Type"] == "audio/aiff"
    assert original.headers["X-Plays-In-Browsers"] == "false"
    wav = library.get(f"{place}?format=wav")
    waveform, _ = soundfile.read(io.BytesIO(wav.content))
    np.testing.assert_allclose(waveform, sine(70.0, 300), atol=1e-3)
    part = library.get(f"{place}?format=wav", headers={"Range": "bytes=1900000-1900999"})
    assert part.content == wav.content[1_900_000:1_901_000]


def test_file_that_is_gone(library: Service) -> None:
    place = f"/recordings/{recording(library, 'sounds/sine.aiff')['id']}"
    (library.workspace.parent / "sounds" / "sine.aiff").unlink()
    for path in ("/audio", "/audio?format=wav", "/clip?start=0&end=1"):
        check_problem(library.get(place + path), 404, "not_found")
    assert library.get(f"{place}/peaks").status_code == 200


def test_answers_are_kept_by_no_shared_cache(toy_service: Service, place: str) -> None:
    for path in ("/audio", "/audio?format=wav", "/clip?start=0&end=1"):
        assert toy_service.get(place + path).headers["Cache-Control"] == "private, no-cache"
    assert toy_service.get(place).headers["Cache-Control"] == "no-store"
