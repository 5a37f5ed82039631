"""The settings that encoders share; each encoder reads those that concern it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from audiosearch.errors import InvalidQueryError
from audiosearch.weights import models_dir

Engine = Literal["auto", "openvino", "tensorflow"]
Precision = Literal["auto", "f32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class EncoderSettings:
    """How to load and run an encoder; the names are the encoder box's in ``flow.yml``.

    Parameters
    ----------
    models_dir : Path
        The folder of the weights.
    batch_size : int
        Patches that the network sees at once.
    engine : {'auto', 'openvino', 'tensorflow'}
        What runs the network; ``auto`` is OpenVINO.
    precision : {'auto', 'f32', 'bf16'}
        ``auto`` is bf16 where the processor computes in it and the encoder was measured to keep its
        results, else f32.
    threads : int
        Threads of the engine; 0 lets it choose.
    min_duration : int
        VGGish: how many vectors of 0.96 s each are concatenated.
    postprocess : bool
        VGGish: Google's PCA and 8-bit quantisation, or the raw vectors.
    heard : bool
        VGGish: have YAMNet, where its weights are there, tell beside it what is heard.
    unverified_weights : bool
        Accept weights whose checksum is not the published one (fine-tuned ones).

    Raises
    ------
    InvalidQueryError
        If a number is too small or a name is not one of those above.
    """

    models_dir: Path = field(default_factory=models_dir)
    batch_size: int = 16
    engine: Engine = "auto"
    precision: Precision = "auto"
    threads: int = 0
    min_duration: int = 4
    postprocess: bool = True
    heard: bool = True
    unverified_weights: bool = False

    def __post_init__(self) -> None:
        for name, least in (("batch_size", 1), ("threads", 0), ("min_duration", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise InvalidQueryError(
                    f"received {name} {value!r}, expected a whole number of at least {least}"
                )
        for name, choices in (("engine", get_args(Engine)), ("precision", get_args(Precision))):
            value = getattr(self, name)
            if value not in choices:
                raise InvalidQueryError(
                    f"received {name} {value!r}, expected one of: {', '.join(choices)}"
                )
