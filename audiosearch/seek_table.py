"""Remembers where in a file its sound is, for formats that do not tell it themselves."""

import struct
import zlib
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from av import AudioStream, Packet

SPACING_S = 10
"""Distance between places: 24 hours make 8,640 of them, 170 kB."""
_RATE = struct.Struct("<I")
_PLACE = struct.Struct("<qqI")


class Place(NamedTuple):
    """A packet, and where its sound is.

    Parameters
    ----------
    sample : int
        How many samples the packets before it decode to.
    position : int
        Where it lies, in bytes behind the first packet: tags before that may grow.
    checksum : int
        CRC-32 of its bytes.
    """

    sample: int
    position: int
    checksum: int

    def is_at(self, position: int, packet: "Packet[AudioStream]") -> bool:
        """Tell whether this is the packet found at a position."""
        return self.position == position and self.checksum == zlib.crc32(bytes(packet))


class SeekTable:
    """Places of a recording each 10 s or so, noted while it is decoded.

    Decoding goes on at a place only after all that lies behind the place before it has been decoded
    too, since packets lean on those before them. What is found where a place should be must be the
    packet that was noted: a table may be of another file.

    Parameters
    ----------
    data : bytes
        As of ``to_bytes``; what is no table is an empty one.
    """

    def __init__(self, data: bytes = b"") -> None:
        self.sample_rate = 0  # in Hz; 0: no place is known
        self._places: list[Place] = []
        if len(data) % _PLACE.size == _RATE.size:
            [self.sample_rate] = _RATE.unpack_from(data)
            self._places = list(map(Place._make, _PLACE.iter_unpack(data[_RATE.size :])))

    def __len__(self) -> int:
        return len(self._places)

    def to_bytes(self) -> bytes:
        """Give the table as bytes; none if it is empty."""
        if not self._places:
            return b""
        return _RATE.pack(self.sample_rate) + b"".join(_PLACE.pack(*each) for each in self._places)

    def before(self, first_s: int) -> tuple[Place, Place] | None:
        """Find the last place before a stretch, and the one before that.

        Parameters
        ----------
        first_s : int
            Where the stretch begins, in seconds.

        Returns
        -------
        tuple of Place, optional
            Where to begin to decode, and from where on it is right; ``None``: from the beginning.
        """
        n = bisect_right(self._places, first_s * self.sample_rate, key=lambda each: each.sample)
        return (self._places[n - 2], self._places[n - 1]) if n > 1 else None

    def note(self, sample: int, position: int, packet: "Packet[AudioStream]") -> None:
        """Note a packet, unless the last one noted is near it or behind it.

        Parameters
        ----------
        sample, position
            As of ``Place``.
        packet : Packet
            The first one that lies there.
        """
        last = self._places[-1].sample if self._places else 0
        if self.sample_rate and sample >= last + SPACING_S * self.sample_rate:
            self._places.append(Place(sample, position, zlib.crc32(bytes(packet))))

    def clear(self) -> None:
        """Forget all places."""
        self.sample_rate, self._places = 0, []


def read_table(data: bytes | None) -> SeekTable | None:
    """Give a stored table; none where nothing is stored."""
    return SeekTable(data) if data else None
