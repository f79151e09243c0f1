"""The carrier port: what carries texts away, and how the core hears back.

A carrier adapter (`carriers/`) is a named thing with a `send` that puts one submission on the wire. The dispatcher
(`carriers/dispatch.py`) claims submissions and records outcomes; adapters never see SQL.
"""

from datetime import datetime
from typing import Literal, Protocol

import msgspec


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient's copy of an outbound message. `id` is the reference given to the carrier, the same on each try.

    `interrupted`: it was claimed before and its process died, so it may be with the carrier already.
    `recipient_company_id`: whose number the recipient is, where it is one of this system's.
    """

    id: int
    company_id: int
    message_id: int
    carrier: str
    sender: str
    recipient: str
    text: str
    encoding: str
    segments: int
    file_ids: list[int]
    attempts: int
    interrupted: bool = False
    recipient_company_id: int | None = None


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The carrier took it. `references`: its message id of each part, for receipts; may be empty.

    `delivered` is for carriers that know at once that it arrived. `ask_again_seconds` is for those that keep their
    receipts nowhere: it is given to them again when none has come by then.
    """

    references: list[str]
    delivered: bool = False
    ask_again_seconds: float | None = None


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """The carrier said no, for good."""

    code: str
    text: str


class Postponed(msgspec.Struct, frozen=True, kw_only=True):
    """Not sent: throttled, queue full, link down. To be tried again after `seconds`."""

    seconds: float
    code: str
    text: str


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """It went out and no answer came (link lost, timeout): it may or may not have been taken.

    Sent again under the same reference after `resend_seconds`, which may deliver it twice; None waits for an operator.
    """

    text: str
    resend_seconds: float | None


Outcome = Accepted | Rejected | Postponed | Unknown


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery receipt for one part, by the carrier's message id."""

    carrier: str
    reference: str
    state: Literal["delivered", "failed"]
    error_code: str | None = None


class InboundText(msgspec.Struct, frozen=True, kw_only=True):
    """A text that came in, whole. `reference` makes receiving idempotent where the carrier gives a unique id.

    `company_id`: whose number the recipient is, where that is known. `received_at`: its place among others; None: now.
    """

    carrier: str
    sender: str
    recipient: str
    text: str
    reference: str | None = None
    file_ids: list[int] = []
    received_at: datetime | None = None
    company_id: int | None = None


class CarrierStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sees of a carrier. `state`: ready, connecting, throttled, refused, stopped."""

    name: str
    kind: str
    state: str
    since: datetime
    last_error: str | None = None
    detail: dict[str, int | float | str | bool] = {}


class Carrier(Protocol):
    """An adapter, configured from the `carriers` table."""

    name: str
    kind: str

    async def start(self) -> None:
        """Connect; returns at once, trying goes on in the background."""
        ...

    async def stop(self) -> None:
        """Finish what is in flight, then disconnect."""
        ...

    def capacity(self) -> int:
        """How many submissions are worth having there at once, those under way among them; 0 while it can send none."""
        ...

    async def send(self, submission: Submission) -> Outcome:
        """Put one submission on the wire. Never raises for what a carrier may do."""
        ...

    def status(self) -> CarrierStatus:
        """For operators and metrics."""
        ...
