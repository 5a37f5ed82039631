"""Encodes labelled moments as the Flow encodes users' queries."""

from functools import cached_property
from pathlib import Path

from audiosearch.config import FlowSettings
from audiosearch.embedding import embed_stretch, encoder_of
from audiosearch.encoders.base import Encoder
from audiosearch.evaluation.linking import LabelledMoment
from audiosearch.querying import Stretch
from audiosearch.types import Vectors


class MomentEncoder:
    """Gives the windows of a moment; the encoder is loaded for the first one.

    Parameters
    ----------
    settings : FlowSettings
        Encoder and windows.
    workspace : Path
        The library whose encoder is taken.
    """

    def __init__(self, settings: FlowSettings, workspace: Path) -> None:
        self._settings = settings
        self._workspace = workspace

    def __call__(self, moment: LabelledMoment) -> Vectors:
        """Encode a moment [shape=(n_windows, dim)]; see ``embed_stretch``."""
        stretch = Stretch(moment.path, moment.start_s, moment.end_s)
        return embed_stretch(stretch, self._encoder, self._settings)[0]

    @cached_property
    def _encoder(self) -> Encoder:
        return encoder_of(self._settings, self._workspace)
