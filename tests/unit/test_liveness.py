"""Liveness against real gRPC servers, one that is gone, and one that does not answer."""

import asyncio
import socket
import time

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import aio

from audiosearch.server import free_port
from executors.service.liveness import TIMEOUT_S, Liveness


async def healthy_server(port: int) -> grpc.aio.Server:
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(aio.HealthServicer(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    return server


def address(port: int) -> str:
    return f"grpc://127.0.0.1:{port}"


def test_death_and_return_are_seen_at_once() -> None:
    async def watch() -> list[dict[str, bool]]:
        port = free_port()
        liveness = Liveness({"encoder": [address(port)]})
        seen = []
        for _ in range(3):  # what failed before must not delay what comes next
            seen.append(await liveness.check())
            server = await healthy_server(port)
            seen.append(await liveness.check())
            await server.stop(None)
        return seen

    assert asyncio.run(watch()) == [{"encoder": False}, {"encoder": True}] * 3


def test_each_is_told_apart() -> None:
    async def check() -> dict[str, bool]:
        port = free_port()
        server = await healthy_server(port)
        dead = address(free_port())
        liveness = Liveness(
            {"encoder": [address(port)], "ranker": [dead], "indexer": [address(port), dead]}
        )
        try:
            return await liveness.check()
        finally:
            await server.stop(None)

    assert asyncio.run(check()) == {"encoder": True, "ranker": False, "indexer": False}


def test_one_that_accepts_and_is_silent_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        liveness = Liveness({"encoder": [address(silent.getsockname()[1])]})
        started = time.monotonic()
        assert asyncio.run(liveness.check()) == {"encoder": False}
        assert time.monotonic() - started < TIMEOUT_S + 5  # of which five are for a busy machine
