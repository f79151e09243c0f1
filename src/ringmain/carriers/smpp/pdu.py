"""SMPP 3.4 PDUs and their octets.

Texts of PDUs (addresses, ids, credentials) are Latin-1 strings, so that any octet survives a round
trip. Requests decode strictly; answers decode leniently, since peers shorten them at will and the
status in the header is what counts. Nothing here raises anything but ProtocolError.
"""

from struct import Struct as Layout
from typing import ClassVar

import msgspec

from .status import ProtocolError

MAX_PDU_OCTETS = 70_000
HEADER_OCTETS = 16
RESPONSE = 0x80000000
GENERIC_NACK = 0x80000000

USER_MESSAGE_REFERENCE = 0x0204
SAR_REFERENCE = 0x020C
SAR_TOTAL = 0x020E
SAR_INDEX = 0x020F
RECEIPTED_MESSAGE_ID = 0x001E
NETWORK_ERROR_CODE = 0x0423
MESSAGE_PAYLOAD = 0x0424
MESSAGE_STATE = 0x0427

_header = Layout(">IIII")
_tlv_header = Layout(">HH")


class Pdu(msgspec.Struct, kw_only=True):
    """What every PDU has. `tlvs` maps a tag to its value; of a repeated tag the last one counts."""

    command: ClassVar[int] = 0
    # One letter a mandatory field: "s" a C-octet string, "b" one octet, "m" sm_length and short_message.
    layout: ClassVar[str] = ""

    sequence: int = 0
    status: int = 0
    tlvs: dict[int, bytes] = {}


class _Bind(Pdu, kw_only=True):
    layout: ClassVar[str] = "sssbbbs"

    system_id: str = ""
    password: str = ""
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


class BindReceiver(_Bind):
    """Opens a session that only receives."""

    command: ClassVar[int] = 0x01


class BindTransmitter(_Bind):
    """Opens a session that only submits."""

    command: ClassVar[int] = 0x02


class BindTransceiver(_Bind):
    """Opens a session for both directions."""

    command: ClassVar[int] = 0x09


class _BindResponse(Pdu, kw_only=True):
    layout: ClassVar[str] = "s"

    system_id: str = ""


class BindReceiverResponse(_BindResponse):
    """Answers bind_receiver."""

    command: ClassVar[int] = 0x80000001


class BindTransmitterResponse(_BindResponse):
    """Answers bind_transmitter."""

    command: ClassVar[int] = 0x80000002


class BindTransceiverResponse(_BindResponse):
    """Answers bind_transceiver."""

    command: ClassVar[int] = 0x80000009


class Outbind(Pdu, kw_only=True):
    """An SMSC that dialled us asks for a bind. We decode it only."""

    command: ClassVar[int] = 0x0B
    layout: ClassVar[str] = "ss"

    system_id: str = ""
    password: str = ""


class Unbind(Pdu):
    """Asks to end the session."""

    command: ClassVar[int] = 0x06


class UnbindResponse(Pdu):
    """Answers unbind."""

    command: ClassVar[int] = 0x80000006


class EnquireLink(Pdu):
    """Asks whether the peer is alive."""

    command: ClassVar[int] = 0x15


class EnquireLinkResponse(Pdu):
    """Answers enquire_link."""

    command: ClassVar[int] = 0x80000015


class GenericNack(Pdu):
    """Says that a PDU was not understood."""

    command: ClassVar[int] = GENERIC_NACK


class ShortMessage(Pdu, kw_only=True):
    """The body that submit_sm and deliver_sm share. `short_message` is 254 octets at most."""

    layout: ClassVar[str] = "sbbsbbsbbbssbbbbm"

    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""


class SubmitSm(ShortMessage):
    """A message for the carrier to deliver."""

    command: ClassVar[int] = 0x04


class DeliverSm(ShortMessage):
    """A message, or a receipt, from the carrier."""

    command: ClassVar[int] = 0x05


class DataSm(Pdu, kw_only=True):
    """The short form of either; its text is in the TLV message_payload."""

    command: ClassVar[int] = 0x103
    layout: ClassVar[str] = "sbbsbbsbbb"

    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0


class _MessageResponse(Pdu, kw_only=True):
    layout: ClassVar[str] = "s"

    message_id: str = ""


class SubmitSmResponse(_MessageResponse):
    """Answers submit_sm with the carrier's id of the message."""

    command: ClassVar[int] = 0x80000004


class DeliverSmResponse(_MessageResponse):
    """Answers deliver_sm; its message_id is unused and empty."""

    command: ClassVar[int] = 0x80000005


class DataSmResponse(_MessageResponse):
    """Answers data_sm."""

    command: ClassVar[int] = 0x80000103


class Unsupported(Pdu, kw_only=True):
    """A PDU this layer does not speak (alert_notification, query_sm, a vendor's own), undecoded."""

    unknown_command: int
    body: bytes = b""


