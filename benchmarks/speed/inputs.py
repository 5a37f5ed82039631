"""Makes the recordings that are indexed, once, from real music clips; none equals another."""

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from audiosearch.encoders.vggish import CHECKPOINT
from audiosearch.vggish.openvino_ir import ensure_ir
from audiosearch.weights import models_dir, sha256_of
from tests.audio_files import SAMPLE_RATE, write_ffmpeg
from tests.vggish_weights import make_random_weights

CLIP_S = 10
CLIPS = 60
BIT_RATE = 192_000
MP3_FRAME = 1152  # samples


class Inputs:
    """The recordings of the benchmark, made when they are first asked for.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    music : Path
        Clips of 10 s and more, at 44.1 kHz.

    Raises
    ------
    FileNotFoundError
        If the clips are not there.
    """

    def __init__(self, folder: Path, music: Path) -> None:
        self._folder = folder
        self._music = sorted(music.glob("audio/*.ogg"))
        if len(self._music) < 2 * CLIPS:
            raise FileNotFoundError(
                f"received {len(self._music)} clips in {music}, expected at least {2 * CLIPS}: the "
                "recordings are made of them; AUDIOSEARCH_TEST_DATA names the folder above"
            )
        folder.mkdir(parents=True, exist_ok=True)

    def clips(self, n: int = CLIPS) -> list[Path]:
        """Give mp3 of 10 s, 44.1 kHz stereo."""
        return [self._made(f"clip-{each:02}.mp3", self._write_clip, each) for each in range(n)]

    def joined(self, name: str, n: int, minutes: float) -> list[Path]:
        """Give mp3 that join the clips, each in another order."""
        n_clips = round(minutes * 60 / CLIP_S)
        return [
            self._made(f"{name}-{n_clips}-{each:02}.mp3", self._write_joined, n_clips, name, each)
            for each in range(n)
        ]

    def flac(self, n: int) -> list[Path]:
        """Give flac of one minute."""
        return [self._made(f"minute-{each:02}.flac", self._write_minute, each) for each in range(n)]

    def mp4(self, n: int) -> list[Path]:
        """Give videos of one minute with aac, their pictures tiny."""
        return [self._made(f"minute-{each:02}.mp4", self._write_minute, each) for each in range(n)]

    def vggish(self) -> Path:
        """Give a models folder with VGGish weights drawn at random, converted for OpenVINO."""
        folder = self._folder / "vggish"
        folder.mkdir(exist_ok=True)
        checkpoint = folder / CHECKPOINT
        if not (folder / "vggish_pca_params.npz").exists():  # written last
            make_random_weights(folder)
        ensure_ir(checkpoint, sha256_of(checkpoint))
        return folder

    def _made(self, name: str, write: Callable[..., None], *what: object) -> Path:
        """Make a file unless it is there; where it is, it is whole."""
        path = self._folder / name
        if not path.exists():
            part = path.with_name(f"part-{name}")
            write(part, *what)
            part.rename(path)
        return path

    def _samples(self, number: int) -> NDArray[np.float32]:
        """Mix two clips, shape=(n_samples, 2): one more to the left, one more to the right."""
        # Of the second 60 clips each goes with every one of the first.
        pair = number % CLIPS, CLIPS + (number + number // CLIPS) % CLIPS
        left, right = (
            soundfile.read(self._music[each], CLIP_S * SAMPLE_RATE, dtype="float32")[0]
            for each in pair
        )
        n_samples = min(left.size, right.size)
        both = np.stack([left[:n_samples], right[:n_samples]])
        mixed: NDArray[np.float32] = (np.array([[0.7, 0.3], [0.3, 0.7]], np.float32) @ both).T
        return mixed

    def _write_clip(self, path: Path, number: int) -> None:
        write_ffmpeg(path, self._samples(number), "libmp3lame", bit_rate=BIT_RATE)

    def _write_minute(self, path: Path, number: int) -> None:
        first = number * 60 // CLIP_S
        parts = [self._samples(each % CLIPS) for each in range(first, first + 60 // CLIP_S)]
        samples = np.concatenate(parts)
        if path.suffix == ".flac":
            write_ffmpeg(path, samples, "flac")
        else:
            write_ffmpeg(path, samples, "aac", bit_rate=BIT_RATE, picture=True)

    def _write_joined(self, path: Path, n_clips: int, name: str, number: int) -> None:
        clips = random.Random(f"{name} {number}").choices(self.clips(), k=n_clips)
        join_mp3(clips, path)


def join_mp3(sources: Iterable[Path], path: Path) -> None:
    """Write the packets of several mp3 as one; that is a hundred times as fast as encoding them."""
    position = 0
    with av.open(str(path), "w") as joined:
        stream = None
        for source in sources:
            with av.open(str(source)) as container:
                own = container.streams.audio[0]
                stream = stream or joined.add_stream_from_template(own)
                for packet in container.demux(own):
                    if packet.size:
                        packet.stream, packet.time_base = stream, Fraction(1, own.sample_rate)
                        packet.pts = packet.dts = position
                        packet.duration = MP3_FRAME
                        position += MP3_FRAME
                        joined.mux(packet)


@dataclass(frozen=True)
class Setup:
    """An encoder, and where its weights are.

    Parameters
    ----------
    encoder : str
        Its name.
    models : Path
        The folder of its weights.
    """

    encoder: str
    models: Path

    @property
    def options(self) -> list[str]:
        """The command line's."""
        unverified = ["--unverified-weights"] if self.encoder == "vggish" else []
        return ["--encoder", self.encoder, *unverified]

    @property
    def environment(self) -> dict[str, str]:
        """The processes'."""
        return {"AUDIOSEARCH_MODELS": str(self.models.resolve())}


def setups(inputs: Inputs) -> dict[str, Setup]:
    """Give the encoders by their names."""
    return {"vggish": Setup("vggish", inputs.vggish()), "yamnet": Setup("yamnet", models_dir())}


def audio_seconds(files: Sequence[Path]) -> float:
    """Add up how long recordings are."""
    total_s = 0.0
    for path in files:
        with av.open(str(path)) as container:
            total_s += (container.duration or 0) / av.time_base
    return total_s


def remove_parts(folder: Path) -> None:
    """Remove what a run that was stopped has left half made."""
    for path in folder.glob("part-*"):
        with suppress(FileNotFoundError):
            path.unlink()
