"""SMS trunks: numbers that text, and their chats (specs/ringotel.md 3, group SMS)."""

import msgspec

from ringmain.core.errors import Invalid
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.core.texting.chats import ChatOverview
from ringmain.core.trunks.model import Trunk
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel import trunks_wire as wire
from ringmain.dialects.ringotel.params import Id, NoParams, Word
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.spans import Span, milliseconds

TRUNK = "trunk"


class Known(msgspec.Struct, frozen=True):
    """A trunk by its id."""

    id: Id


class ChatSpan(Span, frozen=True):
    """Of getChats: one trunk's, by its number or its id, or all."""

    number: Word | None = None
    trunkid: Id | None = None


class WireChat(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """A session between `number`, one of ours, and `from`. `users`: who takes part; `updated`: when something last was
    written there.
    """

    sessionid: str
    number: str
    sender: str
    users: list[str]
    updated: int


class TrunkMethods:
    """The trunks of organizations."""

    def __init__(self, core: Core) -> None:
        self._trunks = core.trunks
        self._chats = core.chats
        self.methods = [
            Method("getSMSTrunks", NoParams, self.list_all),
            Method("createSMSTrunk", wire.NewTrunk, self.create, changes=True),
            Method("updateSMSTrunk", wire.ChangedTrunk, self.update, changes=True),
            Method("deleteSMSTrunk", Known, self.delete, changes=True),
            Method("getChats", ChatSpan, self.list_chats),
        ]

    async def list_all(self, org: Org, _: NoParams) -> list[wire.WireTrunk]:
        """Every number that texts, whoever set it up, oldest first."""
        return [wire.wire(trunk) for trunk in await self._trunks.list(org.company_id)]

    async def create(self, org: Org, given: wire.NewTrunk) -> dict[str, str]:
        """Make one of a number of the organization's, or of one that nobody has."""
        change = wire.change_of(given)
        made = await self._trunks.create(org.company_id, _number(given, given.country or org.country), change)
        return {"id": ids.encode(made.id)}

    async def update(self, org: Org, given: wire.ChangedTrunk) -> None:
        """Change what is given, but for its number."""
        change = wire.change_of(given)
        trunk = await self._trunks.get(org.company_id, ids.decode(given.id, TRUNK))
        if given.number is not None and _number(given, given.country or trunk.country) != trunk.number:
            raise Invalid("number", "cannot be changed: create another trunk")
        await self._trunks.update(org.company_id, trunk.id, change)

    async def delete(self, org: Org, given: Known) -> None:
        """The number texts no more. Its chats stay."""
        await self._trunks.delete(org.company_id, ids.decode(given.id, TRUNK))

    async def list_chats(self, org: Org, given: ChatSpan) -> list[WireChat]:
        """Chats in which something was written in this span, the latest first, at most 10,000 (reading 18)."""
        since, until = given.moments
        number = given.number
        if given.trunkid is not None:
            number = Word((await self._trunks.get(org.company_id, ids.decode(given.trunkid, TRUNK))).number)
        elif number is not None:
            number = Word(_read(number, org.country))
        found = await self._chats.overview(org.company_id, number=number, since=since, until=until)
        trunks = {trunk.id: trunk for trunk in await self._trunks.list(org.company_id)}
        return [_chat(one, trunks.get(one.number_id)) for one in found]


def _number(given: wire.NewTrunk | wire.ChangedTrunk, country: str) -> str:
    """E.164. Raises Invalid."""
    return normalise(given.number or "", country.upper())


def _read(number: str, country: str) -> str:
    """A number of ours: E.164, or an extension's, whose line it is."""
    try:
        return normalise(number, country)
    except Invalid:
        return number.strip()


def _chat(one: ChatOverview, trunk: Trunk | None) -> WireChat:
    if one.held_by is not None:
        users = [one.held_by]
    elif one.line_of is not None:
        users = [one.line_of]
    else:
        users = trunk.extension_ids if trunk else []
    return WireChat(
        sessionid=ids.encode_stamp(one.id),
        number=one.number,
        sender=",".join(one.theirs),
        users=[ids.encode(user) for user in users],
        updated=milliseconds(one.active_at),
    )
