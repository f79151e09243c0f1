"""KNOWN_DIFFERENCES.md 54 to 63: instances and extensions."""

from typing import Any

import pytest

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Reply
from tests.differences.conftest import Place


class Pbx:
    """The company's instance, and its extensions as RingPlan's clients make them."""

    def __init__(self, place: Place, uuid: str) -> None:
        self.place = place
        self.acme = place.acme
        self.uuid = uuid
        self.path = f"/instances/{uuid}/bulks/extensions"

    async def make(self, number: int = 1001, data: dict[str, Any] | None = None, **fields: Any) -> Any:
        reply = await self.acme("POST", self.path, json={"data": {"id": number, **(data or {})}, **fields})
        assert reply.status == 201, reply.body
        return reply.json()

    async def change(self, extension: Any, method: str = "PUT", **body: Any) -> Any:
        reply = await self.acme(method, f"{self.path}/{extension['_id']}", json=body)
        assert reply.status == 200, reply.body
        return reply.json()

    async def user(self, name: str) -> str:
        person = await self.place.core.people.create(
            self.acme.office.company_id, email=f"{name.lower()}@acme.example", first_name=name
        )
        return ids.encode(person.id)


@pytest.fixture
async def pbx(place: Place) -> Pbx:
    company_id = place.acme.office.company_id
    instance = await place.core.instances.create(company_id, name="pbx", domain="pbx.acme.example")
    return Pbx(place, str(instance.uuid))


def numbers(reply: Reply) -> list[int]:
    assert reply.status == 200, reply.body
    return [one["data"]["id"] for one in reply.json()]


async def test_54_what_is_sent_is_laid_over_what_is_kept(pbx: Pbx) -> None:
    made = await pbx.make(data={"name": "Ann", "ringtimer": "20"}, purpose="softphone")
    for method, timer in (("PUT", "30"), ("PATCH", "40")):
        changed = await pbx.change(made, method, data={"ringtimer": timer}, nonsense=1)
        assert changed["data"] == {**made["data"], "ringtimer": timer}
        assert (changed["_id"], changed["purpose"]) == (made["_id"], "softphone")
    assert (await pbx.change(made, data={"ringtimer": None}))["data"]["ringtimer"] == ""


async def test_55_number_and_name_are_followed(pbx: Pbx) -> None:
    made = await pbx.make(data={"name": "Ann"})
    assert made["data"]["dial"] == "PJSIP/1001"
    # Clients send back both keys, one of them changed.
    changed = (await pbx.change(made, data={"id": 1001, "extension": 1002}))["data"]
    assert (changed["id"], changed["extension"]) == (1002, 1002)
    named = (await pbx.change(made, data={"id": 1003, "name": "Bea"}))["data"]
    assert (named["dial"], named["callerid"], named["mailbox"]) == ("PJSIP/1003", "Bea <1003>", "1003@device")


async def test_56_two_spellings_of_the_outbound_caller_id(pbx: Pbx) -> None:
    made = await pbx.make(data={"outboundcid": '"Acme" <2025550123>'})
    assert (made["outbound_callerid"]["name"], made["outbound_callerid"]["number"]) == ("Acme", "2025550123")
    changed = await pbx.change(made, outbound_callerid={"number": "2025550124"})
    assert changed["data"]["outboundcid"] == changed["outbound_callerid"]["value"]
    assert "2025550124" in changed["data"]["outboundcid"]


async def test_57_voicemail_email_names_the_user(pbx: Pbx) -> None:
    sam, kim = await pbx.user("Sam"), await pbx.user("Kim")
    mail = {"voicemail_email": "SAM@acme.example"}
    assert (await pbx.make(1001, data=mail))["user"]["id"] == sam
    assert (await pbx.make(1002, data=mail, user={"id": kim}))["user"]["id"] == kim
    assert (await pbx.make(1003, data={"voicemail_email": "else@x.example"}))["user"] is None