ALERT_NOTIFICATION = 0x102

_CLASSES: dict[int, type[Pdu]] = {
    kind.command: kind
    for kind in (
        BindReceiver,
        BindTransmitter,
        BindTransceiver,
        BindReceiverResponse,
        BindTransmitterResponse,
        BindTransceiverResponse,
        Outbind,
        Unbind,
        UnbindResponse,
        EnquireLink,
        EnquireLinkResponse,
        GenericNack,
        SubmitSm,
        SubmitSmResponse,
        DeliverSm,
        DeliverSmResponse,
        DataSm,
        DataSmResponse,
    )
}
_COMMON = frozenset(Pdu.__struct_fields__)
_FIELDS: dict[int, tuple[tuple[str, str], ...]] = {
    command: tuple(zip(kind.layout, (name for name in kind.__struct_fields__ if name not in _COMMON), strict=True))
    for command, kind in _CLASSES.items()
}


def encode(pdu: Pdu, sequence: int | None = None) -> bytes:
    """The octets of a PDU. `sequence` overrides the PDU's own, so that one PDU may be sent again.

    An answer with an error status has no body, as SMPP 3.4 asks. Raises ProtocolError for a value
    that does not fit.
    """
    command = pdu.command
    pieces: list[bytes] = [b""]
    try:
        if isinstance(pdu, Unsupported):
            command = pdu.unknown_command
            pieces.append(pdu.body)
        elif not (pdu.status and command & RESPONSE):
            for letter, name in _FIELDS[command]:
                value = getattr(pdu, name)
                if letter == "s":
                    if "\0" in value:
                        raise ProtocolError(f"{name} has a NUL inside")
                    pieces.append(value.encode("latin-1") + b"\0")
                elif letter == "b":
                    pieces.append(_octet[value])
                else:
                    pieces.append(_octet[len(value)] + value)
            for tag, content in pdu.tlvs.items():
                pieces.append(_tlv_header.pack(tag, len(content)) + content)
        length = HEADER_OCTETS + sum(map(len, pieces))
        pieces[0] = _header.pack(length, command, pdu.status, pdu.sequence if sequence is None else sequence)
    except ProtocolError:
        raise
    except Exception as error:
        raise ProtocolError(f"{type(pdu).__name__} does not encode: {error}") from error
    if length > MAX_PDU_OCTETS:
        raise ProtocolError(f"a PDU of {length} octets is above the cap of {MAX_PDU_OCTETS}")
    return b"".join(pieces)


# A dict, not a tuple: a negative number must not find an octet.
_octet = {value: bytes([value]) for value in range(256)}


def decode(frame: bytes) -> Pdu:
    """The PDU of one whole frame. Raises ProtocolError, with command and sequence if readable."""
    if len(frame) < HEADER_OCTETS:
        raise ProtocolError("a PDU is shorter than its header")
    length, command, status, sequence = _header.unpack_from(frame)
    if length != len(frame):
        raise ProtocolError("a PDU has another length than it says")
    kind = _CLASSES.get(command)
    if kind is None:
        return Unsupported(unknown_command=command, sequence=sequence, status=status, body=frame[16:])
    values: dict[str, str | int | bytes] = {}
    tlvs: dict[int, bytes] = {}
    lenient = bool(command & RESPONSE)
    at = HEADER_OCTETS
    try:
        for letter, name in _FIELDS[command]:
            if lenient and at >= length:
                break
            if letter == "b":
                values[name] = frame[at]
                at += 1
            elif letter == "s":
                end = frame.find(b"\0", at)
                if end < 0:
                    if not lenient:
                        raise IndexError(f"{name} has no end")
                    end = length
                values[name] = frame[at:end].decode("latin-1")
                at = end + 1
            else:
                end = at + 1 + frame[at]
                if end > length:
                    raise IndexError("short_message is longer than its PDU")
                values[name] = frame[at + 1 : end]
                at = end
        while at < length:
            if at + 4 > length:
                raise IndexError("octets after the last TLV")
            tag, size = _tlv_header.unpack_from(frame, at)
            at += 4 + size
            if at > length:
                raise IndexError("a TLV is longer than its PDU")
            tlvs[tag] = frame[at - size : at]
    except IndexError as error:
        if not lenient:
            raise ProtocolError(f"{kind.__name__} is malformed: {error}", command=command, sequence=sequence) from error
    return kind(sequence=sequence, status=status, tlvs=tlvs, **values)


def refusal(command: int, sequence: int, status: int) -> bytes:
    """A header-only answer to the request `command`; generic_nack where the command has no answer."""
    answer = command | RESPONSE if command | RESPONSE in _CLASSES and command else GENERIC_NACK
    return _header.pack(HEADER_OCTETS, answer, status, sequence)
