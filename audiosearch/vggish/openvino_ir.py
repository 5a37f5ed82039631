"""Keeps VGGish's network in OpenVINO's format (an "IR") beside the checkpoint that it came from."""

import logging
import subprocess
import sys
from pathlib import Path

from audiosearch.errors import ConversionError
from audiosearch.weights import PROJECT_DIR

# Part of the file name: raise it with every change to the network or its conversion.
FORMAT = 1

_log = logging.getLogger(__name__)


def ensure_ir(checkpoint: Path, sha256: str) -> Path:
    """Convert a checkpoint unless that has been done.

    TensorFlow, which the conversion needs, works in a process of its own: this one stays small.

    Parameters
    ----------
    checkpoint : Path
        Such as ``vggish_model.ckpt``.
    sha256 : str
        Its checksum, in hexadecimal.

    Returns
    -------
    Path
        The ``.xml`` file beside the checkpoint, named after the checksum.

    Raises
    ------
    ConversionError
        If the file is not a VGGish checkpoint or the folder cannot be written to.
    """
    checkpoint = checkpoint.absolute()
    xml = checkpoint.with_name(f"{checkpoint.stem}-{sha256[:16]}-ir{FORMAT}.xml")
    if xml.exists():
        return xml
    _log.info("Converting %s to OpenVINO's format, once (about 10 s)", checkpoint.name)
    command = [sys.executable, "-m", "audiosearch.vggish.convert", str(checkpoint), str(xml)]
    child = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    if child.returncode:
        reason = child.stderr.strip().splitlines()[-1:] or [f"exit status {child.returncode}"]
        raise ConversionError(
            f"received {checkpoint}, which OpenVINO could not convert ({reason[0]}); "
            "expected a VGGish checkpoint, and 290 MB of space in its folder for the result"
        )
    return xml
