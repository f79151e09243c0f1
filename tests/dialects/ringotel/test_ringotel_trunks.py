"""SMS trunks: numbers that text, what answers for them by itself, and their chats (specs/ringotel.md 3, group SMS)."""

import time
from typing import Any

import pytest

from ringmain.core.errors import OptedOut
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.chat_parties import RELAYED
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.chatting import OUTSIDE, OUTSIDE_E164, Users, messages_of, session_of, users_of
from tests.dialects.ringotel.conftest import Caller, World, counts

NUMBER = "+12025550177"
KEYS = {
    *("id", "number", "created", "service", "name", "users", "country", "inboundFormat", "outboundFormat"),
    *("sendName", "groupmode", "sessionTimeout", "autoreply", "optout", "status"),
}
# As the reseller's panel in the field creates them (specs/ringotel.md, [FP])
FIELD: dict[str, Any] = {
    "name": "Main line",
    "number": NUMBER,
    "service": "Bandwidth",
    "sessionTimeout": 0,
    "country": "US",
    "groupmode": True,
    "outboundFormat": "e164",
    "inboundFormat": "national",
    "optout": {"keyword": "STOP", "autoreply": "We will not text you again."},
    "autoreply": [{"key": "HELP", "value": "Call the office, we gladly help."}],
}


@pytest.fixture
async def users(world: World, acme: Caller) -> Users:
    return await users_of(world.core, acme)


async def made(caller: Caller, **given: Any) -> str:
    result = (await caller("createSMSTrunk", orgid=caller.orgid, **{**FIELD, **given})).result()
    assert set(result) == {"id"}
    return str(result["id"])


async def trunks(caller: Caller) -> dict[str, dict[str, Any]]:
    found = (await caller("getSMSTrunks", orgid=caller.orgid)).result()
    assert all(set(one) == KEYS for one in found)
    return {one["id"]: one for one in found}


async def text_in(world: World, caller: Caller, text: str, number: str = NUMBER, sender: str = OUTSIDE_E164) -> str:
    """A text that a carrier brings; returns the session."""
    inbound = InboundText(carrier="sandbox", sender=sender, recipient=number, text=text)
    message = await world.core.texting.receive(inbound)
    return ids.encode_stamp(message.conversation_id)


async def answers(world: World, caller: Caller, session: str) -> list[str]:
    found = await messages_of(world.core, caller, session)
    return [one.text for one in found if one.direction == "outbound"]


# The trunks


async def test_createSMSTrunk_as_the_field_does(acme: Caller, world: World, users: Users) -> None:  # noqa: N802
    trunk_id = await made(acme, users=[users.nobody, users.olive])
    trunk = (await trunks(acme))[trunk_id]
    assert abs(trunk.pop("created") - time.time() * 1000) < 60_000
    assert trunk == {**FIELD, "id": trunk_id, "users": [users.olive, users.nobody], "sendName": False, "status": 2}
    number = await world.core.numbers.get_by_number(acme.office.company_id, NUMBER)
    assert (number.sms, number.voice, number.fax, number.carrier) == (True, False, False, None)
    assert number.owner_emails == ["owner@acme.example"]


async def test_getSMSTrunks_shows_every_number_that_texts(acme: Caller, world: World, users: Users) -> None:  # noqa: N802
    ((trunk_id, trunk),) = (await trunks(acme)).items()
    assert (trunk["number"], trunk["users"], trunk["service"]) == (acme.office.number, [], "")
    assert (trunk["optout"], trunk["autoreply"]) == ({"keyword": "", "autoreply": ""}, [])
    assert (trunk["country"], trunk["sessionTimeout"], trunk["status"]) == ("US", 0, 2)
    # It is one without having been created, so it can be created once, and changed.
    assert await made(acme, number=acme.office.number) == trunk_id
    (await acme("createSMSTrunk", orgid=acme.orgid, **{**FIELD, "number": acme.office.number})).error(409)
    number = await world.core.numbers.get_by_number(acme.office.company_id, acme.office.number)
    assert number.voice


