"""Measures what runs VGGish's network fastest: milliseconds a patch of 0.96 s, as a Markdown table.

    python -m benchmarks.engines [--threads 2] [--rounds 7]

The weights are random: an engine's speed does not depend on them.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from audiosearch.encoders.vggish import CHECKPOINT
from audiosearch.openvino_runtime import OpenVinoNetwork, has_bf16
from audiosearch.vggish import params
from audiosearch.vggish.checkpoint import read_checkpoint
from audiosearch.vggish.network import build_network, import_tensorflow
from audiosearch.vggish.openvino_ir import ensure_ir
from audiosearch.weights import sha256_of
from tests.vggish_weights import make_random_weights

Network = Callable[[NDArray[np.float32]], object]

BATCH_SIZES = (1, 4, 16, 64)
PATCHES_A_MEASUREMENT = 64
BASELINE = "TensorFlow f32"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7, help="the median of so many is told")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_random_weights(Path(folder))
        engines = load_engines(Path(folder) / CHECKPOINT, args.threads)
    print(markdown(measure(engines, args.rounds)))


def load_engines(checkpoint: Path, threads: int) -> dict[str, Network]:
    """Load each engine with the same weights."""
    import_tensorflow().config.threading.set_intra_op_parallelism_threads(threads)
    xml = ensure_ir(checkpoint, sha256_of(checkpoint))
    engines: dict[str, Network] = {
        BASELINE: build_network(read_checkpoint(checkpoint)),
        "OpenVINO f32": OpenVinoNetwork(xml, "f32", threads),
    }
    if has_bf16():
        engines["OpenVINO bf16"] = OpenVinoNetwork(xml, "bf16", threads)
    return engines


def measure(engines: dict[str, Network], rounds: int) -> dict[str, dict[int, float]]:
    """Measure the engines in turns, so that whatever else the machine does meets all of them.

    Returns
    -------
    dict of str to dict of int to float
        For each engine and batch size the median of all rounds, in milliseconds a patch.
    """
    shape = (PATCHES_A_MEASUREMENT, params.PATCH_FRAMES, params.N_MELS)
    patches = np.random.default_rng(0).standard_normal(shape, np.float32)
    times: dict[tuple[str, int], list[float]] = {}
    for round_ in range(rounds + 1):
        for size in BATCH_SIZES:
            batches = np.split(patches, PATCHES_A_MEASUREMENT // size)
            for name, network in engines.items():
                start_s = time.perf_counter()
                for batch in batches:
                    network(batch)
                elapsed_s = time.perf_counter() - start_s
                if round_:  # the first one warms up
                    times.setdefault((name, size), []).append(elapsed_s)
    return {
        name: {
            size: 1000 * median(times[name, size]) / PATCHES_A_MEASUREMENT for size in BATCH_SIZES
        }
        for name in engines
    }


def markdown(results: dict[str, dict[int, float]]) -> str:
    """Write the table: milliseconds a patch, and how many times as fast as the baseline."""
    header = ["ms a patch, at batch size", *(str(size) for size in BATCH_SIZES)]
    rows = [header, ["---"] + ["---:"] * len(BATCH_SIZES)]
    for name, by_size in results.items():
        cells = [f"{ms:.2f} ({results[BASELINE][size] / ms:.1f}×)" for size, ms in by_size.items()]
        rows.append([name, *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
