"""GET /myphones (row 3), and API keys (row 4)."""

from typing import Any

from yarl import URL

from ringmain.core.extensions.model import CallerId, Extension, ExtensionChange
from ringmain.dialects.ringrx import ids
from tests.dialects.ringrx.conftest import Caller, World, counts


async def made(caller: Caller, **fields: Any) -> dict[str, Any]:
    """A key just made."""
    reply = await caller("POST", "/myphones/api_key", json=fields)
    assert reply.status == 201, reply.body
    body: dict[str, Any] = reply.json()
    return body


async def tokens(caller: Caller) -> list[str]:
    reply = await caller("GET", "/myphones/api_key")
    assert reply.status == 200
    return [key["token"] for key in reply.json()]


async def extension_of(world: World, number: int) -> Extension:
    found = await world.core.extensions.find_by_number(world.acme.company_id, world.acme.account.instance_id, number)
    assert found is not None
    return found


async def test_row_3_own_user_with_phones_extensions_numbers_and_mailboxes(world: World, acme: Caller) -> None:
    core, company_id = world.core, acme.company_id
    change = ExtensionChange(purpose="softphone", caller_id=CallerId(name="Acme", number="+12025550123"))
    extension = await extension_of(world, 101)
    extension = await core.extensions.update(company_id, acme.account.instance_id, extension.id, change)
    spare = await core.extensions.create(
        company_id, acme.account.instance_id, ExtensionChange(number=103, person_id=acme.office.owner_id)
    )
    number = await core.numbers.set_owners(company_id, acme.office.number, ["owner@acme.example"])
    await core.numbers.create(company_id, "+12025550199")
    reply = await acme("GET", "/myphones")
    assert reply.status == 200
    assert reply.json() == {
        "id": ids.encode(acme.office.owner_id),
        "username": "owner@acme.example",
        "email": "owner@acme.example",
        "first_name": "Olive",
        "last_name": "",
        "name": "Olive",
        "role": "owner",
        "time_zone": "UTC",
        "otp_enabled": False,
        "account": {"id": ids.encode(company_id), "name": "Acme", "time_zone": "UTC"},
        "phones": [
            {
                "id": ids.encode(extension.id),
                "name": "N101",
                "kind": "softphone",
                "extension": "101",
                "state": extension.subscriber_state,
            }
        ],
        "extensions": [
            {
                "id": ids.encode(extension.id),
                "number": "101",
                "name": "N101",
                "caller_id_name": "Acme",
                "caller_id_number": "+12025550123",
            },
            {
                "id": ids.encode(spare.id),
                "number": "103",
                "name": spare.name,
                "caller_id_name": "",
                "caller_id_number": "",
            },
        ],
        "numbers": [
            {
                "id": ids.encode(number.id),
                "number": "12025550123",
                "voice": True,
                "sms": True,
                "mms": True,
                "fax": False,
            }
        ],
        "mailboxes": ["101", "103"],
    }


async def test_row_3_of_somebody_who_has_nothing(world: World) -> None:
    person, sam = await world.user()
    me = (await sam("GET", "/myphones/")).json()
    assert (me["id"], me["role"], me["name"]) == (ids.encode(person.id), "user", "")
    assert (me["phones"], me["extensions"], me["numbers"], me["mailboxes"]) == ([], [], [], [])


async def test_a_key_is_made_used_and_listed_without_its_secret(world: World, acme: Caller) -> None:
    key = await made(acme, name="Fetcher")
    assert set(key) == {"token", "secret", "name", "created_at", "last_used_at"}
    assert key["name"] == "Fetcher"
    assert key["last_used_at"] is None
    assert key["created_at"].endswith("+00:00")
    reply = await acme("POST", "/auth/token", json={"token": key["token"], "secret": key["secret"]})
    assert reply.status == 200
    listed = (await acme("GET", "/myphones/api_key")).json()
    assert listed[-1]["name"] == "Fetcher"
    assert all(set(one) == {"token", "name", "created_at", "last_used_at"} for one in listed)
    assert listed[-1]["last_used_at"].endswith("+00:00")
    assert key["secret"] not in str(listed)


