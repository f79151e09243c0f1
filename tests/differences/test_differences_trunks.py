"""KNOWN_DIFFERENCES.md 149 to 156: Ringotel's numbers, calls and agents."""

import uuid
from typing import Any

import pytest

from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.chat_parties import RELAYED
from ringmain.dialects.ringotel import ids
from tests.conditions import eventually
from tests.delivery.receiver import Receiver
from tests.dialects.ringotel.chatting import OUTSIDE, OUTSIDE_E164, Users, messages_of, users_of
from tests.dialects.ringotel.conftest import Caller
from tests.differences.conftest import Place


class Trunks:
    """The company as Ringotel's client knows it."""

    def __init__(self, place: Place, caller: Caller, users: Users, number: str) -> None:
        self.core = place.core
        self.caller = caller
        self.users = users
        self.number = number
        self.company_id = caller.office.company_id

    async def __call__(self, method: str, **params: Any) -> Any:
        return (await self.caller(method, orgid=self.caller.orgid, **params)).result()

    async def make(self, **given: Any) -> str:
        return str((await self("createSMSTrunk", number=self.number, **given))["id"])

    async def shown(self, trunk_id: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = await self("getSMSTrunks")
        return next(one for one in found if one["id"] == trunk_id)

    async def receive(self, text: str) -> str:
        """A text comes in; returns its session."""
        inbound = InboundText(carrier="sandbox", sender=OUTSIDE_E164, recipient=self.number, text=text)
        return ids.encode_stamp((await self.core.texting.receive(inbound)).conversation_id)

    async def answers(self, session: str) -> list[str]:
        return [one.text for one in await messages_of(self.core, self.caller, session) if one.direction == "outbound"]


@pytest.fixture
async def trunks(place: Place) -> Trunks:
    office = place.acme.office
    company = await place.core.companies.get(office.company_id)
    key = await place.core.accounts.create_key(company.account_id, name=uuid.uuid4().hex)
    caller = Caller(place.acme.http, place.base, office, company.account_id, key.secret)
    number = f"+1404{office.company_id % 10_000_000:07d}"
    return Trunks(place, caller, await users_of(place.core, caller), number)


async def test_149_every_number_that_texts(trunks: Trunks) -> None:
    (known,) = await trunks("getSMSTrunks")
    assert known["number"] == trunks.caller.office.number
    assert (await trunks("createSMSTrunk", number=known["number"]))["id"] == known["id"]
    unused = await trunks.make()
    await trunks("deleteSMSTrunk", id=unused)
    used = await trunks.make()
    assert used != unused
    await trunks.receive("Hi")
    await trunks("deleteSMSTrunk", id=used)
    assert await trunks.make() == used


async def test_150_services(trunks: Trunks) -> None:
    async def carrier() -> str | None:
        return (await trunks.core.numbers.get_by_number(trunks.company_id, trunks.number)).carrier

    trunk_id = await trunks.make(service="Bandwidth")
    assert ((await trunks.shown(trunk_id))["service"], await carrier()) == ("Bandwidth", None)
    await trunks("updateSMSTrunk", id=trunk_id, service=RELAYED)
    assert await carrier() == RELAYED


async def test_151_whose_a_chat_is(trunks: Trunks) -> None:
    users = [trunks.users.olive, trunks.users.nobody]
    kept = {"sessionTimeout": 60, "sendName": True, "groupmode": True, "status": 1}
    trunk_id = await trunks.make(users=users, **kept)
    assert kept.items() <= (await trunks.shown(trunk_id)).items()
    session = await trunks.receive("Hi")
    (chat,) = await trunks("getChats", number=trunks.number)
    assert chat["users"] == users
    conversation = ids.decode_stamp(session, "session")
    await trunks.core.texting.send(trunks.company_id, conversation, text="Hi", author_id=trunks.users.owner_id)
    (chat,) = await trunks("getChats", number=trunks.number)
    assert chat["users"] == users[:1]
    assert await trunks.answers(session) == ["Hi"]


async def test_152_keywords(trunks: Trunks) -> None:
    replies = [{"key": "Hours", "value": "9 to 5"}, {"key": "START", "value": "Welcome."}]
    await trunks.make(autoreply=replies, optout={"keyword": "Basta", "autoreply": "Ciao."})
    for text in (*["hours"] * 6, "What hours?", "stop", "start", "basta", "START"):
        session = await trunks.receive(text)
    assert await trunks.answers(session) == [*["9 to 5"] * 5, "Ciao.", "Welcome.", "Ciao.", "Welcome."]
    assert await trunks("getOptoutList") == []


async def test_153_spellings(trunks: Trunks, receiver: Receiver) -> None:
    secret = f"a-key-for-the-trunk-of-{trunks.company_id}"
    key = await trunks.core.accounts.create_key(trunks.caller.account_id, name="told", secret=secret)
    await trunks.core.accounts.set_webhook(trunks.caller.account_id, key.key.id, receiver.url, secret)
    trunk_id = await trunks.make(inboundFormat="national", outboundFormat="international")
    conversation = ids.decode_stamp(await trunks.receive("Hi"), "session")

    async def told(text: str) -> list[str] | None:
        await trunks.core.texting.send(trunks.company_id, conversation, text=text)

        async def look() -> list[str] | None:
            params = [post.json["params"] for post in receiver.posts]
            return next(([one["to"], one["from"]] for one in params if one.get("content") == text), None)

        return await eventually(look)

    assert await told("1") == [OUTSIDE, trunks.number[1:]]
    await trunks("updateSMSTrunk", id=trunk_id, inboundFormat="", country="GB", outboundFormat="national")
    assert await told("2") == [OUTSIDE_E164, trunks.number[1:]]


async def test_154_trunks_by_id(trunks: Trunks) -> None:
    trunk_id = await trunks.make()
    session = await trunks.receive("Hi")
    assert [one["sessionid"] for one in await trunks("getChats", trunkid=trunk_id)] == [session]
    await trunks("addToOptout", trunkid=trunk_id, phone=OUTSIDE)
    assert await trunks("getOptoutList", tonumber=trunks.number) == await trunks("getOptoutList") == [OUTSIDE_E164]
    await trunks("removeFromOptout", phone=OUTSIDE)
    assert await trunks("getOptoutList", trunkid=trunk_id) == []


async def test_155_calls(trunks: Trunks) -> None:
    await trunks("initCall", **{"from": "502"}, tonumber=OUTSIDE)
    (call,) = await trunks("getCalls")
    assert (call["a"], call["b"], call["d"]) == ("502", OUTSIDE_E164, 0)
    session = (await trunks("message", **{"from": OUTSIDE}, to="502"))["sessionid"]
    content = {"duration": 1, "caller": "502", "called": OUTSIDE}
    message = (await trunks("message", sessionid=session, type=8, content=content))["messageid"]
    await trunks("updateActivity", id=message, subject="Sales")
    (kept,) = await messages_of(trunks.core, trunks.caller, session)
    assert kept.activity
    assert kept.activity.subject == "Sales"


async def test_156_agents(trunks: Trunks) -> None:
    branch = (await trunks("getBranches"))[0]["id"]
    words = {"greeting": "Hello!", "language": "en", "prompt": "Be kind."}
    made = await trunks("createAgent", branchid=branch, name="Bot", extension="700", agent=words)
    assert [one["agent"] for one in await trunks("getAgents")] == [words]
    assert made["userid"] in [one["id"] for one in await trunks("getUsers")]
