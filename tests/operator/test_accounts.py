"""Accounts and their keys through the operator API."""

import pytest

from ringmain.core.errors import Unauthenticated
from ringmain.core.ids import MAX_ID
from tests.operator.conftest import V1, World

HOOK = "https://hooks.example.com/"


async def test_keys_of_an_account(world: World) -> None:
    operator, accounts = world.operator, world.core.accounts
    company = await world.core.companies.get(world.acme.company_id)
    path = f"{V1}/accounts/{company.account_id}"
    listed = (await operator("GET", f"{V1}/accounts", 200))["items"]
    assert [one["name"] for one in listed] == ["Acme", "Globex"]
    (shown,) = (await operator("GET", f"{path}/companies", 200))["items"]
    assert (shown["id"], shown["account_id"]) == (company.id, company.account_id)

    made = await operator("POST", f"{path}/keys", 201, json={"name": "main"})
    assert (await accounts.caller_by_key(made["secret"])).account_id == company.account_id
    keys = await operator("GET", f"{path}/keys", 200)
    assert keys["items"] == [made["key"]]
    assert made["secret"] not in str(keys)
    key = f"{path}/keys/{made['key']['id']}"

    assert (await operator("PATCH", key, 422, json={"webhook_url": HOOK}))["field"] == "secret"
    told = await operator("PATCH", key, 200, json={"webhook_url": HOOK, "secret": made["secret"]})
    assert told["webhook_url"] == HOOK
    (endpoint,) = await world.core.subscriptions.list_destinations(company.id, face="ringotel")
    assert endpoint.url == HOOK
    # Without a secret the one that is kept stays.
    await operator("PATCH", key, 200, json={"webhook_url": f"{HOOK}2"})
    assert made["secret"] not in str(await operator("GET", f"{world.company}/endpoints", 200))

    new = await operator("POST", f"{key}/rotate", 200)
    assert new["secret"] != made["secret"]
    assert (await operator("PATCH", key, 200, json={"active": False}))["active"] is False
    with pytest.raises(Unauthenticated):
        await accounts.caller_by_key(new["secret"])
    assert (await operator("PATCH", key, 200, json={"active": True}))["active"] is True
    assert (await operator("PATCH", key, 200, json={"webhook_url": ""}))["webhook_url"] is None
    await operator("DELETE", key, 204)
    await operator("DELETE", key, 404)
    assert (await operator("GET", f"{path}/keys", 200))["items"] == []


async def test_what_cannot_be(world: World) -> None:
    operator = world.operator
    acme = (await world.core.companies.get(world.acme.company_id)).account_id
    globex = (await world.core.companies.get(world.globex.company_id)).account_id
    made = await operator("POST", f"{V1}/accounts/{acme}/keys", 201, json={"name": "main"})
    assert (await operator("POST", f"{V1}/accounts/{acme}/keys", 409, json={"name": "main"}))["code"]
    await operator("POST", f"{V1}/accounts/{acme}/keys", 422, json={"name": "x", "webhook_url": "ftp://x"})
    await operator("POST", f"{V1}/accounts/{MAX_ID}/keys", 404, json={"name": "main"})
    for account in (globex, MAX_ID):
        foreign = f"{V1}/accounts/{account}/keys/{made['key']['id']}"
        await operator("PATCH", foreign, 404, json={"active": False})
        await operator("POST", f"{foreign}/rotate", 404)
        await operator("DELETE", foreign, 404)
    for path in ("keys", "companies"):
        await operator("GET", f"{V1}/accounts/{MAX_ID}/{path}", 404)
    await world.core.accounts.caller_by_key(made["secret"])
