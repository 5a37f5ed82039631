"""Converts VGGish's checkpoint to OpenVINO's format, which serves without TensorFlow.

    python -m audiosearch.vggish.convert CHECKPOINT XML

``openvino_ir`` runs it once for each checkpoint.
"""

import sys
from pathlib import Path

from audiosearch.errors import AudioSearchError
from audiosearch.openvino_runtime import import_openvino
from audiosearch.publish import folder_lock, publish
from audiosearch.vggish.checkpoint import read_checkpoint
from audiosearch.vggish.network import build_network


def convert(checkpoint: Path, xml: Path) -> None:
    """Write a checkpoint's network as ``xml`` and its weights beside it as ``.bin``, in float32.

    The ``.xml`` appears last: where it is, both files are whole.

    Parameters
    ----------
    checkpoint : Path
        A checkpoint such as ``vggish_model.ckpt``.
    xml : Path
        The file to write, in an existing folder. If it is there already, nothing is done.

    Raises
    ------
    WeightsMismatchError
        If the file is not a VGGish checkpoint.
    OSError
        If the folder cannot be written to.
    """
    with folder_lock(xml.parent):
        if xml.exists():
            return
        openvino = import_openvino()
        model = openvino.convert_model(build_network(read_checkpoint(checkpoint)))
        part = xml.with_suffix(".part.xml")
        try:
            # float16 weights would cost more than the 1e-4 that the engines may differ.
            openvino.save_model(model, part, compress_to_fp16=False)
            publish(part.with_suffix(".bin"), xml.with_suffix(".bin"))
            publish(part, xml)
        finally:
            part.with_suffix(".bin").unlink(missing_ok=True)
            part.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except (AudioSearchError, OSError) as error:
        sys.exit(str(error))
