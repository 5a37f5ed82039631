"""Media fragments (W3C Media Fragments URI, temporal dimension): ``film.mp4#t=8.95,18.95``."""

import re
from typing import NamedTuple

from audiosearch.errors import InvalidQueryError

MAX_S = 1e7  # 115 days: no recording is longer

_TIME = r"(?:(?:\d+:)?\d+:)?\d+(?:\.\d*)?"  # seconds, m:ss or h:mm:ss
_FRAGMENT = re.compile(rf"#t=(?P<start>{_TIME})?(,(?P<end>{_TIME}))?$")


class Fragment(NamedTuple):
    """A uri or path without its fragment, and the stretch that this meant, in seconds."""

    uri: str
    start_s: float
    end_s: float | None


def split_fragment(uri: str) -> Fragment | None:
    """Split a uri or path that ends in a media fragment.

    Parameters
    ----------
    uri : str
        Such as ``film.mp4#t=8.95,18.95``.

    Returns
    -------
    Fragment or None
        ``None`` if there is no fragment.

    Raises
    ------
    InvalidQueryError
        If the stretch ends before it starts, or lies beyond any recording.

    Examples
    --------
    >>> split_fragment("film.mp4#t=8.95,18.95")
    Fragment(uri='film.mp4', start_s=8.95, end_s=18.95)
    >>> split_fragment("film.mp4#t=1:02:03.5")
    Fragment(uri='film.mp4', start_s=3723.5, end_s=None)
    """
    found = _FRAGMENT.search(uri)
    if not found or not (found["start"] or found["end"]):
        return None
    start_s = _seconds(found["start"] or "0")
    end_s = _seconds(found["end"]) if found["end"] else None
    if not start_s < (MAX_S if end_s is None else end_s) <= MAX_S:
        raise InvalidQueryError(
            f"received {uri}, expected a stretch that ends after its start, within {MAX_S:g} s"
        )
    return Fragment(uri[: found.start()], start_s, end_s)


def _seconds(time: str) -> float:
    seconds = 0.0
    for part in time.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds
