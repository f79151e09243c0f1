"""Calls that are set up from elsewhere, and what calls were about (specs/ringotel.md 3, group Other)."""

import time
from typing import Any

import pytest

from ringmain.core.calls.model import CallFilter
from ringmain.core.extensions.model import ExtensionChange
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.chatting import OUTSIDE, OUTSIDE_E164, Users, messages_of, users_of
from tests.dialects.ringotel.conftest import Caller, World, counts


@pytest.fixture
async def users(world: World, acme: Caller) -> Users:
    return await users_of(world.core, acme)


async def test_initCall_rings_and_puts_through(acme: Caller, world: World, users: Users) -> None:  # noqa: N802
    begun = round(time.time() * 1000)
    domain = (await acme("getOrganization", id=acme.orgid)).result()["domain"]
    given = {"from": "502", "tonumber": OUTSIDE, "toname": "John Smith"}
    # The reference's text says that `domain` is the id, its sample that it is the domain.
    for place in ({"domain": domain}, {"domain": acme.orgid}, {"orgid": acme.orgid}):
        (await acme("initCall", **given, **place)).void()
    calls = (await acme("getCalls", orgid=acme.orgid, begin=begun, userid=users.nobody)).result()
    assert [(call["a"], call["b"], call["c"], call["o"]) for call in calls] == [("502", OUTSIDE_E164, 16, True)] * 3
    page = await world.core.calls.page(acme.office.company_id, wanted=CallFilter(), page=1, per_page=5)
    assert {call.destination_name for call in page.items} == {"John Smith"}
    types = await world.core.database.fetch("SELECT type FROM events WHERE type LIKE 'call.%' ORDER BY id LIMIT 3")
    assert [row["type"] for row in types] == ["call.ringing", "call.dial_ended", "call.ended"]


async def test_initCall_to_an_extension(acme: Caller, users: Users) -> None:  # noqa: N802
    (await acme("initCall", orgid=acme.orgid, **{"from": 501}, tonumber="502")).void()
    (call,) = (await acme("getCalls", orgid=acme.orgid, userid=users.nobody)).result()
    assert (call["a"], call["b"]) == ("501", "502")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"from": "599"}, 404),
        ({"from": "3105550199"}, 404),
        ({"from": "x"}, 404),
        ({"tonumber": ""}, 400),
        ({"tonumber": "somebody"}, 400),
        ({"tonumber": "502"}, 400),
        ({"tonumber": "599"}, 404),
        ({"toname": "x" * 201}, 400),
    ],
)
async def test_initCall_refuses(  # noqa: N802
    acme: Caller, world: World, users: Users, given: dict[str, Any], code: int
) -> None:
    before = await counts(world.core.database)
    (await acme("initCall", orgid=acme.orgid, **{"from": "502", "tonumber": OUTSIDE, **given})).error(code)
    assert await counts(world.core.database) == before
    assert (await acme("getCalls", orgid=acme.orgid)).result() == []


async def test_initCall_through_a_pbx_that_fails(acme: Caller, world: World, users: Users) -> None:  # noqa: N802
    (instance,) = await world.core.instances.list(acme.office.company_id)
    await world.core.extensions.create(acme.office.company_id, instance.id, ExtensionChange(number=5023))
    (await acme("initCall", orgid=acme.orgid, **{"from": "5023"}, tonumber=OUTSIDE)).error(502)
    assert (await acme("getCalls", orgid=acme.orgid)).result() == []


# What calls were about


async def activity(caller: Caller) -> tuple[str, str]:
    """A call that is kept in a session: the ids of its message and its session."""
    given = {"orgid": caller.orgid, "from": OUTSIDE, "to": "502"}
    session = (await caller("message", **given)).result()["sessionid"]
    content = {"duration": 100, "caller": "502", "called": OUTSIDE, "subject": "Sales", "transcription": "a.json"}
    kept = await caller("message", orgid=caller.orgid, sessionid=session, type=8, content=content)
    return kept.result()["messageid"], session


async def test_updateActivity_says_what_it_was_about(acme: Caller, world: World, users: Users) -> None:  # noqa: N802
    message_id, session = await activity(acme)
    domain = (await acme("getOrganization", id=acme.orgid)).result()["domain"]
    (await acme("updateActivity", id=message_id, domain=domain, subject="Support", comment="It is broken.")).void()
    (message,) = await messages_of(world.core, acme, session)
    assert message.activity
    assert (message.activity.subject, message.activity.comment) == ("Support", "It is broken.")
    assert (message.activity.transcription, message.activity.duration) == ("a.json", 100)
    assert message.text.splitlines()[1:] == ["Support", "It is broken."]
    (await acme("updateActivity", id=message_id, orgid=acme.orgid, comment="")).void()
    (message,) = await messages_of(world.core, acme, session)
    assert message.activity and (message.activity.subject, message.activity.comment) == ("Support", "")
    changes = "SELECT count(*) FROM events WHERE type = 'message.updated' AND payload->>'change' = 'text'"
    assert await world.core.database.fetchval(changes) == 2


async def test_updateActivity_of_what_is_no_call(acme: Caller, globex: Caller, world: World, users: Users) -> None:  # noqa: N802
    text = (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="502", content="Hi")).result()
    message_id, _ = await activity(acme)
    before = await counts(world.core.database)
    unknown = (await acme("updateActivity", orgid=acme.orgid, id=ids.encode_stamp(1 << 30), subject="x")).error(404)
    for wrong in (text["messageid"], text["sessionid"], "x", acme.orgid):
        assert (await acme("updateActivity", orgid=acme.orgid, id=wrong, subject="x")).error(404) == unknown
    assert (await globex("updateActivity", orgid=globex.orgid, id=message_id, subject="x")).error(404) == unknown
    (await acme("updateActivity", orgid=acme.orgid, id=message_id, subject="x" * 40_000)).error(400)
    assert await counts(world.core.database) == before
