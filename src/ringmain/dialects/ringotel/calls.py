"""Calls that are set up from elsewhere, and what calls were about (specs/ringotel.md 3, group Other)."""

import msgspec

from ringmain.core.errors import NotFound
from ringmain.core.system import Core
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.chat_ends import DIALECT, LONGEST_EXTENSION, outside_number
from ringmain.dialects.ringotel.params import Id, Word
from ringmain.dialects.ringotel.rpc import Method, Org


class NewCall(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """Of initCall: `from` is an extension."""

    sender: Word
    tonumber: Word
    toname: Word = Word()


class Filing(msgspec.Struct, frozen=True):
    """Of updateActivity: `id` is that of the message which the call is kept as."""

    id: Id
    subject: Word | None = None
    comment: Word | None = None


class CallMethods:
    """Setting calls up, and filing them."""

    def __init__(self, core: Core) -> None:
        self._parties = core.chat_parties
        self._calls = core.click_to_call
        self._chats = core.chats
        self.methods = [
            Method("initCall", NewCall, self.begin),
            Method("updateActivity", Filing, self.file),
        ]

    async def begin(self, org: Org, given: NewCall) -> None:
        """The user's phones ring; who takes it is put through."""
        caller, called = given.sender.strip(), given.tonumber.strip()
        if not (caller.isascii() and caller.isdigit() and len(caller) <= LONGEST_EXTENSION):
            raise NotFound("user")
        user = await self._parties.user_by_number(org.company_id, int(caller))
        if user is None:
            raise NotFound("user")
        if not called:
            raise BadRequest("tonumber: is required")
        destination = outside_number(called, org.country)
        if await self._is_extension(org, called):
            destination = called
        await self._calls.originate(org.company_id, user.id, destination, name=given.toname.strip())

    async def _is_extension(self, org: Org, called: str) -> bool:
        if not (called.isascii() and called.isdigit() and len(called) <= LONGEST_EXTENSION):
            return False
        return await self._parties.user_by_number(org.company_id, int(called)) is not None

    async def file(self, org: Org, given: Filing) -> None:
        """Say what the call was about; what is absent stays."""
        message_id = ids.decode_stamp(given.id, "activity")
        await self._chats.file_activity(
            org.company_id, message_id, subject=given.subject, comment=given.comment, origin=DIALECT
        )
