"""The interface of all stores."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from audiosearch.store.rows import (
    Damage,
    File,
    Filter,
    MeanVectors,
    Neighbours,
    Order,
    Recording,
    Space,
    Totals,
    WindowBlock,
    WindowDistances,
)
from audiosearch.types import Heard, Peaks, Tags, Vectors


class Store(ABC):
    """Keeps a library. One process writes; what a method has written is durable when it returns."""

    @property
    @abstractmethod
    def library_id(self) -> str:
        """A random name that tells this library from others."""

    @property
    @abstractmethod
    def space(self) -> Space | None:
        """What the stored vectors were made with; ``None`` while there are none."""

    @abstractmethod
    def folders(self) -> dict[str, str]:
        """Give the library folders: absolute path by name."""

    @abstractmethod
    def add_folder(self, name: str, path: str) -> None:
        """Register a library folder under a name that is not in use."""

    @abstractmethod
    def file(self, uri: str) -> File | None:
        """Give the file known by this uri."""

    @abstractmethod
    def files(self) -> Iterator[File]:
        """Give all known files, in the order of their uris."""

    @abstractmethod
    def files_at(self, uri: str, path: str) -> list[File]:
        """Give the files of a uri or path, or below a folder of it, in the order of their uris."""

    @abstractmethod
    def failures(self, after: str = "", limit: int | None = None) -> list[File]:
        """Give the files that could not be indexed, in the order of their uris.

        Parameters
        ----------
        after : str
            The uri behind which to begin.
        limit : int, optional
            How many, at most.
        """

    @abstractmethod
    def failure_counts(self) -> dict[str, int]:
        """Count the files that could not be indexed, by their codes."""

    @abstractmethod
    def put_file(self, file: File) -> None:
        """Add or replace a file; a recording that no file holds any longer is removed."""

    @abstractmethod
    def remove_file(self, uri: str) -> bool:
        """Forget a file, and the recording that it alone held; tell whether it was known."""

    @abstractmethod
    def recording(self, recording_id: str) -> Recording | None:
        """Give a recording by its id."""

    @abstractmethod
    def seek_table(self, recording_id: str) -> bytes:
        """Tell where in its file a recording's sound is, as its last block did; else nothing."""

    @abstractmethod
    def recordings(self) -> Iterator[Recording]:
        """Give all recordings, in the order of their ids."""

    @abstractmethod
    def page(
        self, condition: Filter, after: str = "", limit: int = 50, order: Order = "name"
    ) -> list[Recording]:
        """Give recordings in an order, reading few others.

        Parameters
        ----------
        condition : Filter
            Which.
        after : str
            The ``position_of`` of the recording behind which to begin: its first uri, by name.
        limit : int
            How many, at most.
        order : Order
            By first uri, age or length; of the same age or length by id.
        """

    @abstractmethod
    def totals(self) -> Totals:
        """Count recordings, windows and hours, at no cost that grows much with them."""

    @abstractmethod
    def add_block(self, file: File, recording: Recording, block: WindowBlock, space: Space) -> None:
        """Write one block with its recording and file, all or nothing.

        Raises
        ------
        IndexMismatchError
            If the library's vectors are of another space.
        """

    @abstractmethod
    def set_tags(self, recording_id: str, tags: Tags) -> None:
        """Replace a recording's tags."""

    @abstractmethod
    def window_times(self, recording_id: str) -> NDArray[np.float64]:
        """Give the windows' starts and ends, in seconds, shape=(n_windows, 2), in order."""

    @abstractmethod
    def window_vectors(self, recording_id: str) -> Vectors:
        """Give the windows' vectors, of unit length, shape=(n_windows, dim), float32, in order."""

    @abstractmethod
    def window_heard(self, recording_id: str) -> Heard:
        """Give the classes heard in the windows, shape=(n_windows, n_kept, 2), in order."""

    @abstractmethod
    def heard_in(self, classes: Collection[int]) -> dict[str, int]:
        """Give the recordings in which one of some classes is heard.

        Returns
        -------
        dict
            The best score of these classes in any window, in 65,535ths, by the recordings' ids.
        """

    @abstractmethod
    def count_heard(self, condition: Filter) -> dict[int, int]:
        """Count the recordings that each class is heard in, of those that a filter lets through."""

    @abstractmethod
    def peaks(self, recording_id: str, first: int = 0, stop: int | None = None) -> Peaks:
        """Give what to draw of a recording, up to the first damaged block.

        The blocks before a stretch are not read: where one of them is damaged, which ``check``
        tells, the stretch may lie elsewhere.

        Parameters
        ----------
        recording_id : str
            The recording.
        first, stop : int
            The stretch, in bins of ``PEAKS_PER_S``; ``None``: to the end.

        Returns
        -------
        [shape=(n_bins, 2)], int8
            Lowest and highest sample of each; fewer than asked for where the recording ends.
        """

    @abstractmethod
    def mean_vectors(self) -> MeanVectors:
        """Give the mean of each recording's windows, in the order of the recordings' ids."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Name what recordings there are, with windows, tags and files: it changes with them."""

    @abstractmethod
    def remove(self, recording_id: str) -> bool:
        """Remove a recording with its files and windows; tell whether it was there."""

    @abstractmethod
    def select(self, condition: Filter) -> set[str] | None:
        """Give the ids of the recordings that a filter lets through; ``None`` for all."""

    @abstractmethod
    def nearest(
        self,
        queries: Vectors,
        k: int,
        among: Collection[str] | None = None,
        exclude: Collection[str] = (),
    ) -> Neighbours:
        """Find the ``k`` windows nearest to any query window, fewer where there are fewer.

        Parameters
        ----------
        queries : [shape=(n_queries, dim)], float32
            Vectors of unit length.
        k : int
            How many windows to find.
        among : collection of str, optional
            Ids of the recordings to search; ``None`` for all.
        exclude : collection of str
            Ids of recordings to leave out.

        Returns
        -------
        Neighbours
            Ordered by distance.
        """

    @abstractmethod
    def window_distances(self, recording_id: str, queries: Vectors) -> WindowDistances:
        """Compare all windows of one recording with query windows [shape=(n_queries, dim)]."""

    @abstractmethod
    def pair_distances(self) -> NDArray[np.float32]:
        """Tell what distances are usual: those between windows of different recordings, ascending.

        They are of a sample, which follows the library as it grows and shrinks, and is the same
        for the same recordings. Of fewer than five recordings there are none.

        Returns
        -------
        [shape=(n_pairs,)], float32
            Cosine distances.
        """

    @abstractmethod
    def check(self) -> list[Damage]:
        """Verify all that is kept: checksums, counts, references, files; give what is wrong."""

    @abstractmethod
    def repair(self) -> list[Damage]:
        """Drop what cannot be trusted, and tell what was wrong.

        A recording is kept whole or not at all; one that is dropped is encoded again when its
        folder is next indexed, for its files are dropped with it.
        """

    @abstractmethod
    def close(self) -> None:
        """Give up files and locks."""
