"""The fax transport port: what takes pages over the line, and how the core hears back.

An adapter (`ringmain/fax/`) sends one fax at a time for each call of `send`. The dispatcher claims faxes and records
outcomes; adapters never see SQL.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec


class FaxJob(msgspec.Struct, frozen=True, kw_only=True):
    """A fax that this process may send now.

    `attempts`: the number of this try, and the token under which its outcome is recorded. `reference` is the same on
    each try until somebody asks for the fax to be sent again. `interrupted`: the process of the try before died, so
    the recipient may have some of its pages, or all. `exhausted`: it has no try left. `own`: the recipient is
    a number of this system.
    """

    id: int
    company_id: int
    sender: str
    sender_name: str
    recipient: str
    subject: str
    pages: int
    tiff_id: int
    attempts: int
    reference: str
    interrupted: bool
    exhausted: bool
    own: bool


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """The other machine confirmed every page."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """It did not go over, or not whole. `code`: busy, no_answer, not_a_fax, disconnected, ... (docs/fax.md).

    `pages_done`: pages that the other machine confirmed. `retry_seconds`: another try makes sense then, if one is
    left; None for what will not change.
    """

    code: str
    text: str
    pages_done: int = 0
    retry_seconds: float | None = None


Outcome = Sent | Failed
Progress = Callable[[int], None]
"""Called with the number of pages that were confirmed so far."""


class InboundFax(msgspec.Struct, frozen=True, kw_only=True):
    """A fax that came in, whole: a TIFF of its pages. `recipient` is one of our fax numbers, E.164.

    `sender`: E.164, or empty when it was withheld. `sender_name`: what its machine calls itself; without one it is
    the name that the company knows for the number. The same `reference` again is the same fax.
    """

    recipient: str
    tiff: bytes
    sender: str = ""
    sender_name: str = ""
    subject: str = ""
    reference: str | None = None
    received_at: datetime | None = None


class FaxTransport(Protocol):
    """An adapter: a modem, a T.38 gateway, a provider, the sandbox."""

    name: str

    async def start(self) -> None:
        """Connect; returns at once."""
        ...

    async def stop(self) -> None:
        """Disconnect. Nothing is being sent any more."""
        ...

    def capacity(self) -> int:
        """How many faxes it can send at once; 0 while it can send none."""
        ...

    async def send(self, job: FaxJob, tiff: bytes, progress: Progress) -> Outcome:
        """Send one fax. Never raises for what a line may do. Cancelled, it hangs up."""
        ...
