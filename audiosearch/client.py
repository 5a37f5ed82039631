"""Talks to a running server over HTTP."""

from collections.abc import Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from audiosearch.errors import AudioSearchError, ServerError, ServerUnavailableError

OWNER_HEADER = "X-AudioSearch-Owner"
UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


class Client:
    """The HTTP service as methods.

    Parameters
    ----------
    base_url : str
        Such as ``http://127.0.0.1:45678``.
    token : str
        Proves that this process may write to the server's workspace.
    """

    def __init__(self, base_url: str, token: str = "") -> None:
        self.address = base_url
        # Proxies stand between machines, never in front of this machine's own server.
        self._http = httpx.Client(
            base_url=base_url, headers={OWNER_HEADER: token}, timeout=None, trust_env=False
        )

    def health(self, timeout_s: float = 30.0) -> dict[str, Any]:
        """Ask what the library holds."""
        return self._send("GET", "/health", timeout=httpx.Timeout(timeout_s, connect=2))

    def search(self, query: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        """Ask for the likes of one query; gives the whole answer."""
        body = {"data": [query], "parameters": parameters}
        return self._send("POST", "/search", json=body)

    def index(self, uris: list[str], folders: list[str]) -> list[dict[str, Any]]:
        """Have files indexed; gives what became of each."""
        body = {"data": [{"uri": uri} for uri in uris], "parameters": {"folders": folders}}
        results: list[dict[str, Any]] = self._send("POST", "/index", json=body)["data"]
        return results

    def remove(self, uris: Sequence[str]) -> list[str]:
        """Have at most 1000 files forgotten; gives the uris of those that were known."""
        body = {"data": [{"uri": uri} for uri in uris]}
        results = self._send("POST", "/remove", json=body)["data"]
        return [each["uri"] for each in results if each["status"] == "removed"]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise ServerUnavailableError(
                f"the server at {self._http.base_url} does not answer ({error}); "
                "is it still running?"
            ) from error
        if response.is_error:
            raise _refusal(response)
        answer: dict[str, Any] = response.json()
        return answer


def _refusal(response: httpx.Response) -> AudioSearchError:
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError):
        detail = response.text[:200]
    kind = ServerUnavailableError if response.status_code == UNAVAILABLE else ServerError
    return kind(f"the server answered {response.status_code}: {detail}")
