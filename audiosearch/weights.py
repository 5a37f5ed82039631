"""The models' weights: which files there are, where they belong, and whether they are genuine."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from audiosearch.errors import InvalidQueryError, ModelNotFoundError, WeightsMismatchError

PROJECT_DIR = Path(__file__).resolve().parent.parent
GOOGLE_AUDIOSET = "https://storage.googleapis.com/audioset"

State = Literal["absent", "present", "verified", "unknown"]


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """One file of a model, as it is published.

    Parameters
    ----------
    name : str
        Its name in the models folder.
    model : str
        The encoder that reads it.
    url : str or None
        Where it can be downloaded; None: it comes with the project.
    size : str
        About how large it is, for people.
    sha256 : str
        Its checksum, in hexadecimal.
    licence : str
        Under which licence it is published.
    """

    name: str
    model: str
    url: str | None
    size: str
    sha256: str
    licence: str = "Apache-2.0"

    @property
    def remedy(self) -> str:
        """What gets the file, as the end of a message."""
        if self.url:
            return f"run: python app.py models download {self.model}"
        return f"restore it from the project, or run: python models/convert_{self.model}.py"


MODEL_FILES = (
    ModelFile(
        name="vggish_model.ckpt",
        model="vggish",
        url=f"{GOOGLE_AUDIOSET}/vggish_model.ckpt",
        size="277 MB",
        sha256="0962b1914e3e053922d957c45bc84a78c985765641dc6bceeeb3a7d8dfecfdf6",
    ),
    ModelFile(
        name="vggish_pca_params.npz",
        model="vggish",
        url=f"{GOOGLE_AUDIOSET}/vggish_pca_params.npz",
        size="73 kB",
        sha256="4d878af3e306defbfb37095365aa7e5a6cecb86bad13e859e626151c4e6a8b9d",
    ),
    ModelFile(
        name="yamnet.xml",
        model="yamnet",
        url=None,
        size="72 kB",
        sha256="c2eecfb91df1bfe93224441e45912086a756cd5c525f796c519493189e1eef4f",
    ),
    ModelFile(
        name="yamnet.bin",
        model="yamnet",
        url=None,
        size="15 MB",
        sha256="54750f4d1c7ca059f0d64a4eb0acb45b6763e73bbe51f7181c6d8d10fed7d5ec",
    ),
)


class ModelFileStatus(NamedTuple):
    """A model's file and what the models folder holds of it.

    ``state`` is ``absent``; ``present``, its checksum not looked at; ``verified``, the published
    file; or ``unknown``, a file with another checksum.
    """

    file: ModelFile
    path: Path
    state: State


def models_dir() -> Path:
    """Tell the folder of the weights: ``AUDIOSEARCH_MODELS``, or ``models/`` of the project."""
    return Path(os.environ.get("AUDIOSEARCH_MODELS") or PROJECT_DIR / "models")


def model_files(model: str) -> list[ModelFile]:
    """List a model's files.

    Raises
    ------
    InvalidQueryError
        If there is no model of that name.
    """
    files = [file for file in MODEL_FILES if file.model == model]
    if not files:
        names = ", ".join(dict.fromkeys(file.model for file in MODEL_FILES))
        raise InvalidQueryError(f"received the model {model!r}, expected one of: {names}")
    return files


def list_models(folder: Path) -> list[ModelFileStatus]:
    """Tell for each model file whether it is there, without reading it.

    Parameters
    ----------
    folder : Path
        The models folder.
    """
    paths = [(file, folder / file.name) for file in MODEL_FILES]
    return [
        ModelFileStatus(file, path, "present" if path.exists() else "absent")
        for file, path in paths
    ]


def verify_models(folder: Path) -> list[ModelFileStatus]:
    """Tell for each model file whether it is the published one, by its checksum.

    Parameters
    ----------
    folder : Path
        The models folder.
    """
    return [
        status._replace(state=_checked_state(status)) if status.state == "present" else status
        for status in list_models(folder)
    ]


def check_present(model: str, folder: Path) -> None:
    """Raise ModelNotFoundError if a model's file is absent, without reading those that are there.

    Parameters
    ----------
    model : str
        Such as ``vggish``; one that has no files here needs none.
    folder : Path
        The models folder.
    """
    files = [file for file in MODEL_FILES if file.model == model]
    if not all((folder / file.name).is_file() for file in files):
        raise ModelNotFoundError(
            f"{model} needs {' and '.join(file.name for file in files)} in {folder}; "
            f"to get them, {files[0].remedy}"
        )


def require_weights(model: str, folder: Path, *, unverified: bool = False) -> dict[str, str]:
    """Make sure that a model's files are there and genuine.

    Parameters
    ----------
    model : str
        Such as ``vggish``.
    folder : Path
        The models folder.
    unverified : bool
        Accept other checksums than the published ones (fine-tuned weights).

    Returns
    -------
    dict of str to str
        The sha256 of each file, by its name.

    Raises
    ------
    ModelNotFoundError
        If a file is absent.
    WeightsMismatchError
        If a file is not the published one and ``unverified`` is false.
    """
    check_present(model, folder)
    files = model_files(model)
    checksums = {file.name: sha256_of(folder / file.name) for file in files}
    for file in files:
        if checksums[file.name] != file.sha256 and not unverified:
            raise WeightsMismatchError(
                f"received {folder / file.name} with sha256 {checksums[file.name]}, expected "
                f"{file.sha256}; delete it and {file.remedy} "
                "(--unverified-weights accepts weights of your own)"
            )
    return checksums


def sha256_of(path: Path) -> str:
    """Compute a file's sha256, in hexadecimal: about 0.2 s for VGGish's 277 MB."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked_state(status: ModelFileStatus) -> State:
    return "verified" if sha256_of(status.path) == status.file.sha256 else "unknown"
