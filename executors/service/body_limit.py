"""Refuses a body that is too large before it fills the memory."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyTooLargeError(HTTPException):
    """A body is larger than the service reads.

    Parameters
    ----------
    max_mb : float
        The largest that is read, in MB.
    """

    def __init__(self, max_mb: float) -> None:
        super().__init__(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"received a body of more than {max_mb:g} MB; "
            "send a stretch of the sound, or name a file of the library",
        )


class BodyLimit:
    """Counts the bytes of bodies while they arrive.

    Parameters
    ----------
    app : ASGIApp
        The application that reads them.
    max_mb : float
        The largest body, in MB.
    smaller : mapping of str to float
        The largest of some paths.
    """

    def __init__(self, app: ASGIApp, max_mb: float, smaller: Mapping[str, float]) -> None:
        self.app = app
        self.max_mb = max_mb
        self.smaller = smaller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what arrives, up to the limit."""
        received, max_mb = 0, self.smaller.get(scope.get("path", ""), self.max_mb)

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_mb * 1e6:
                raise BodyTooLargeError(max_mb)
            return message

        await self.app(scope, receive_counted, send)
