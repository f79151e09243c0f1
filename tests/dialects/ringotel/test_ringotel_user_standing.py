"""How users stand (specs/ringotel.md 3, group User): deactivateUser, attachUser, detachUser, setUserStatus,
setUserState, setUserSettings.
"""

from typing import Any

import pytest

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.errors import WrongState
from ringmain.core.extensions.service import data_of
from ringmain.core.instances.pbx import Forwarding
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World
from tests.dialects.ringotel.user_flow import branch_of, create, extension_of, plain, shown, told


@pytest.fixture
async def branchid(acme: Caller) -> str:
    return await branch_of(acme)


async def status(caller: Caller, userid: str) -> int:
    return int((await shown(caller, userid))["status"])


async def test_attach_user_and_detach_user(world: World, acme: Caller, branchid: str) -> None:
    main, beside = await plain(acme, branchid, 601), await plain(acme, branchid, 602, status=0)
    pair = {"orgid": acme.orgid, "id": beside, "userid": main}
    (await acme("attachUser", **pair)).void()
    (await acme("attachUser", **pair)).void()
    assert (await status(acme, beside), await status(acme, main)) == (2, 1)
    assert (await shown(acme, main))["ext"] == [{"id": beside, "extension": "602", "trunkstate": 0}]
    assert (await acme("getUsers", orgid=acme.orgid)).result()[0]["ext"] == (await shown(acme, main))["ext"]
    (await acme("detachUser", **pair)).void()
    assert (await status(acme, beside), (await shown(acme, main))["ext"]) == (-1, [])
    (await acme("detachUser", **pair)).error(409)
    assert await told(world, "extension.updated") == 3


async def test_attach_user_takes_who_is_not_active_to_who_is(acme: Caller, branchid: str) -> None:
    active = [await plain(acme, branchid, number) for number in (601, 602)]
    idle = [await plain(acme, branchid, number, status=0) for number in (603, 604)]
    wrong = [(active[0], active[1]), (idle[0], idle[1]), (active[0], idle[0]), (idle[0], idle[0])]
    for user_id, other in wrong:
        (await acme("attachUser", orgid=acme.orgid, id=user_id, userid=other)).error(409)
    (await acme("attachUser", orgid=acme.orgid, id=idle[0], userid=active[0])).void()
    (await acme("attachUser", orgid=acme.orgid, id=idle[0], userid=active[1])).error(409)
    (await acme("updateUser", orgid=acme.orgid, id=idle[0], status=1)).result()
    assert (await shown(acme, active[0]))["ext"] == []


async def test_who_is_attached_stays_when_the_other_goes(acme: Caller, branchid: str) -> None:
    main, beside = await plain(acme, branchid, 601), await plain(acme, branchid, 602, status=0)
    (await acme("attachUser", orgid=acme.orgid, id=beside, userid=main)).void()
    (await acme("deleteUser", orgid=acme.orgid, id=main)).result()
    assert await status(acme, beside) == -1


async def test_deactivate_user(acme: Caller, branchid: str) -> None:
    main, beside = await plain(acme, branchid, 601), await plain(acme, branchid, 602, status=0)
    (await acme("attachUser", orgid=acme.orgid, id=beside, userid=main)).void()
    assert (await acme("deactivateUser", orgid=acme.orgid, id=main)).result() == [main, beside]
    assert [await status(acme, one) for one in (main, beside)] == [-1, -1]
    assert (await acme("deactivateUser", orgid=acme.orgid, id=main)).result() == [main]
    assert "password" in (await acme("updateUser", orgid=acme.orgid, id=main, status=1)).result()


async def test_set_user_status_blocks_phone_and_calls(world: World, acme: Caller, branchid: str) -> None:
    core, company_id = world.core, acme.office.company_id
    user_id, other = await plain(acme, branchid, 601), await plain(acme, branchid, 602)
    core_id = ids.decode(user_id, "user")
    await core.extensions.act(company_id, core_id, state="REGISTERED", call_status="on_call")
    assert (await shown(acme, user_id))["trunkstate"] == 1
    (await acme("setUserStatus", orgid=acme.orgid, id=user_id, status=0)).void()
    blocked = await shown(acme, user_id)
    assert (blocked["status"], blocked["state"], blocked["trunkstate"], blocked["devs"][0]["st"]) == (0, 0, 0, 0)
    with pytest.raises(WrongState):
        await core.extensions.act(company_id, core_id, state="REGISTERED", call_status="idle")
    for source, destination in (("601", "602"), ("602", "601"), ("601", "+13105550100")):
        call = await core.sandbox_calls.place(company_id, PlannedCall(source=source, destination=destination))
        assert (call.outcome, call.release_code, call.talk_ms) == ("failed", 21, 0)
    (await acme("updateUser", orgid=acme.orgid, id=user_id, status=1)).error(409)
    (await acme("setUserStatus", orgid=acme.orgid, id=user_id, status=1)).void()
    call = await core.sandbox_calls.place(company_id, PlannedCall(source="602", destination="601"))
    assert (call.outcome, await status(acme, user_id), await status(acme, other)) == ("completed", 1, 1)


