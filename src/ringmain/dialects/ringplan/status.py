"""Users' statuses: not in the reference, but web clients set and read them (specs/ringplan.md 5)."""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import NotFound
from ringmain.core.presence.model import Presence
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, lists, wire
from ringmain.dialects.ringplan.auth import DIALECT

MAIN: Final = ("available", "away", "on_a_call")
"""What the vendor calls main statuses; any other is an additional one, of somebody who is otherwise available."""


class MainStatus(msgspec.Struct):
    """A main status."""

    status: str


class AdditionalStatus(msgspec.Struct):
    """An additional status. Any `action` but `set` takes it away."""

    status: str | None = None
    action: str = "set"
    action_type: str = "manual"


class StatusChange(msgspec.Struct):
    """Body of PATCH /status/v2/current-user: one of both."""

    main_status: MainStatus | None = None
    additional_status: AdditionalStatus | None = None


CHANGE = Decoder(msgspec.json.Decoder(StatusChange))


class StatusRoutes:
    """One status is kept for each user."""

    def __init__(self, core: Core) -> None:
        self._presence = core.presence
        self.endpoints = [
            Endpoint("PATCH", "/status/v2/current-user", self.update),
            Endpoint("GET", "/statuses/v2/users", self.list),
        ]

    async def update(self, request: Request, caller: Caller) -> Response:
        """Set the caller's status; answers both."""
        status, set_by = _wanted(await CHANGE(request))
        presence = await self._presence.set(
            caller.company_id, caller.person_id, status=status, set_by=set_by, origin=DIALECT
        )
        return answer.json(_both(presence))

    async def list(self, request: Request, caller: Caller) -> Response:
        """The statuses of the users `user_id` names, or of all; who never set one is left out."""
        wanted = query.values(request, "user_id")
        people = None if not wanted else [known for text in wanted for known in _known(text)]
        found = await self._presence.get_many(caller.company_id, people)
        statuses = [msgspec.structs.asdict(wire.user_status(presence)) | _both(presence) for presence in found]
        return lists.whole(request, statuses)


def _wanted(change: StatusChange) -> tuple[str, str]:
    """Status and how it was set. Raises BadRequest when there is none."""
    additional = change.additional_status
    if additional is not None and additional.action == "set":
        if additional.status is None:
            raise BadRequest("additional_status.status is missing")
        return additional.status, additional.action_type
    if change.main_status is not None:
        return change.main_status.status, "manual"
    if additional is not None:
        return "available", additional.action_type
    raise BadRequest("main_status or additional_status must be given")


def _both(presence: Presence) -> dict[str, Any]:
    shown = wire.StatusDetails(presence.status, presence.set_by)
    if presence.status in MAIN:
        return {"main_status": shown, "additional_status": None}
    return {"main_status": wire.StatusDetails("available", presence.set_by), "additional_status": shown}


def _known(text: str) -> list[int]:
    try:
        return [ids.decode(text, "user")]
    except NotFound:
        return []
