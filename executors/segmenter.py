"""AudioSegmenter: decodes recordings and cuts them into windows."""

from pathlib import Path
from typing import Any

import numpy as np
from docarray import DocList
from jina import Executor, requests

from audiosearch.decode import check_duration, decode
from audiosearch.errors import (
    AudioSearchError,
    InvalidQueryError,
    InvalidWaveformError,
    SilentAudioError,
    TooLongError,
)
from audiosearch.identity import recording_id
from audiosearch.resample import resample
from audiosearch.tags import Labels, digest, read_tags
from audiosearch.types import Waveform
from audiosearch.waveforms import check_sample_rate, check_waveform
from audiosearch.windows import SILENCE_DBFS, Block, Span, WindowPlan, silent
from executors.documents import Recording, Window, source_of
from executors.workspace import errors_told, jina_options


class AudioSegmenter(Executor):
    """Cuts recordings and queries into overlapping windows.

    Parameters
    ----------
    window_size, stride : float
        Length of a window and distance between starts, in seconds: positive multiples of 0.01.
    res_type : str
        The resampler that librosa uses: ``soxr_hq``, ``kaiser_best`` …
    max_query_s : float
        Longest sound that a request may ask about, its queries together, in seconds.
    """

    sample_rate = 16_000

    def __init__(
        self,
        window_size: float = 4.0,
        stride: float = 2.0,
        res_type: str = "soxr_hq",
        max_query_s: float = 600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**jina_options(kwargs))
        with errors_told():
            self.plan = WindowPlan(window_size, stride, self.sample_rate)
        self.res_type = res_type
        self.max_query_s = max_query_s

    @requests(on="/identify")
    def identify(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Set each recording's id from its audio, unless it is known, and read its tags."""
        labels = Labels()
        for doc in docs:
            if doc.status != "failed":
                try:
                    doc.recording_id = doc.recording_id or recording_id(source_of(doc))
                    _tag(doc, labels)
                except AudioSearchError as error:
                    doc.fail(error)
        return docs

    @requests(on="/index")
    def segment_block(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Cut the block of each recording that its ``block`` names."""
        for doc in docs:
            try:
                self._segment_block(doc)
            except AudioSearchError as error:
                doc.fail(error)
        return docs

    @requests(on="/search")
    def segment_query(
        self, docs: DocList[Recording], parameters: dict[str, Any], **kwargs: Any
    ) -> DocList[Recording]:
        """Cut each query, or the stretch of it that is asked for.

        ``parameters``: ``exclude_self``: the query's own recording must be known, by its audio.
        """
        left_s = self.max_query_s
        for doc in docs:
            try:
                if parameters.get("exclude_self") and doc.tensor is None:
                    doc.recording_id = doc.recording_id or recording_id(source_of(doc))
                self._segment_query(doc, left_s)
                left_s -= doc.duration_s or 0.0
            except AudioSearchError as error:
                doc.fail(error)
        return docs

    def _segment_block(self, doc: Recording) -> None:
        block = Block(self.plan, doc.block)
        start_s = block.start / self.sample_rate
        waveform = self._load(doc, start_s, block.stop / self.sample_rate)
        if doc.block == 0:
            check_duration(waveform, self.sample_rate)
        doc.is_last = block.is_last(waveform.size)
        self._cut(doc, waveform, block.spans(waveform.size), start_s)
        doc.duration_s = start_s + waveform.size / self.sample_rate
        if not doc.chunks and doc.block == 0 and doc.is_last:
            raise SilentAudioError(_only_silence("the recording"))

    def _segment_query(self, doc: Recording, left_s: float) -> None:
        """Cut a query of at most ``left_s``."""
        start_s = doc.start_s or 0.0
        longest_s = start_s + left_s
        end_s = longest_s + 1 if doc.end_s is None else min(doc.end_s, longest_s + 1)
        waveform = self._load(doc, start_s, end_s)
        if waveform.size > round(left_s * self.sample_rate):
            raise TooLongError(
                f"received more than {self.max_query_s:g} s of sound in a request; ask for a "
                "stretch of it by start_s and end_s, or "
                f"#t={start_s:g},{start_s + self.max_query_s:g} behind the uri"
            )
        if not waveform.size and start_s > 0:
            raise InvalidQueryError(
                f"received start_s: {start_s:g}, which is beyond the sound's end"
            )
        check_duration(waveform, self.sample_rate)
        self._cut(doc, waveform, self.plan.spans(waveform.size), start_s)
        doc.duration_s = waveform.size / self.sample_rate
        if not doc.chunks:
            raise SilentAudioError(_only_silence("the query"))

    def _load(self, doc: Recording, start_s: float, end_s: float) -> Waveform:
        """Decode a stretch from the file or ``data:`` URI, or cut it from the document's tensor."""
        if doc.tensor is None:
            return decode(source_of(doc), self.sample_rate, start_s, end_s, self.res_type)
        waveform = np.asarray(doc.tensor)
        check_waveform(waveform)
        if doc.sample_rate is None:
            raise InvalidWaveformError("received a tensor without sample_rate, expected it in Hz")
        check_sample_rate(doc.sample_rate)
        whole = resample(waveform, doc.sample_rate, self.sample_rate, self.res_type)
        return whole[round(start_s * self.sample_rate) : round(end_s * self.sample_rate)]

    def _cut(self, doc: Recording, waveform: Waveform, spans: list[Span], start_s: float) -> None:
        """Hang windows on the document; its tensor holds each sample once, padded to the last."""
        quiet = silent(waveform, spans)
        end = waveform.size / self.sample_rate
        doc.chunks = DocList[Window](
            Window(
                start_s=round(start_s + span.start / self.sample_rate, 6),
                end_s=round(start_s + min(span.stop / self.sample_rate, end), 6),
                tags={**doc.tags, "sample_rate": self.sample_rate},
            )
            for span, is_silent in zip(spans, quiet, strict=True)
            if not is_silent
        )
        doc.silent_windows = sum(quiet)
        missing = max((span.stop for span in spans), default=0) - waveform.size
        doc.tensor = np.pad(waveform, (0, max(0, missing)))
        doc.tensor_start_s = start_s
        doc.sample_rate = self.sample_rate
        doc.window_s, doc.stride_s = self.plan.window_s, self.plan.stride_s


def _tag(doc: Recording, labels: Labels) -> None:
    """Add the tags of a file to those of the request, which come first."""
    if doc.path:
        uri, path = doc.uri or "", Path(doc.path)
        doc.labels = digest(labels.row(uri, path))
        doc.tags = {**read_tags(uri, path, labels), **doc.tags}


def _only_silence(what: str) -> str:
    return f"{what} is only silence: no window is louder than {SILENCE_DBFS:g} dB of full scale"
