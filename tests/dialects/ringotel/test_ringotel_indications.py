"""The methods `delivered`, `deleted`, `read`, `typing`, `updated` and `getChatUsers` (specs/ringotel.md 2)."""

from typing import Any

import pytest

from ringmain.core.texting.model import Message
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.chatting import OUTSIDE, Users, messages_of, session_of, users_of
from tests.dialects.ringotel.conftest import Caller, World, counts

ABSENT = ids.encode_stamp(8192)


@pytest.fixture
async def users(world: World, acme: Caller) -> Users:
    return await users_of(world.core, acme)


@pytest.fixture
async def sent(acme: Caller, users: Users) -> dict[str, str]:
    """A message to a user, unread."""
    given = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502", "content": "Hi there"}
    result: dict[str, str] = (await acme("message", **given)).result()
    return result


async def answer(world: World, caller: Caller, sent: dict[str, str]) -> Message:
    """A message of a user in this session, which has yet to leave."""
    session_id = ids.decode_stamp(sent["sessionid"], "session")
    return await world.core.texting.send(caller.office.company_id, session_id, text="Hello")


async def events_of(world: World, kind: str) -> list[dict[str, Any]]:
    rows = await world.core.database.fetch(
        "SELECT payload, origin, order_key FROM events WHERE type = $1 ORDER BY id", kind
    )
    return [dict(row) for row in rows]


async def state_of(world: World, message: Message) -> str:
    return (await world.core.texting.get_message(message.company_id, message.id)).state


async def test_delivered_ends_what_was_on_its_way(acme: Caller, world: World, sent: dict[str, str]) -> None:
    message = await answer(world, acme, sent)
    given = {"orgid": acme.orgid, "messageid": ids.encode_stamp(message.id)}
    (await acme("delivered", **given)).void()
    assert await state_of(world, message) == "delivered"
    found = await world.core.database.fetch("SELECT state, due_at FROM submissions")
    assert [(row["state"], row["due_at"]) for row in found] == [("delivered", None)]
    assert len(await events_of(world, "message.updated")) == 1
    (await acme("delivered", **given)).void()
    assert len(await events_of(world, "message.updated")) == 1


async def test_delivered_of_a_message_that_came_in_changes_nothing(
    acme: Caller, world: World, sent: dict[str, str]
) -> None:
    (await acme("delivered", orgid=acme.orgid, messageid=sent["messageid"])).void()
    (message,) = await messages_of(world.core, acme, sent["sessionid"])
    assert message.state == "received"


async def test_deleted_is_gone_and_counted(acme: Caller, world: World, sent: dict[str, str]) -> None:
    given = {"orgid": acme.orgid, "messageid": sent["messageid"]}
    (await acme("deleted", **given)).void()
    assert await messages_of(world.core, acme, sent["sessionid"]) == []
    assert (await session_of(world.core, acme, sent["sessionid"])).unread_count == 0
    (await acme("deleted", **given)).error(404)


async def test_read_is_all_of_a_session(acme: Caller, world: World, sent: dict[str, str]) -> None:
    await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="502", content="Two")
    given = {"orgid": acme.orgid, "sessionid": sent["sessionid"]}
    (await acme("read", **given)).void()
    assert [one.read for one in await messages_of(world.core, acme, sent["sessionid"])] == [True, True]
    assert (await session_of(world.core, acme, sent["sessionid"])).unread_count == 0
    (await acme("read", **given)).void()
    assert len(await events_of(world, "messages.read")) == 1


async def test_reading_5_typing_is_on_unless_it_is_off(acme: Caller, world: World, sent: dict[str, str]) -> None:
    given = {"orgid": acme.orgid, "sessionid": sent["sessionid"]}
    (await acme("typing", **given)).void()
    (await acme("typing", **given, state="off")).void()
    assert ['"on": true' in one["payload"] for one in await events_of(world, "conversation.typing")] == [True, False]
    for state in ("maybe", 1, True):
        (await acme("typing", **given, state=state)).error(400)


