"""Users' statuses: not in the reference, but web clients set and read them (specs/ringplan.md 5)."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType
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

MAIN: Final = ("available", "away", "do_not_disturb")
"""What the vendor calls main statuses. Another one, set elsewhere, shows as additional, of an available user."""

MANUAL: Final = "manual"


class MainStatus(msgspec.Struct):
    """A main status."""

    status: str


class AdditionalStatus(msgspec.Struct):
    """An additional status: lunch, on_a_call, ... `status` null, or any `action` but `set`, takes it away."""

    status: str | UnsetType | None = UNSET
    action: str = "set"
    action_type: str = MANUAL


class StatusChange(msgspec.Struct):
    """Body of PATCH /status/v2/current-user: one of both, or both."""

    main_status: MainStatus | None = None
    additional_status: AdditionalStatus | None = None


CHANGE = Decoder(msgspec.json.Decoder(StatusChange))


class StatusRoutes:
    """The statuses of the company's users."""

    def __init__(self, core: Core) -> None:
        self._presence = core.presence
        self.endpoints = [
            Endpoint("PATCH", "/status/v2/current-user", self.update),
            Endpoint("GET", "/statuses/v2/users", self.list),
        ]

    async def update(self, request: Request, caller: Caller) -> Response:
        """Set the caller's status; answers both."""
        change: StatusChange = await CHANGE(request)
        additional = change.additional_status
        if additional is None and change.main_status is None:
            raise BadRequest("main_status or additional_status must be given")
        presence = await self._presence.set(
            caller.company_id,
            caller.person_id,
            status=change.main_status.status if change.main_status else UNSET,
            additional=_wanted(additional) if additional else UNSET,
            set_by=additional.action_type if additional else MANUAL,
            origin=DIALECT,
        )
        return answer.json(_both(presence))

    async def list(self, request: Request, caller: Caller) -> Response:
        """The statuses of the users `user_id` names, available unless they set one; or of all who set one."""
        wanted = query.values(request, "user_id")
        if wanted:
            people = [known for text in wanted for known in _known(text)]
            found = await self._presence.of_each(caller.company_id, people)
        else:
            found = await self._presence.get_many(caller.company_id)
        statuses = [msgspec.structs.asdict(wire.user_status(presence)) | _both(presence) for presence in found]
        return lists.whole(request, statuses)


def _wanted(additional: AdditionalStatus) -> str | None:
    if additional.action != "set":
        return None
    if additional.status is UNSET:
        raise BadRequest("additional_status.status is missing")
    return additional.status


def _both(presence: Presence) -> dict[str, Any]:
    """Both are objects always: web clients read `status` of either."""
    main = wire.StatusDetails(presence.status, presence.set_by)
    additional = wire.StatusDetails(presence.additional, presence.additional_set_by or MANUAL)
    if presence.status not in MAIN:
        other, main = main, wire.StatusDetails(MAIN[0], presence.set_by)
        additional = additional if presence.additional else other
    return {"main_status": main, "additional_status": additional}


def _known(text: str) -> list[int]:
    try:
        return [ids.decode(text, "user")]
    except NotFound:
        return []
