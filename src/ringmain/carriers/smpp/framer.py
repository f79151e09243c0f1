"""Cuts a byte stream into PDU frames."""

from collections.abc import Iterator

from .pdu import HEADER_OCTETS, MAX_PDU_OCTETS
from .status import ProtocolError


class Framer:
    """Holds what has arrived of the next PDU, at most one PDU's octets beside the chunk in work."""

    def __init__(self, max_octets: int = MAX_PDU_OCTETS) -> None:
        self._rest = b""
        self._max = max_octets

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The frames that the chunk completes.

        Exhaust it before feeding again. Raises ProtocolError at a length that no PDU has; the stream
        cannot be followed after that, so the connection must end.
        """
        data = self._rest + chunk if self._rest else chunk
        start = 0
        available = len(data)
        while available - start >= 4:
            length = int.from_bytes(data[start : start + 4], "big")
            if not HEADER_OCTETS <= length <= self._max:
                raise ProtocolError(f"a PDU of {length} octets")
            if available - start < length:
                break
            yield data[start : start + length]
            start += length
        self._rest = data[start:]
