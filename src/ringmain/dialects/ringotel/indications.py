"""What is told of messages and sessions that are there, as delivered or read (specs/ringotel.md 2).

A message or session must be the organization's (section 5, reading 6).
"""

from typing import Literal

import msgspec

from ringmain.core.system import Core
from ringmain.core.texting.model import MAX_TEXT
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.chat_ends import DIALECT
from ringmain.dialects.ringotel.params import Id, Word
from ringmain.dialects.ringotel.rpc import Method, Org


class OfMessage(msgspec.Struct, frozen=True):
    """Parameters of `delivered` and `deleted`."""

    messageid: Id


class OfSession(msgspec.Struct, frozen=True):
    """Parameters of `read`."""

    sessionid: Id


class TypingParams(msgspec.Struct, frozen=True):
    """Parameters of `typing` (reading 5)."""

    sessionid: Id
    state: Literal["on", "off"] = "on"


class Update(msgspec.Struct, frozen=True):
    """Parameters of `updated`."""

    messageid: Id
    content: Word


class IndicationMethods:
    """Each has no result."""

    def __init__(self, core: Core) -> None:
        self._chats = core.chats
        self.methods = [
            Method("delivered", OfMessage, self.delivered),
            Method("deleted", OfMessage, self.deleted),
            Method("read", OfSession, self.read),
            Method("typing", TypingParams, self.typing),
            Method("updated", Update, self.updated),
        ]

    async def delivered(self, org: Org, given: OfMessage) -> None:
        """A message of ours arrived where the API's client took it."""
        await self._chats.mark_delivered(org.company_id, _message(given.messageid), origin=DIALECT)

    async def deleted(self, org: Org, given: OfMessage) -> None:
        """A message is deleted."""
        await self._chats.delete_message(org.company_id, _message(given.messageid), origin=DIALECT)

    async def read(self, org: Org, given: OfSession) -> None:
        """All of a session is read."""
        await self._chats.mark_all_read(org.company_id, _session(given.sessionid), origin=DIALECT)

    async def typing(self, org: Org, given: TypingParams) -> None:
        """Somebody is writing."""
        on = given.state == "on"
        await self._chats.type(org.company_id, _session(given.sessionid), on=on, origin=DIALECT)

    async def updated(self, org: Org, given: Update) -> None:
        """A message says something else."""
        if not 0 < len(given.content) <= MAX_TEXT:
            raise BadRequest(f"content: must have 1 to {MAX_TEXT} characters")
        message_id = _message(given.messageid)
        await self._chats.edit_message(org.company_id, message_id, text=str(given.content), origin=DIALECT)


def _message(messageid: str) -> int:
    return ids.decode_stamp(messageid, "message")


def _session(sessionid: str) -> int:
    return ids.decode_stamp(sessionid, "session")
