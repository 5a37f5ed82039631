"""The map of a library as it is kept in the workspace: a cache, made anew when it is lost."""

import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.map import Points

MAP = "map.npz"

# What NumPy and zipfile raise over a file that is not there, or not as it was written.
_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class SoundMap:
    """Recordings in two dimensions.

    Parameters
    ----------
    fingerprint : str
        The store's, as the map was made.
    vectors : str
        Digest of the vectors that were laid out.
    recording_ids, uris : [shape=(n,)], str
        The recordings, and the first uri of each.
    points : [shape=(n, 2)], float32
        Where they are, in [-1, 1].
    tag_keys : [shape=(n_columns,)], str
        Tags by which the points can be told apart.
    tag_values : [shape=(n_columns,)], str
        Each column's values, as a JSON list.
    tag_codes : [shape=(n_columns, n)], uint8
        Which value each point has, as of ``TagColumn``.
    """

    fingerprint: str
    vectors: str
    recording_ids: NDArray[np.str_]
    uris: NDArray[np.str_]
    points: Points
    tag_keys: NDArray[np.str_]
    tag_values: NDArray[np.str_]
    tag_codes: NDArray[np.uint8]

    def __post_init__(self) -> None:
        n, n_columns = len(self.recording_ids), len(self.tag_keys)
        shapes = [each.shape for each in (self.uris, self.points, self.tag_values, self.tag_codes)]
        if shapes != [(n,), (n, 2), (n_columns,), (n_columns, n)]:
            raise ValueError(f"received a map of {n} recordings with arrays of shapes {shapes}")


def write_map(workspace: Path, made: SoundMap) -> None:
    """Keep a map; it is whole or not there."""
    partial = workspace / f"{MAP}.part"
    with partial.open("wb") as file:
        np.savez_compressed(file, **asdict(made))
    partial.replace(workspace / MAP)


def read_map(workspace: Path) -> SoundMap | None:
    """Give the map that is kept; ``None`` if there is none, or it is damaged.

    An npz file carries a checksum of each array.
    """
    try:
        with (workspace / MAP).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            kept = dict(arrays)
        texts = {name: str(kept[name]) for name in ("fingerprint", "vectors")}
        return SoundMap(**{**kept, **texts})
    except _DAMAGE:
        return None
