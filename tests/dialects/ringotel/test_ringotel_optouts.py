"""Lists of those who must not be texted (specs/ringotel.md 3, group SMS)."""

from typing import Any

import pytest

from ringmain.core.errors import OptedOut
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World, counts

OTHER = "+12025550177"


async def listed(caller: Caller, **given: Any) -> list[str]:
    found: list[str] = (await caller("getOptoutList", orgid=caller.orgid, **given)).result()
    return found


async def test_addToOptout_and_removeFromOptout(acme: Caller, globex: Caller, world: World) -> None:  # noqa: N802
    core, office = world.core, acme.office
    assert await listed(acme) == []
    numbers = [office.contact.number, "(310) 555-0101", 13105550102]
    (await acme("addToOptout", orgid=acme.orgid, tonumber=office.number, numbers=numbers)).void()
    kept = [office.contact.number, "+13105550101", "+13105550102"]
    assert await listed(acme) == await listed(acme, tonumber=office.number.removeprefix("+1")) == kept
    assert await listed(globex) == []
    with pytest.raises(OptedOut):
        await core.texting.send(office.company_id, office.conversation.id, text="Buy!")
    (await acme("addToOptout", orgid=acme.orgid, numbers=numbers)).void()
    events = "SELECT count(*) FROM events WHERE type = $1"
    assert await core.database.fetchval(events, "opt_out.created") == 3
    (await acme("removeFromOptout", orgid=acme.orgid, numbers=[office.contact.number, "+13105550188"])).void()
    assert await listed(acme) == kept[1:]
    assert await core.database.fetchval(events, "opt_out.deleted") == 1
    await core.texting.send(office.company_id, office.conversation.id, text="Welcome back")


async def test_without_a_number_of_ours_it_is_all_of_them(acme: Caller, world: World) -> None:
    trunk_id = (await acme("createSMSTrunk", orgid=acme.orgid, number=OTHER)).result()["id"]
    (await acme("addToOptout", orgid=acme.orgid, phone="3105550101")).void()
    assert len(await world.core.texting.opt_outs(acme.office.company_id)) == 2
    (await acme("removeFromOptout", orgid=acme.orgid, trunkid=trunk_id, phone="3105550101")).void()
    assert await listed(acme, trunkid=trunk_id) == []
    assert await listed(acme, tonumber=acme.office.number) == await listed(acme) == ["+13105550101"]
    # A number with such a list is not given up with its trunk: the list must not be lost.
    (await acme("addToOptout", orgid=acme.orgid, tonumber=OTHER, numbers=["3105550102"])).void()
    (await acme("deleteSMSTrunk", orgid=acme.orgid, id=trunk_id)).void()
    assert await listed(acme) == ["+13105550101"]
    assert (await acme("createSMSTrunk", orgid=acme.orgid, number=OTHER)).result()["id"] == trunk_id
    assert await listed(acme, tonumber=OTHER) == ["+13105550102"]


async def test_all_of_them_or_none(acme: Caller, globex: Caller, world: World) -> None:
    (foreign,) = (await globex("getSMSTrunks", orgid=globex.orgid)).result()
    before = await counts(world.core.database)
    for method in ("addToOptout", "removeFromOptout"):
        good = "+13105550101"
        for wrong in (["12"], ["not a number"], [good, "+1"], [""]):
            (await acme(method, orgid=acme.orgid, numbers=[good, *wrong])).error(400)
        assert "numbers" in (await acme(method, orgid=acme.orgid)).error(400)
        (await acme(method, orgid=acme.orgid, numbers="3105550101")).error(400)
        unknown = (await acme(method, orgid=acme.orgid, tonumber="+12025550199", numbers=[good])).error(404)
        for place in ({"tonumber": globex.office.number}, {"trunkid": foreign["id"]}, {"trunkid": ids.encode(1 << 30)}):
            assert (await acme(method, orgid=acme.orgid, numbers=[good], **place)).error(404) == unknown
    for place in ({"tonumber": globex.office.number}, {"trunkid": foreign["id"]}):
        (await acme("getOptoutList", orgid=acme.orgid, **place)).error(404)
    after = await counts(world.core.database)
    assert after == before
