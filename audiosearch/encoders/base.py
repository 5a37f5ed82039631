"""The interface of all encoders, and the base of those that see log-mel patches."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain, count, islice, pairwise, starmap

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import InvalidWaveformError
from audiosearch.resample import resample
from audiosearch.turns import Turn
from audiosearch.types import Heard, Vectors, Waveform
from audiosearch.vectors import l2_normalize
from audiosearch.vggish import params
from audiosearch.vggish.log_mel import log_mel, n_frames
from audiosearch.waveforms import check_sample_rate, check_waveform
from audiosearch.windows import Span

Patches = Mapping[tuple[int, ...], NDArray[np.float32]]
"""A sound's patches [shape=(96, 64)] in their order; sounds may share some, by the same keys."""

Recordings = Sequence[tuple[Waveform, Sequence[Span]]]
"""Waveforms at the encoder's own rate, each with stretches that start on multiples of 10 ms."""


@dataclass(frozen=True)
class Embedded:
    """What an encoder makes of sounds.

    Parameters
    ----------
    vectors : [shape=(n, dim)], float32
        One of unit length for each sound.
    heard : [shape=(n, n_kept, 2)], uint16, optional
        The classes heard in each, as of ``Heard``; ``None`` of an encoder that knows none.
    """

    vectors: Vectors
    heard: Heard | None = None

    def split(self, counts: Sequence[int]) -> "list[Embedded]":
        """Part it into those of so many sounds each."""
        bounds = pairwise(np.cumsum([0, *counts]).tolist())
        return [
            Embedded(self.vectors[i:j], None if self.heard is None else self.heard[i:j])
            for i, j in bounds
        ]


class Encoder(ABC):
    """Turns sounds into vectors whose cosine distance tells how alike they sound."""

    name: str
    """Short lower-case name, as in ``--encoder NAME``."""
    dim: int
    """Length of every vector."""
    version: str
    """What identifies the weights and settings: equal versions give comparable vectors."""
    sample_rate: int = params.SAMPLE_RATE
    """The rate that the network wants, in Hz; others are resampled to it."""

    @abstractmethod
    def describe(
        self, waveforms: Sequence[Waveform], sample_rate: int, turn: Turn = nullcontext
    ) -> Embedded:
        """Embed each waveform as one vector, and tell what is heard in it.

        Parameters
        ----------
        waveforms : sequence of [shape=(n_samples,)], float32
            Mono samples in [-1, 1], of any lengths; one too short for the network is padded.
        sample_rate : int
            Their common sample rate, in Hz.
        turn : Turn
            Entered around each batch of the network: there the work can wait, or be stopped by an
            exception.

        Returns
        -------
        Embedded
            Of the waveforms, in their order.

        Raises
        ------
        InvalidWaveformError
            For a wrong shape, type, range or sample rate, an empty waveform, or NaN.
        """

    @abstractmethod
    def describe_recordings(
        self, recordings: Recordings, turn: Turn = nullcontext
    ) -> list[Embedded]:
        """Describe stretches of several recordings; encoders may batch across them.

        Parameters
        ----------
        recordings : sequence of (waveform, spans)
            A waveform is [shape=(n_samples,)], float32.
        turn : Turn
            As of ``describe``.

        Returns
        -------
        list of Embedded
            For each recording what ``describe`` gives for the slices, but cheaper.
        """

    def embed(
        self, waveforms: Sequence[Waveform], sample_rate: int, turn: Turn = nullcontext
    ) -> Vectors:
        """Give the vectors alone; see ``describe``."""
        return self.describe(waveforms, sample_rate, turn).vectors

    def embed_spans(
        self, waveform: Waveform, spans: Sequence[Span], turn: Turn = nullcontext
    ) -> Vectors:
        """Give the vectors of stretches of one recording; see ``describe_recordings``."""
        return self.embed_recordings([(waveform, spans)], turn)[0]

    def embed_recordings(self, recordings: Recordings, turn: Turn = nullcontext) -> list[Vectors]:
        """Give the vectors alone; see ``describe_recordings``."""
        return [each.vectors for each in self.describe_recordings(recordings, turn)]


