"""Call records: not in the reference, but web clients list them (specs/ringplan.md 5)."""

import re
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.calls.model import Call, CallFilter
from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.dialects.kit import query
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import calls_wire as wire
from ringmain.dialects.ringplan import dates, lists
from ringmain.dialects.ringplan.files import content_path

LINK_LIFETIME: Final = 6 * 3600
"""Seconds for which a link to a recording works: a working day's pages stay open."""
INTERNAL: Final = re.compile(r"[1-9][0-9]{0,8}")
"""What may be an extension's number; longer ones are telephone numbers."""
Word = TypeVar("Word", bound=str)


class CallRoutes:
    """The company's calls."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._calls = core.calls
        self._credentials = core.credentials
        self._public_url = public_url.rstrip("/")
        self.endpoints = [Endpoint("GET", "/cdrs/v3/cdrs", self.page)]

    async def page(self, request: Request, caller: Caller) -> Response:
        """Records of calls that have ended, the latest first."""
        wanted = lists.page_of(request)
        found = await self._calls.page(
            caller.company_id, wanted=_filter(request, caller), page=wanted.page, per_page=wanted.per_page
        )
        return lists.page([await self._wire(one) for one in found.items], wanted, found.total)

    async def _wire(self, given: Call) -> wire.WireCallRecord:
        if given.recording_file_id is None:
            return wire.call_record(given, None)
        path = content_path(given.company_id, given.recording_file_id)
        return wire.call_record(given, f"{self._public_url}{await self._credentials.sign_link(path, LINK_LIFETIME)}")


def _filter(request: Request, caller: Caller) -> CallFilter:
    since, until = query.text(request, "from_date"), query.text(request, "to_date")
    return CallFilter(
        since=dates.start(since, "from_date") if since else None,
        until=dates.end(until, "to_date") if until else None,
        source=_party(query.text(request, "src"), caller.country),
        destination=_party(query.text(request, "dst"), caller.country),
        extension=query.integer(request, "extension"),
        directions=_words(request, "direction", wire.DIRECTIONS),
        networks=_words(request, "network", wire.NETWORKS),
        outcomes=_words(request, "status", wire.STATUSES),
    )


def _party(text: str | None, country: str) -> str | None:
    """An extension's number as it is, a telephone number as E.164 however it is written; empty matches all."""
    given = (text or "").strip()
    if not given or INTERNAL.fullmatch(given):
        return given or None
    try:
        return normalise(given, country)
    except Invalid:
        return given


def _words(request: Request, name: str, words: dict[Word, str]) -> tuple[Word, ...] | None:
    """Those of the vendor's words that are asked for, in the core's. Raises BadRequest for others."""
    known = {spelled: word for word, spelled in words.items()}
    given = [one.upper() for one in query.values(request, name)]
    if any("\0" in one or one not in known for one in given):
        raise BadRequest(f"{name} must be of {', '.join(known)}")
    return tuple(dict.fromkeys(known[one] for one in given)) or None
