"""AudioSearchGateway: the HTTP service in front of the microservices."""

import json
import os
from dataclasses import fields
from typing import Any

from fastapi import FastAPI
from jina.serve.runtimes.gateway.http.fastapi import FastAPIBaseGateway

from audiosearch.access import TOKEN, check_exposure
from audiosearch.sandbox import Sandbox
from audiosearch.server import OWNER_TOKEN
from executors.pipeline import Pipeline
from executors.service.access import Tokens
from executors.service.app import make_app
from executors.service.context import Service
from executors.service.jobs import Jobs
from executors.service.liveness import Liveness
from executors.service.metrics import Metrics
from executors.service.settings import Settings
from executors.service.waiting_room import WaitingRoom
from executors.workspace import errors_told

_MAX_CONNECTIONS = 1000  # more are answered by 503, before they are read
_FINISH_S = 6  # in which requests under way are answered when the service ends


class AudioSearchGateway(FastAPIBaseGateway):
    """Typed requests, status codes that tell, and Swagger UI without internet.

    Parameters
    ----------
    **options
        Those of ``Settings``, and Jina's own.
    """

    def __init__(self, **options: Any) -> None:
        own = {
            each.name: options.pop(each.name) for each in fields(Settings) if each.name in options
        }
        super().__init__(**options)
        self.uvicorn_kwargs["timeout_graceful_shutdown"] = _FINISH_S
        self.uvicorn_kwargs["limit_concurrency"] = _MAX_CONNECTIONS
        with errors_told():
            check_exposure(self.host, os.environ.get(TOKEN))
            self.settings = Settings(**own)

    @property
    def app(self) -> FastAPI:
        """Make the HTTP application."""
        settings, pipeline = self.settings, Pipeline(self.streamer)
        liveness = Liveness(json.loads(self.runtime_args.deployments_addresses))
        searches = WaitingRoom(
            "searches", settings.max_searches, settings.max_waiting, settings.timeout_s
        )
        service = Service(
            pipeline=pipeline,
            liveness=liveness,
            settings=settings,
            tokens=Tokens(os.environ.get(TOKEN), os.environ.get(OWNER_TOKEN)),
            searches=searches,
            jobs=Jobs(pipeline, liveness),
            sandbox=Sandbox(),
            metrics=Metrics(searches),
            is_closing=lambda: self.server.should_exit,
        )
        return make_app(service, self.host)
