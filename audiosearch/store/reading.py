"""What the embedded store tells of a library, read from its tables whenever it is asked."""

from collections.abc import Collection, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from audiosearch.store.base import Store
from audiosearch.store.blocks import (
    read_mean_vectors,
    read_peaks,
    read_window_heard,
    read_window_times,
    read_window_vectors,
)
from audiosearch.store.database import Database
from audiosearch.store.filtering import select, walk
from audiosearch.store.hearing import count_heard, read_heard_recordings
from audiosearch.store.meta import read_meta
from audiosearch.store.ordering import walk_in_order
from audiosearch.store.records import (
    count_failures,
    read_failures,
    read_file,
    read_files_at,
    read_fingerprint,
    read_recording,
    read_recordings,
    read_totals,
    read_uris,
)
from audiosearch.store.rows import File, Filter, MeanVectors, Order, Recording, Space, Totals
from audiosearch.store.schema import file_of, recording_of
from audiosearch.store.workspace import space_from_json
from audiosearch.types import Heard, Peaks, Vectors


class LibraryReader(Store):
    """The part of a store that only reads.

    Rows whose checksum is wrong are reported, and answered by no method.

    Parameters
    ----------
    database : Database
        The library's.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    @property
    def library_id(self) -> str:
        """A random name that tells this library from others."""
        return str(read_meta(self._db, "library_id"))

    @property
    def space(self) -> Space | None:
        """What the stored vectors were made with; ``None`` while there are none."""
        text = read_meta(self._db, "space")
        return space_from_json(text) if text else None

    def folders(self) -> dict[str, str]:
        """Give the library folders: absolute path by name."""
        return dict(self._db.rows("folders", "ORDER BY name"))

    def file(self, uri: str) -> File | None:
        """Give the file known by this uri."""
        return read_file(self._db, uri)

    def files(self) -> Iterator[File]:
        """Give all known files, in the order of their uris."""
        for row in self._db.rows("files", "ORDER BY uri"):
            yield file_of(row)

    def files_at(self, uri: str, path: str) -> list[File]:
        """Give the files of a uri or path, or below a folder of it, in the order of their uris."""
        return read_files_at(self._db, uri, path)

    def failures(self, after: str = "", limit: int | None = None) -> list[File]:
        """Give the files that could not be indexed; see ``Store.failures``."""
        return read_failures(self._db, after, limit)

    def failure_counts(self) -> dict[str, int]:
        """Count the files that could not be indexed, by their codes."""
        return count_failures(self._db)

    def recording(self, recording_id: str) -> Recording | None:
        """Give a recording by its id."""
        row = read_recording(self._db, recording_id)
        uris = read_uris(self._db, recording_id)
        return recording_of(row, uris) if row and uris else None

    def seek_table(self, recording_id: str) -> bytes:
        """Tell where in its file a recording's sound is; see ``Store.seek_table``."""
        row = read_recording(self._db, recording_id)
        return bytes(row[-1]) if row else b""

    def recordings(self) -> Iterator[Recording]:
        """Give all recordings, in the order of their ids."""
        return read_recordings(self._db)

    def page(
        self, condition: Filter, after: str = "", limit: int = 50, order: Order = "name"
    ) -> list[Recording]:
        """Give recordings in an order; see ``Store.page``."""
        if order != "name":
            found = map(self.recording, walk_in_order(self._db, condition, order, after))
            return list(islice(filter(None, found), limit))
        walked = ((uri, self.recording(each)) for uri, each in walk(self._db, condition, after))
        sound = (found for uri, found in walked if found and found.uris[0] == uri)
        return list(islice(sound, limit))

    def totals(self) -> Totals:
        """Count recordings, windows and hours."""
        return read_totals(self._db)

    def window_times(self, recording_id: str) -> NDArray[np.float64]:
        """Give the windows' starts and ends, in seconds, shape=(n_windows, 2), in order."""
        return read_window_times(self._db, recording_id)

    def window_vectors(self, recording_id: str) -> Vectors:
        """Give the windows' vectors, of unit length, shape=(n_windows, dim), in order."""
        space = self.space
        return read_window_vectors(self._db, recording_id, space.dim if space else 0)

    def window_heard(self, recording_id: str) -> Heard:
        """Give the classes heard in the windows, shape=(n_windows, n_kept, 2), in order."""
        return read_window_heard(self._db, recording_id)

    def heard_in(self, classes: Collection[int]) -> dict[str, int]:
        """Give the recordings in which one of some classes is heard; see ``Store.heard_in``."""
        return read_heard_recordings(self._db, classes)

    def count_heard(self, condition: Filter) -> dict[int, int]:
        """Count the recordings that each class is heard in, of those that a filter lets through."""
        return count_heard(self._db, select(self._db, condition))

    def peaks(self, recording_id: str, first: int = 0, stop: int | None = None) -> Peaks:
        """Give what to draw of a recording; see ``Store.peaks``."""
        return read_peaks(self._db, recording_id, first, stop)

    def mean_vectors(self) -> MeanVectors:
        """Give the mean of each recording's windows; see ``Store.mean_vectors``."""
        with self._db.snapshot():
            space = self.space
            return read_mean_vectors(self._db, space.dim if space else 0)

    def fingerprint(self) -> str:
        """Name what recordings there are; see ``Store.fingerprint``."""
        return read_fingerprint(self._db)

    def select(self, condition: Filter) -> set[str] | None:
        """Give the ids of the recordings that a filter lets through; ``None`` for all."""
        return select(self._db, condition)
