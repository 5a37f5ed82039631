"""Makes files that decoders have not met: real clips in many formats, mutated in many ways."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np
import soundfile as sf

from audiosearch.decode import decode
from tests.audio_files import write_ffmpeg, write_soundfile
from tests.conftest import TOY_DATA

REAL = {
    "ogg": "speech_en_3.ogg",
    "opus": "speech_en_1.opus",
    "flac": "speech_it_3.flac",
    "mp3": "drum_loop_loop_mika.mp3",
    "m4a": "music_hyperrogue_1.m4a",
    "mp4": "water_fill.mp4",
    "wav": "drum_loop_loop_breakbeat.wav",
}
BY_LIBSNDFILE = ("aiff", "au", "caf", "w64", "voc")
BY_FFMPEG = {  # codec, sample rate
    "mkv": ("flac", 16_000),
    "webm": ("libopus", 48_000),
    "wma": ("wmav2", 16_000),
    "amr": ("libopencore_amrnb", 8_000),
    "ac3": ("ac3", 32_000),
    "aac": ("aac", 16_000),
    "mp2": ("mp2", 16_000),
    "avi": ("libmp3lame", 16_000),
    "tta": ("tta", 16_000),
    "wv": ("wavpack", 16_000),
}
FORMATS = (*REAL, *BY_LIBSNDFILE, *BY_FFMPEG)
# Behind these stand lengths, rates, durations, positions and numbers of channels.
FIELDS = (
    b"data", b"fmt ", b"RIFF", b"COMM", b"SSND", b".snd", b"desc", b"fLaC", b"OggS", b"OpusHead",
    b"vorbis", b"mvhd", b"mdhd", b"tkhd", b"stts", b"stsc", b"stsz", b"stco", b"mp4a", b"Xing",
    b"Info", b"ID3", b"TTA1", b"wvpk", b"#!AMR", b"avih", b"strh", b"\x2a\xd7\xb1", b"\x44\x89",
)  # fmt: skip
SECRET = Path("/etc/passwd")
"""What the playlists name, beside one of the clips."""

Mutation = Callable[[np.random.Generator, bytes, bytes], bytes]


def mutated_files(folder: Path, n: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Give files that are broken in ways that come again with the same seed.

    Parameters
    ----------
    folder : Path
        Where the clips are encoded.
    n : int
        How many to give.
    seed : int
        Of the random choices.

    Yields
    ------
    name : str
        Its number, what was done to it, and the ending of the format (or of another).
    data : bytes
        Its content.
    """
    originals = {ending: _original(folder, ending) for ending in FORMATS}
    yield from islice(_numbered(originals, seed), n)


def _numbered(originals: dict[str, bytes], seed: int) -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(seed)
    number = count()
    for name, data in _crafted(originals):
        yield f"{next(number):05d}-{name}", data
    while True:
        for mutate in MUTATIONS:
            for ending, data in originals.items():
                other = originals[FORMATS[rng.integers(len(FORMATS))]]
                shown = FORMATS[rng.integers(len(FORMATS))] if rng.random() < 0.2 else ending
                name = f"{next(number):05d}-{mutate.__name__.strip('_')}-of-{ending}.{shown}"
                yield name, mutate(rng, data, other)


def _original(folder: Path, ending: str) -> bytes:
    if ending in REAL:
        return (TOY_DATA / REAL[ending]).read_bytes()
    path = folder / f"original.{ending}"
    codec, rate = BY_FFMPEG.get(ending, (None, 16_000))
    samples = decode(TOY_DATA / REAL["flac"], rate, end_s=1.5)
    if codec:
        bit_rate = 24_000 if codec == "wmav2" else 0  # it likes none
        write_ffmpeg(path, samples, codec, rate, bit_rate=bit_rate, fflags="+bitexact")
    else:
        write_soundfile(path, samples, rate)
    return path.read_bytes()


