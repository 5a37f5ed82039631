"""Make ``data/yamnet_goldens.npz``: what the original YAMNet in TensorFlow makes of clips.

``python -m tests.regression.make_yamnet_goldens SAVED_MODEL``, where SAVED_MODEL is the folder (or
the wheel) that ``models/convert_yamnet.py`` converts.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf

from audiosearch.resample import resample
from audiosearch.types import Vectors, Waveform
from audiosearch.vggish import params
from audiosearch.vggish.network import import_tensorflow
from models.convert_yamnet import find_saved_model
from tests.conftest import TOY_DATA

GOLDENS = Path(__file__).parent / "data" / "yamnet_goldens.npz"
CLIPS = ("guitar_guit_e_slide.ogg", "speech_it_3.flac", "water_splash2.wav")
PATCH_HOP_SAMPLES = 48 * params.STFT_HOP_LENGTH  # 0.48 s


def load_clip(name: str) -> Waveform:
    """Read a toy clip, which is mono, at 16 kHz."""
    waveform, sample_rate = sf.read(TOY_DATA / name, dtype="float32")
    return resample(waveform, sample_rate, params.SAMPLE_RATE)


def sha256(name: str) -> str:
    """Give the SHA-256 of a toy clip's file, in hex."""
    return hashlib.sha256((TOY_DATA / name).read_bytes()).hexdigest()


def original_frames(saved_model: Path) -> dict[str, Vectors]:
    """Give the clips' embeddings and class scores [shape=(n, 1024 + 521)] by the original.

    Those frames count that lie wholly in the audio.
    """
    tf = import_tensorflow()
    yamnet = getattr(tf.saved_model.load(str(saved_model)), "layer-1").layer._func
    frames = {}
    for name in CLIPS:
        waveform = load_clip(name)
        n_whole = 1 + (waveform.size - params.PATCH_SAMPLES) // PATCH_HOP_SAMPLES
        scores, embeddings, _ = yamnet(waveform)
        frames[name] = np.concatenate([embeddings, scores], axis=1)[:n_whole]
    return frames


def main() -> None:
    """Run the command line."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        frames = original_frames(find_saved_model(Path(sys.argv[1]), Path(scratch)))
    checksums = {f"sha256:{name}": np.array(sha256(name)) for name in CLIPS}
    GOLDENS.parent.mkdir(exist_ok=True)
    np.savez(GOLDENS, **frames, **checksums)


if __name__ == "__main__":
    main()