async def test_a_name_is_made_where_none_is_given(acme: Caller) -> None:
    first, second = await made(acme), await made(acme, name="  ")
    assert first["name"].startswith("key-")
    assert first["name"] != second["name"]
    (await acme("POST", "/myphones/api_key", json={"name": first["name"]})).error(409)
    (await acme("POST", "/myphones/api_key", json={"name": "x" * 101})).error(400)
    (await acme("POST", "/myphones/api_key", json={"name": ["x"]})).error(400)


async def test_row_4_a_deleted_key_takes_its_tokens_along(world: World, acme: Caller) -> None:
    key = await made(acme)
    minted = (await acme("POST", "/auth/token", json={"token": key["token"], "secret": key["secret"]})).json()
    by_key = acme.acting(minted["access_token"])
    assert (await by_key("GET", "/myphones")).status == 200
    reply = await acme("DELETE", f"/myphones/api_key/{key['token']}")
    assert (reply.status, reply.body) == (204, b"")
    (await by_key("GET", "/myphones")).error(401)
    (await acme("POST", "/auth/refresh", json={"refresh_token": minted["refresh_token"]})).error(401)
    (await acme("POST", "/auth/token", json={"token": key["token"], "secret": key["secret"]})).error(401)
    (await acme("DELETE", f"/myphones/api_key/{key['token']}")).error(404)


async def test_row_4_a_key_may_delete_itself(acme: Caller) -> None:
    key = await made(acme)
    minted = (await acme("POST", "/auth/token", json={"token": key["token"], "secret": key["secret"]})).json()
    by_key = acme.acting(minted["access_token"])
    assert (await by_key("DELETE", f"/myphones/api_key/{key['token']}")).status == 204
    (await by_key("DELETE", f"/myphones/api_key/{key['token']}")).error(401)


async def test_reading_19_only_owners_of_a_key_and_managers_delete_it(world: World, acme: Caller) -> None:
    _, sam = await world.user()
    _, kim = await world.user("kim@acme.example")
    _, admin = await world.user("admin@acme.example", admin=True)
    sams, kims, owners = await made(sam), await made(kim), await made(acme)
    made_for_all = await world.core.credentials.create_api_key(acme.company_id, "ringrx", "all")
    company_wide = made_for_all.key.token
    assert await tokens(sam) == [sams["token"]]
    assert {sams["token"], kims["token"], owners["token"], company_wide} < set(await tokens(admin))
    assert await tokens(admin) == await tokens(acme)
    foreign = await made(world.globex)
    ringplan = await world.core.credentials.create_api_key(acme.company_id, "ringplan", "crm")
    before = await counts(world.core.database)
    unknown = (await sam("DELETE", f"/myphones/api_key/{'0' * 32}")).body
    for token in (kims["token"], owners["token"], company_wide, foreign["token"], ringplan.key.token):
        reply = await sam("DELETE", f"/myphones/api_key/{token}")
        reply.error(404)
        assert reply.body == unknown
    for token in (foreign["token"], ringplan.key.token):
        (await admin("DELETE", f"/myphones/api_key/{token}")).error(404)
    assert await counts(world.core.database) == before
    assert (await admin("DELETE", f"/myphones/api_key/{kims['token']}")).status == 204
    assert (await acme("DELETE", f"/myphones/api_key/{sams['token']}")).status == 204


async def test_reading_19_the_path_is_url_decoded(acme: Caller) -> None:
    key = await made(acme)
    escaped = "".join(f"%{ord(one):02x}" for one in key["token"])
    reply = await acme.http.delete(
        URL(f"{acme.base}/myphones/api_key/{escaped}", encoded=True), headers={"Authorization": acme.token}
    )
    assert reply.status == 204
    for token in ("%00", "%ff", "x%2Fy", "é", "x" * 400, key["token"]):
        (await acme("DELETE", f"/myphones/api_key/{token}")).error(404)
