"""Asks the microservices whether they answer."""

import asyncio
from collections.abc import Mapping, Sequence

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

TIMEOUT_S = 1.0
OPTIONS = (("grpc.use_local_subchannel_pool", 1),)
"""Connect anew for each question: a shared connection waits longer after each failure."""


class Liveness:
    """The microservices' gRPC health services: they answer while they compute.

    Parameters
    ----------
    addresses : mapping
        Addresses of each microservice by its name, such as ``grpc://127.0.0.1:50051``.
    """

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        self._addresses = {name: list(each) for name, each in addresses.items()}

    async def check(self) -> dict[str, bool]:
        """Tell of each microservice whether it answers."""
        names = list(self._addresses)
        answers = await asyncio.gather(*(self._all_answer(self._addresses[each]) for each in names))
        return dict(zip(names, answers, strict=True))

    async def _all_answer(self, addresses: Sequence[str]) -> bool:
        return all(await asyncio.gather(*map(self._answers, addresses)))

    async def _answers(self, address: str) -> bool:
        target = address.removeprefix("grpc://")
        async with grpc.aio.insecure_channel(target, options=OPTIONS) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            try:
                answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
