"""Tells recordings apart by their audio alone: tags, names and places do not count."""

import hashlib
from itertools import chain

from audiosearch.blockwise import read_pieces
from audiosearch.ffmpeg import has_decoder, open_container
from audiosearch.sources import Source, check_readable

ID_LENGTH = 32  # hexadecimal digits, 128 bits


def recording_id(source: Source) -> str:
    """Compute the identity of a recording.

    The SHA-256, cut to 128 bits, of codec, sample rate, channels, sample format, decoder extradata
    and the demuxed packets of the default audio stream; where FFmpeg cannot demux, of the decoded
    samples. So retagging, renaming and moving keep it, and the same samples under another rate are
    another recording.

    Parameters
    ----------
    source : Path or bytes
        A file or its bytes.

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    NotFoundError, UnreadableFileError
        If the file is not there or may not be read.
    AudioDecodeError
        If it can be neither demuxed nor decoded.
    """
    check_readable(source)
    return (_packets_digest(source) or _samples_digest(source))[:ID_LENGTH]


def _packets_digest(source: Source) -> str | None:
    import av

    try:
        with open_container(source) as container:
            stream = container.streams.best("audio")
            if not isinstance(stream, av.AudioStream) or not has_decoder(stream):
                return None
            codec = stream.codec_context
            sample_format = codec.format.name if codec.format else None
            header = (codec.name, codec.sample_rate, codec.channels, sample_format)
            digest = hashlib.sha256(repr(header).encode())
            digest.update(codec.extradata or b"")
            n_bytes = 0
            for packet in container.demux(stream):
                digest.update(bytes(packet))
                n_bytes += packet.size
    except av.error.FFmpegError:
        return None
    return digest.hexdigest() if n_bytes else None


def _samples_digest(source: Source) -> str:
    pieces = read_pieces(source)
    first = next(pieces)
    digest = hashlib.sha256(repr(first.sample_rate).encode())
    for piece in chain([first], pieces):
        digest.update(piece.waveform.tobytes())
    return digest.hexdigest()
