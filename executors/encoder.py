"""AudioEncoder and VGGishEncoder: give every window its vector."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np
from docarray import DocList
from jina import Executor, requests
from threadpoolctl import threadpool_limits

from audiosearch.deadline import Deadline
from audiosearch.decode import decode
from audiosearch.encoders import choose_encoder
from audiosearch.encoders.base import Embedded, LogMelEncoder
from audiosearch.encoders.hearing import HearingEncoder
from audiosearch.encoders.settings import EncoderSettings, Engine, Precision
from audiosearch.errors import AudioSearchError, InvalidQueryError, InvalidWaveformError
from audiosearch.resample import resample
from audiosearch.store.workspace import read_space
from audiosearch.turns import Turn, Turns
from audiosearch.types import Waveform
from audiosearch.waveforms import check_sample_rate
from audiosearch.weights import models_dir
from audiosearch.windows import Span
from executors.documents import Recording, Window, source_of
from executors.timing import timed
from executors.workspace import errors_told, jina_options, workspace_of

TRAVERSAL_PATHS = ("@c", "@r")
Input = Literal["waveform", "log_mel", "uri"]


class AudioEncoder(Executor):
    """Encodes windows with the index's own encoder, else ``model``, else ``fallback``.

    Parameters
    ----------
    model : str
        The encoder wanted: ``vggish`` or ``yamnet``.
    fallback : str, optional
        The one to use where the model's weights are absent; ``None`` refuses to start instead.
    traversal_paths : {'@c', '@r'}
        What is encoded: each window, or each recording as a whole.
    load_input_from : {'waveform', 'log_mel', 'uri'}
        Where the sound is: in ``tensor`` as samples, in ``tensor`` as a log-mel spectrogram
        [shape=(n_frames, 64)], or in the file that the document names.
    min_duration, postprocess, heard, engine, precision, batch_size, threads, unverified_weights
        See ``EncoderSettings``.
    models : str, optional
        The folder of the weights; by default ``AUDIOSEARCH_MODELS`` or ``models/``.
    """

    def __init__(
        self,
        model: str = "vggish",
        fallback: str | None = "yamnet",
        traversal_paths: str = "@c",
        load_input_from: Input = "waveform",
        min_duration: int = 4,
        postprocess: bool = True,
        heard: bool = True,
        engine: Engine = "auto",
        precision: Precision = "auto",
        batch_size: int = 16,
        threads: int = 0,
        unverified_weights: bool = False,
        models: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**jina_options(kwargs))
        with errors_told():
            _check_choice("traversal_paths", traversal_paths, TRAVERSAL_PATHS)
            _check_choice("load_input_from", load_input_from, ("waveform", "log_mel", "uri"))
            settings = EncoderSettings(
                models_dir=Path(models) if models else models_dir(),
                batch_size=batch_size,
                engine=engine,
                precision=precision,
                threads=threads,
                min_duration=min_duration,
                postprocess=postprocess,
                heard=heard,
                unverified_weights=unverified_weights,
            )
            space = read_space(workspace_of(self))
            self.encoder = choose_encoder(model, fallback, space, settings)
        # Spectrograms gain nothing by BLAS's threads, which take processor time from the network's.
        threadpool_limits(1, user_api="blas")
        self._warm_up()
        self.traversal_paths = traversal_paths
        self.load_input_from = load_input_from
        self._turns = Turns()
        self._indexing = Lock()  # spectrograms of one message at a time

    def _warm_up(self) -> None:
        """Encode something: the first time takes longer, and no search is to wait for that."""
        rate = self.encoder.sample_rate
        self.encoder.describe([np.zeros(10 * rate, np.float32)], rate)

    @requests(on="/search")
    def encode_queries(
        self, docs: DocList[Recording], parameters: dict[str, Any], **kwargs: Any
    ) -> DocList[Recording]:
        """Set the queries' embeddings, and let go of the sound; ``parameters``: ``deadline``."""
        turn = partial(self._urgent_turn, Deadline.of(parameters))
        with timed(docs, "encode"):
            return self._encode_all(docs, turn)

    @requests(on="/index")
    def encode_blocks(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Set the embeddings of recordings, and let go of the sound; searches go first."""
        with self._indexing:
            return self._encode_all(docs, partial(self._turns.take, urgent=False))

    @requests
    def skip(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Pass on what needs no vector: a box must know the endpoints of those before it."""
        return docs

    @contextmanager
    def _urgent_turn(self, deadline: Deadline) -> Iterator[None]:
        with self._turns.take(urgent=True):
            deadline.check()
            yield

    def _encode_all(self, docs: DocList[Recording], turn: Turn) -> DocList[Recording]:
        good = [doc for doc in docs if doc.status != "failed"]
        try:
            self._encode(good, turn)
        except AudioSearchError:
            self._encode_one_by_one(good, turn)
        for doc in good:
            doc.encoder, doc.encoder_version = self.encoder.name, self.encoder.version
            doc.dim = self.encoder.dim
            doc.tensor = None
            for window in doc.chunks:
                window.tensor = None
        return docs

    def _encode_one_by_one(self, docs: list[Recording], turn: Turn) -> None:
        """Find the documents that cannot be encoded; the others are not lost."""
        for doc in docs:
            try:
                self._encode([doc], turn)
            except AudioSearchError as error:
                doc.fail(error)

    def _encode(self, docs: list[Recording], turn: Turn) -> None:
        for doc, embedded in zip(docs, self._describe(docs, turn), strict=True):
            for item, vector in zip(self._items(doc), embedded.vectors, strict=True):
                item.embedding = vector
            if embedded.heard is not None and self.traversal_paths == "@c":
                for window, heard in zip(doc.chunks, embedded.heard, strict=True):
                    window.heard = heard

    def _items(self, doc: Recording) -> Sequence[Recording | Window]:
        return [doc] if self.traversal_paths == "@r" else doc.chunks

    def _describe(self, docs: list[Recording], turn: Turn) -> list[Embedded]:
        """Encode the items of all documents, in common batches where they share their recording."""
        if self.load_input_from == "log_mel":
            return [self._describe_log_mels(doc, turn) for doc in docs]
        if any(window.tensor is not None for doc in docs for window in doc.chunks):
            return [self._describe_separate(doc, turn) for doc in docs]
        recordings = [self._waveform_and_spans(doc) for doc in docs]
        return self.encoder.describe_recordings(recordings, turn)

    def _describe_log_mels(self, doc: Recording, turn: Turn) -> Embedded:
        """Encode log-mels, which only the encoder itself reads: YAMNet beside it has others."""
        encoder = self.encoder.encoder if isinstance(self.encoder, HearingEncoder) else self.encoder
        if not isinstance(encoder, LogMelEncoder):
            raise InvalidQueryError(
                f"received load_input_from: log_mel, which {encoder.name} cannot read; "
                "expected waveform or uri"
            )
        return encoder.describe_log_mels([_tensor(item) for item in self._items(doc)], turn)

    def _describe_separate(self, doc: Recording, turn: Turn) -> Embedded:
        waveforms = [_tensor(item) for item in self._items(doc)]
        return self.encoder.describe(waveforms, self._sample_rate(doc), turn)

    def _waveform_and_spans(self, doc: Recording) -> tuple[Waveform, list[Span]]:
        rate = self.encoder.sample_rate
        if self.load_input_from == "uri":
            waveform, start_s = decode(source_of(doc), rate), 0.0
        else:
            waveform = resample(_tensor(doc), self._sample_rate(doc), rate)
            start_s = doc.tensor_start_s
        if self.traversal_paths == "@r":
            return waveform, [Span(0, waveform.size)]
        return waveform, [self._span(doc, window, start_s, waveform.size) for window in doc.chunks]

    def _sample_rate(self, doc: Recording) -> int:
        """Give the rate of a document's samples; where it names none, it is the encoder's own."""
        if doc.sample_rate is None:
            return self.encoder.sample_rate
        check_sample_rate(doc.sample_rate)
        return doc.sample_rate

    def _span(self, doc: Recording, window: Window, origin_s: float, n_samples: int) -> Span:
        """Locate a window; the last of a recording reaches into the zeros behind its end."""
        rate = self.encoder.sample_rate
        end_s = window.start_s + doc.window_s if doc.window_s else window.end_s
        start, stop = round((window.start_s - origin_s) * rate), round((end_s - origin_s) * rate)
        return Span(start, min(stop, n_samples))


def _tensor(item: Recording | Window) -> Waveform:
    if item.tensor is None:
        raise InvalidWaveformError(
            "received a document without tensor, expected its samples or log-mel spectrogram"
        )
    return np.asarray(item.tensor)


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise InvalidQueryError(f"received {name}: {value!r}, expected one of {list(choices)}")


class VGGishEncoder(AudioEncoder):
    """AudioEncoder with VGGish alone: without its weights it does not start."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(model="vggish", fallback=None, **kwargs)
