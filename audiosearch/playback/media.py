"""What a file is, by its contents, and whether browsers play it as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audiosearch.errors import AudioDecodeError
from audiosearch.ffmpeg import open_audio
from audiosearch.sources import Source, check_readable

if TYPE_CHECKING:
    from av.container import InputContainer

_MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
_MATROSKA = "matroska,webm"
_HEAD_SIZE = 64  # the name of Matroska's document type is within the first bytes

# By FFmpeg's name of the container.
_TYPES = {
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "ape": "audio/x-ape",
    "au": "audio/basic",
    "avi": "video/x-msvideo",
    "caf": "audio/x-caf",
    "dts": "audio/vnd.dts",
    "eac3": "audio/eac3",
    "flac": "audio/flac",
    "flv": "video/x-flv",
    "mp3": "audio/mpeg",
    "mpeg": "video/mpeg",
    "mpegts": "video/mp2t",
    "tta": "audio/x-tta",
    "w64": "audio/x-w64",
    "wav": "audio/wav",
    "wv": "audio/x-wavpack",
}
# These are audio or video by what is in them.
_FAMILIES = {_MATROSKA: "matroska", "webm": "webm", "ogg": "ogg", _MP4: "mp4"}
_BRANDS = {"qt": "quicktime", "3g": "3gpp"}

# What Chrome, Firefox and Safari play in each. Raw AAC is left out: its times are estimates.
_SOUND = {
    "flac": {"flac"},
    "mp3": {"mp3"},
    "ogg": {"flac", "opus", "vorbis"},
    "wav": {"pcm_f32le", "pcm_s16le", "pcm_s24le", "pcm_u8"},
    "webm": {"opus", "vorbis"},
    _MP4: {"aac", "flac", "mp3", "opus"},
}
_PICTURE = {
    "webm": {"av1", "vp8", "vp9"},
    _MP4: {"av1", "h264", "vp9"},
}


@dataclass(frozen=True)
class Media:
    """What is in a file.

    Parameters
    ----------
    container : str
        FFmpeg's name of it, but ``webm`` where Matroska calls itself so; empty if it knows none.
    brand : str
        Which of the relatives of MP4 it is, by its first letters; else empty.
    sound : str
        The codec of the stream that is indexed.
    is_first : bool
        Whether that is the first audio stream, which is the one that browsers play.
    pictures : tuple of str
        The codecs of its moving pictures.
    """

    container: str = ""
    brand: str = ""
    sound: str = ""
    is_first: bool = True
    pictures: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """Its media type."""
        family = _BRANDS.get(self.brand[:2]) or _FAMILIES.get(self.container)
        if self.container == "asf":
            return "video/x-ms-wmv" if self.pictures else "audio/x-ms-wma"
        if not family:
            return _TYPES.get(self.container, "application/octet-stream")
        is_video = self.pictures or family == "quicktime"  # there is no audio/quicktime
        return f"{'video' if is_video else 'audio'}/{family}"

    @property
    def plays_in_browsers(self) -> bool:
        """Whether browsers play its sound as it is, and its picture where it has one."""
        return (
            self.is_first
            and self.sound in _SOUND.get(self.container, ())
            and set(self.pictures) <= _PICTURE.get(self.container, set())
        )


def media_of(source: Source) -> Media:
    """Look into a file.

    Parameters
    ----------
    source : Path or bytes
        A file or its bytes.

    Returns
    -------
    Media
        Of what libsndfile alone reads, nothing is known.

    Raises
    ------
    NotFoundError, UnreadableFileError
        If the file is not there or may not be read.
    """
    check_readable(source)
    head = source[:_HEAD_SIZE] if isinstance(source, bytes) else _head(source)
    try:
        with open_audio(source) as (container, stream):
            name = container.format.name
            return Media(
                container="webm" if name == _MATROSKA and b"webm" in head else name,
                brand=container.metadata.get("major_brand", "") if name == _MP4 else "",
                sound=stream.codec.canonical_name,
                is_first=stream.index == container.streams.audio[0].index,
                pictures=tuple(_pictures(container)),
            )
    except AudioDecodeError:
        return Media()


def _pictures(container: "InputContainer") -> Iterator[str]:
    """Name the codecs of a container's pictures, but for covers; unknown ones by nothing."""
    from av.stream import Disposition

    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            context: object | None = stream.codec_context
            yield stream.codec.canonical_name if context else ""


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_SIZE)
