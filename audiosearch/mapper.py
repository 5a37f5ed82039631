"""Has the map of a library made in the background, and tells it."""

import base64
import json
import logging
import os
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from audiosearch.background import in_daemon
from audiosearch.map_file import MAP, SoundMap, read_map
from audiosearch.store.base import Store

_REST = 4.0  # times as long as a map took: so it takes at most a fifth of one core
_MIN_REST_S = 15.0
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "NUMBA")}

_log = logging.getLogger(__name__)


class Mapper:
    """Keeps the map of a library up to date.

    Parameters
    ----------
    workspace : Path
        Where the library is.
    min_rest_s : float
        How long to wait at least before a map is made again, in seconds.
    """

    def __init__(self, workspace: Path, min_rest_s: float = _MIN_REST_S) -> None:
        self._workspace = workspace
        self._min_rest_s = min_rest_s
        self._work: Future[None] | None = None
        self._not_before = 0.0  # by the monotonic clock
        self._kept: tuple[int, SoundMap | None] = (0, None)
        self._failure: str | None = None

    def tell(self, store: Store, known: str | None = None) -> dict[str, Any]:
        """Tell of the map as it is, and have it made anew if the library has changed since.

        Parameters
        ----------
        store : Store
            The library.
        known : str, optional
            The version that the caller has: its points are not told again.

        Returns
        -------
        dict
            ``state``: ``empty`` (there is nothing to show), ``computing`` (the first map is being
            made), ``failed`` (it could not be; ``message`` says why) or ``ready``; ``stale``:
            whether the library has changed since; ``version``; ``points``, as of ``_points``.
        """
        fingerprint, kept = store.fingerprint(), self._read()
        stale = kept is None or kept.fingerprint != fingerprint
        if store.totals().windows == 0:
            return _told("empty")
        if stale:
            self._make_anew()
        if kept is None:
            return _told("failed" if self._failure else "computing", message=self._failure)
        points = None if known == kept.fingerprint else _points(kept)
        return _told("ready", stale, kept.fingerprint, points)

    def _read(self) -> SoundMap | None:
        """Read the map when its file has changed."""
        try:
            changed = (self._workspace / MAP).stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if changed != self._kept[0]:
            self._kept = changed, read_map(self._workspace)
        return self._kept[1]

    def _make_anew(self) -> None:
        is_idle = self._work is None or self._work.done()
        if is_idle and time.monotonic() >= self._not_before:
            self._work = in_daemon(self._run)

    def _run(self) -> None:
        started = time.monotonic()
        worker = subprocess.run(
            [sys.executable, "-m", "audiosearch.map_maker", str(self._workspace), str(os.getpid())],
            env=os.environ | _ONE_THREAD,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        ended = time.monotonic()
        self._failure = None
        if worker.returncode:
            _log.warning("the map could not be made: %s", worker.stderr)
            self._failure = "the map could not be made; the server's log says why"
        self._not_before = ended + max(self._min_rest_s, _REST * (ended - started))


def _told(
    state: str,
    stale: bool = False,
    version: str | None = None,
    points: dict[str, Any] | None = None,
    message: str | None = None,
) -> dict[str, Any]:
    return {
        "state": state,
        "stale": stale,
        "version": version,
        "points": points,
        "message": message,
    }


def _points(kept: SoundMap) -> dict[str, Any]:
    """Tell a map's points: lists, and arrays of little-endian numbers in base64."""
    return {
        "ids": kept.recording_ids.tolist(),
        "uris": kept.uris.tolist(),
        "x": _base64(kept.points[:, 0].astype("<f4")),
        "y": _base64(kept.points[:, 1].astype("<f4")),
        "tags": [
            {"key": str(key), "values": json.loads(str(values)), "codes": _base64(codes)}
            for key, values, codes in zip(
                kept.tag_keys, kept.tag_values, kept.tag_codes, strict=True
            )
        ],
    }


def _base64(numbers: NDArray[Any]) -> str:
    return base64.b64encode(numbers.tobytes()).decode()
