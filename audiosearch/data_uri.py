"""Reads ``data:`` URIs (RFC 2397), by which small sounds travel inside a request."""

import base64
from urllib.parse import unquote_to_bytes

from audiosearch.errors import InvalidQueryError

SCHEME = "data:"
MAX_ESCAPED = 1_000_000
"""Characters of a body that is not base64: decoding its escapes takes 200 bytes for each."""


def read_data_uri(uri: str) -> bytes:
    """Decode the bytes of a ``data:`` URI.

    Parameters
    ----------
    uri : str
        ``data:[<media type>][;base64],<data>``.

    Returns
    -------
    bytes
        What it holds.

    Raises
    ------
    InvalidQueryError
        If it has no comma, its base64 is broken, or it is long and not base64.

    Examples
    --------
    >>> read_data_uri("data:text/plain;base64,bGF1Z2g=")
    b'laugh'
    """
    header, comma, body = uri.partition(",")
    if not comma or not header.startswith(SCHEME):
        raise InvalidQueryError(
            f"received {shorten(uri)!r}, expected data:<media type>;base64,<data>"
        )
    if not header.endswith(";base64"):
        if len(body) > MAX_ESCAPED:
            raise InvalidQueryError(
                f"received {len(body)} characters of {shorten(uri)!r} without base64, expected at "
                f"most {MAX_ESCAPED}: send data:<media type>;base64,<data>"
            )
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:  # binascii.Error is one
        raise InvalidQueryError(f"the base64 of {shorten(uri)!r} is broken: {error}") from error


def make_data_uri(data: bytes, media_type: str) -> str:
    """Write bytes as a ``data:`` URI.

    Parameters
    ----------
    data : bytes
        What it shall hold.
    media_type : str
        Such as ``audio/flac``.
    """
    return f"{SCHEME}{media_type};base64,{base64.b64encode(data).decode()}"


def shorten(uri: str) -> str:
    """Cut a ``data:`` URI to its header, as it is shown in answers and messages."""
    return uri.partition(",")[0][:80] if uri.startswith(SCHEME) else uri
