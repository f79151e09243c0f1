"""Accounts: keys, their webhooks in every company, companies."""

import asyncio
from typing import Any

import pytest

from ringmain.core.accounts.model import TOLD, AccountKey
from ringmain.core.companies.model import CompanyNotes
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unauthenticated
from ringmain.core.subscriptions.model import Destination
from ringmain.core.system import Core

NOTES = CompanyNotes()
HOOK = "https://hooks.example.com/ringotel"


async def account_of(core: Core, name: str = "Acme") -> int:
    return (await core.accounts.create(name=name)).id


async def company_of(core: Core, account_id: int, name: str) -> int:
    return (await core.accounts.create_company(account_id, name=name, domain=name, notes=NOTES)).id


async def endpoints_of(core: Core, company_id: int) -> list[Destination]:
    return await core.subscriptions.list_destinations(company_id, face="ringotel")


async def test_made_and_read_back(core: Core) -> None:
    made = await core.accounts.create(name="Acme", key="acme")
    assert await core.accounts.get(made.id) == made
    assert await core.accounts.find_by_key("acme") == made
    assert await core.accounts.find_by_key("other") is None
    with pytest.raises(AlreadyExists):
        await core.accounts.create(name="Other", key="acme")
    with pytest.raises(Invalid):
        await core.accounts.create(name=" ")
    with pytest.raises(NotFound):
        await core.accounts.get(1)


async def test_a_company_without_an_account_gets_one(core: Core) -> None:
    one = await core.companies.create(name="One", key="One & Only!")
    two = await core.companies.create(name="Two")
    assert one.account_id != two.account_id
    assert (await core.accounts.get(one.account_id)).name == "One"
    assert (one.domain, two.domain) == ("one-only", f"company-{two.id}")
    three = await core.companies.create(name="Three", key="one only")
    assert three.domain == f"company-{three.id}"
    assert [company.id for company in await core.accounts.companies(one.account_id)] == [one.id]


async def test_companies_are_found_by_their_account_only(core: Core) -> None:
    first, second = await account_of(core), await account_of(core, "Globex")
    company_id = await company_of(core, first, "Example")
    assert (await core.accounts.company(first, company_id)).name == "Example"
    assert (await core.accounts.company_by_domain(first, "EXAMPLE")).id == company_id
    for work in (core.accounts.company(second, company_id), core.accounts.company_by_domain(second, "example")):
        with pytest.raises(NotFound):
            await work
    with pytest.raises(AlreadyExists):
        await company_of(core, second, "eXample")
    with pytest.raises(NotFound):
        await company_of(core, 1, "other")


async def test_what_was_found_is_forgotten_when_it_changes(core: Core) -> None:
    account_id = await account_of(core)
    company_id = await company_of(core, account_id, "example")
    assert not (await core.accounts.company(account_id, company_id)).blocked
    await core.companies.set_blocked(company_id, blocked=True)
    assert (await core.accounts.company(account_id, company_id)).blocked
    await core.companies.delete(company_id)
    with pytest.raises(NotFound):
        await core.accounts.company(account_id, company_id)


async def test_keys(core: Core) -> None:
    account_id, other = await account_of(core), await account_of(core, "Globex")
    new = await core.accounts.create_key(account_id, name="main")
    assert len(new.secret) >= 43
    caller = await core.accounts.caller_by_key(new.secret)
    assert (caller.account_id, caller.key_id, caller.key_name) == (account_id, new.key.id, "main")
    assert await core.accounts.list_keys(account_id) == [new.key]
    assert await core.accounts.list_keys(other) == []
    with pytest.raises(Unauthenticated):
        await core.accounts.caller_by_key("wrong")
    with pytest.raises(AlreadyExists):
        await core.accounts.create_key(account_id, name="main")
    with pytest.raises(AlreadyExists):
        await core.accounts.create_key(other, name="main", secret=new.secret)
    for bad in ({"name": ""}, {"name": "x", "secret": "short"}, {"name": "x", "webhook_url": "ftp://x"}):
        with pytest.raises(Invalid):
            await core.accounts.create_key(account_id, **bad)
    with pytest.raises(NotFound):
        await core.accounts.create_key(1, name="x")
    assert await core.accounts.list_keys(account_id) == [new.key]


async def test_a_key_rotates_rests_and_ends(core: Core) -> None:
    accounts, account_id = core.accounts, await account_of(core)
    old = await accounts.create_key(account_id, name="main")
    await accounts.caller_by_key(old.secret)
    new = await accounts.rotate_key(account_id, old.key.id)
    with pytest.raises(Unauthenticated):
        await accounts.caller_by_key(old.secret)
    assert (await accounts.caller_by_key(new.secret)).key_id == old.key.id
    await accounts.set_key_active(account_id, old.key.id, active=False)
    with pytest.raises(Unauthenticated):
        await accounts.caller_by_key(new.secret)
    await accounts.set_key_active(account_id, old.key.id, active=True)
    await accounts.caller_by_key(new.secret)
    await accounts.delete_key(account_id, old.key.id)
    with pytest.raises(Unauthenticated):
        await accounts.caller_by_key(new.secret)


