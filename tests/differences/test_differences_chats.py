"""KNOWN_DIFFERENCES.md 125 to 133: chats that go by Ringotel's API."""

from typing import Any

import aiohttp
import pytest

from ringmain.core.texting.model import Message
from ringmain.dialects.ringotel import ids
from tests.conditions import eventually
from tests.delivery.receiver import Receiver
from tests.dialects.ringotel.chatting import OUTSIDE, messages_of, session_of, users_of
from tests.dialects.ringotel.conftest import Caller
from tests.differences.conftest import Place, listening

SECRET = "a-key-for-the-receiver-of-"


class Chats:
    """The company as Ringotel's client knows it."""

    def __init__(self, place: Place, caller: Caller) -> None:
        self.place = place
        self.core = place.core
        self.caller = caller
        self.company_id = caller.office.company_id

    async def bring(self, **params: Any) -> dict[str, str]:
        given = {"orgid": self.caller.orgid, "from": OUTSIDE, "to": "502", "content": "Hi", **params}
        result: dict[str, str] = (await self.caller("message", **given)).result()
        return result

    async def kept(self, sessionid: str) -> list[Message]:
        return await messages_of(self.core, self.caller, sessionid)

    async def told(self, receiver: Receiver) -> None:
        """From now on the receiver is told."""
        name = f"{SECRET}{self.company_id}"
        key = await self.core.accounts.create_key(self.caller.account_id, name="told", secret=name)
        await self.core.accounts.set_webhook(self.caller.account_id, key.key.id, receiver.url, name)


@pytest.fixture
async def chats(place: Place) -> Chats:
    office = place.acme.office
    company = await place.core.companies.get(office.company_id)
    key = await place.core.accounts.create_key(company.account_id, name="test")
    caller = Caller(place.acme.http, place.base, office, company.account_id, key.secret)
    await users_of(place.core, caller)
    return Chats(place, caller)


async def test_125_both_ids(chats: Chats) -> None:
    sent = await chats.bring()
    assert set(await chats.bring(sessionid=sent["sessionid"])) == {"messageid", "sessionid"}


async def test_126_what_a_user_wrote_elsewhere(chats: Chats) -> None:
    sent = await chats.bring(**{"from": "501"}, to=OUTSIDE)
    (message,) = await chats.kept(sent["sessionid"])
    assert (message.direction, message.state) == ("outbound", "sent")
    count = "SELECT count(*) FROM submissions WHERE company_id = $1"
    assert await chats.core.database.fetchval(count, chats.company_id) == 0


async def test_127_imported(chats: Chats) -> None:
    async with listening(chats.place.base, chats.place.acme.key) as ear:
        sent = await chats.bring()
        await chats.bring(sessionid=sent["sessionid"], timestamp=1_000_000_000_000, content="Long ago")
        await chats.bring(sessionid=sent["sessionid"], content="New")
        await ear.wait_for("texting.message.new", text="New")
        rung = [payload["text"] for name, *rest in ear.heard if name == "texting.message.new" for payload in rest]
    assert rung == ["Hi", "New"]
    assert [(one.text, one.read) for one in await chats.kept(sent["sessionid"])] == [
        ("Long ago", True),
        ("Hi", False),
        ("New", False),
    ]


async def test_128_a_session_is_closed_by_its_deletion(chats: Chats) -> None:
    sent = await chats.bring()
    await chats.core.texting.delete_conversation(chats.company_id, ids.decode_stamp(sent["sessionid"], "session"))
    again = await chats.bring(sessionid=sent["sessionid"])
    assert again["sessionid"] != sent["sessionid"]


async def test_129_files_are_links(chats: Chats, receiver: Receiver) -> None:
    sent = await chats.bring()
    await chats.told(receiver)
    file = await chats.core.files.create(chats.company_id, name="a.txt")
    await chats.core.files.upload(chats.company_id, file.id, content=b"words", uploaded_name="a.txt", mimetype=None)
    session_id = ids.decode_stamp(sent["sessionid"], "session")
    for text in ("", "See this"):
        await chats.core.texting.send(chats.company_id, session_id, text=text, file_ids=[file.id])

    async def messages() -> list[dict[str, Any]] | None:
        found = [post.json["params"] for post in receiver.posts if post.json["method"] == "message"]
        return found if len(found) == 2 else None

    alone, along = await eventually(messages)
    assert (alone["type"], along["type"]) == (2, 1)
    text, link = along["content"].split("\n")
    assert text == "See this"
    path = link.partition("://")[2].partition("/")[2]
    async with aiohttp.ClientSession() as http, http.get(f"{chats.place.base}/{path}") as response:
        assert (response.status, await response.read()) == (200, b"words")


async def test_130_who_is_told_of_what(chats: Chats, receiver: Receiver) -> None:
    await chats.told(receiver)
    await chats.place.receive("By another carrier")
    sent = await chats.bring()
    for method, params in (
        ("updated", {"messageid": sent["messageid"], "content": "x"}),
        ("typing", {"sessionid": sent["sessionid"]}),
    ):
        (await chats.caller(method, orgid=chats.caller.orgid, **params)).void()
    posts = await receiver.wait_for(3)
    assert [post.json["method"] for post in posts] == ["delivered", "updated", "typing"]


async def test_131_lines(chats: Chats) -> None:
    await chats.core.numbers.update(chats.company_id, chats.caller.office.number, sms=False)
    sent = await chats.bring()
    assert (await session_of(chats.core, chats.caller, sent["sessionid"])).number == "502"
    assert (await chats.place.acme("GET", "/texting/numbers")).json() == []


async def test_132_calls_are_texts_elsewhere(chats: Chats) -> None:
    sent = await chats.bring()
    content = {"duration": 61, "caller": OUTSIDE, "called": "502"}
    await chats.bring(type=8, sessionid=sent["sessionid"], content=content)
    assert (await chats.kept(sent["sessionid"]))[-1].text == f"Incoming call from {OUTSIDE} to 502, 1 min 1 s"


async def test_133_links_that_cannot_be_followed(chats: Chats) -> None:
    given = {"orgid": chats.caller.orgid, "from": OUTSIDE, "to": "502", "type": 7}
    for link in ("http://10.0.0.1/x", f"{chats.place.base}/nothing/here", "ftp://example.com/x"):
        (await chats.caller("message", **given, content=link)).error(400)
