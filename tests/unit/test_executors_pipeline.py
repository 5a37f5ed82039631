import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from executors import pipeline
from executors.pipeline import Pipeline, RefusedError


class Silent:
    """A streamer to a microservice that hangs."""

    async def stream(self, *_: Any, **__: Any) -> AsyncIterator[tuple[list[Any], None]]:
        await asyncio.sleep(60)
        yield [], None


def test_a_library_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "ASK_TIMEOUT_S", 0.05)
    with pytest.raises(RefusedError, match=r"did not answer in 0\.05 s") as refused:
        asyncio.run(Pipeline(Silent()).ask("health"))
    assert refused.value.reason == "unavailable"
