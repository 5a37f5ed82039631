"""Byte ranges as browsers ask for them (RFC 9110, section 14)."""

import re

from executors.pipeline import RefusedError

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Read a Range header.

    Parameters
    ----------
    header : str, optional
        Such as ``bytes=0-99``, ``bytes=100-`` or ``bytes=-100``.
    size : int
        Length of what it is about, in bytes.

    Returns
    -------
    tuple of int or None
        The first and the last byte; ``None``, which means all, where no single range is asked for.

    Raises
    ------
    RefusedError
        If the range lies beyond the end.
    """
    match = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if not match or match[0] == "bytes=-":
        return None
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if first > last:
        raise RefusedError(
            "unsatisfiable",
            f"received the range {header!r}, expected one within the {size} bytes that there are",
        )
    return first, last
