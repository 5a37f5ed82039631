"""What the processes of a server take: processor time, memory, and what they send each other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from benchmarks.faults import MICROSERVICES

SERVER = "server"


def roles(server: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
    """Name each process of a server.

    Yields
    ------
    role : str
        ``server``, a microservice, or ``<microservice>'s workers``: the processes that it started.
    process : psutil.Process
        One of the role.
    """
    yield SERVER, server
    children = sorted(server.children(), key=lambda child: child.pid)
    for name, microservice in zip(MICROSERVICES, children, strict=True):
        yield name, microservice
        for worker in microservice.children(recursive=True):
            yield workers_of(name), worker


def workers_of(microservice: str) -> str:
    """Name the processes that a microservice has started."""
    return f"{microservice}'s workers"


def cpu_seconds(server: psutil.Process) -> dict[str, float]:
    """Tell the processor time that each role has taken, in seconds.

    That of workers which have ended counts for the workers.
    """
    total: dict[str, float] = {}
    for role, process in roles(server):
        times = process.cpu_times()
        total[role] = total.get(role, 0.0) + times.user + times.system
        if role in MICROSERVICES:
            ended = times.children_user + times.children_system
            total[workers_of(role)] = total.get(workers_of(role), 0.0) + ended
    return total


def peak_bytes(server: psutil.Process) -> dict[str, int]:
    """Tell the most memory that each role has held, in bytes, shared pages included."""
    return _add_up(server, _high_water)


def proportional_bytes(server: psutil.Process) -> dict[str, int]:
    """Tell the memory of each role, in bytes, shared pages divided among those that share them."""
    return _add_up(server, lambda process: int(process.memory_full_info().pss))


def loopback_bytes() -> int:
    """Tell what has gone over the loopback interface, in bytes: the Flow's messages, and HTTP."""
    return int(psutil.net_io_counters(pernic=True)["lo"].bytes_recv)


def _add_up(server: psutil.Process, measure: Callable[[psutil.Process], int]) -> dict[str, int]:
    total: dict[str, int] = {}
    for role, process in roles(server):
        total[role] = total.get(role, 0) + measure(process)
    return total


def _high_water(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])
