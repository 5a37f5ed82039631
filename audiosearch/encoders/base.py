"""The interface of all encoders, and the base of those that see log-mel patches."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import InvalidWaveformError
from audiosearch.resample import resample
from audiosearch.turns import Turn
from audiosearch.types import Vectors, Waveform
from audiosearch.vectors import l2_normalize
from audiosearch.vggish import params
from audiosearch.vggish.log_mel import log_mel, n_frames
from audiosearch.waveforms import check_sample_rate, check_waveform
from audiosearch.windows import Span


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
    def embed(
        self, waveforms: Sequence[Waveform], sample_rate: int, turn: Turn = nullcontext
    ) -> Vectors:
        """Embed each waveform as one vector.

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
        [shape=(n, dim)], float32
            One vector of unit length for each waveform, in their order.

        Raises
        ------
        InvalidWaveformError
            For a wrong shape, type, range or sample rate, an empty waveform, or NaN.
        """

    @abstractmethod
    def embed_spans(
        self, waveform: Waveform, spans: Sequence[Span], turn: Turn = nullcontext
    ) -> Vectors:
        """Embed stretches of one recording; equal to ``embed`` on the slices, but cheaper.

        Parameters
        ----------
        waveform : [shape=(n_samples,)], float32
            The recording, mono, at the encoder's own ``sample_rate``.
        spans : sequence of Span
            Stretches within it that start on multiples of 10 ms.
        turn : Turn
            As of ``embed``.

        Returns
        -------
        [shape=(len(spans), dim)], float32
            One vector of unit length for each stretch.
        """

    def embed_recordings(
        self, recordings: Sequence[tuple[Waveform, Sequence[Span]]], turn: Turn = nullcontext
    ) -> list[Vectors]:
        """Embed stretches of several recordings; encoders may batch across them.

        Parameters
        ----------
        recordings : sequence of (waveform, spans)
            As ``embed_spans`` takes them.
        turn : Turn
            As of ``embed``.

        Returns
        -------
        list of [shape=(len(spans), dim)], float32
            What ``embed_spans`` gives for each recording.
        """
        return [self.embed_spans(waveform, spans, turn) for waveform, spans in recordings]


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

    def embed(
        self, waveforms: Sequence[Waveform], sample_rate: int, turn: Turn = nullcontext
    ) -> Vectors:
        """Embed each waveform as one vector; see ``Encoder.embed``."""
        check_sample_rate(sample_rate)
        for waveform in waveforms:
            check_waveform(waveform)
        resampled = (resample(each, sample_rate, self.sample_rate) for each in waveforms)
        return self.embed_log_mels(map(self.log_mel, resampled), turn)

    def embed_spans(
        self, waveform: Waveform, spans: Sequence[Span], turn: Turn = nullcontext
    ) -> Vectors:
        """Embed stretches of one recording; see ``Encoder.embed_spans``."""
        return self.embed_recordings([(waveform, spans)], turn)[0]

    def embed_recordings(
        self, recordings: Sequence[tuple[Waveform, Sequence[Span]]], turn: Turn = nullcontext
    ) -> list[Vectors]:
        """Embed stretches of several recordings at once; see ``Encoder.embed_recordings``."""
        log_mels = (self._span_log_mels(waveform, spans) for waveform, spans in recordings)
        vectors = self.embed_log_mels(chain.from_iterable(log_mels), turn)
        return np.split(vectors, np.cumsum([len(spans) for _, spans in recordings]))[:-1]

    def embed_log_mels(
        self, log_mels: Iterable[NDArray[np.float32]], turn: Turn = nullcontext
    ) -> Vectors:
        """Embed spectrograms.

        Parameters
        ----------
        log_mels : iterable of [shape=(n_frames, 64)], float32
            Spectrograms of at least 96 frames, as ``log_mel`` makes them. Each is asked for when a
            batch needs it.
        turn : Turn
            As of ``Encoder.embed``.

        Returns
        -------
        [shape=(n, dim)], float32
            One vector of unit length for each.
        """
        counts: list[int] = []

        def patches() -> Iterator[NDArray[np.float32]]:
            for each in log_mels:
                own = self._patches(each)
                counts.append(len(own))
                yield from own

        outputs = self._outputs(patches(), turn)
        if not counts:
            return np.empty((0, self.dim), np.float32)
        parts = np.split(np.concatenate(outputs), np.cumsum(counts)[:-1])
        return l2_normalize(np.stack([self._pool(part) for part in parts]))

    def log_mel(self, waveform: Waveform) -> NDArray[np.float32]:
        """Compute the spectrogram of a waveform at the encoder's rate, padded to one patch."""
        return log_mel(pad_short(waveform), self.log_offset)

    @abstractmethod
    def _forward(self, patches: NDArray[np.float32]) -> Vectors:
        """Run the network on a batch: patches [shape=(n, 96, 64)] to outputs [shape=(n, d)]."""

    @abstractmethod
    def _pool(self, outputs: Vectors) -> NDArray[np.float32]:
        """Make one vector [shape=(dim,)] of a sound's outputs [shape=(n_patches, d)]."""

    def _outputs(self, patches: Iterator[NDArray[np.float32]], turn: Turn) -> list[Vectors]:
        """Run the network over patches [shape=(96, 64)]; of these views only a batch is copied."""
        outputs = []
        while batch := list(islice(patches, self.batch_size)):
            with turn():
                outputs.append(self._forward(np.stack(batch)))
        return outputs

    def _span_log_mels(
        self, waveform: Waveform, spans: Sequence[Span]
    ) -> list[NDArray[np.float32]]:
        """Slice the spans' spectrograms from the one of the whole recording."""
        check_waveform(waveform)
        if any(span.start % params.STFT_HOP_LENGTH for span in spans):
            raise InvalidWaveformError(
                f"received spans {list(spans)}, expected starts that are multiples of "
                f"{params.STFT_HOP_LENGTH} samples (10 ms)"
            )
        whole = log_mel(waveform, self.log_offset)
        slices = []
        for span in spans:
            samples = waveform[span.start : span.stop]  # the last may end beyond the recording
            if samples.size < params.PATCH_SAMPLES:
                slices.append(self.log_mel(samples))
            else:
                first = span.start // params.STFT_HOP_LENGTH
                slices.append(whole[first : first + n_frames(samples.size)])
        return slices

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
