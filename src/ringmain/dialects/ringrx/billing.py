"""Billing: row 14 of specs/ringrx.md 2, of which only the path is known. What was used, and no prices."""

from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Forbidden
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import dates


class WireUsage(msgspec.Struct):
    """This month so far, in the account's time zone."""

    period_start: str
    period_end: str
    messages_sent: int
    messages_received: int
    message_segments: int
    calls: int
    call_minutes: int
    fax_pages_sent: int
    fax_pages_received: int


class BillingRoutes:
    """The account's usage."""

    def __init__(self, core: Core) -> None:
        self._companies = core.companies
        self._usage = core.usage
        self.endpoints = [Endpoint("GET", "/billing", self.get)]

    async def get(self, request: Request, caller: Caller) -> Response:
        """Get billing. It is for managers."""
        if not caller.manages:
            raise Forbidden("Billing is for the account's owner and admins")
        company = await self._companies.get(caller.company_id)
        now = datetime.now(dates.zone_of(company.timezone))
        start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        used = await self._usage.between(caller.company_id, start, now)
        return answer.json(
            WireUsage(
                period_start=dates.stamp(start),
                period_end=dates.stamp(now),
                messages_sent=used.messages_sent,
                messages_received=used.messages_received,
                message_segments=used.segments,
                calls=used.calls,
                call_minutes=used.call_minutes,
                fax_pages_sent=used.fax_pages_sent,
                fax_pages_received=used.fax_pages_received,
            )
        )