async def test_createSMSTrunk_of_a_number_that_is_there(acme: Caller, globex: Caller, world: World) -> None:  # noqa: N802
    await made(acme)
    before = await counts(world.core.database)
    for caller in (acme, globex):
        (await caller("createSMSTrunk", orgid=caller.orgid, **FIELD)).error(409)
    (await globex("createSMSTrunk", orgid=globex.orgid, number=acme.office.number)).error(409)
    assert await counts(world.core.database) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "12"},
        {"number": "911"},
        {"country": "XX"},
        {"country": "United States"},
        {"inboundFormat": "RFC3966"},
        {"outboundFormat": "E.164"},
        {"sessionTimeout": -1},
        {"sessionTimeout": 1e12},
        {"groupmode": "maybe"},
        {"autoreply": [{"key": "HOURS"}]},
        {"autoreply": [{"key": "", "value": "x"}]},
        {"autoreply": [{"key": "HOURS", "value": " "}]},
        {"autoreply": [{"key": "HOURS", "value": "9 to 5"}] * 101},
        {"autoreply": {"key": "HOURS", "value": "9 to 5"}},
        {"optout": ["STOP"]},
        {"optout": {"keyword": "x" * 161}},
        {"name": "x" * 201},
    ],
)
async def test_createSMSTrunk_refuses(acme: Caller, world: World, wrong: dict[str, Any]) -> None:  # noqa: N802
    before = await counts(world.core.database)
    (await acme("createSMSTrunk", orgid=acme.orgid, **{**FIELD, **wrong})).error(400)
    assert await counts(world.core.database) == before


async def test_users_of_a_trunk_are_the_organizations(acme: Caller, globex: Caller, world: World, users: Users) -> None:
    before = await counts(world.core.database)
    foreign = (await users_of(world.core, globex)).olive
    trunk_id = await made(acme)
    for user in (foreign, ids.encode(1 << 30), "x"):
        (await acme("updateSMSTrunk", orgid=acme.orgid, id=trunk_id, users=[users.olive, user])).error(404)
        (await acme("createSMSTrunk", orgid=acme.orgid, number="+12025550178", users=[user])).error(404)
    after = await counts(world.core.database)
    assert after["numbers"] == before["numbers"] + 1
    assert (await trunks(acme))[trunk_id]["users"] == []


async def test_updateSMSTrunk_changes_what_is_given(acme: Caller, globex: Caller, users: Users) -> None:  # noqa: N802
    trunk_id = await made(acme, users=[users.olive])
    before = (await trunks(acme))[trunk_id]
    (await acme("updateSMSTrunk", orgid=acme.orgid, id=trunk_id, name="Sales", users=[users.nobody])).void()
    changed = (await trunks(acme))[trunk_id]
    assert changed == {**before, "name": "Sales", "users": [users.nobody]}
    more = {"optout": [], "autoreply": [], "groupmode": 0, "sendName": 1, "sessionTimeout": "3600", "status": 1}
    (await acme("updateSMSTrunk", orgid=acme.orgid, id=trunk_id, number="(202) 555-0177", users=[], **more)).void()
    emptied = {"keyword": "", "autoreply": ""}
    shown = {"users": [], "optout": emptied, "autoreply": [], "groupmode": False, "sendName": True}
    assert (await trunks(acme))[trunk_id] == {**changed, **shown, "sessionTimeout": 3600, "status": 1}
    assert "number" in (await acme("updateSMSTrunk", orgid=acme.orgid, id=trunk_id, number="+12025550178")).error(400)
    unknown = (await acme("updateSMSTrunk", orgid=acme.orgid, id=ids.encode(1 << 30), name="x")).error(404)
    (foreign,) = await trunks(globex)
    assert (await acme("updateSMSTrunk", orgid=acme.orgid, id=foreign, name="x")).error(404) == unknown


async def test_users_stay_with_owners_who_have_no_extension(acme: Caller, world: World, users: Users) -> None:
    company_id, number = acme.office.company_id, acme.office.number
    await world.core.numbers.set_owners(company_id, number, ["elsewhere@acme.example", "owner@acme.example"])
    ((trunk_id, trunk),) = (await trunks(acme)).items()
    assert trunk["users"] == [users.olive]
    (await acme("updateSMSTrunk", orgid=acme.orgid, id=trunk_id, users=[users.nobody])).void()
    found = await world.core.numbers.get_by_number(company_id, number)
    assert found.owner_emails == ["elsewhere@acme.example"]
    assert (await trunks(acme))[trunk_id]["users"] == [users.nobody]


