"""Call records: rows 10 and 11 of specs/ringrx.md 2. Managers see everybody's calls, others their own."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.calls.model import Call
from ringmain.core.credentials.model import Caller
from ringmain.core.errors import NotFound
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query, ranges
from ringmain.dialects.kit.paging import paging
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import cdr_wire as wire
from ringmain.dialects.ringrx import dates, ids
from ringmain.dialects.ringrx.scope import whose

DAYS: Final = 10
"""How far back a list goes that names no first day; today is one of them."""
PAGE: Final = 100
LARGEST: Final = 1000
YES: Final = frozenset({"true", "1", "yes", "on"})


class CallRecordRoutes:
    """Calls that have ended."""

    def __init__(self, core: Core) -> None:
        self._calls = core.calls
        self._companies = core.companies
        self._files = core.files
        self.endpoints = [
            Endpoint("GET", "/cdrs", self.list),
            Endpoint("GET", "/cdrs/{id}", self.get),
            Endpoint("GET", "/cdrs/{id}/recording", self.recording),
        ]

    async def list(self, request: Request, caller: Caller) -> Response:
        """List calls of these days, both included, the latest first: all with `getAll=true`, otherwise a page.

        Days are of the account's time zone.
        """
        company = await self._companies.get(caller.company_id)
        zone = dates.zone_of(company.timezone)
        first, last = query.text(request, "startDate"), query.text(request, "endDate")
        today = datetime.now(zone).date()
        until = (
            dates.end(last, "endDate", zone) if last else datetime.combine(today + timedelta(days=1), time.min, zone)
        )
        # The day before the end is the last one.
        since = dates.start(first, "startDate", zone) if first else _days_before(until, DAYS)
        limit, offset = None, 0
        if (query.text(request, "getAll") or "").strip().lower() not in YES:
            page = paging(request, size_names=["limit", "per_page"], default=PAGE, largest=LARGEST, strict=True)
            limit, offset = page.per_page, (page.page - 1) * page.per_page
        found = await self._calls.between(
            caller.company_id, since, until, person_id=whose(caller), limit=limit, offset=offset
        )
        domain = wire.domain_of(company)
        return answer.json([wire.call_record(call, domain) for call in found])

    async def get(self, request: Request, caller: Caller) -> Response:
        """Get one call record."""
        call = await self._call(request, caller)
        company = await self._companies.get(caller.company_id)
        return answer.json(wire.call_record(call, wire.domain_of(company)))

    async def recording(self, request: Request, caller: Caller) -> Response:
        """The recording of a call; 404 when it has none."""
        call = await self._call(request, caller)
        if call.recording_file_id is None or call.recording is None:
            raise NotFound("recording")
        headers = {
            "Content-Type": call.recording.mimetype,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(call.recording.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        return ranges.respond(request, await self._files.read(caller.company_id, call.recording_file_id), headers)

    async def _call(self, request: Request, caller: Caller) -> Call:
        call_id = ids.decode(request.path_params["id"], "call")
        return await self._calls.record(caller.company_id, call_id, person_id=whose(caller))


def _days_before(moment: datetime, days: int) -> datetime:
    """That many days of the calendar before; the beginning of time at the earliest."""
    try:
        return moment - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
