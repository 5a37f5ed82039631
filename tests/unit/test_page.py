import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from executors.service.page import add_page


async def get(built: Path, path: str) -> httpx.Response:
    app = FastAPI()
    add_page(app, built)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path)


def run(built: Path, path: str) -> httpx.Response:
    return asyncio.run(get(built, path))


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>built</title>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("start()")
    return tmp_path


def test_page_is_asked_for_anew(built: Path) -> None:
    answer = run(built, "/?id=anything")
    assert (answer.status_code, answer.text) == (200, "<title>built</title>")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_assets_are_kept(built: Path) -> None:
    answer = run(built, "/assets/main-1a2b.js")
    assert answer.text == "start()"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/assets/other.js", "/assets/../index.html", "/assets/%2e%2e/x"])
def test_nothing_else_is_served(built: Path, path: str) -> None:
    answer = run(built, path)
    assert answer.status_code == 404
    assert "Cache-Control" not in answer.headers


def test_without_a_built_page_the_start_says_how_to_get_it(tmp_path: Path) -> None:
    answer = run(tmp_path / "dist", "/")
    assert answer.status_code == 200
    assert "make setup" in answer.text
    assert run(tmp_path / "dist", "/assets/main.js").status_code == 404
