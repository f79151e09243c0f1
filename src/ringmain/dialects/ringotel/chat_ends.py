"""Who is meant by `from`, `to`, `userid`, `senderid` and `sessionid` (specs/ringotel.md 2; section 5, reading 1)."""

from typing import Final

import msgspec

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.core.texting.chat_parties import ChatUser
from ringmain.core.texting.model import Contact, Conversation, Direction
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.params import Id, Word
from ringmain.dialects.ringotel.rpc import Org

DIALECT: Final = "ringotel"
LONGEST_EXTENSION: Final = 9


class SenderInfo(msgspec.Struct, frozen=True):
    """What the API's client knows of somebody outside."""

    phone: Word = Word()
    email: Word = Word()


class Named(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """How a message names its ends."""

    sender: Word = Word()
    to: Word = Word()
    userid: Id = Id()
    senderid: Id = Id()
    sendername: Word = Word()
    senderinfo: SenderInfo = SenderInfo()
    sessionid: Id = Id()


class Ours(msgspec.Struct, frozen=True):
    """Our end: an extension, or one of our numbers (E.164)."""

    user: ChatUser | None = None
    number: str | None = None


class Ends(msgspec.Struct, frozen=True):
    """`direction`: inbound is to our end. `outside` is whom the other end is named as, unless a session says it."""

    direction: Direction
    ours: Ours
    outside: str = ""


class ChatEnds:
    """Finds the two ends of a chat, and the conversation between them."""

    def __init__(self, core: Core) -> None:
        self._parties = core.chat_parties
        self._texting = core.texting
        self._chats = core.chats
        self._numbers = core.numbers
        self._trunks = core.trunks

    async def read(self, org: Org, given: Named) -> Ends:
        """Who is who; nothing is made. Raises BadRequest (an end is missing), NotFound (neither is ours)."""
        sender, to = given.sender.strip(), given.to.strip()
        outside = given.senderid or given.senderinfo.phone or sender
        if given.userid:
            user = await self._parties.user(org.company_id, ids.decode(given.userid, "user"))
            return _ends("inbound", Ours(user=user), outside, given)
        if to and (ours := await self.ours(org, to)):
            return _ends("inbound", ours, outside, given)
        if not given.senderid and sender and (ours := await self.ours(org, sender)):
            return _ends("outbound", ours, to, given)
        if not to:
            raise BadRequest("to: is required")
        raise NotFound("user")

    async def ours(self, org: Org, text: str) -> Ours | None:
        """The extension, or else the number of the company, that this text is."""
        if text.isascii() and text.isdigit() and len(text) <= LONGEST_EXTENSION:
            user = await self._parties.user_by_number(org.company_id, int(text))
            if user is not None:
                return Ours(user=user)
        try:
            number = await self._numbers.get_by_number(org.company_id, normalise(text, org.country))
        except (Invalid, NotFound):
            return None
        return Ours(number=number.number) if number.sms else None

    async def session(self, org: Org, sessionid: str) -> Conversation:
        """The open session, or the one that takes the place of a closed one (reading 7). Raises NotFound."""
        conversation_id = ids.decode_stamp(sessionid, "session")
        found, _ = await self._chats.continue_conversation(org.company_id, conversation_id, origin=DIALECT)
        return found

    async def open(self, org: Org, ends: Ends, given: Named) -> tuple[Conversation, Contact]:
        """The session that is named, or the one between these ends, opened if need be (reading 9)."""
        if given.sessionid:
            conversation = await self.session(org, given.sessionid)
            country = await self._country(org, conversation.number)
            called = outside_number(ends.outside, country) if ends.outside else ""
            among = [contact for contact in conversation.contacts if contact.number == called]
            return conversation, (among or conversation.contacts)[0]
        number = ends.ours.number
        if number is None:
            assert ends.ours.user is not None  # noqa: S101 - one of the two is there
            number = await self._parties.number_for(org.company_id, ends.ours.user)
        contact = await self._contact(org, ends, given, await self._country(org, number))
        conversation, _ = await self._texting.open_conversation(
            org.company_id, number=number, contact_ids=[contact.id], origin=DIALECT
        )
        return conversation, contact

    async def _country(self, org: Org, number: str) -> str:
        """Where numbers without + are of, in texts of this number of ours: as its trunk spells them to receivers."""
        return (await self._trunks.spelling(org.company_id, number)).country

    async def _contact(self, org: Org, ends: Ends, given: Named, country: str) -> Contact:
        inbound = ends.direction == "inbound"
        phone = (given.senderinfo.phone.strip() or given.sender.strip()) if inbound else ends.outside
        first, _, last = " ".join(given.sendername.split()).partition(" ")
        named = inbound and bool(first)
        return await self._parties.contact(
            org.company_id,
            number=outside_number(phone, country) if phone else None,
            handle=given.senderid.strip() or None if inbound else None,
            first_name=first if named else None,
            last_name=last if named else None,
            email=given.senderinfo.email.strip() or None if inbound else None,
        )


def outside_number(text: str, country: str) -> str:
    """Somebody outside: E.164 where it can be a telephone number, else as it is written."""
    try:
        return normalise(text, country)
    except Invalid:
        return text.strip()


def _ends(direction: Direction, ours: Ours, outside: str, given: Named) -> Ends:
    if not outside and not given.sessionid:
        raise BadRequest(f"{'from' if direction == 'inbound' else 'to'}: is required")
    return Ends(direction, ours, outside)
