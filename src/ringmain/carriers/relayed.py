"""The relayed carrier: an API's client carries the texts himself.

He is told of each text by webhook, puts it on whatever network he has, and says by the API what became of it. So there
is nothing to put on the wire here: a text counts as sent once somebody will be told of it.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from ringmain.core.texting.carrier import Accepted, CarrierStatus, Outcome, Rejected, Submission

CAPACITY: Final = 512


class Relayed:
    """Carrier adapter (core/texting/carrier.py) for numbers, lines and people whose texts go by an API.

    `is_told`: whether anybody of a company, by its id, is told by webhook of messages that go out.
    """

    kind = "relayed"

    def __init__(self, name: str, is_told: Callable[[int], Awaitable[bool]]) -> None:
        self.name = name
        self._is_told = is_told
        self._since = datetime.now(UTC)

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing is under way."""

    def capacity(self) -> int:
        """As many at once as keep the database busy."""
        return CAPACITY

    def status(self) -> CarrierStatus:
        """Always ready."""
        return CarrierStatus(name=self.name, kind=self.kind, state="ready", since=self._since)

    async def send(self, submission: Submission) -> Outcome:
        """Sent, and not known to have arrived; refused where nobody would be told."""
        if await self._is_told(submission.company_id):
            return Accepted(references=[])
        return Rejected(code="no_relay", text="no webhook of this company is told of messages")
