"""Swagger UI at /docs, from files of its own: it works without internet and under a policy."""

import base64
import hashlib
import re

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from executors.service.headers import content_policy

FILES = "/static-offline-docs"  # where fastapi-offline serves Swagger UI's
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def docs_page(app: FastAPI) -> APIRouter:
    """Make the route of an application's Swagger UI."""
    page = get_swagger_ui_html(
        openapi_url=app.openapi_url or "",
        title=f"{app.title}: Swagger UI",
        swagger_js_url=f"{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{FILES}/favicon.png",
        swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
    )
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode() + "'"
        for script in _SCRIPT.findall(page.body)
    ]
    page.headers["Content-Security-Policy"] = content_policy(*hashes)
    router = APIRouter()

    @router.get("/docs", include_in_schema=False)
    async def swagger_ui() -> HTMLResponse:
        return page

    return router
