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


def _visible(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("."))
