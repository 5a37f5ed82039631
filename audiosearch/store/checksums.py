"""One checksum for everything that a library keeps, so that a flipped bit is found."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SIZE = 16
"""Length of a row's checksum, in bytes."""

_BYTES_AT_ONCE = 1 << 20


def row_checksum(table: str, row: Sequence[Any]) -> bytes:
    """Compute the checksum of a row over its table's name, its key and all its values.

    Parameters
    ----------
    table : str
        The table.
    row : sequence
        The values as SQLite gives them: str, int, float, bytes or None.

    Returns
    -------
    bytes
        The first 16 bytes of a SHA-256, for which processors have instructions.
    """
    values = [[len(each)] if isinstance(each, bytes) else each for each in row]
    digest = hashlib.sha256(repr((table, values)).encode())
    for each in row:
        if isinstance(each, bytes):
            digest.update(each)
    return digest.digest()[:SIZE]


def file_checksum(file: Path, n_bytes: int) -> bytes:
    """Compute the SHA-256 of a file's first bytes."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while part := opened.read(min(_BYTES_AT_ONCE, n_bytes)):
            digest.update(part)
            n_bytes -= len(part)
    return digest.digest()
