"""The errors that users meet: each says what was received, what was expected and what to do.

Every error has a ``code``, a short reason that programs can compare.
"""

import errno
from typing import ClassVar


class AudioSearchError(Exception):
    """Root of all errors of this project."""

    code: ClassVar[str] = "error"


class AudioDecodeError(AudioSearchError):
    """The bytes are not audio that libsndfile or FFmpeg can decode."""

    code = "undecodable"


class NoAudioError(AudioDecodeError):
    """The file decodes but holds no audio stream."""

    code = "no_audio"


class TooShortError(AudioSearchError):
    """There are too few samples to say anything of the sound."""

    code = "too_short"


class TooLongError(AudioSearchError):
    """A query is longer than the server answers."""

    code = "too_long"


class SilentAudioError(AudioSearchError):
    """No window is louder than the silence threshold."""

    code = "silent"


class InvalidWaveformError(AudioSearchError):
    """An array is not a waveform: its shape, type, range, sample rate, or a NaN in it."""

    code = "invalid_waveform"


class InvalidQueryError(AudioSearchError):
    """A query or parameter contradicts itself or is out of range."""

    code = "invalid_query"


class InvalidLabelsError(AudioSearchError):
    """A table of labels cannot be read, or holds nothing to evaluate."""

    code = "invalid_labels"


class NotFoundError(AudioSearchError):
    """A file, a recording or a library uri does not exist."""

    code = "not_found"


class ForbiddenPathError(AudioSearchError):
    """A path lies outside the folders that may be read."""

    code = "forbidden"


class UnreadableFileError(AudioSearchError):
    """The operating system refuses to read a file."""

    code = "unreadable"


class ModelNotFoundError(AudioSearchError):
    """A model's weights are not in the models folder."""

    code = "model_not_found"


class WeightsMismatchError(AudioSearchError):
    """A weights file is not the one that its checksum or shapes promise."""

    code = "weights_mismatch"


class ConversionError(AudioSearchError):
    """A model's weights could not be converted for the engine that runs them."""

    code = "conversion_failed"


class DownloadError(AudioSearchError):
    """A model's weights could not be downloaded."""

    code = "download_failed"


class IndexMismatchError(AudioSearchError):
    """An index was made with another encoder, other weights, another window or stride."""

    code = "index_mismatch"


class WorkspaceBusyError(AudioSearchError):
    """Another process writes to the workspace."""

    code = "workspace_busy"


class DiskFullError(AudioSearchError):
    """The disk of the workspace is full."""

    code = "disk_full"


def is_disk_full(error: BaseException | None) -> bool:
    """Tell whether the operating system refused to write for want of room."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


class LibraryDamagedError(AudioSearchError):
    """A library's files are not as they were written."""

    code = "library_damaged"


class ServerError(AudioSearchError):
    """The server cannot be started or reached, or answered with an error."""

    code = "server"


class ServerUnavailableError(ServerError):
    """The server does not answer, or one of its microservices does not."""

    code = "unavailable"


class DeadlineError(AudioSearchError):
    """A request took longer than it may."""

    code = "timeout"
