"""An encoder beside which YAMNet tells what is heard."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from audiosearch.encoders.base import Embedded, Encoder, Recordings
from audiosearch.turns import Turn
from audiosearch.types import Vectors, Waveform


class HearingEncoder(Encoder):
    """The vectors of one encoder, with what another one hears.

    Parameters
    ----------
    encoder : Encoder
        Makes the vectors; name, version and all else are its own.
    listener : Encoder
        Knows classes, and takes sounds of the same rate.
    """

    def __init__(self, encoder: Encoder, listener: Encoder) -> None:
        self.encoder = encoder
        self.name, self.dim, self.version = encoder.name, encoder.dim, encoder.version
        self.sample_rate = encoder.sample_rate
        self._listener = listener

    def describe(
        self, waveforms: Sequence[Waveform], sample_rate: int, turn: Turn = nullcontext
    ) -> Embedded:
        """Describe each waveform; see ``Encoder.describe``."""
        embedded = self.encoder.describe(waveforms, sample_rate, turn)
        return replace(embedded, heard=self._listener.describe(waveforms, sample_rate, turn).heard)

    def describe_recordings(
        self, recordings: Recordings, turn: Turn = nullcontext
    ) -> list[Embedded]:
        """Describe stretches of several recordings; see ``Encoder.describe_recordings``."""
        heard = self._listener.describe_recordings(recordings, turn)
        return [
            replace(own, heard=each.heard)
            for own, each in zip(
                self.encoder.describe_recordings(recordings, turn), heard, strict=True
            )
        ]

    def embed(
        self, waveforms: Sequence[Waveform], sample_rate: int, turn: Turn = nullcontext
    ) -> Vectors:
        """Give the vectors alone, and do not listen; see ``Encoder.embed``."""
        return self.encoder.embed(waveforms, sample_rate, turn)

    def embed_recordings(self, recordings: Recordings, turn: Turn = nullcontext) -> list[Vectors]:
        """Give the vectors alone, and do not listen; see ``Encoder.embed_recordings``."""
        return self.encoder.embed_recordings(recordings, turn)
