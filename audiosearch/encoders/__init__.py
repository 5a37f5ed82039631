"""The encoders by name. A new one is one file here and one row in ``ENCODERS``."""

import logging
from importlib import import_module
from pathlib import Path

from audiosearch.encoders.base import Encoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.errors import IndexMismatchError, InvalidQueryError, ModelNotFoundError
from audiosearch.store.rows import Space
from audiosearch.weights import check_present

logger = logging.getLogger(__name__)

ENCODERS = {
    "vggish": "audiosearch.encoders.vggish:VGGishEncoder",
    "yamnet": "audiosearch.encoders.yamnet:YAMNetEncoder",
}


def load_encoder(name: str, settings: EncoderSettings | None = None) -> Encoder:
    """Load an encoder and its weights.

    Parameters
    ----------
    name : str
        A key of ``ENCODERS``.
    settings : EncoderSettings, optional
        How to load and run it.

    Returns
    -------
    Encoder
        Ready to embed.

    Raises
    ------
    InvalidQueryError
        If there is no encoder of that name.
    ModelNotFoundError
        If its weights are not in the models folder.
    """
    _check_name(name)
    module, _, class_name = ENCODERS[name].partition(":")
    encoder: Encoder = getattr(import_module(module), class_name)(settings or EncoderSettings())
    return encoder


def choose_encoder(
    model: str,
    fallback: str | None,
    space: Space | None,
    settings: EncoderSettings | None = None,
) -> Encoder:
    """Load the encoder that an index was made with, else the model, else the fallback.

    Parameters
    ----------
    model : str
        The encoder wanted.
    fallback : str, optional
        The one to use where the model's weights are absent; ``None`` refuses instead.
    space : Space, optional
        What the index was made with; ``None`` while there is none.
    settings : EncoderSettings, optional
        How to load and run it.

    Returns
    -------
    Encoder
        Ready to embed.

    Raises
    ------
    IndexMismatchError
        If the index was made with another encoder or other weights.
    ModelNotFoundError
        If the weights are not in the models folder and there is no fallback.
    """
    settings = settings or EncoderSettings()
    check_choice(model, fallback, space, settings.models_dir)
    if space:
        encoder = load_encoder(space.encoder, settings)
        if encoder.version != space.version:
            raise _mismatch(space, f"{encoder.name} ({encoder.version})")
        return encoder
    try:
        return load_encoder(model, settings)
    except ModelNotFoundError as error:
        if fallback is None:
            raise
        logger.warning("using %s: %s", fallback, error)
        return load_encoder(fallback, settings)


def check_choice(model: str, fallback: str | None, space: Space | None, models_dir: Path) -> None:
    """Refuse early what ``choose_encoder`` will refuse, without loading weights.

    Parameters
    ----------
    model, fallback, space
        As of ``choose_encoder``.
    models_dir : Path
        The folder of the weights.

    Raises
    ------
    InvalidQueryError
        If there is no encoder of that name.
    IndexMismatchError
        If the index was made with neither the model nor the fallback.
    ModelNotFoundError
        If the weights are absent and there is no fallback.
    """
    for name in filter(None, (model, fallback)):
        _check_name(name)
    if space and space.encoder not in (model, fallback):
        raise _mismatch(space, model)
    if space or not fallback:
        check_present(space.encoder if space else model, models_dir)


def _check_name(name: str) -> None:
    if name not in ENCODERS:
        raise InvalidQueryError(
            f"received the encoder {name!r}, expected one of: {', '.join(ENCODERS)}"
        )


def _mismatch(space: Space, wanted: str) -> IndexMismatchError:
    name = wanted.partition(" ")[0]
    return IndexMismatchError(
        f"this index was made with {space}, and {wanted} was asked for: their vectors cannot be "
        f"compared. Search it with --encoder {space.encoder}, or index again into another "
        f"workspace: python app.py index PATH --encoder {name} --workspace OTHER"
    )
