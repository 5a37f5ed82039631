"""OpenVINO for all encoders: its import, the choice of precision, and the compiled network."""

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from audiosearch.encoders.settings import Precision
from audiosearch.errors import InvalidQueryError

# The processor's flags, as Linux names them, for products of bfloat16 numbers.
_BF16_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})


class OpenVinoNetwork:
    """A network of one input, compiled for this processor.

    Parameters
    ----------
    path : Path
        The network's ``.xml`` file, with its ``.bin`` beside it.
    precision : {'auto', 'f32', 'bf16'}
        What it computes in; see ``choose_precision``.
    threads : int
        How many threads it computes with; 0 lets OpenVINO choose.
    """

    def __init__(self, path: Path, precision: Precision = "auto", threads: int = 0) -> None:
        self.precision = choose_precision(precision)
        config = {
            "INFERENCE_PRECISION_HINT": self.precision,
            "PERFORMANCE_HINT": "LATENCY",  # all threads work on one batch
            "INFERENCE_NUM_THREADS": threads,
        }
        self._compiled = import_openvino().Core().compile_model(path, "CPU", config)

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on one batch; of several outputs the rows are joined."""
        # A request of its own for each call (0.1 ms) lets threads share the network.
        outputs = self._compiled.create_infer_request().infer([batch])
        return np.concatenate([*outputs.values()], axis=1)


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry, which would report each import over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return import_module("openvino")


def choose_precision(wanted: Precision) -> Literal["f32", "bf16"]:
    """Choose what a network computes in on this processor.

    Parameters
    ----------
    wanted : {'auto', 'f32', 'bf16'}
        ``auto`` is bf16 where the processor multiplies in it.

    Returns
    -------
    {'f32', 'bf16'}

    Raises
    ------
    InvalidQueryError
        If bf16 is wanted where the processor would have to imitate it.
    """
    if wanted == "bf16" and not has_bf16():
        raise InvalidQueryError(
            "received precision 'bf16', but this processor has neither AMX nor AVX512-BF16; "
            "expected 'auto' or 'f32'"
        )
    return "bf16" if wanted != "f32" and has_bf16() else "f32"


@cache
def has_bf16() -> bool:
    """Tell whether the processor multiplies in bf16: OpenVINO names it also where it emulates."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    flags = (line for line in cpuinfo.read_text().splitlines() if line.startswith("flags"))
    return not _BF16_FLAGS.isdisjoint(next(flags, "").split())
