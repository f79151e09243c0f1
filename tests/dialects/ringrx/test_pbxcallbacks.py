"""/pbxcallbacks: row 13 of specs/ringrx.md, and what there must be around it."""

from typing import Any

import pytest

from ringmain.core.subscriptions.model import Subscription
from tests.dialects.ringrx.conftest import FAX_NUMBER, Account, Caller, World
from tests.overlapping import behind

CALLBACKS = "/pbxcallbacks"
URL = "https://some.url.com/hook?caller={caller}"


async def made(user: Caller, **fields: Any) -> dict[str, Any]:
    reply = await user("POST", CALLBACKS, json={"callback_type": "cdr", "url": URL, **fields})
    assert reply.status == 201, reply.body
    body: dict[str, Any] = reply.json()
    return body


async def subscriptions(account: Account) -> list[Subscription]:
    return await account.core.subscriptions.list_subscriptions(account.id, face="ringrx")


async def test_row_13_list_callbacks(acme: Caller) -> None:
    assert await acme.read(CALLBACKS) == []
    first = await made(acme, name="One", use_basic_auth=True, auth_username="me", auth_password="secret")
    second = await made(acme, callback_type="sms", custom_headers="AuthToken:DESIGN-thick-because-guard")
    assert await acme.read(CALLBACKS) == [first, second]
    assert await acme.read(f"{CALLBACKS}/{first['id']}") == first
    assert set(first) == {
        *("id", "name", "callback_type", "url", "use_basic_auth", "auth_username", "auth_password"),
        *("custom_headers", "phone_numbers", "mailboxes", "fax_services", "outreach_profile", "group"),
        *("state", "created_at", "updated_at"),
    }
    assert isinstance(first["id"], int)
    assert (first["name"], first["callback_type"], first["url"]) == ("One", "cdr", URL)
    assert (first["use_basic_auth"], first["auth_username"], first["auth_password"]) == (True, "me", "")
    assert second["name"] == "sms"


async def test_bindings(acme: Caller, account: Account) -> None:
    await account.add_fax_number()
    number = account.office.number
    sms = await made(acme, callback_type="sms", phone_numbers=[number.removeprefix("+1"), number])
    assert sms["phone_numbers"] == [number]
    fax = await made(acme, callback_type="fax", fax_services="(888) 555-0123")
    assert fax["fax_services"] == [FAX_NUMBER]
    voicemail = await made(acme, callback_type="voicemail", mailboxes=[101, "102"])
    assert voicemail["mailboxes"] == ["101", "102"]
    assert len(await subscriptions(account)) == 4


