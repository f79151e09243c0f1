"""What clients may say over Socket.IO: text events with a name of their own, and acknowledgements."""

from typing import Any, Final

from socketio.packet import ACK, CONNECT, DISCONNECT, EVENT, Packet

RESERVED: Final = frozenset({"connect", "disconnect", "connect_error"})
"""Names by which the library calls our own handlers: a client that says them would seem to have gone, and stay."""


class Refused(Exception):
    """What a client said is no packet that we take."""


class TextPacket(Packet):  # type: ignore[misc]
    """Refuses broken packets, and binary ones, of which a client may announce any number that are kept until then."""

    def decode(self, encoded_packet: Any) -> int:
        """How many binary packets follow: none. Raises Refused."""
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, TypeError, RecursionError) as error:
            raise Refused(type(error).__name__) from error
        if attachments or self.packet_type not in (CONNECT, DISCONNECT, EVENT, ACK):
            raise Refused("binary, or of no type")
        if self.packet_type == EVENT and not _is_event(self.data):
            raise Refused("no event")
        if self.packet_type == ACK and not isinstance(self.data, list):
            raise Refused("no acknowledgement")
        return 0


def _is_event(data: object) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in RESERVED