async def test_updated_says_something_else(acme: Caller, world: World, sent: dict[str, str]) -> None:
    given = {"orgid": acme.orgid, "messageid": sent["messageid"]}
    (await acme("updated", **given, content="Hello Everyone! ☎")).void()
    (message,) = await messages_of(world.core, acme, sent["sessionid"])
    assert (message.text, message.encoding) == ("Hello Everyone! ☎", "ucs2")
    (event,) = await events_of(world, "message.updated")
    assert event["order_key"] == message.conversation_id
    (await acme("updated", **given, content="Hello Everyone! ☎")).void()
    assert len(await events_of(world, "message.updated")) == 1
    found = await world.core.texting.search_conversations(acme.office.company_id, text="everyone")
    assert len(found) == 1


async def test_updated_leaves_records_of_calls_alone(acme: Caller, sent: dict[str, str]) -> None:
    content = {"duration": 1, "caller": "501", "called": OUTSIDE}
    call = (await acme("message", orgid=acme.orgid, type=8, sessionid=sent["sessionid"], content=content)).result()
    (await acme("updated", orgid=acme.orgid, messageid=call["messageid"], content="x")).error(409)


async def test_reading_6_messages_and_sessions_are_the_organizations(
    acme: Caller, globex: Caller, world: World, sent: dict[str, str]
) -> None:
    before = await counts(world.core.database)
    for orgid, caller, given in (
        (globex.orgid, globex, sent),
        (acme.orgid, globex, sent),
        (acme.orgid, acme, {"messageid": ABSENT, "sessionid": ABSENT}),
        (acme.orgid, acme, {"messageid": "1", "sessionid": "nonsense"}),
        (acme.orgid, acme, {"messageid": sent["sessionid"], "sessionid": sent["messageid"]}),
    ):
        for method in ("delivered", "deleted"):
            (await caller(method, orgid=orgid, messageid=given["messageid"])).error(404)
        for method in ("read", "typing"):
            (await caller(method, orgid=orgid, sessionid=given["sessionid"])).error(404)
        (await caller("updated", orgid=orgid, messageid=given["messageid"], content="x")).error(404)
    assert await counts(world.core.database) == before


async def test_refusals(acme: Caller, world: World, sent: dict[str, str]) -> None:
    before = await counts(world.core.database)
    for method in ("delivered", "deleted", "read", "typing", "updated"):
        assert "required" in (await acme(method, orgid=acme.orgid)).error(400)
        (await acme(method, messageid=sent["messageid"], sessionid=sent["sessionid"], content="x")).error(400)
        (await acme(method, orgid=acme.orgid, messageid=[], sessionid={}, content="x")).error(400)
    for content in ("", None, ["x"], {"a": 1}, "x" * 40_000):
        (await acme("updated", orgid=acme.orgid, messageid=sent["messageid"], content=content)).error(400)
    assert await counts(world.core.database) == before


async def test_closed_sessions_are_unknown_to_indications(acme: Caller, world: World, sent: dict[str, str]) -> None:
    session_id = ids.decode_stamp(sent["sessionid"], "session")
    await world.core.texting.delete_conversation(acme.office.company_id, session_id)
    (await acme("read", orgid=acme.orgid, sessionid=sent["sessionid"])).error(404)
    (await acme("delivered", orgid=acme.orgid, messageid=sent["messageid"])).error(404)
    (await acme("deleted", orgid=acme.orgid, messageid=sent["messageid"])).error(404)


async def test_chat_users(acme: Caller, globex: Caller, world: World, users: Users) -> None:
    company_id = acme.office.company_id
    listed = (await acme("getChatUsers", orgid=acme.orgid)).result()
    assert listed == [
        {"id": users.olive, "name": "Olive", "phone": "501", "state": 0},
        {"id": users.nobody, "name": "Desk", "phone": "502", "state": 0},
    ]
    olive = ids.decode(users.olive, "user")
    await world.core.extensions.act(company_id, olive, state="REGISTERED", call_status="idle")

    async def state() -> int:
        found: int = (await acme("getChatUsers", orgid=acme.orgid)).result()[0]["state"]
        return found

    assert await state() == 1
    for status, expected in (("away", 2), ("do_not_disturb", 3), ("available", 1)):
        await world.core.presence.set(company_id, users.owner_id, status=status)
        assert await state() == expected
    await world.core.extensions.act(company_id, olive, state="REGISTERED", call_status="on_call")
    assert await state() == 8
    assert (await globex("getChatUsers", orgid=globex.orgid)).result() == []
    (await globex("getChatUsers", orgid=acme.orgid)).error(404)
    (await acme("getChatUsers")).error(400)
