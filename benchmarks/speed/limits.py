"""What this machine can do at most: its peaks, and each stage of indexing alone in one process."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from os import cpu_count
from pathlib import Path
from typing import Any

import numpy as np

from audiosearch.decode import decode
from audiosearch.encoders import load_encoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.encoders.vggish import CHECKPOINT
from audiosearch.openvino_runtime import has_bf16, import_openvino
from audiosearch.vggish import params
from audiosearch.vggish.openvino_ir import ensure_ir
from audiosearch.weights import sha256_of
from audiosearch.windows import WindowPlan
from benchmarks.speed.inputs import Setup

SIZE = 2048  # rows and columns of the matrices that are multiplied
PRODUCTS = 4  # in a row: what goes in and out weighs less
COPIED_BYTES = 2**28
ROUNDS = 3


def measure_peaks() -> dict[str, float]:
    """Measure the products of matrices by OpenVINO, in GFLOP/s, and copying memory, in GB/s."""
    precisions = ["f32", *(["bf16"] if has_bf16() else [])]
    peaks = {f"{each}_gflops": matrix_gflops(each) for each in precisions}
    return peaks | {"memory_gb_s": memory_gb_s()}


def matrix_gflops(precision: str) -> float:
    """Multiply large matrices with all cores."""
    openvino = import_openvino()
    ops = openvino.opset13
    factor = np.random.default_rng(0).standard_normal((SIZE, SIZE), np.float32) / SIZE**0.5
    product = first = ops.parameter([SIZE, SIZE], np.float32)
    for _ in range(PRODUCTS):
        product = ops.matmul(product, factor, False, False)
    config = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    network = openvino.Core().compile_model(openvino.Model([product], [first]), "CPU", config)
    request = network.create_infer_request()
    return 2e-9 * PRODUCTS * SIZE**3 / _best_s(lambda: request.infer([factor]))


def memory_gb_s() -> float:
    """Copy memory with all cores: what is read and what is written count."""
    source = np.ones(COPIED_BYTES, np.uint8)
    target = np.zeros_like(source)
    n_cores = cpu_count() or 1
    parts = [*zip(np.array_split(target, n_cores), np.array_split(source, n_cores), strict=True)]
    with ThreadPoolExecutor(n_cores) as threads:
        elapsed_s = _best_s(lambda: [*threads.map(lambda part: np.copyto(*part), parts)])
    return 2e-9 * COPIED_BYTES / elapsed_s


def measure_stages(setup: Setup, path: Path) -> dict[str, float]:
    """Measure the stages of indexing a recording, each alone, in times real time.

    Returns
    -------
    dict
        ``decode``; ``encode``: spectrogram, network and what is made of it; ``engine``: the network
        alone, on the batches that it has there; ``gflop_s``: what the network computes a second of
        sound, in GFLOP.
    """
    settings = EncoderSettings(models_dir=setup.models, unverified_weights=True)
    encoder = load_encoder(setup.encoder, settings)
    waveform = decode(path, encoder.sample_rate)
    audio_s = waveform.size / encoder.sample_rate
    recordings = [(waveform, WindowPlan().spans(waveform.size))]
    engines: list[Stopwatch] = []

    def encode() -> None:
        engines.append(Stopwatch())
        encoder.embed_recordings(recordings, engines[-1].turn)

    encode_s = _best_s(encode)
    n_patches = engines[0].turns * settings.batch_size
    return {
        "decode": audio_s / _best_s(lambda: decode(path, encoder.sample_rate)),
        "encode": audio_s / encode_s,
        "engine": audio_s / min(each.elapsed_s for each in engines),
        "gflop_s": network_gflop(setup) * n_patches / audio_s,
    }


class Stopwatch:
    """Adds up what an encoder's turns at its network take."""

    def __init__(self) -> None:
        self.turns = 0
        self.elapsed_s = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Measure one."""
        started = time.perf_counter()
        yield
        self.turns += 1
        self.elapsed_s += time.perf_counter() - started


def network_gflop(setup: Setup) -> float:
    """Count the multiplications and additions of a network for one patch, in GFLOP."""
    model = import_openvino().Core().read_model(_graph(setup))
    model.reshape([1, params.PATCH_FRAMES, params.N_MELS])
    return 1e-9 * sum(map(_flop, model.get_ordered_ops()))


def _flop(op: Any) -> int:
    """Count those of a layer: each output is a sum of so many products."""
    if op.get_type_name() not in ("Convolution", "GroupConvolution", "MatMul"):
        return 0
    weights = op.input(1).get_shape()
    products = {
        "Convolution": lambda: int(np.prod(weights[1:])),  # (outputs, inputs, rows, columns)
        "GroupConvolution": lambda: int(np.prod(weights[2:])),  # (groups, outputs, inputs, …)
        "MatMul": lambda: int(op.input(0).get_shape()[-1]),
    }[op.get_type_name()]()
    return 2 * products * int(np.prod(op.output(0).get_shape()))


def _graph(setup: Setup) -> Path:
    if setup.encoder == "vggish":
        checkpoint = setup.models / CHECKPOINT
        return ensure_ir(checkpoint, sha256_of(checkpoint))
    return setup.models / f"{setup.encoder}.xml"


def _best_s(work: Callable[[], object]) -> float:
    """Give the shortest time of several rounds, after one that warms up, in seconds."""
    work()
    taken_s = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken_s.append(time.perf_counter() - started)
    return min(taken_s)