async def test_parameters_may_come_as_query_or_form(acme: Caller) -> None:
    form = {"callback_type": "voicemail", "url": URL, "use_basic_auth": "true", "mailboxes": "101,102"}
    by_form = (await acme("POST", CALLBACKS, data=form)).json()
    assert (by_form["mailboxes"], by_form["use_basic_auth"]) == (["101", "102"], True)
    by_query = (await acme("POST", CALLBACKS, params=form)).json()
    assert by_query["mailboxes"] == ["101", "102"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_callback_changes(acme: Caller, account: Account, method: str) -> None:
    before = await made(acme, callback_type="voicemail", mailboxes=["101", "102"], auth_password="secret")
    kept = {one.options["bound"]: one.id for one in await subscriptions(account)}
    path = f"{CALLBACKS}/{before['id']}"
    changes = {"name": "New", "url": "http://h/{id}", "mailboxes": ["102"]}
    reply = await acme(method, path, json=changes)
    after = reply.json()
    assert {**after, "updated_at": ""} == {**before, **changes, "updated_at": ""}
    assert [one.id for one in await subscriptions(account)] == [kept["102"]]
    # What is read can be written back: it changes nothing, the password included.
    assert (await acme(method, path, json=after)).status == 200
    destination = await account.core.subscriptions.get_destination(account.id, before["id"], face="ringrx")
    assert destination.options["auth_password"] == "secret"
    assert (await acme(method, path, json={"mailboxes": []})).json()["mailboxes"] == []
    assert await subscriptions(account) == []


async def test_two_changes_at_once_are_both_done(acme: Caller, account: Account) -> None:
    before = await made(acme, callback_type="voicemail", mailboxes=["101"])
    path, lock = f"{CALLBACKS}/{before['id']}", "SELECT FROM endpoints WHERE id = $1 FOR UPDATE"
    first = {"mailboxes": ["102"], "auth_username": "me", "auth_password": "secret", "use_basic_auth": True}
    second = {"mailboxes": ["101"], "custom_headers": "AuthToken:DESIGN"}
    async with behind(account.core.database, lock, before["id"]) as queue:
        for change in (first, second):
            await queue.join(acme("PATCH", path, json=change))
    assert [reply.status for reply in await queue.ended()] == [200, 200]
    after = {**before, **first, **second, "auth_password": "", "updated_at": ""}
    assert {**await acme.read(path), "updated_at": ""} == after
    destination = await account.core.subscriptions.get_destination(account.id, before["id"], face="ringrx")
    assert destination.options["auth_password"] == "secret"


async def test_a_callback_is_deleted(acme: Caller, account: Account) -> None:
    path = f"{CALLBACKS}/{(await made(acme))['id']}"
    assert (await acme("DELETE", path)).status == 204
    (await acme("DELETE", path)).error(404)
    (await acme("GET", path)).error(404)
    assert await subscriptions(account) == []


async def test_reading_15_types_are_lower_case_and_others_are_refused(acme: Caller) -> None:
    for kind in ("sms", "voicemail", "fax", "cdr", "recording", "outreach", "call_alert"):
        assert (await made(acme, callback_type=kind))["callback_type"] == kind
    for kind in ("Call_Alert", "SMS", "", "message"):
        error = (await acme("POST", CALLBACKS, json={"callback_type": kind, "url": URL})).error(400)
        assert "call_alert" in error


BAD: list[dict[str, Any]] = [
    {"url": None},
    {"url": "ftp://h/"},
    {"url": "h"},
    {"url": "http://h/" + "x" * 3000},
    {"url": 5},
    {"name": "x" * 201},
    {"name": ["x"]},
    {"callback_type": None},
    {"use_basic_auth": "perhaps"},
    {"auth_username": "a:b"},
    {"custom_headers": "no colon"},
    {"custom_headers": "Host: evil"},
    {"custom_headers": "a: " + "x" * 5000},
    {"custom_headers": "a: \0"},
    {"mailboxes": ["101"]},  # not for cdr
    {"callback_type": "voicemail", "mailboxes": ["999"]},
    {"callback_type": "voicemail", "mailboxes": ["-1"]},
    {"callback_type": "voicemail", "mailboxes": ["x"]},
    {"callback_type": "voicemail", "mailboxes": {"a": 1}},
    {"callback_type": "sms", "phone_numbers": ["+12025550145"]},  # another company's
    {"callback_type": "sms", "phone_numbers": ["nonsense"]},
    {"callback_type": "fax", "fax_services": ["+12025550123"]},  # no fax number
    {"callback_type": "outreach", "outreach_profile": "5bab4386-14a6-46ea-b200-6e47a91837cb"},
    {"callback_type": "call_alert", "group": "x"},
    {
        "callback_type": "call_alert",
        "group": "0190163d-8694-7000-8000-000000000000,0190163d-8694-7000-8000-000000000000",
    },
]


@pytest.mark.parametrize("wrong", BAD, ids=range(len(BAD)))
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    acme: Caller, account: Account, wrong: dict[str, Any]
) -> None:
    (await acme("POST", CALLBACKS, json={"callback_type": "cdr", "url": URL, **wrong})).error(400)
    assert await acme.read(CALLBACKS) == []
    assert await subscriptions(account) == []


async def test_a_change_that_cannot_be_changes_nothing(acme: Caller, account: Account) -> None:
    before = await made(acme, callback_type="voicemail", mailboxes=["101"])
    path = f"{CALLBACKS}/{before['id']}"
    for wrong in ({"callback_type": "cdr"}, {"url": "h"}, {"name": "N", "mailboxes": ["101", "999"]}, {"url": ""}):
        (await acme("PUT", path, json=wrong)).error(400)
    assert await acme.read(path) == before


async def test_those_who_do_not_manage_the_account_may_not_look(pat: Caller, acme: Caller) -> None:
    path = f"{CALLBACKS}/{(await made(acme))['id']}"
    for method, target in (("GET", CALLBACKS), ("POST", CALLBACKS), ("GET", path), ("PUT", path), ("DELETE", path)):
        (await pat(method, target, json={"callback_type": "cdr", "url": URL})).error(403)


async def test_another_accounts_callbacks_are_unknown(world: World) -> None:
    theirs = (await made(world.acme))["id"]
    for unknown in (theirs, 1, 0, -1, 2**60, "x", "1e3", "²"):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            (await world.globex(method, f"{CALLBACKS}/{unknown}", json={})).error(404)
    assert await world.globex.read(CALLBACKS) == []
    # A webhook of another vendor's face is no callback.
    account = world.globex.account
    endpoint, _ = await account.core.subscriptions.create_endpoint(account.id, face="ringmain", url="http://h/")
    (await world.globex("GET", f"{CALLBACKS}/{endpoint.id}")).error(404)
