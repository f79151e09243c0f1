"""SMPP command statuses (SMPP 3.4, 5.1.3) and the errors that carry them."""

OK = 0x00
INVALID_LENGTH = 0x02
INVALID_COMMAND = 0x03
SYSTEM_ERROR = 0x08
QUEUE_FULL = 0x14
THROTTLED = 0x58
TEMPORARY_APPLICATION_ERROR = 0x64

# The carrier asks to wait: the submit was not taken and may be made again.
BUSY = frozenset({THROTTLED, QUEUE_FULL})
TEMPORARY = BUSY | {SYSTEM_ERROR}
# Wrong credentials do not get better by knocking: slow down and call a human.
BAD_CREDENTIALS = frozenset({0x0D, 0x0E, 0x0F})

_NAMES = {
    0x00: "ESME_ROK",
    0x01: "ESME_RINVMSGLEN",
    0x02: "ESME_RINVCMDLEN",
    0x03: "ESME_RINVCMDID",
    0x04: "ESME_RINVBNDSTS",
    0x05: "ESME_RALYBND",
    0x06: "ESME_RINVPRTFLG",
    0x07: "ESME_RINVREGDLVFLG",
    0x08: "ESME_RSYSERR",
    0x0A: "ESME_RINVSRCADR",
    0x0B: "ESME_RINVDSTADR",
    0x0C: "ESME_RINVMSGID",
    0x0D: "ESME_RBINDFAIL",
    0x0E: "ESME_RINVPASWD",
    0x0F: "ESME_RINVSYSID",
    0x11: "ESME_RCANCELFAIL",
    0x13: "ESME_RREPLACEFAIL",
    0x14: "ESME_RMSGQFUL",
    0x15: "ESME_RINVSERTYP",
    0x33: "ESME_RINVNUMDESTS",
    0x34: "ESME_RINVDLNAME",
    0x40: "ESME_RINVDESTFLAG",
    0x42: "ESME_RINVSUBREP",
    0x43: "ESME_RINVESMCLASS",
    0x44: "ESME_RCNTSUBDL",
    0x45: "ESME_RSUBMITFAIL",
    0x48: "ESME_RINVSRCTON",
    0x49: "ESME_RINVSRCNPI",
    0x50: "ESME_RINVDSTTON",
    0x51: "ESME_RINVDSTNPI",
    0x53: "ESME_RINVSYSTYP",
    0x54: "ESME_RINVREPFLAG",
    0x55: "ESME_RINVNUMMSGS",
    0x58: "ESME_RTHROTTLED",
    0x61: "ESME_RINVSCHED",
    0x62: "ESME_RINVEXPIRY",
    0x63: "ESME_RINVDFTMSGID",
    0x64: "ESME_RX_T_APPN",
    0x65: "ESME_RX_P_APPN",
    0x66: "ESME_RX_R_APPN",
    0x67: "ESME_RQUERYFAIL",
    0xC0: "ESME_RINVOPTPARSTREAM",
    0xC1: "ESME_ROPTPARNOTALLWD",
    0xC2: "ESME_RINVPARLEN",
    0xC3: "ESME_RMISSINGOPTPARAM",
    0xC4: "ESME_RINVOPTPARAMVAL",
    0xFE: "ESME_RDELIVERYFAILURE",
    0xFF: "ESME_RUNKNOWNERR",
}


def status_name(status: int) -> str:
    """The standard's name, or the number in hex for a vendor's own status."""
    return _NAMES.get(status) or f"0x{status:08X}"


class SmppError(Exception):
    """Anything this layer raises by itself. Connection failures stay OSError and TimeoutError."""


class ProtocolError(SmppError, ValueError):
    """What arrived, or was asked to be sent, is no SMPP.

    `command` and `sequence` are those of the faulty PDU where its header could be read, else 0.
    """

    def __init__(self, reason: str, *, command: int = 0, sequence: int = 0) -> None:
        super().__init__(reason)
        self.command = command
        self.sequence = sequence


class Refused(SmppError):
    """The peer answered with an error `status`: the message was certainly not taken."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status_name(status)}")
        self.status = status

    @property
    def temporary(self) -> bool:
        """Whether the same message may be accepted later (0x58, 0x14, 0x08)."""
        return self.status in TEMPORARY


class BindRefused(Refused):
    """The peer answered the bind with an error `status`."""


class OutcomeUnknown(SmppError):
    """Sent, but no answer came: the peer may or may not have taken it. A blind retry may duplicate."""


class NotBound(SmppError):
    """There is no bound session: nothing was sent."""
