"""Where mails lead those who confirm or cancel: paths that credentials sign until the date of the appointment."""

from datetime import UTC, datetime
from typing import Final

from ringmain.core.credentials.service import Credentials
from ringmain.core.outreach.model import Answer

SEGMENT: Final = "reminders"
SHORTEST: Final = 3600
"""Seconds for which a link works at least: the page then says that the date has passed."""


class AnswerLinks:
    """Makes links. `public_url`: how people reach this server."""

    def __init__(self, credentials: Credentials, public_url: str) -> None:
        self._credentials = credentials
        self._public_url = public_url.rstrip("/")

    async def of(self, company_id: int, reminder_id: int, until: datetime) -> dict[Answer, str]:
        """A link for each answer, to be used until then."""
        lifetime = max(SHORTEST, int((until - datetime.now(UTC)).total_seconds()))
        return {
            "confirm": await self._signed(company_id, reminder_id, "confirm", lifetime),
            "cancel": await self._signed(company_id, reminder_id, "cancel", lifetime),
        }

    async def _signed(self, company_id: int, reminder_id: int, answer: Answer, lifetime: int) -> str:
        path = answer_path(company_id, reminder_id, answer)
        return f"{self._public_url}{await self._credentials.sign_link(path, lifetime)}"


def answer_path(company_id: int, reminder_id: int, answer: Answer) -> str:
    """What is signed."""
    return f"/{SEGMENT}/{company_id}/{reminder_id}/{answer}"