async def test_a_service_that_relays_takes_the_texts(acme: Caller, world: World) -> None:
    async def carrier() -> str | None:
        return (await world.core.numbers.get_by_number(acme.office.company_id, NUMBER)).carrier

    trunk_id = await made(acme, service=RELAYED)
    assert await carrier() == RELAYED
    (await acme("updateSMSTrunk", orgid=acme.orgid, id=trunk_id, service="Telnyx")).void()
    assert await carrier() is None
    # What the operator chose stays, whatever the service is called; and only they choose other carriers.
    await world.core.numbers.set_carrier(acme.office.company_id, NUMBER, "sandbox")
    (await acme("updateSMSTrunk", orgid=acme.orgid, id=trunk_id, service="Bandwidth")).void()
    assert await carrier() == "sandbox"


async def test_deleteSMSTrunk_gives_an_unused_number_up(acme: Caller, globex: Caller) -> None:  # noqa: N802
    trunk_id = await made(acme)
    (await acme("deleteSMSTrunk", orgid=acme.orgid, id=trunk_id)).void()
    assert trunk_id not in await trunks(acme)
    (await acme("deleteSMSTrunk", orgid=acme.orgid, id=trunk_id)).error(404)
    await made(globex)


async def test_deleteSMSTrunk_keeps_chats_and_the_number(acme: Caller, globex: Caller, world: World) -> None:  # noqa: N802
    trunk_id = await made(acme)
    session = await text_in(world, acme, "Hello")
    (foreign,) = await trunks(globex)
    (await acme("deleteSMSTrunk", orgid=acme.orgid, id=foreign)).error(404)
    (await acme("deleteSMSTrunk", orgid=acme.orgid, id=trunk_id)).void()
    assert trunk_id not in await trunks(acme)
    assert [one.text for one in await messages_of(world.core, acme, session)] == ["Hello"]
    assert session in [one["sessionid"] for one in (await acme("getChats", orgid=acme.orgid)).result()]
    (await globex("createSMSTrunk", orgid=globex.orgid, **FIELD)).error(409)
    assert await made(acme, name="Back") == trunk_id
    assert (await trunks(acme))[trunk_id]["name"] == "Back"


async def test_users_text_from_their_trunk(acme: Caller, world: World, users: Users) -> None:
    await made(acme, users=[users.nobody])
    given = {"orgid": acme.orgid, "from": OUTSIDE, "content": "Hi"}
    session = await session_of(world.core, acme, (await acme("message", **given, to="502")).result()["sessionid"])
    assert session.number == NUMBER
    other = await session_of(world.core, acme, (await acme("message", **given, to="501")).result()["sessionid"])
    assert other.number == acme.office.number


# What answers by itself


async def test_autoreply_answers_its_key(acme: Caller, world: World) -> None:
    await made(acme, autoreply=[{"key": "Hours", "value": "9 to 5"}, {"key": "HELP", "value": "Call us."}])
    session = await text_in(world, acme, " hours ")
    assert await answers(world, acme, session) == ["9 to 5"]
    await text_in(world, acme, "Which hours?")
    await text_in(world, acme, "help")
    assert await answers(world, acme, session) == ["9 to 5", "Call us."]
    ours = await text_in(world, acme, "hours", number=acme.office.number)
    assert await answers(world, acme, ours) == []


async def test_autoreplies_that_answer_each_other_end(acme: Caller, world: World) -> None:
    await made(acme, autoreply=[{"key": "ping", "value": "pong"}])
    for _ in range(8):
        session = await text_in(world, acme, "ping")
    assert await answers(world, acme, session) == ["pong"] * 5


async def test_optout_is_obeyed_beside_stop(acme: Caller, world: World) -> None:
    await made(acme, optout={"keyword": "Basta", "autoreply": "Ciao."}, autoreply=[{"key": "INFO2", "value": "x"}])
    session = await text_in(world, acme, "basta")
    await text_in(world, acme, "BASTA")
    assert await answers(world, acme, session) == ["Ciao."]
    assert (await acme("getOptoutList", orgid=acme.orgid, tonumber=NUMBER)).result() == [OUTSIDE_E164]
    with pytest.raises(OptedOut):
        await world.core.texting.send(
            acme.office.company_id, ids.decode_stamp(session, "session"), text="More?", author_id=acme.office.owner_id
        )
    await text_in(world, acme, "INFO2")
    assert await answers(world, acme, session) == ["Ciao."]
    await text_in(world, acme, "START")
    assert (await acme("getOptoutList", orgid=acme.orgid)).result() == []
    await text_in(world, acme, "stop")
    assert (await answers(world, acme, session))[-1] == "Ciao."
    other = await text_in(world, acme, "Basta", number=acme.office.number)
    assert await answers(world, acme, other) == []


