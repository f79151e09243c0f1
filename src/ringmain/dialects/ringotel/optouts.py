"""Lists of those who must not be texted (specs/ringotel.md 3, group SMS). STOP adds to them, START removes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from ringmain.core.errors import NotFound
from ringmain.core.system import Core
from ringmain.core.texting.opt_outs import MAX_NUMBERS
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.chat_ends import DIALECT, outside_number
from ringmain.dialects.ringotel.params import Id, Word
from ringmain.dialects.ringotel.rpc import Method, Org


class OfTrunk(msgspec.Struct, frozen=True, kw_only=True):
    """One trunk's list, by its number or its id, or that of all."""

    tonumber: Word | None = None
    trunkid: Id | None = None


class Entries(OfTrunk, frozen=True, kw_only=True):
    """Whom to put on the list, or take off it: some clients write `numbers`, some one `phone`."""

    numbers: Annotated[list[Word], Meta(max_length=MAX_NUMBERS)] | None = None
    phone: Word | None = None


class OptOutMethods:
    """The opt-out lists of organizations."""

    def __init__(self, core: Core) -> None:
        self._opt_outs = core.opt_outs
        self._trunks = core.trunks
        self.methods = [
            Method("getOptoutList", OfTrunk, self.list),
            Method("addToOptout", Entries, self.add, changes=True),
            Method("removeFromOptout", Entries, self.remove, changes=True),
        ]

    async def list(self, org: Org, given: OfTrunk) -> list[str]:
        """Their numbers, sorted."""
        number = await self._number(org, given)
        try:
            return await self._opt_outs.list(org.company_id, number=number)
        except NotFound:
            raise NotFound("trunk") from None

    async def add(self, org: Org, given: Entries) -> None:
        """Put all of them on the list, or none."""
        theirs, number = _theirs(org, given), await self._number(org, given)
        try:
            await self._opt_outs.add(org.company_id, theirs, number=number, origin=DIALECT)
        except NotFound:
            raise NotFound("trunk") from None

    async def remove(self, org: Org, given: Entries) -> None:
        """Take them off it."""
        theirs, number = _theirs(org, given), await self._number(org, given)
        try:
            await self._opt_outs.remove(org.company_id, theirs, number=number, origin=DIALECT)
        except NotFound:
            raise NotFound("trunk") from None

    async def _number(self, org: Org, given: OfTrunk) -> str | None:
        if given.trunkid is not None:
            return (await self._trunks.get(org.company_id, ids.decode(given.trunkid, "trunk"))).number
        return None if given.tonumber is None else outside_number(given.tonumber, org.country)


def _theirs(org: Org, given: Entries) -> list[str]:
    wanted = [*(given.numbers or ()), *(() if given.phone is None else (given.phone,))]
    if given.numbers is None and given.phone is None:
        raise BadRequest("numbers: is required")
    return [outside_number(one, org.country) for one in wanted]
