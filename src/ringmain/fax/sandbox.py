"""The sandbox fax transport: pages between the system's own fax numbers, and failures on demand by magic numbers.

A fax to a fax number of this system comes in there. Faxes to these numbers act as described (docs/fax.md); faxes to any
other number are confirmed at once and go nowhere.
"""

import asyncio
from typing import Final

import structlog

from ringmain.core.errors import CoreError, NotFound
from ringmain.core.faxes.service import Faxes
from ringmain.core.faxes.transport import Failed, FaxJob, InboundFax, Outcome, Progress, Sent

BUSY: Final = "+15005550011"
NO_ANSWER: Final = "+15005550012"
NOT_A_FAX: Final = "+15005550013"
BUSY_ONCE: Final = "+15005550014"
SLOW: Final = "+15005550015"
HANGS: Final = "+15005550016"
FAILS_AT: Final = "+1500555002"
"""And the page, 1 to 9."""

CAPACITY: Final = 8
RETRY_SECONDS: Final = 1.0
PAGE_SECONDS: Final = 1.0
MEANING: Final = {
    BUSY: "busy on every try: code busy, tried three times, a second apart",
    NO_ANSWER: "nobody answers: code no_answer, tried three times, a second apart",
    NOT_A_FAX: "a person answers: code not_a_fax, not tried again",
    BUSY_ONCE: "busy on the first try, then all pages go over",
    SLOW: "a second a page, then all pages went over",
    HANGS: "stays on the line for an hour without confirming a page",
    f"{FAILS_AT}1 to {FAILS_AT}9": "the line breaks while the page of the last digit goes over: code disconnected, "
    "tried three times, a second apart; a shorter fax goes over whole",
}

log = structlog.get_logger()


class FaxSandbox:
    """Fax transport (core/faxes/transport.py) that needs no outside world."""

    name = "sandbox"

    def __init__(
        self, faxes: Faxes, *, page_seconds: float = PAGE_SECONDS, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self._faxes = faxes
        self._page_seconds = page_seconds
        self._retry_seconds = retry_seconds

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to disconnect."""

    def capacity(self) -> int:
        """A few at once, like the lines of an office."""
        return CAPACITY

    async def send(self, job: FaxJob, tiff: bytes, progress: Progress) -> Outcome:
        """Act as the recipient's number says."""
        match job.recipient:
            case number if number == BUSY or (number == BUSY_ONCE and job.attempts == 1):
                return self._passing("busy", "the line is busy")
            case number if number == NO_ANSWER:
                return self._passing("no_answer", "nobody answers")
            case number if number == NOT_A_FAX:
                return Failed(code="not_a_fax", text="what answers is no fax machine")
            case number if number == HANGS:
                await asyncio.sleep(3600)
                return self._passing("no_answer", "the machine said nothing")
            case number if number == SLOW:
                for page in range(job.pages):
                    await asyncio.sleep(self._page_seconds)
                    progress(page + 1)
                return Sent()
            case number if number.startswith(FAILS_AT) and len(number) == len(FAILS_AT) + 1:
                return self._breaks(job, int(number[-1]))
        return await self._to_own_number(job, tiff, progress)

    def _passing(self, code: str, text: str, pages_done: int = 0) -> Failed:
        return Failed(code=code, text=text, pages_done=pages_done, retry_seconds=self._retry_seconds)

    def _breaks(self, job: FaxJob, page: int) -> Outcome:
        if 0 < page <= job.pages:
            return self._passing("disconnected", f"the line broke at page {page}", page - 1)
        return Sent()

    async def _to_own_number(self, job: FaxJob, tiff: bytes, progress: Progress) -> Outcome:
        """Let it come in where the recipient is a number of this system. The reference keeps a second try from
        doubling it.
        """
        if not job.own:
            progress(job.pages)
            return Sent()
        inbound = InboundFax(
            recipient=job.recipient,
            tiff=tiff,
            sender=job.sender,
            sender_name=job.sender_name,
            subject=job.subject,
            reference=f"{self.name}-{job.reference}",
        )
        try:
            await self._faxes.receive(inbound, origin=self.name)
        except NotFound:
            return Failed(code="not_a_fax", text="the number takes no faxes")
        except CoreError as error:
            log.warning("the sandbox could not deliver a fax", fax=job.id, error=str(error))
            return self._passing("disconnected", "the fax could not be kept at its recipient")
        progress(job.pages)
        return Sent()