class LogMelEncoder(Encoder):
    """Base of encoders whose network sees patches of VGGish's log-mel spectrogram.

    A new one writes ``_forward`` and ``_pool`` and sets ``batch_size`` and the class's constants.
    """

    log_offset: float = params.LOG_OFFSET
    patch_hop_frames: int = params.PATCH_HOP_FRAMES
    max_patches: int | None = None
    """Only so many patches of a sound are used (from its start); None: all of them."""
    batch_size: int
    """Patches that the network sees at once."""

    def describe(
        self, waveforms: Sequence[Waveform], sample_rate: int, turn: Turn = nullcontext
    ) -> Embedded:
        """Describe each waveform; see ``Encoder.describe``."""
        check_sample_rate(sample_rate)
        for waveform in waveforms:
            check_waveform(waveform)
        resampled = (resample(each, sample_rate, self.sample_rate) for each in waveforms)
        return self.describe_log_mels(map(self.log_mel, resampled), turn)

    def describe_recordings(
        self, recordings: Recordings, turn: Turn = nullcontext
    ) -> list[Embedded]:
        """Describe stretches of several recordings at once; see ``Encoder.describe_recordings``."""
        numbered = ((number, *each) for number, each in enumerate(recordings))
        described = self._describe(chain.from_iterable(starmap(self._span_patches, numbered)), turn)
        return described.split([len(spans) for _, spans in recordings])

    def describe_log_mels(
        self, log_mels: Iterable[NDArray[np.float32]], turn: Turn = nullcontext
    ) -> Embedded:
        """Describe sounds by their spectrograms.

        Parameters
        ----------
        log_mels : iterable of [shape=(n_frames, 64)], float32
            Spectrograms of at least 96 frames, as ``log_mel`` makes them. Each is asked for when a
            batch needs it.
        turn : Turn
            As of ``Encoder.describe``.

        Returns
        -------
        Embedded
            Of the spectrograms, in their order.
        """
        sounds: Iterator[Patches] = (
            {(number, place): patch for place, patch in enumerate(self._patches(each))}
            for number, each in enumerate(log_mels)
        )
        return self._describe(sounds, turn)

    def log_mel(self, waveform: Waveform) -> NDArray[np.float32]:
        """Compute the spectrogram of a waveform at the encoder's rate, padded to one patch."""
        return log_mel(pad_short(waveform), self.log_offset)

    def _describe(self, sounds: Iterable[Patches], turn: Turn) -> Embedded:
        """Describe sounds by their patches; the network sees each once, whoever shares it."""
        known: dict[tuple[int, ...], int] = {}
        places: list[list[int]] = []

        def patches() -> Iterator[NDArray[np.float32]]:
            for sound in sounds:
                for key, patch in sound.items():
                    if key not in known:
                        known[key] = len(known)
                        yield patch
                places.append([known[key] for key in sound])

        batches = self._outputs(patches(), turn)
        if not places:
            return Embedded(np.empty((0, self.dim), np.float32), self._hear([]))
        outputs = np.concatenate(batches)
        vectors = l2_normalize(np.stack([self._pool(outputs[own]) for own in places]))
        return Embedded(vectors, self._hear(outputs[own] for own in places))

    @abstractmethod
    def _forward(self, patches: NDArray[np.float32]) -> Vectors:
        """Run the network on a batch: patches [shape=(n, 96, 64)] to outputs [shape=(n, d)]."""

    @abstractmethod
    def _pool(self, outputs: Vectors) -> NDArray[np.float32]:
        """Make one vector [shape=(dim,)] of a sound's outputs [shape=(n_patches, d)]."""

    def _hear(self, sounds: Iterable[Vectors]) -> Heard | None:
        """Tell the classes heard in each sound from its outputs, if the network knows any."""
        return None

    def _outputs(self, patches: Iterator[NDArray[np.float32]], turn: Turn) -> list[Vectors]:
        """Run the network over patches [shape=(96, 64)]; of these views only a batch is copied."""
        outputs = []
        while batch := list(islice(patches, self.batch_size)):
            with turn():
                outputs.append(self._forward(np.stack(batch)))
        return outputs

    def _span_patches(
        self, number: int, waveform: Waveform, spans: Sequence[Span]
    ) -> Iterator[Patches]:
        """Cut the patches of a recording's spans from the spectrogram of the whole."""
        check_waveform(waveform)
        if any(span.start % params.STFT_HOP_LENGTH for span in spans):
            raise InvalidWaveformError(
                f"received spans {list(spans)}, expected starts that are multiples of "
                f"{params.STFT_HOP_LENGTH} samples (10 ms)"
            )
        whole = log_mel(waveform, self.log_offset)
        for span in spans:
            samples = waveform[span.start : span.stop]  # the last may end beyond the recording
            if samples.size < params.PATCH_SAMPLES:
                yield {(number, *span): self._patches(self.log_mel(samples))[0]}
            else:
                first = span.start // params.STFT_HOP_LENGTH
                patches = self._patches(whole[first : first + n_frames(samples.size)])
                keys = ((number, frame) for frame in count(first, self.patch_hop_frames))
                yield dict(zip(keys, patches, strict=False))

    def _patches(self, spectrogram: NDArray[np.float32]) -> NDArray[np.float32]:
        if spectrogram.ndim != 2 or spectrogram.shape[1] != params.N_MELS:
            raise InvalidWaveformError(
                f"received a log-mel spectrogram of shape {spectrogram.shape}, "
                f"expected (n_frames, {params.N_MELS})"
            )
        if len(spectrogram) < params.PATCH_FRAMES:
            raise InvalidWaveformError(
                f"received a log-mel spectrogram of {len(spectrogram)} frames, "
                f"expected at least {params.PATCH_FRAMES} (0.96 s)"
            )
        views = np.lib.stride_tricks.sliding_window_view(spectrogram, params.PATCH_FRAMES, axis=0)
        views = views[:: self.patch_hop_frames][: self.max_patches]
        return views.transpose(0, 2, 1)  # (n, 64, 96) -> (n, 96, 64)


def pad_short(waveform: Waveform) -> Waveform:
    """Pad a waveform to the network's smallest input, 15,600 samples (0.975 s).

    Its reflection follows it, to and fro, as often as needed: measured in ``docs/padding.md``, this
    finds more of its kind than silence or repetition do.

    Parameters
    ----------
    waveform : [shape=(n_samples,)], float32
        At least one sample at 16 kHz.

    Returns
    -------
    [shape=(max(n_samples, 15600),)], float32
        The very array where it is long enough.
    """
    missing = params.PATCH_SAMPLES - waveform.size
    return np.pad(waveform, (0, missing), mode="reflect") if missing > 0 else waveform
