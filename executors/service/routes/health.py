"""How the service is: health, what the library holds, metrics."""

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Response

from executors.service import answers, metrics
from executors.service.context import Service
from executors.service.problems import RETRY_AFTER_S, problems


def health(service: Service) -> APIRouter:
    """Make the routes of health."""
    router = APIRouter(tags=["health"], responses=problems())

    @router.get("/health")
    async def library_health() -> answers.Health:
        """Tell that the library answers, and what it holds."""
        status = await service.pipeline.ask("status")
        fields = {name: status[name] for name in answers.Health.model_fields if name in status}
        return answers.Health(status="ok", **fields)

    @router.get("/health/live")
    async def live() -> answers.Live:
        """Tell that the service runs."""
        return answers.Live(status="ok")

    @router.get("/health/ready", responses={503: {"model": answers.Ready}})
    async def ready(response: Response) -> answers.Ready:
        """Tell whether every microservice answers."""
        microservices = await service.liveness.check()
        if all(microservices.values()):
            return answers.Ready(status="ok", microservices=microservices)
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answers.Ready(status="unavailable", microservices=microservices)

    @router.get("/status")
    async def status() -> answers.Status:
        """Tell what the library holds."""
        return answers.Status(**await service.pipeline.ask("status"))

    @router.get(
        "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}}
    )
    async def prometheus() -> Response:
        """Give what the service counts and measures, for Prometheus."""
        library = await service.pipeline.ask("status")
        memory_bytes = await asyncio.to_thread(metrics.memory_of_all)
        content = service.metrics.render(library, memory_bytes)
        return Response(content, media_type=metrics.MEDIA_TYPE)

    return router
