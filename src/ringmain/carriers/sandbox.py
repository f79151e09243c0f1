"""The sandbox carrier: texts between the system's own numbers, and failures on demand by magic numbers.

Texts to a number of this system come in there, with their files. Texts to these numbers act as described; texts to
any other number are delivered at once and go nowhere.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal

import structlog

from ringmain.core.errors import CoreError
from ringmain.core.files.service import Files
from ringmain.core.texting.carrier import (
    Accepted,
    CarrierStatus,
    InboundText,
    Outcome,
    Postponed,
    Receipt,
    Rejected,
    Submission,
    Unknown,
)
from ringmain.core.texting.service import Texting

log = structlog.get_logger()


class Magic(StrEnum):
    """Recipients that act out what a carrier may do; MEANING says what."""

    DELIVERED = "+15005550001"
    REJECTED = "+15005550002"
    UNDELIVERABLE = "+15005550003"
    LATE_RECEIPT = "+15005550004"
    THROTTLED = "+15005550005"
    OPTS_OUT = "+15005550006"
    NO_ANSWER = "+15005550007"
    ECHO = "+15005550008"


MEANING: Final = {
    Magic.DELIVERED: "accepted, then a receipt: delivered",
    Magic.REJECTED: "refused at once, code invalid_destination",
    Magic.UNDELIVERABLE: "accepted, then a receipt: failed, code undeliverable",
    Magic.LATE_RECEIPT: "accepted; the receipt comes 3 seconds later",
    Magic.THROTTLED: "throttled twice, then accepted and delivered",
    Magic.OPTS_OUT: "delivered, and answers STOP",
    Magic.NO_ANSWER: "no answer the first time (state unknown), delivered when sent again",
    Magic.ECHO: "delivered, and answers with the same text",
}
RECEIPT_DELAY: Final = 3.0
LOST_RECEIPT: Final = 15.0
"""Seconds after which a receipt that has not come was lost with its process."""
RETRY_SECONDS: Final = 0.5
CAPACITY: Final = 512

Receipts = Callable[[Sequence[Receipt]], Awaitable[None]]


class Sandbox:
    """Carrier adapter (core/texting/carrier.py) that needs no outside world."""

    kind = "sandbox"

    def __init__(self, name: str, texting: Texting, files: Files, receipts: Receipts) -> None:
        self.name = name
        self._texting = texting
        self._files = files
        self._receipts = receipts
        self._since = datetime.now(UTC)
        self._later: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Drop receipts that are not due yet; whoever is asked again gives them."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    def capacity(self) -> int:
        """As many at once as keep the database busy."""
        return CAPACITY

    def status(self) -> CarrierStatus:
        """Always ready."""
        return CarrierStatus(name=self.name, kind=self.kind, state="ready", since=self._since)

    async def send(self, submission: Submission) -> Outcome:
        """Act as the recipient's number says."""
        reference = f"{self.name}-{submission.id}"
        match submission.recipient:
            case Magic.REJECTED:
                return Rejected(code="invalid_destination", text="the sandbox refuses this number")
            case Magic.THROTTLED if submission.attempts < 3:
                return Postponed(seconds=RETRY_SECONDS, code="throttled", text="the sandbox is throttling")
            case Magic.NO_ANSWER if submission.attempts < 2:
                return Unknown(text="the sandbox did not answer", resend_seconds=RETRY_SECONDS)
            case Magic.DELIVERED:
                return self._accepted(submission, reference, 0)
            case Magic.UNDELIVERABLE:
                return self._accepted(submission, reference, 0, "undeliverable")
            case Magic.LATE_RECEIPT:
                return self._accepted(submission, reference, RECEIPT_DELAY)
            case Magic.OPTS_OUT:
                await self._answer(submission, "STOP")
            case Magic.ECHO:
                await self._answer(submission, submission.text)
            case _:
                await self._to_own_number(submission, reference)
        return Accepted(references=[], delivered=True)

    def _accepted(
        self, submission: Submission, reference: str, seconds: float, error_code: str | None = None
    ) -> Outcome:
        if submission.attempts == 1:
            self._after(seconds, lambda: self._receipts([self._receipt(reference, error_code)]))
            return Accepted(references=[reference], ask_again_seconds=LOST_RECEIPT)
        # The process that had it in memory is gone.
        if error_code:
            return Rejected(code=error_code, text="the sandbox did not deliver it")
        return Accepted(references=[], delivered=True)

    async def _to_own_number(self, submission: Submission, reference: str) -> None:
        """Deliver it where the recipient is a number of this system. The reference keeps a second try from doubling."""
        company_id = submission.recipient_company_id
        if company_id is None:
            return
        file_ids = [await self._copy(submission.company_id, one, company_id) for one in submission.file_ids]
        inbound = InboundText(
            carrier=self.name,
            sender=submission.sender,
            recipient=submission.recipient,
            text=submission.text,
            reference=reference,
            file_ids=file_ids,
        )
        await self._receive(submission, inbound)

    async def _copy(self, company_id: int, file_id: int, to_company_id: int) -> int:
        original = await self._files.get(company_id, file_id)
        content = await self._files.read(company_id, file_id)
        copy = await self._files.create(to_company_id, name=original.name)
        await self._files.upload(
            to_company_id,
            copy.id,
            content=content,
            uploaded_name=original.uploaded_name or original.name,
            mimetype=original.mimetype,
        )
        return copy.id

    async def _answer(self, submission: Submission, text: str) -> None:
        """Answer it, once: the reference says whether that was done before."""
        inbound = InboundText(
            carrier=self.name,
            sender=submission.recipient,
            recipient=submission.sender,
            text=text,
            reference=f"{self.name}-answer-{submission.id}",
        )
        await self._receive(submission, inbound)

    async def _receive(self, submission: Submission, inbound: InboundText) -> None:
        try:
            await self._texting.receive(inbound)
        except CoreError as error:
            log.warning("sandbox could not deliver", submission=submission.id, error=str(error))

    def _receipt(self, reference: str, error_code: str | None = None) -> Receipt:
        state: Literal["delivered", "failed"] = "failed" if error_code else "delivered"
        return Receipt(carrier=self.name, reference=reference, state=state, error_code=error_code)

    def _after(self, seconds: float, action: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await asyncio.sleep(seconds)
            try:
                await action()
            except Exception as error:
                log.warning("sandbox receipt failed", carrier=self.name, error=repr(error))

        task = asyncio.get_running_loop().create_task(run())
        self._later.add(task)
        task.add_done_callback(self._later.discard)
