import asyncio
import threading

import pytest

from audiosearch.background import in_daemon


def test_result_and_error() -> None:
    assert in_daemon(divmod, 7, 2).result(5) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        in_daemon(divmod, 7, 0).result(5)


def test_who_stops_waiting_does_not_disturb_it() -> None:
    go_on = threading.Event()
    work = in_daemon(go_on.wait, 5)

    async def wait_in_vain() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.wrap_future(work)

    with pytest.raises(TimeoutError):
        asyncio.run(wait_in_vain())
    go_on.set()
    assert work.result(5) is True
