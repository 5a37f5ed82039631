"""The page at ``/``, as ``make setup`` has built it from ``web/``."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

BUILT = Path(__file__).resolve().parents[2] / "web" / "dist"
_FOREVER = "public, max-age=31536000, immutable"
_UNBUILT = """<!doctype html><html lang="en"><title>audiosearch</title>
<p>The page is not built yet: run <code>make setup</code>, then load this again.
The service itself works: <a href="/docs">/docs</a> describes it.</p></html>"""


def add_page(app: FastAPI, built: Path = BUILT) -> None:
    """Serve the page; without a built one, ``/`` says how to get it.

    Parameters
    ----------
    app : FastAPI
        Gets the routes itself: in a router Jina would not see ``/``, and add one of its own.
    built : Path
        The folder with ``index.html`` and ``assets/``.
    """
    index = built / "index.html"

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        # Asked for each time, so that a new build is seen at once.
        headers = {"Cache-Control": "no-cache"}
        if not index.is_file():
            return HTMLResponse(_UNBUILT, headers=headers)
        return FileResponse(index, headers=headers)

    app.mount("/assets", _Assets(directory=built / "assets", check_dir=False))


class _Assets(StaticFiles):
    """Files whose names change with their contents."""

    async def check_config(self) -> None:
        """Demand no folder: where the page is not built, nothing is found."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = _FOREVER
        return response
