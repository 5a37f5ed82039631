"""Puts the service together: routes, errors, and what stands before them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline

from executors.service.access import Access
from executors.service.body_limit import BodyLimit
from executors.service.context import Service
from executors.service.docs_page import FILES, docs_page
from executors.service.form_charset import FormCharset
from executors.service.headers import SecurityHeaders
from executors.service.metrics import Measured
from executors.service.page import add_page
from executors.service.problems import describe_problem, handle_errors
from executors.service.routes.health import health
from executors.service.routes.indexing import indexing
from executors.service.routes.jobs import jobs
from executors.service.routes.mapping import mapping
from executors.service.routes.playing import playing
from executors.service.routes.recordings import recordings
from executors.service.routes.searching import searching
from executors.service.routes.sessions import sessions

_BEARER = HTTPBearer(auto_error=False, description="The value of AUDIOSEARCH_TOKEN.")
"""Has Swagger UI ask for the token; ``Access`` is what checks it."""

_SMALL_BODIES_MB = {"/session": 0.01}
"""What comes before a token is checked: parsing 100 MB of JSON stops all others for seconds."""

ROUTES = (searching, recordings, playing, mapping, indexing, jobs, health, sessions)


def make_app(service: Service, host: str) -> FastAPI:
    """Make the HTTP application.

    Parameters
    ----------
    service : Service
        What the routes work with.
    host : str
        Where it listens.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.jobs.start()
        yield
        await service.jobs.close()
        service.sandbox.close()

    app: FastAPI = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        static_url=FILES,
        title="audiosearch",
        description="Finds the recordings that sound like a sound, and where in them.",
        version="0.1.0",
        lifespan=lifespan,
        dependencies=[Depends(_BEARER)] if service.tokens.required else [],
    )

    for routes in ROUTES:
        app.include_router(routes(service))
    app.include_router(docs_page(app))
    add_page(app)
    handle_errors(app)
    _describe_problems(app)
    _add_middleware(app, service, host)
    return app


def _add_middleware(app: FastAPI, service: Service, host: str) -> None:
    """Put before the routes what every request passes: the last one added is the first passed."""
    settings = service.settings
    app.add_middleware(FormCharset)
    app.add_middleware(BodyLimit, max_mb=settings.max_body_mb, smaller=_SMALL_BODIES_MB)
    app.add_middleware(
        Access,
        tokens=service.tokens,
        host=host,
        allowed_hosts=settings.allowed_hosts,
        origins=settings.cors_origins,
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
        )
    app.add_middleware(Measured, metrics=service.metrics)
    app.add_middleware(SecurityHeaders)


def _describe_problems(app: FastAPI) -> None:
    """Have the OpenAPI document show how errors look."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            describe_problem(describe())
        return describe()

    app.openapi = openapi  # type: ignore[method-assign]
