"""Decodes packets of a container to frames, and steps over broken ones as players do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler, AudioStream, Packet
    from av.container import InputContainer

Placed = Iterator[tuple[int, "AudioFrame"]]
"""Frames, each after the sample at which it begins."""


class FrameDecoder:
    """Decodes the packets of a stream, in their order, to frames of planar floats."""

    def __init__(self) -> None:
        self._resampler = _to_planar_floats()

    def decode(self, packet: "Packet[AudioStream]") -> Iterator["AudioFrame"]:
        """Decode a packet to its frames; to none where it is broken."""
        import av

        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            return
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                try:
                    yield from self._resampler.resample(frame)
                except ValueError:  # the layout or rate changed within the stream
                    self._resampler = _to_planar_floats()
                    yield from self._resampler.resample(frame)


def packets_of(
    container: "InputContainer", stream: "AudioStream"
) -> Iterator["Packet[AudioStream]"]:
    """Read packets from where a container stands up to its end, or to what cannot be read."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        yield packet


def frames_of(container: "InputContainer", stream: "AudioStream") -> Iterator["AudioFrame"]:
    """Decode frames from where a container stands."""
    decoder = FrameDecoder()
    for packet in packets_of(container, stream):
        yield from decoder.decode(packet)


def placed(frames: Iterator["AudioFrame"], position: int = 0) -> Placed:
    """Count samples from that at which the first frame begins; leave out frames of other rates."""
    rate = 0
    for frame in frames:
        rate = rate or frame.sample_rate
        if frame.sample_rate == rate:
            yield position, frame
            position += frame.samples


def _to_planar_floats() -> "AudioResampler":
    import av

    return av.AudioResampler(format="fltp")
