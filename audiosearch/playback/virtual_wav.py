"""A recording as a WAV file that is nowhere: whatever bytes are asked for are decoded then."""

from collections.abc import Iterator
from dataclasses import dataclass

from audiosearch.decode import decode
from audiosearch.errors import InvalidQueryError
from audiosearch.playback.pcm import HEADER_SIZE, PCMFormat, pcm_format, to_pcm, wav_header
from audiosearch.seek_table import read_table
from audiosearch.sources import Source

MAX_SIZE = 2**32 - 1  # a WAV file's header has 32 bits for its length
# Decoded in one piece from a place that does not depend on what is asked for, since lossy decoders
# give other samples where they start elsewhere.
SEGMENT_S = 30

_LOWER_RATES = (22_050, 16_000)


@dataclass(frozen=True)
class VirtualWav:
    """A WAV file of 16-bit PCM made of a recording on demand.

    Parameters
    ----------
    source : Path or bytes
        The recording.
    duration_s : float
        Its length in seconds, as the library knows it: where it is found to be longer it is cut,
        where shorter, filled with zeros.
    format : PCMFormat
        Rate and channels of the WAV file.
    seek_table : bytes, optional
        Of the recording, as the library knows it; see ``SeekTable``.
    """

    source: Source
    duration_s: float
    format: PCMFormat
    seek_table: bytes | None = None

    @property
    def n_frames(self) -> int:
        """Samples a channel."""
        return round(self.duration_s * self.format.sample_rate)

    @property
    def size(self) -> int:
        """Length of the file, in bytes."""
        return HEADER_SIZE + self.n_frames * self.format.frame_size

    def read(self, first_byte: int, last_byte: int) -> bytes:
        """Give a range of the file, the same bytes however it is cut.

        Parameters
        ----------
        first_byte, last_byte : int
            As of HTTP's Range: the last belongs to it, and may lie beyond the end.

        Returns
        -------
        bytes
            The range, as far as the file reaches.

        Raises
        ------
        InvalidQueryError
            If the range is empty or begins beyond the end.
        AudioSearchError
            As of ``decode``.
        """
        if not 0 <= first_byte <= min(last_byte, self.size - 1):
            raise InvalidQueryError(
                f"received the range of bytes {first_byte}-{last_byte}, "
                f"expected one that begins within the {self.size} bytes that there are"
            )
        stop = min(last_byte + 1, self.size)
        parts = []
        if first_byte < HEADER_SIZE:
            parts.append(wav_header(self.format, self.n_frames)[first_byte:stop])
        first, stop = max(0, first_byte - HEADER_SIZE), stop - HEADER_SIZE
        for number in range(first // self._segment_size, -(-stop // self._segment_size)):
            begin = number * self._segment_size
            parts.append(self._segment(number)[max(0, first - begin) : stop - begin])
        return b"".join(parts)

    def ranges(self, first_byte: int, last_byte: int) -> Iterator[tuple[int, int]]:
        """Cut a range where ``read`` decodes anew, so that nothing is decoded twice."""
        stop = min(last_byte + 1, self.size)
        while first_byte < stop:
            number = max(0, first_byte - HEADER_SIZE) // self._segment_size
            border = min(stop, HEADER_SIZE + (number + 1) * self._segment_size)
            yield first_byte, border - 1
            first_byte = border

    @property
    def _segment_size(self) -> int:
        return SEGMENT_S * self.format.sample_rate * self.format.frame_size

    def _segment(self, number: int) -> bytes:
        """Decode a segment; the last one ends with the file."""
        size = min(self._segment_size, self.size - HEADER_SIZE - number * self._segment_size)
        start_s = number * SEGMENT_S
        waveform = decode(
            self.source,
            self.format.sample_rate,
            start_s,
            start_s + SEGMENT_S,
            channels=self.format.channels,
            table=read_table(self.seek_table),
        )
        return to_pcm(waveform)[:size].ljust(size, b"\0")


def virtual_wav(source: Source, duration_s: float, seek_table: bytes | None = None) -> VirtualWav:
    """Plan the WAV file of a recording: at its own rate and channels, where these fit.

    Parameters
    ----------
    source, duration_s, seek_table
        See ``VirtualWav``.

    Returns
    -------
    VirtualWav
        At most 48 kHz and stereo; of a recording that would take 4 GB or more, mono, and where that
        is too long too, 22.05 kHz or 16 kHz.

    Raises
    ------
    InvalidQueryError
        If it does not fit at 16 kHz either: from 37 hours on.
    """
    own = pcm_format(source)
    lower = [PCMFormat(rate, 1) for rate in _LOWER_RATES if rate < own.sample_rate]
    for format in (own, PCMFormat(own.sample_rate, 1), *lower):
        wav = VirtualWav(source, duration_s, format, seek_table)
        if wav.size <= MAX_SIZE:
            return wav
    raise InvalidQueryError(
        f"received a recording of {duration_s / 3600:.0f} hours, which no WAV file can hold; "
        "ask for its original, or for clips of it"
    )


def read_range(
    source: Source,
    duration_s: float,
    first_byte: int,
    last_byte: int,
    seek_table: bytes | None = None,
) -> bytes:
    """Give a range of a recording's WAV file; see ``VirtualWav.read``."""
    return virtual_wav(source, duration_s, seek_table).read(first_byte, last_byte)