async def test_stop_is_obeyed_whatever_an_autoreply_says(acme: Caller, world: World) -> None:
    await made(acme, optout={}, autoreply=[{"key": "STOP", "value": "Never mind."}])
    session = await text_in(world, acme, "STOP")
    assert await answers(world, acme, session) == ["Never mind."]
    assert (await acme("getOptoutList", orgid=acme.orgid)).result() == [OUTSIDE_E164]


# Chats


async def test_reading_18_chats_are_sessions(acme: Caller, globex: Caller, world: World, users: Users) -> None:
    trunk_id = await made(acme, users=[users.nobody, users.olive])
    session = await text_in(world, acme, "Hello")
    now = round(time.time() * 1000)
    found = (await acme("getChats", orgid=acme.orgid, number="(202) 555-0177")).result()
    (chat,) = found
    assert abs(chat.pop("updated") - now) < 60_000
    assert chat == {
        "sessionid": session,
        "number": NUMBER,
        "from": OUTSIDE_E164,
        "users": [users.olive, users.nobody],
    }
    assert (await acme("getChats", orgid=acme.orgid, trunkid=trunk_id)).result()[0]["sessionid"] == session
    everything = (await acme("getChats", orgid=acme.orgid)).result()
    assert [one["number"] for one in everything] == [NUMBER, acme.office.number]
    domain = (await acme("getOrganization", id=acme.orgid)).result()["domain"]
    spans: list[tuple[Any, Any, int]] = [
        (now - 600_000, str(now + 600_000), 1),
        (0, 1, 0),
        (str(now + 600_000), None, 0),
    ]
    for begin, end, count in spans:
        params = {"begin": begin, "end": now + 700_000 if end is None else end}
        assert len((await acme("getChats", domain=domain, number=NUMBER, **params)).result()) == count
    assert (await acme("getChats", orgid=acme.orgid, number="+12025550199")).result() == []
    assert session not in [one["sessionid"] for one in (await globex("getChats", orgid=globex.orgid)).result()]
    (await globex("getChats", orgid=globex.orgid, trunkid=trunk_id)).error(404)


async def test_a_chat_is_its_authors_for_the_time_of_the_trunk(acme: Caller, world: World, users: Users) -> None:
    trunk_id = await made(acme, users=[users.nobody, users.olive], sessionTimeout=3600)
    session = await text_in(world, acme, "Hello")

    async def taking_part() -> list[str]:
        (chat,) = (await acme("getChats", orgid=acme.orgid, number=NUMBER)).result()
        found: list[str] = chat["users"]
        return found

    assert await taking_part() == [users.olive, users.nobody]
    await world.core.texting.send(
        acme.office.company_id, ids.decode_stamp(session, "session"), text="Hi", author_id=acme.office.owner_id
    )
    assert await taking_part() == [users.olive]
    (await acme("updateSMSTrunk", orgid=acme.orgid, id=trunk_id, sessionTimeout=0)).void()
    assert await taking_part() == [users.olive, users.nobody]


async def test_a_chat_on_a_line_is_its_extensions(acme: Caller, world: World, users: Users) -> None:
    await world.core.numbers.update(acme.office.company_id, acme.office.number, sms=False)
    given = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502", "content": "Hi"}
    session = (await acme("message", **given)).result()["sessionid"]
    (chat,) = (await acme("getChats", orgid=acme.orgid, number="502")).result()
    assert (chat["sessionid"], chat["number"], chat["users"]) == (session, "502", [users.nobody])


async def test_numbers_are_read_as_the_trunk_spells_them(acme: Caller, world: World, users: Users) -> None:
    await made(acme, number="030 1234567", country="de", users=[users.nobody])
    (await acme("message", orgid=acme.orgid, **{"from": "0171 5550199"}, to="502", content="Hallo")).result()
    (chat,) = (await acme("getChats", orgid=acme.orgid, number="+49301234567")).result()
    assert chat["from"] == "+491715550199"
