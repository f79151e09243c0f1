"""The method `getChatUsers` (specs/ringotel.md 2), and how users stand (section 3, objects)."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import msgspec

from ringmain.core.extensions.model import ExtensionSummary
from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.params import NoParams
from ringmain.dialects.ringotel.rpc import Method, Org

PER_PAGE: Final = 1000


class State(IntEnum):
    """How a user stands."""

    OFFLINE = 0
    ONLINE = 1
    AWAY = 2
    DO_NOT_DISTURB = 3
    AT_DESK = 4
    CALLING = 6
    CONNECTED = 8


BY_CALL: Final[Mapping[str, State]] = {"ringing": State.CALLING, "on_call": State.CONNECTED, "on_hold": State.CONNECTED}
BY_PRESENCE: Final[Mapping[str, State]] = {
    "away": State.AWAY,
    "busy": State.DO_NOT_DISTURB,
    "do_not_disturb": State.DO_NOT_DISTURB,
    "offline": State.OFFLINE,
}


class ChatUser(msgspec.Struct, frozen=True):
    """`phone` is the extension's number."""

    id: str
    name: str
    phone: str
    state: int


class ChatUserMethods:
    """Who can be chatted with."""

    def __init__(self, core: Core) -> None:
        self._extensions = core.extensions
        self._presence = core.presence
        self.methods = [Method("getChatUsers", NoParams, self.list)]

    async def list(self, org: Org, _: NoParams) -> list[ChatUser]:
        """All users of the organization."""
        presence = {one.person_id: one.status for one in await self._presence.get_many(org.company_id)}
        users: list[ExtensionSummary] = []
        page, total = 1, 1
        while (page - 1) * PER_PAGE < total:
            found, total = await self._extensions.summaries(org.company_id, page=page, per_page=PER_PAGE)
            users += found
            page += 1
        return [
            ChatUser(ids.encode(user.id), user.name or str(user.number), str(user.number), state_of(user, presence))
            for user in users
        ]


def state_of(user: ExtensionSummary, presence: Mapping[int, str]) -> State:
    """By the phone, then by what its user set. `presence`: the statuses of people."""
    if user.subscriber_state == "UNREGISTERED":
        return State.OFFLINE
    calling = BY_CALL.get(user.call_status)
    if calling is not None:
        return calling
    return BY_PRESENCE.get(presence.get(user.person_id or 0, ""), State.ONLINE)
