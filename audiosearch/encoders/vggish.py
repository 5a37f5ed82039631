"""VGGish as an encoder: a sound's first vectors of 0.96 s each, concatenated."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.encoders.base import LogMelEncoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.errors import InvalidQueryError
from audiosearch.openvino_runtime import OpenVinoNetwork
from audiosearch.types import Vectors
from audiosearch.vggish import params
from audiosearch.vggish.checkpoint import read_checkpoint
from audiosearch.vggish.network import build_network, import_tensorflow
from audiosearch.vggish.openvino_ir import ensure_ir
from audiosearch.vggish.postprocess import Postprocessor, center
from audiosearch.weights import require_weights

CHECKPOINT = "vggish_model.ckpt"
PCA_PARAMS = "vggish_pca_params.npz"


class VGGishEncoder(LogMelEncoder):
    """Hershey et al.'s VGGish with the weights that Google published.

    Each 0.96 s of a sound gives 128 values; those of its first ``min_duration`` patches make its
    vector. A shorter sound's last patch is repeated.

    Parameters
    ----------
    settings : EncoderSettings
        All of them concern VGGish.

    Raises
    ------
    ModelNotFoundError
        If the weights are not in the models folder.
    WeightsMismatchError
        If they are not the published ones, unless ``unverified_weights`` is set.
    InvalidQueryError
        If the settings contradict each other, or this processor.
    """

    name = "vggish"

    def __init__(self, settings: EncoderSettings) -> None:
        if settings.engine == "tensorflow" and settings.precision == "bf16":
            raise InvalidQueryError(
                "received engine 'tensorflow' with precision 'bf16', but it computes in f32 alone; "
                "expected precision 'auto' or 'f32', or engine 'openvino'"
            )
        folder = settings.models_dir
        checksums = require_weights(self.name, folder, unverified=settings.unverified_weights)
        self.max_patches = settings.min_duration
        self.dim = settings.min_duration * params.EMBEDDING_SIZE
        self.version = _version(checksums, settings)
        self.batch_size = settings.batch_size
        self._postprocessor = Postprocessor(folder / PCA_PARAMS) if settings.postprocess else None
        self._network = _load_network(folder / CHECKPOINT, checksums[CHECKPOINT], settings)

    def raw_vectors(self, patches: NDArray[np.float32]) -> Vectors:
        """Run the network on one batch.

        Parameters
        ----------
        patches : [shape=(n, 96, 64)], float32
            Patches of a log-mel spectrogram.

        Returns
        -------
        [shape=(n, 128)], float32
            Its raw vectors, before any post-processing.
        """
        return self._network(patches)

    def _forward(self, patches: NDArray[np.float32]) -> Vectors:
        raw = self.raw_vectors(patches)
        return center(self._postprocessor.quantize(raw)) if self._postprocessor else raw

    def _pool(self, outputs: Vectors) -> NDArray[np.float32]:
        missing = self.dim // params.EMBEDDING_SIZE - len(outputs)
        return np.pad(outputs, ((0, missing), (0, 0)), mode="edge").ravel()


def _version(checksums: dict[str, str], settings: EncoderSettings) -> str:
    """Name all that changes vectors; precision and engine do so only within their tolerance."""
    form = f"pca:{checksums[PCA_PARAMS][:8]}" if settings.postprocess else "raw"
    return f"sha256:{checksums[CHECKPOINT][:16]}+{form}+{settings.min_duration}x0.96s"


def _load_network(
    checkpoint: Path, sha256: str, settings: EncoderSettings
) -> Callable[[NDArray[np.float32]], Vectors]:
    """Load the network for the engine that the settings name."""
    if settings.engine != "tensorflow":
        xml = ensure_ir(checkpoint, sha256)
        return OpenVinoNetwork(xml, settings.precision, settings.threads)
    if settings.threads:
        import_tensorflow().config.threading.set_intra_op_parallelism_threads(settings.threads)
    network = build_network(read_checkpoint(checkpoint))
    return lambda patches: np.asarray(network(patches))
