"""AudioSegmenter: decodes recordings and cuts them into windows."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from docarray import DocList
from jina import Executor, requests

from audiosearch.blockwise import decode_block
from audiosearch.deadline import Deadline
from audiosearch.decode import check_duration, decode
from audiosearch.errors import (
    AudioSearchError,
    InvalidQueryError,
    InvalidWaveformError,
    SilentAudioError,
    TooLongError,
)
from audiosearch.identity import recording_id
from audiosearch.peaks import block_peaks, peaks_of
from audiosearch.resample import resample
from audiosearch.sandbox import Sandbox
from audiosearch.scoring.alignment import FINE_PEAKS_PER_S
from audiosearch.seek_table import read_table
from audiosearch.tags import Labels, digest, read_metadata
from audiosearch.types import Waveform
from audiosearch.vggish.params import SAMPLE_RATE
from audiosearch.waveforms import check_sample_rate, check_waveform
from audiosearch.windows import SILENCE_DBFS, Block, Span, WindowPlan, silent
from executors.documents import Recording, Window, source_of
from executors.timing import timed
from executors.workspace import errors_told, jina_options

QUERY_TIMEOUT_S = 30.0  # of a request that names no deadline
BLOCK_TIMEOUT_S = 600.0  # for two minutes of sound, or the identity of a day's

Read: TypeAlias = Callable[..., Any]
"""Calls a function of ours that reads a file, in another process."""


class AudioSegmenter(Executor):
    """Cuts recordings and queries into overlapping windows.

    Files are read by other processes, which a hostile one may break: see ``Sandbox``. Those that
    read for the index are others than those that read queries, and polite to them. Requests may
    come at the same time (``allow_concurrent``): none leaves anything behind on the object.

    Parameters
    ----------
    window_size, stride : float
        Length of a window and distance between starts, in seconds: positive multiples of 0.01.
    res_type : str
        The resampler that librosa uses: ``soxr_hq``, ``kaiser_best`` …
    max_query_s : float
        Longest sound that a request may ask about, its queries together, in seconds.
    """

    sample_rate = SAMPLE_RATE

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
        self._queries = Sandbox()
        self._indexing = Sandbox(workers=2, niceness=10)
        self._read_indexed: Read = partial(self._indexing.run, timeout_s=BLOCK_TIMEOUT_S)

    def close(self) -> None:
        """End the processes that read files."""
        self._queries.close()
        self._indexing.close()
        super().close()

    @requests(on="/identify")
    def identify(self, docs: DocList[Recording], **kwargs: Any) -> DocList[Recording]:
        """Set each recording's id from its audio, unless it is known, and read its tags."""
        labels = Labels()
        for doc in docs:
            if doc.status != "failed":
                try:
                    source = source_of(doc)
                    doc.recording_id = doc.recording_id or self._read_indexed(recording_id, source)
                    self._tag(doc, labels)
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
        deadline = Deadline.of(parameters)
        timeout_s = QUERY_TIMEOUT_S if deadline.at == math.inf else deadline.left_s
        read = partial(self._queries.run, timeout_s=timeout_s, deadline=deadline)
        with timed(docs, "decode"):
            for number, doc in enumerate(docs):
                try:
                    deadline.check()
                    if parameters.get("exclude_self") and doc.tensor is None:
                        doc.recording_id = doc.recording_id or read(recording_id, source_of(doc))
                    self._segment_query(doc, left_s, read)
                    left_s -= doc.duration_s or 0.0
                except AudioSearchError as error:
                    for refused in docs[number:]:  # a request is answered as a whole, or not
                        refused.fail(error)
                    break
        return docs

    def _segment_block(self, doc: Recording) -> None:
        block = Block(self.plan, doc.block)
        start_s = block.start / self.sample_rate
        waveform = self._load_block(doc, start_s, block.stop / self.sample_rate)
        if doc.block == 0:
            check_duration(waveform, self.sample_rate)
        doc.is_last = block.is_last(waveform.size)
        doc.peaks = block_peaks(waveform, block)
        self._cut(doc, waveform, block.spans(waveform.size), start_s)
        doc.duration_s = start_s + waveform.size / self.sample_rate
        if not doc.chunks and doc.block == 0 and doc.is_last:
            raise SilentAudioError(_only_silence("the recording"))

    def _segment_query(self, doc: Recording, left_s: float, read: Read) -> None:
        """Cut a query of at most ``left_s``."""
        start_s = doc.start_s or 0.0
        longest_s = start_s + left_s
        end_s = longest_s + 1 if doc.end_s is None else min(doc.end_s, longest_s + 1)
        waveform = self._load_query(doc, start_s, end_s, read)
        if waveform.size > round(left_s * self.sample_rate):
            raise TooLongError(
                f"received more than {self.max_query_s:g} s of sound in a request, of which "
                f"{left_s:g} s were left for this one; ask about fewer sounds at once, or a "
                f"stretch by start_s and end_s, or #t={start_s:g},{longest_s:g} behind the uri"
            )
        if not waveform.size and start_s > 0:
            raise InvalidQueryError(
                f"received start_s: {start_s:g}, which is beyond the sound's end"
            )
        check_duration(waveform, self.sample_rate)
        self._cut(doc, waveform, self.plan.spans(waveform.size), start_s)
        doc.peaks = peaks_of(waveform, self.sample_rate, FINE_PEAKS_PER_S)
        doc.duration_s, doc.seek_table = waveform.size / self.sample_rate, None
        if not doc.chunks:
            raise SilentAudioError(_only_silence("the query"))

    def _tag(self, doc: Recording, labels: Labels) -> None:
        """Add the tags of a file to those of the request, which come first."""
        if doc.path:
            uri, path = doc.uri or "", Path(doc.path)
            row = labels.row(uri, path)
            doc.labels = digest(row)
            doc.tags = {**self._read_indexed(read_metadata, path), **row, **doc.tags}

    def _load_block(self, doc: Recording, start_s: float, end_s: float) -> Waveform:
        """Decode the next stretch of a recording, and note where in the file it was."""
        if doc.tensor is not None:
            return self._cut_tensor(doc, start_s, end_s)
        stretch = (source_of(doc), self.sample_rate, start_s, end_s)
        waveform: Waveform
        waveform, doc.seek_table = self._read_indexed(
            decode_block, *stretch, self.res_type, doc.seek_table or b""
        )
        return waveform

    def _load_query(self, doc: Recording, start_s: float, end_s: float, read: Read) -> Waveform:
        """Decode a stretch from the file or ``data:`` URI, or cut it from the document's tensor."""
        if doc.tensor is not None:
            return self._cut_tensor(doc, start_s, end_s)
        stretch = (source_of(doc), self.sample_rate, start_s, end_s)
        table = read_table(doc.seek_table)
        decoded: Waveform = read(decode, *stretch, self.res_type, 1, table)
        return decoded

    def _cut_tensor(self, doc: Recording, start_s: float, end_s: float) -> Waveform:
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


def _only_silence(what: str) -> str:
    return f"{what} is only silence: no window is louder than {SILENCE_DBFS:g} dB of full scale"
