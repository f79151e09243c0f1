"""Logs of users: what their devices and calls did, a file a day (specs/ringotel.md 3, getUserLogs and getLogFile)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ringmain.core.calls.model import Call, CallFilter
from ringmain.core.errors import NotFound
from ringmain.core.extensions.model import Extension
from ringmain.core.system import Core
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.params import Id
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.users import USER

SEGMENT: Final = "userlogs"
KEPT: Final = timedelta(days=30)
LIFETIME: Final = 86_400
"""Seconds for which a link works."""
MOST_CALLS: Final = 10_000
LOG: Final = "log"

Day = str
Line = tuple[datetime, str]


class Whose(msgspec.Struct, frozen=True):
    """A user by `userid`."""

    userid: Id


class WireLog(msgspec.Struct, frozen=True, kw_only=True):
    """A file: when its last line was written, its octets, and a link to it."""

    date: str
    size: int
    name: str
    url: str


class UserLogMethods:
    """Makes the list; the files are written when they are read."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._logs = UserLogs(core)
        self._credentials = core.credentials
        self._public_url = public_url.rstrip("/")
        self.methods = [Method("getUserLogs", Whose, self.list_all)]

    async def list_all(self, org: Org, given: Whose) -> list[WireLog]:
        """A file for each of the last 30 days on which there was anything, oldest first."""
        days = await self._logs.of(org.company_id, ids.decode(given.userid, USER))
        return [await self._file(org, given.userid, day, lines) for day, lines in sorted(days.items())]

    async def _file(self, org: Org, userid: str, day: Day, lines: list[Line]) -> WireLog:
        name = f"{userid}-{day}.txt"
        path = await self._credentials.sign_link(f"/{SEGMENT}/{org.id}/{quote(name)}", LIFETIME)
        return WireLog(
            date=f"{lines[-1][0]:%d %b %Y, %H:%M:%S}",
            size=len(written(lines)),
            name=name,
            url=f"{self._public_url}{path}",
        )


class UserLogRoutes:
    """Serves the files."""

    def __init__(self, core: Core) -> None:
        self._logs = UserLogs(core)
        self._credentials = core.credentials
        self.endpoints = [Endpoint("GET", f"/{SEGMENT}/{{orgid}}/{{name}}", self.download, public=True)]

    async def download(self, request: Request, _: None) -> Response:
        """The file behind a signed link."""
        orgid, name = request.path_params["orgid"], request.path_params["name"]
        await self._credentials.check_link(f"/{SEGMENT}/{orgid}/{quote(name)}", request.query_params)
        userid, _, day = name.removesuffix(".txt").rpartition("-")
        days = await self._logs.of(ids.decode(orgid, LOG), ids.decode(userid, LOG))
        if day not in days:
            raise NotFound(LOG)
        return PlainTextResponse(written(days[day]), headers={"Cache-Control": "private, no-store"})


class UserLogs:
    """What happened to a user, in lines by day. Times are in the organization's time zone."""

    def __init__(self, core: Core) -> None:
        self._companies = core.companies
        self._extensions = core.extensions
        self._devices = core.devices
        self._calls = core.calls

    async def of(self, company_id: int, extension_id: int) -> Mapping[Day, list[Line]]:
        """The last 30 days. Raises NotFound."""
        user = await self._extensions.get(company_id, extension_id)
        zone = ZoneInfo((await self._companies.get(company_id)).timezone)
        until = datetime.now(UTC)
        since = until - KEPT
        lines = [*await self._registrations(user, since, until), *await self._made_calls(user, since, until)]
        days: dict[Day, list[Line]] = defaultdict(list)
        for moment, text in sorted(line for line in lines if line[0] >= since):
            local = moment.astimezone(zone)
            days[f"{local:%Y%m%d}"].append((local, text))
        return days

    async def _registrations(self, user: Extension, since: datetime, until: datetime) -> list[Line]:
        lines = []
        for one in await self._devices.history(user.company_id, user.id, since=since, until=until):
            device = f"{one.user_agent or 'a device'} at {one.address or 'an unknown address'}"
            lines.append((one.registered_at, f"registered: {device}"))
            if one.unregistered_at is not None:
                lines.append((one.unregistered_at, f"unregistered: {device}"))
        return lines

    async def _made_calls(self, user: Extension, since: datetime, until: datetime) -> list[Line]:
        wanted = CallFilter(since=since, until=until, extension=user.number)
        page = await self._calls.page(user.company_id, wanted=wanted, page=1, per_page=MOST_CALLS)
        return [(call.started_at, _told(call)) for call in page.items if call.instance_id == user.instance_id]


def written(lines: list[Line]) -> bytes:
    """A file's content."""
    return "".join(f"{moment:%Y-%m-%d %H:%M:%S%z} {' '.join(text.split())}\n" for moment, text in lines).encode()


def _told(call: Call) -> str:
    source = call.source or "somebody who withholds their number"
    return f"{call.direction} call from {source} to {call.destination}: {call.outcome}, {call.talk_ms // 1000} s"