async def test_set_user_status_is_for_activated_users(acme: Caller, branchid: str) -> None:
    idle = await plain(acme, branchid, 601, status=0)
    for wanted in (0, 1):
        (await acme("setUserStatus", orgid=acme.orgid, id=idle, status=wanted)).error(409)
    (await acme("setUserStatus", orgid=acme.orgid, id=idle, status=2)).error(400)
    assert await status(acme, idle) == -1


async def test_set_user_state_is_do_not_disturb(world: World, acme: Caller, branchid: str) -> None:
    core, company_id = world.core, acme.office.company_id
    users = [(await create(acme, branchid))["id"], await plain(acme, branchid, 600)]
    for user_id in users:
        await core.extensions.act(company_id, ids.decode(user_id, "user"), state="REGISTERED", call_status="idle")
        assert (await shown(acme, user_id))["state"] == 1
        (await acme("setUserState", orgid=acme.orgid, id=user_id, dnd=True)).void()
        assert (await shown(acme, user_id))["state"] == 3
    person = (await extension_of(world, acme, users[0])).person
    assert person
    (presence,) = await core.presence.get_many(company_id, [person.id])
    assert (presence.status, await told(world, "presence.updated")) == ("do_not_disturb", 1)
    for user_id in users:
        (await acme("setUserState", orgid=acme.orgid, id=user_id, dnd=False)).void()
        assert (await shown(acme, user_id))["state"] == 1
    (await acme("setUserState", orgid=acme.orgid, id=users[0], dnd="x")).error(400)


SETTINGS: dict[str, Any] = {
    "fwdall": False,
    "fwdallnumber": "23232",
    "fwdbusy": True,
    "fwdbusynumber": "12345",
    "fwdnreg": True,
    "fwdnregnumber": "+1 (310) 555-0100",
    "fwdnans": True,
    "fwdnansnumber": 34565,
    "fwdnanstime": "25",
    "callwaiting": False,
    "voicemail": False,
    "recording": True,
    "properties": {"extended_log": True},
}


async def test_set_user_settings(world: World, acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 601)
    (await acme("setUserSettings", orgid=acme.orgid, id=user_id, **SETTINGS)).void()
    extension = await extension_of(world, acme, user_id)
    assert extension.forwarding == Forwarding(
        always=False,
        always_to="23232",
        busy=True,
        busy_to="12345",
        unregistered=True,
        unregistered_to="+13105550100",
        unanswered=True,
        unanswered_to="34565",
        ring_s=25,
    )
    data = data_of(extension)
    assert (data["callwaiting_enable"], data["voicemail_enable"], data["recording_in_external"]) == (
        *("DISABLED", "no"),
        "yes",
    )
    (await acme("setUserSettings", orgid=acme.orgid, id=user_id, fwdall=True, properties={"a": 1})).void()
    extension = await extension_of(world, acme, user_id)
    assert (extension.forwarding.always, extension.forwarding.busy) == (True, True)
    assert extension.profile["properties"] == {"extended_log": True, "a": 1}
    assert data_of(extension) == data


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"fwdbusy": True}, "fwdbusynumber"),
        ({"fwdall": True, "fwdallnumber": ""}, "fwdallnumber"),
        ({"fwdallnumber": "somebody"}, "fwdallnumber"),
        ({"fwdnanstime": 0}, "fwdnanstime"),
        ({"voicemail": "perhaps"}, "voicemail"),
        ({"properties": ["x"]}, "properties"),
    ],
)
async def test_set_user_settings_that_cannot_be(
    world: World, acme: Caller, branchid: str, bad: dict[str, Any], field: str
) -> None:
    user_id = await plain(acme, branchid, 601)
    before = await extension_of(world, acme, user_id)
    assert field in (await acme("setUserSettings", orgid=acme.orgid, id=user_id, **bad)).error(400)
    assert await extension_of(world, acme, user_id) == before
