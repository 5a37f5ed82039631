"""Measures how long a search takes while long recordings are indexed, as a Markdown table.

A server holds a folder of short clips. Searches for clips of it by their library uris, one after
the other, are timed first with nothing else to do, then while recordings made of all the clips in
other orders are indexed by one request.

    python -m benchmarks.beside_indexing ../shared/esc10 [--encoder vggish --unverified-weights]
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from audiosearch.client import Client
from audiosearch.decode import decode
from audiosearch.server import connect

RATE = 44_100
FOUND = 0.01  # the cosine distance below which a clip's nearest is itself, or its copy
SUFFIXES = (".mp3", ".flac")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clips", type=Path, help="a folder of short clips")
    parser.add_argument("--encoder", default="yamnet")
    parser.add_argument("--unverified-weights", action="store_true")
    parser.add_argument("--searches", type=int, default=200, help="with nothing else to do")
    parser.add_argument("--recordings", type=int, default=6)
    parser.add_argument("--minutes", type=float, default=10, help="length of each recording")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        recordings = [*long_recordings(args, Path(folder))]
        workspace = Path(folder) / "workspace"
        with connect(workspace, args.encoder, args.unverified_weights) as client:
            print(markdown(args, *measure(client, args, recordings)))


def long_recordings(args: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Write recordings of all clips, each in another order."""
    clips = [decode(path, RATE) for path in clips_of(args.clips)]
    for number, suffix in zip(range(args.recordings), cycle(SUFFIXES), strict=False):
        random.Random(number).shuffle(clips)
        samples = np.resize(np.concatenate(clips), round(args.minutes * 60 * RATE))
        path = folder / f"{number}{suffix}"
        soundfile.write(path, samples, RATE)
        yield str(path)


def clips_of(folder: Path) -> list[Path]:
    """List the sounds of a folder."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".ogg", ".wav"))


def measure(
    client: Client, args: argparse.Namespace, recordings: list[str]
) -> tuple[list[float], list[float], float]:
    """Time searches alone and beside indexing.

    Returns
    -------
    alone_s, beside_s : list of float
        How long each search took, in seconds.
    indexing_s : float
        How long the recordings took, in seconds.
    """
    paths = [str(path) for path in clips_of(args.clips)]
    folder = str(args.clips.resolve())
    for first in range(0, len(paths), 8):
        _check(client.index(paths[first : first + 8], [folder]))
    uris = [f"{args.clips.name}/{path.relative_to(args.clips)}" for path in clips_of(args.clips)]
    random.Random(0).shuffle(uris)
    turns = cycle(uris)
    for _ in range(20):  # all is loaded
        timed_search(client, next(turns))
    alone_s = [timed_search(client, next(turns)) for _ in range(args.searches)]
    beside_s = []
    start_s = time.perf_counter()
    with ThreadPoolExecutor(1) as thread:
        indexing = thread.submit(client.index, recordings, [])
        while not indexing.done():
            beside_s.append(timed_search(client, next(turns)))
    indexing_s = time.perf_counter() - start_s
    _check(indexing.result())
    return alone_s, beside_s, indexing_s


def timed_search(client: Client, uri: str) -> float:
    """Search for the likes of a clip, which must be found again; gives the seconds."""
    start_s = time.perf_counter()
    answer = client.search({"uri": uri}, {"limit": 10})
    elapsed_s = time.perf_counter() - start_s
    if answer["data"][0]["matches"][0]["scores"]["cosine"]["value"] > FOUND:
        raise RuntimeError(f"{uri} was not found")
    return elapsed_s


def markdown(
    args: argparse.Namespace, alone_s: list[float], beside_s: list[float], indexing_s: float
) -> str:
    """Write the table."""
    sound_s = args.recordings * args.minutes * 60
    ratios = zip(figures(alone_s), figures(beside_s), strict=True)
    rows: list[Sequence[str]] = [
        (args.encoder, "searches", "p50, ms", "p95, ms", "longest, ms"),
        ("---", "---:", "---:", "---:", "---:"),
        row("alone", alone_s),
        row(f"beside indexing at {sound_s / indexing_s:.0f} × real time", beside_s),
        ("ratio", "", *(f"{beside / alone:.1f}" for alone, beside in ratios)),
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(name: str, times_s: list[float]) -> tuple[str, ...]:
    """Write a row of the table."""
    return name, str(len(times_s)), *(f"{1000 * each:.0f}" for each in figures(times_s))


def figures(times_s: list[float]) -> tuple[float, float, float]:
    """Give the median, the 95th percentile and the longest, in seconds."""
    percentiles = quantiles(times_s, n=100, method="inclusive")
    return percentiles[49], percentiles[94], max(times_s)


def _check(results: list[dict[str, object]]) -> None:
    for each in results:
        if each["status"] == "failed":
            raise RuntimeError(f"{each['uri']}: {each['message']}")


if __name__ == "__main__":
    main()
