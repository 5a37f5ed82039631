"""Refuses forms in other charsets than UTF-8: of some, decoding a megabyte takes Python seconds."""

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from executors.service.problems import problem

_ACCEPTED = {b"utf-8", b"utf8"}


class FormCharset:
    """Looks at the charset that a form names for its fields.

    Parameters
    ----------
    app : ASGIApp
        The application that reads it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on all but forms in other charsets."""
        app = self.app
        if scope["type"] == "http":
            kind, options = parse_options_header(Headers(scope=scope).get("Content-Type"))
            charset = options.get(b"charset", b"utf-8").lower()
            if kind.startswith(b"multipart/") and charset not in _ACCEPTED:
                named = charset[:80].decode(errors="replace")
                app = problem("unsupported", f"received a form in {named!r}, expected utf-8")
        await app(scope, receive, send)
