"""What became of the files that were to be indexed."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """What became of the files.

    Parameters
    ----------
    added, known, unchanged : int
        How many files were encoded; were known by their audio, and brought up to date (moved,
        retagged, or the same under another name); were skipped.
    failed : list of dict
        ``path``, ``code`` and ``message`` of each that could not be indexed.
    failed_before : int
        How many of these were not tried again, since they have not changed.
    vanished : list of str
        Uris of the files that are gone from the folders, and still in the library.
    pruned : int
        How many vanished files were removed from the library.
    duration_s : float
        Audio encoded, in seconds.
    elapsed_s : float
        Time taken, in seconds.
    interrupted : bool
        Whether files are left.
    """

    added: int = 0
    known: int = 0
    unchanged: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    failed_before: int = 0
    vanished: list[str] = field(default_factory=list)
    pruned: int = 0
    duration_s: float = 0.0
    elapsed_s: float = 0.0
    interrupted: bool = False

    @property
    def n_files(self) -> int:
        """Count the files that something became of."""
        return self.added + self.known + self.unchanged + len(self.failed)

    @property
    def succeeded(self) -> bool:
        """Tell whether anything came of it: a run in which every file fails has failed."""
        return self.added + self.known + self.unchanged + self.pruned > 0

    def fail(self, path: str, code: str, message: str) -> None:
        """Note a failure."""
        self.failed.append({"path": path, "code": code, "message": message})

    def note(self, path: str, result: dict[str, Any]) -> None:
        """Note what the server says of a file."""
        if result["status"] == "failed":
            self.fail(path, result["code"] or "error", result["message"] or "")
        else:
            setattr(self, result["status"], getattr(self, result["status"]) + 1)
            if result["status"] == "added":
                self.duration_s += result["duration_s"]
