"""What stores keep and answer."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from audiosearch.peaks import no_peaks
from audiosearch.store.folding import fold
from audiosearch.types import Heard, Peaks, Tags, Vectors

Order = Literal["name", "newest", "oldest", "longest", "shortest"]
"""How recordings are listed: by their first uris, by when they were added, by their length."""


@dataclass(frozen=True)
class Space:
    """What makes vectors comparable: an encoder with its version, and how windows are cut.

    Parameters
    ----------
    encoder, version : str
        The encoder's name, and what identifies its weights and settings.
    dim : int
        Length of a vector.
    window_s, stride_s : float
        Length of a window and distance between starts, in seconds.
    """

    encoder: str
    version: str
    dim: int
    window_s: float
    stride_s: float

    def __str__(self) -> str:
        return (
            f"{self.encoder} ({self.version}), "
            f"windows of {self.window_s:g} s each {self.stride_s:g} s"
        )


@dataclass(frozen=True)
class File:
    """A file that the library knows, by its uri.

    Parameters
    ----------
    uri : str
        ``<folder>/<path inside>``; unique.
    path : str, optional
        Where it is on this machine; ``None`` for sound that came in a request.
    size, mtime_ns : int, optional
        Of the file when it was read, in bytes and nanoseconds.
    recording_id : str, optional
        What it holds; ``None`` if it could not be indexed.
    code, message, failed_at : str, optional
        Why and when (ISO 8601, UTC) it could not.
    labels : str, optional
        Digest of its row of ``labels.csv``, as its tags were read; ``None`` without one.
    """

    uri: str
    path: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    recording_id: str | None = None
    code: str | None = None
    message: str | None = None
    failed_at: str | None = None
    labels: str | None = None


@dataclass(frozen=True)
class WindowBlock:
    """Consecutive windows of a recording that are written at once.

    Parameters
    ----------
    index : int
        Which block of the recording, from 0.
    start_s, end_s : [shape=(n_windows,)], float64
        The windows' times, in seconds.
    vectors : [shape=(n_windows, dim)], float32
        Unit length. Stores may round them to float16.
    peaks : [shape=(n_bins, 2)], int8
        What to draw of its sound; see ``block_peaks``.
    heard : [shape=(n_windows, n_kept, 2)], uint16, optional
        The classes heard in each window, as of ``Heard``; ``None`` where nothing is known of them.
    seek_table : bytes
        Where the sound of this block and those before it is in the file, as of ``SeekTable``;
        empty where it is found at once.
    """

    index: int
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    vectors: Vectors
    peaks: Peaks = field(default_factory=no_peaks)
    heard: Heard | None = None
    seek_table: bytes = b""


@dataclass(frozen=True)
class Recording:
    """A recording as the library knows it.

    Parameters
    ----------
    id : str
        Identity of its audio; see ``recording_id``.
    duration_s : float
        Its length, in seconds: so far indexed, if it is not complete.
    complete : bool
        Whether all of it is indexed.
    n_blocks, n_windows, silent_windows : int
        Blocks and windows stored, and windows left out because they are silent.
    tags : dict
        What is known of it beside its sound.
    added_at : str
        ISO 8601, UTC.
    uris : tuple of str
        Its files.
    """

    id: str
    duration_s: float
    complete: bool
    n_blocks: int = 0
    n_windows: int = 0
    silent_windows: int = 0
    tags: Tags = field(default_factory=dict)
    added_at: str = ""
    uris: tuple[str, ...] = ()


@dataclass(frozen=True)
class Totals:
    """How much a library holds.

    Parameters
    ----------
    recordings, windows : int
        How many there are.
    duration_s : float
        The recordings' lengths together, in seconds.
    """

    recordings: int
    windows: int
    duration_s: float


@dataclass(frozen=True)
class Filter:
    """Which recordings to search: all conditions must hold, a list means any of its values.

    Parameters
    ----------
    uri_prefix : tuple of str
        What one of the recording's uris begins with.
    recording_id : tuple of str
        Its id.
    tags : dict
        For each key the values that its tag may have.
    text : str
        Words, each of which must occur in one of its uris or in the value of a tag, in any case.
    heard : tuple of int
        Classes, one of which must be heard in one of its windows.
    """

    uri_prefix: tuple[str, ...] = ()
    recording_id: tuple[str, ...] = ()
    tags: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    text: str = ""
    heard: tuple[int, ...] = ()

    @property
    def words(self) -> list[str]:
        """The text's words, folded, each once; the longest, which few recordings have, first."""
        return sorted(set(fold(self.text).split()), key=lambda word: (-len(word), word))


@dataclass(frozen=True)
class Neighbours:
    """Windows nearest to any of several query windows, best first.

    Parameters
    ----------
    recording_ids : list of str
        Each window's recording.
    distances : [shape=(n,)], float32
        Cosine distance to its nearest query window.
    """

    recording_ids: list[str]
    distances: NDArray[np.float32]


@dataclass(frozen=True)
class WindowDistances:
    """How far all windows of one recording are from several query windows.

    Parameters
    ----------
    start_s, end_s : [shape=(n_windows,)], float64
        The windows' times, in seconds, in order.
    distances : [shape=(n_windows,)], float32
        Cosine distance of each to its nearest query window.
    queries : [shape=(n_windows,)], int64
        Which query window that is.
    heard : [shape=(n_windows, n_kept, 2)], uint16
        The classes heard in each, as of ``Heard``.
    """

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    distances: NDArray[np.float32]
    queries: NDArray[np.int64]
    heard: Heard

    def where(self, keep: NDArray[np.bool_]) -> "WindowDistances":
        """Give the windows for which ``keep`` [shape=(n_windows,)] is true."""
        return WindowDistances(**{name: values[keep] for name, values in vars(self).items()})


@dataclass(frozen=True)
class MeanVectors:
    """One vector for each recording: the mean of its windows'.

    Parameters
    ----------
    recording_ids : list of str
        The recordings that have windows.
    vectors : [shape=(n_recordings, dim)], float32
        Of unit length.
    """

    recording_ids: list[str]
    vectors: Vectors


@dataclass(frozen=True)
class Damage:
    """Something that cannot be trusted.

    Parameters
    ----------
    what : str
        A file of the library, or a table and the key of its row.
    why : str
        What is wrong with it.
    """

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"
