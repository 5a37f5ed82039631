import asyncio

import httpx
from fastapi import FastAPI

from executors.service.problems import handle_errors


def test_our_own_faults_are_answered_without_their_details() -> None:
    app = FastAPI()
    handle_errors(app)

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("a secret")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/broken")

    response = asyncio.run(ask())
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "secret" not in response.text