async def test_other_accounts_keys_are_unknown(core: Core) -> None:
    accounts, account_id, other = core.accounts, await account_of(core), await account_of(core, "Globex")
    new = await accounts.create_key(account_id, name="main")
    for work in (
        accounts.rotate_key(other, new.key.id),
        accounts.set_key_active(other, new.key.id, active=False),
        accounts.set_webhook(other, new.key.id, HOOK, new.secret),
        accounts.delete_key(other, new.key.id),
    ):
        with pytest.raises(NotFound):
            await work
    assert (await accounts.caller_by_key(new.secret)).account_id == account_id


async def test_a_webhook_is_an_endpoint_in_every_company(core: Core) -> None:
    account_id, other = await account_of(core), await account_of(core, "Globex")
    first, foreign = await company_of(core, account_id, "first"), await company_of(core, other, "foreign")
    new = await core.accounts.create_key(account_id, name="main", webhook_url=HOOK)
    second = await company_of(core, account_id, "second")
    for company_id in (first, second):
        (endpoint,) = await endpoints_of(core, company_id)
        assert (endpoint.url, endpoint.name, endpoint.state) == (HOOK, "main", "active")
        assert endpoint.options == {"key_id": new.key.id}
        assert await core.accounts.webhook_secret(company_id, new.key.id) == new.secret
        (subscription,) = await core.subscriptions.list_subscriptions(company_id, face="ringotel")
        assert set(subscription.event_types) == set(TOLD)
        assert subscription.ordered
    assert await endpoints_of(core, foreign) == []


async def test_webhooks_follow_their_key(core: Core) -> None:
    accounts, account_id = core.accounts, await account_of(core)
    company_id = await company_of(core, account_id, "first")
    new = await accounts.create_key(account_id, name="main")
    assert await endpoints_of(core, company_id) == []
    await accounts.set_webhook(account_id, new.key.id, HOOK, new.secret)
    (made,) = await endpoints_of(core, company_id)
    rotated = await accounts.rotate_key(account_id, new.key.id)
    (endpoint,) = await endpoints_of(core, company_id)
    assert endpoint == made
    assert await accounts.webhook_secret(company_id, new.key.id) == rotated.secret
    await accounts.set_key_active(account_id, new.key.id, active=False)
    assert [one.state for one in await endpoints_of(core, company_id)] == ["paused"]
    await accounts.set_key_active(account_id, new.key.id, active=True)
    assert [one.state for one in await endpoints_of(core, company_id)] == ["active"]
    # What its receiver has ended stays so.
    await core.subscriptions.update_endpoint(company_id, made.id, state="gone")
    await accounts.cover(account_id)
    assert [one.state for one in await endpoints_of(core, company_id)] == ["gone"]
    await accounts.set_webhook(account_id, new.key.id, f"{HOOK}/2", rotated.secret)
    (endpoint,) = await endpoints_of(core, company_id)
    assert (endpoint.id, endpoint.url, endpoint.state) == (made.id, f"{HOOK}/2", "active")
    await accounts.set_webhook(account_id, new.key.id, "", rotated.secret)
    assert await endpoints_of(core, company_id) == []
    assert await kept_secrets(core) == []


async def test_a_key_that_ends_takes_its_webhooks_along(core: Core) -> None:
    account_id = await account_of(core)
    company_id = await company_of(core, account_id, "first")
    keys: list[AccountKey] = [
        (await core.accounts.create_key(account_id, name=name, webhook_url=HOOK)).key for name in ("a", "b")
    ]
    assert [one.name for one in await endpoints_of(core, company_id)] == ["a", "b"]
    await core.accounts.delete_key(account_id, keys[0].id)
    assert [one.name for one in await endpoints_of(core, company_id)] == ["b"]


async def test_a_webhook_says_the_keys_own_secret(core: Core) -> None:
    account_id = await account_of(core)
    new = await core.accounts.create_key(account_id, name="main")
    for bad in ((HOOK, "another secret"), ("ftp://x", new.secret), ("http://", new.secret), ("http://[", new.secret)):
        with pytest.raises(Invalid):
            await core.accounts.set_webhook(account_id, new.key.id, *bad)
    assert await kept_secrets(core) == []


async def test_companies_and_keys_made_at_once_find_each_other(core: Core) -> None:
    account_id = await account_of(core)
    works: list[Any] = [company_of(core, account_id, f"c{number}") for number in range(4)]
    works += [core.accounts.create_key(account_id, name=f"k{number}", webhook_url=HOOK) for number in range(4)]
    await asyncio.gather(*works)
    for company in await core.accounts.companies(account_id):
        assert sorted(one.name for one in await endpoints_of(core, company.id)) == ["k0", "k1", "k2", "k3"]


async def kept_secrets(core: Core) -> list[str]:
    rows = await core.database.fetch("SELECT webhook_secret FROM account_keys WHERE webhook_secret IS NOT NULL")
    return [row["webhook_secret"] for row in rows]


async def test_a_company_goes_whole_and_its_account_stays(core: Core) -> None:
    account_id = await account_of(core)
    company_id = await company_of(core, account_id, "first")
    await core.accounts.create_key(account_id, name="main", webhook_url=HOOK)
    await core.companies.delete(company_id)
    assert await core.database.fetchval("SELECT count(*) FROM endpoints") == 0
    assert await core.accounts.companies(account_id) == []
    (endpoint,) = await endpoints_of(core, await company_of(core, account_id, "first"))
    assert endpoint.url == HOOK
