"""What the routes of the service share."""

from collections.abc import Callable
from dataclasses import dataclass

from audiosearch.sandbox import Sandbox
from executors.pipeline import Pipeline
from executors.service.access import Tokens
from executors.service.jobs import Jobs
from executors.service.liveness import Liveness
from executors.service.metrics import Metrics
from executors.service.settings import Settings
from executors.service.waiting_room import WaitingRoom


@dataclass(frozen=True)
class Service:
    """The parts of a running service.

    Parameters
    ----------
    pipeline : Pipeline
        The Flow's microservices.
    liveness : Liveness
        Whether they answer.
    settings : Settings
        What flow.yml says.
    tokens : Tokens
        What callers must show.
    searches : WaitingRoom
        The searches under way.
    jobs : Jobs
        The indexing under way.
    sandbox : Sandbox
        Decodes what is listened to.
    metrics : Metrics
        What is counted.
    is_closing : callable
        Whether the service is about to end.
    """

    pipeline: Pipeline
    liveness: Liveness
    settings: Settings
    tokens: Tokens
    searches: WaitingRoom
    jobs: Jobs
    sandbox: Sandbox
    metrics: Metrics
    is_closing: Callable[[], bool]
