"""The encoders by name. A new one is one file here and one row in ``ENCODERS``."""

import logging
from importlib import import_module
from pathlib import Path

from audiosearch.encoders.base import Encoder
from audiosearch.encoders.hearing import HearingEncoder
from audiosearch.encoders.settings import EncoderSettings
from audiosearch.errors import IndexMismatchError, InvalidQueryError, ModelNotFoundError
from audiosearch.store.rows import Space
from audiosearch.weights import check_present

logger = logging.getLogger(__name__)

ENCODERS = {
    "vggish": "audiosearch.encoders.vggish:VGGishEncoder",
    "yamnet": "audiosearch.encoders.yamnet:YAMNetEncoder",
}


LISTENER = "yamnet"
"""The encoder that knows classes: what the others hear is what it hears."""


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
    name = choose_name(model, fallback, space, settings.models_dir)
    encoder = _with_listener(load_encoder(name, settings), settings)
    if space and encoder.version != space.version:
        raise _mismatch(space, f"{encoder.name} ({encoder.version})")
    if not space and name != model:
        logger.warning("%s", fallback_notice(model, name))
    return encoder


def choose_name(model: str, fallback: str | None, space: Space | None, models_dir: Path) -> str:
    """Tell which encoder ``choose_encoder`` takes, without loading weights.

    Parameters
    ----------
    model, fallback, space
        As of ``choose_encoder``.
    models_dir : Path
        The folder of the weights.

    Returns
    -------
    str
        Its name.

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
    name = space.encoder if space else model
    try:
        check_present(name, models_dir)
    except ModelNotFoundError:
        if space or not fallback:
            raise
        return fallback
    return name


def fallback_notice(model: str, name: str) -> str:
    """Say in one line that an encoder stands in for another, and how to get that."""
    return (
        f"{model}'s weights are not there, so {name} is used; to get them, run: "
        f"python app.py models download {model}"
    )


def _with_listener(encoder: Encoder, settings: EncoderSettings) -> Encoder:
    """Put YAMNet beside another encoder, if that is wanted and possible."""
    if encoder.name == LISTENER or not settings.heard:
        return encoder
    try:
        return HearingEncoder(encoder, load_encoder(LISTENER, settings))
    except ModelNotFoundError as error:
        logger.warning("what is heard is not told: %s", error)
        return encoder


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