async def test_58_who_is_told_passwords(pbx: Pbx) -> None:
    sam, kim = await pbx.user("Sam"), await pbx.user("Kim")
    made = await pbx.make(purpose="softphone", user={"id": sam}, data={"secret": "Zm9vYmFyYmF6"})
    configuration = f"/phones/qr-config/advanced?extension_id={made['_id']}&instance_uuid={pbx.uuid}"
    secret = made["qr-config"]["password"]
    assert secret
    for person, told in (("primary", secret), (sam, secret), (kim, "")):
        headers: dict[str, str | None] = {"X-User-Id": person}
        (shown,) = (await pbx.acme("GET", pbx.path, headers=headers)).json()
        assert (shown["qr-config"]["password"], shown["data"]["secret"]) == (told, told)
        reply = await pbx.acme("GET", configuration, headers=headers)
        assert reply.status == (200 if told else 403)
    # Whoever is not told sends back nothing: what is kept stays.
    body = {"data": {"secret": "", "ringtimer": "20"}}
    await pbx.acme("PUT", f"{pbx.path}/{made['_id']}", json=body, headers={"X-User-Id": kim})
    assert (await pbx.acme("GET", configuration)).json()["password"] == secret
    # Nor do they become its user.
    body = {"user": {"id": kim}}
    reply = await pbx.acme("PATCH", f"{pbx.path}/{made['_id']}", json=body, headers={"X-User-Id": kim})
    assert reply.status == 403


async def test_59_what_a_softphone_is_told(pbx: Pbx) -> None:
    made = await pbx.make(data={"name": "Ann"})
    query = f"extension_id={made['_id']}&instance_uuid={pbx.uuid}"
    shown = (await pbx.acme("GET", f"/phones/qr-config/advanced?{query}")).json()
    assert set(shown) == {"_id", "displayname", "outbound_server", "password", "server", "user"}
    assert (shown["displayname"], shown["server"], shown["user"]) == ("Ann", "pbx.acme.example", "1001")
    (await pbx.acme("GET", f"/phones/qr-config/advanced?extension_id={made['_id']}")).problem(400)
    (await pbx.acme("GET", f"/phones/qr-config/advanced?{query[:-1]}0x")).problem(404)


async def test_60_lists_without_a_match(pbx: Pbx) -> None:
    (await pbx.acme("GET", pbx.path)).problem(404)
    await pbx.make()
    for query in ("filter_by=softphone", "search=nobody", "page=9"):
        for path in (pbx.path, f"/instances/{pbx.uuid}/extensions"):
            assert numbers(await pbx.acme("GET", f"{path}?{query}")) == []
    assert numbers(await pbx.acme("GET", f"{pbx.path}?filter_by=nonsense")) == [1001]


async def test_61_by_user(pbx: Pbx) -> None:
    zoe, ann = await pbx.user("Zoe"), await pbx.user("Ann")
    await pbx.make(1001)
    await pbx.make(1002, user={"id": zoe})
    await pbx.make(1003, user={"id": ann})
    assert numbers(await pbx.acme("GET", f"{pbx.path}?by_user=on")) == [1003, 1002, 1001]
    assert numbers(await pbx.acme("GET", f"/instances/{pbx.uuid}/extensions?by_user=on")) == [1003, 1002]


async def test_62_taken_numbers_and_the_check(pbx: Pbx) -> None:
    made = await pbx.make(user={"id": await pbx.user("Sam")})
    (await pbx.acme("POST", pbx.path, json={"data": {"id": 1001}})).problem(400)
    other = await pbx.make(1002)
    (await pbx.acme("PUT", f"{pbx.path}/{other['_id']}", json={"data": {"id": made["data"]["id"]}})).problem(400)
    check = f"{pbx.path}/check"
    for email, number in (("kim@acme.example", 1001), ("SAM@acme.example", 1003)):
        (await pbx.acme("POST", check, json={"email": email, "id": number})).problem(400)
    free = await pbx.acme("POST", check, json={"email": "kim@acme.example", "id": 1003})
    assert (free.status, free.json()) == (200, {})


async def test_63_what_web_clients_call_besides(pbx: Pbx) -> None:
    made = await pbx.make()
    assert {"location", "qr-config"} <= set(made)
    assert (await pbx.acme("GET", "/system/instances")).json() == (await pbx.acme("GET", "/instances")).json()
    choices = (await pbx.acme("GET", f"/instances/{pbx.uuid}/dids/callerids")).json()
    assert choices[0]["number"] == "anonymous"
    assert (await pbx.acme("GET", "/pbx/queues/statuses")).json() == []
    (await pbx.acme("GET", "/pbx/queues/600/status")).problem(404)
