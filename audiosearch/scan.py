"""Finds the audio and video files below folders."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from audiosearch.errors import NotFoundError

_SUFFIXES = """
.3gp .aac .ac3 .aif .aifc .aiff .amr .ape .asf .au .avi .caf .dts .flac .flv .m2ts .m4a .m4b .m4v
.mka .mkv .mov .mp2 .mp3 .mp4 .mpeg .mpg .mpga .mts .oga .ogg .ogv .opus .ra .snd .spx .tta .ts
.voc .w64 .wav .wave .webm .wma .wmv .wv
"""
MEDIA_SUFFIXES = frozenset(_SUFFIXES.split())
_TELLING_SUFFIXES = MEDIA_SUFFIXES - {".ts", ".mts"}  # which TypeScript's sources have, too


def find_media(path: Path) -> Iterator[Path]:
    """Find the media files that a path means.

    Parameters
    ----------
    path : Path
        A file, which is taken whatever its name, or a folder, which is searched in depth for media
        files by their suffix. Hidden files and folders are skipped.

    Yields
    ------
    Path
        Absolute, in the order of their names.

    Raises
    ------
    NotFoundError
        If nothing is at the path.
    """
    absolute = Path(os.path.abspath(path))
    if not os.path.lexists(absolute):
        raise NotFoundError(f"there is no file or folder {path}")
    if not absolute.is_dir():
        yield absolute
        return
    for folder, subfolders, names in os.walk(absolute):
        subfolders[:] = sorted(each for each in subfolders if not each.startswith("."))
        for name in sorted(_visible(names)):
            if Path(name).suffix.lower() in MEDIA_SUFFIXES:
                yield Path(folder, name)


def subfolders(folder: Path) -> list[Path]:
    """Give the folders right below one, in the order of their names: not hidden ones, nor links."""
    try:
        with os.scandir(folder) as entries:
            found = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
    except OSError:  # it may not be read, or has gone
        return []
    return [folder / name for name in sorted(_visible(found))]


def holds_media(folder: Path, max_folders: int = 200) -> bool:
    """Tell whether media files are in a folder or below it, after a look at so many folders."""
    for _, (_, _, names) in zip(range(max_folders), os.walk(folder), strict=False):
        if any(Path(name).suffix.lower() in _TELLING_SUFFIXES for name in _visible(names)):
            return True
    return False


def _visible(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("."))
