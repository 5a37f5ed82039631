"""YAMNet, the encoder that ships with the project: MobileNet v1 trained on AudioSet's 521 classes.

Plakal and Ellis, github.com/tensorflow/models/tree/master/research/audioset/yamnet.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from audiosearch.encoders.base import LogMelEncoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.heard.windows import keep_best
from audiosearch.openvino_runtime import OpenVinoNetwork
from audiosearch.types import Heard, Vectors
from audiosearch.vectors import l2_normalize
from audiosearch.weights import require_weights

GRAPH = "yamnet.xml"
WEIGHTS = "yamnet.bin"
EMBEDDING_SIZE = 1024
N_CLASSES = 521


class YAMNetEncoder(LogMelEncoder):
    """What YAMNet makes of a sound and what it calls it, half and half.

    The mean of the frames' embeddings, and the square roots of the mean probabilities of its
    classes, each of unit length, so that the cosine of two windows is the mean of both cosines.
    The probabilities alone tell kinds of sounds apart best, and voices and songs badly; together
    they lose little to either (``docs/quality.md``).

    Frames are 0.96 s long, one each 0.5 s; only those that lie wholly in the sound count (seven in
    4 s). The original has one each 0.48 s, and pads the end of a recording to one more. With 0.5 s
    windows that overlap share their frames, and the results are as good (``docs/quality.md``).

    ``version`` is ``sha256:`` and the first 16 hex digits of the weights file's checksum, and what
    is made of the network's outputs.

    Parameters
    ----------
    settings : EncoderSettings
        Read here: ``models_dir``, ``batch_size``, ``precision`` (bf16 moves single frames by cosine
        distances up to 3e-3, which no result is worse for), ``threads`` and
        ``unverified_weights``.

    Raises
    ------
    ModelNotFoundError
        If ``yamnet.xml`` or ``yamnet.bin`` is not in the models folder.
    WeightsMismatchError
        If they are not those that ship with the project, unless ``unverified_weights`` is set.
    InvalidQueryError
        If ``precision`` is bf16 and the processor does not compute in it.
    """

    name = "yamnet"
    dim = EMBEDDING_SIZE + N_CLASSES
    log_offset = 0.001
    patch_hop_frames = 50  # 0.5 s

    def __init__(self, settings: EncoderSettings) -> None:
        folder = settings.models_dir
        checksums = require_weights(self.name, folder, unverified=settings.unverified_weights)
        self.version = f"sha256:{checksums[WEIGHTS][:16]}+embeddings+classes+0.5s"
        self._network = OpenVinoNetwork(folder / GRAPH, settings.precision, settings.threads)
        self.batch_size = settings.batch_size

    def _forward(self, patches: NDArray[np.float32]) -> Vectors:
        return self._network(patches)

    def _pool(self, outputs: Vectors) -> NDArray[np.float32]:
        embedding, probabilities = np.split(outputs.mean(axis=0), [EMBEDDING_SIZE])
        return np.concatenate([l2_normalize(embedding), l2_normalize(np.sqrt(probabilities))])

    def _hear(self, sounds: Iterable[Vectors]) -> Heard:
        probabilities = [outputs[:, EMBEDDING_SIZE:].mean(axis=0) for outputs in sounds]
        return keep_best(np.array(probabilities, np.float32).reshape(-1, N_CLASSES))