def _flip_bytes(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """Change a few bytes, half of the time in the header."""
    changed = np.frombuffer(data, np.uint8).copy()
    end = min(len(data), 256) if rng.random() < 0.5 else len(data)
    places = rng.integers(0, end, rng.integers(1, 32))
    changed[places] ^= rng.integers(1, 256, len(places), np.uint8)
    return changed.tobytes()


def _cut(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    start = int(rng.integers(0, 64)) if rng.random() < 0.2 else 0
    return data[start : rng.integers(0, len(data))]


def _splice(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    return data[: rng.integers(0, len(data))] + other[rng.integers(0, len(other)) :]


def _take_header(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """Put another format's header before the body."""
    length = int(rng.integers(4, 128))
    return other[:length] + data[length:]


def _zero(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    start = rng.integers(0, len(data))
    stop = rng.integers(start, len(data) + 1)
    return data[:start] + bytes(stop - start) + data[stop:]


def _repeat(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    start, length = rng.integers(0, len(data)), rng.integers(1, 4096)
    chunk = data[start : start + length]
    return data[:start] + chunk * int(rng.integers(2, 50)) + data[start:]


def _insert_noise(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    start = rng.integers(0, len(data))
    return data[:start] + rng.bytes(int(rng.integers(1, 2048))) + data[start:]


def _claim_much(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """Write a huge number (or 0, or a negative one) where the header tells lengths and rates."""
    found = [field for field in FIELDS if field in data]
    field = found[rng.integers(len(found))] if found else data[:4]
    start = data.index(field) + len(field) + int(rng.integers(0, 28))
    value = (b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\xff" * 3 + b"\x7f", bytes(8))[rng.integers(4)]
    size = int(rng.choice([2, 4, 8]))
    return data[:start] + value[:size] + data[start + size :]


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bytes,
    _cut,
    _splice,
    _claim_much,
    _take_header,
    _zero,
    _repeat,
    _insert_noise,
)


def _crafted(originals: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Give what chance would not make."""
    wav, flac = originals["wav"], originals["flac"]
    yield "empty.wav", b""
    yield "text.mp3", b"This is no sound.\n" * 100
    yield "zip.ogg", _zip(flac)
    yield "gzip.flac", gzip.compress(flac, mtime=0)
    yield "wav-in-wav.wav", wav[:44] + wav
    yield "flac-in-wav.wav", wav[:44] + flac
    yield "mp3-in-wav.wav", wav[:20] + b"\x55\x00" + wav[22:44] + originals["mp3"]
    yield "mp4-in-mp4.mp4", originals["mp4"][:-8] + originals["mp4"]
    yield "long-id3.mp3", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + originals["mp3"]
    yield "many-id3.mp3", b"ID3\x04\x00\x00\x00\x00\x00\x00" * 10_000 + originals["mp3"]
    yield "wav-of-hours.wav", wav[:40] + b"\xf0\xff\xff\xff" + wav[44:]
    yield "wav-of-65535-channels.wav", wav[:22] + b"\xff\xff" + wav[24:]
    yield "wav-at-4-ghz.wav", wav[:24] + b"\xff\xff\xff\xff" + wav[28:]
    yield "flac-of-days.flac", flac[:21] + bytes([flac[21] | 0x0F]) + b"\xff" * 4 + flac[26:]
    yield "bomb-of-silence.flac", _silence(hours=3)
    yield "nan.au", _nan()
    for name, text in _playlists():
        yield name, text.encode()


def _zip(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("inner.flac"), data)
    return file.getvalue()


def _silence(hours: int) -> bytes:
    """Give silence in FLAC: the smallest file for its length."""
    file = io.BytesIO()
    with sf.SoundFile(file, "w", 8_000, 1, format="FLAC") as sound:
        minute = np.zeros(60 * 8_000, np.int16)
        for _ in range(60 * hours):
            sound.write(minute)
    return file.getvalue()


def _nan() -> bytes:
    file = io.BytesIO()
    sf.write(file, np.full(16_000, np.nan, np.float32), 16_000, "FLOAT", format="AU")
    return file.getvalue()


def _playlists() -> Iterator[tuple[str, str]]:
    for target in (SECRET, TOY_DATA / REAL["wav"]):
        kind = target.stem
        yield f"{kind}.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n"
        yield f"{kind}-as.mp3", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:{target}\n"
        yield f"{kind}.ffconcat", f"ffconcat version 1.0\nfile '{target}'\n"
        yield f"{kind}.txt", f"file '{target}'\n"
        yield f"{kind}.sdp", f"v=0\nm=audio 9 RTP/AVP 0\nc=IN IP4 127.0.0.1\na=control:{target}\n"
        yield f"{kind}.mpd", f"<MPD><Period><BaseURL>file:{target}</BaseURL></Period></MPD>"
