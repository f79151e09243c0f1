"""Accounts in a set-up file: companies that belong together, and Ringotel's keys."""

import pytest

from ringmain.core.errors import Unauthenticated
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.setup.document import SetupError
from tests.setup.test_apply import run

COMPANY = """
[[companies]]
key = "{key}"
name = "{key}"
account = "reseller"
domain = "{key}-Phones"

[[companies.people]]
email = "owner@{key}.example"
owner = true
"""
KEY = """
[[companies.api_keys]]
dialect = "ringotel"
name = "main"
webhook = "https://hooks.example.com/"
"""
SECRET = 'secret = "a-secret-that-we-have-chosen"\n'


async def test_companies_of_one_account_share_its_key(core: Core, database: Database) -> None:
    text = COMPANY.format(key="one") + KEY + COMPANY.format(key="two")
    report = await run(database, text)
    made = report.companies[0].api_keys[0]
    caller = await core.accounts.caller_by_key(made["secret"])
    companies = await core.accounts.companies(caller.account_id)
    assert [company.domain for company in companies] == ["one-Phones", "two-Phones"]
    for company in companies:
        (endpoint,) = await core.subscriptions.list_destinations(company.id, face="ringotel")
        assert await core.accounts.webhook_secret(company.id, endpoint.options["key_id"]) == made["secret"]
    again = await run(database, text)
    assert not again.changed
    assert "secret" not in again.companies[0].api_keys[0]
    assert again.companies[0].api_keys[0]["ids"] == made["ids"]


async def test_a_dry_run_makes_nothing(core: Core, database: Database) -> None:
    assert (await run(database, COMPANY.format(key="one") + KEY, dry_run=True)).changed
    assert await database.fetchval("SELECT count(*) FROM accounts") == 0


async def test_what_differs_is_changed(core: Core, database: Database) -> None:
    text = COMPANY.format(key="one")
    made = (await run(database, text + KEY)).companies[0].api_keys[0]
    changed = await run(database, text.replace("one-Phones", "other") + KEY.replace(".com/", ".com/2") + SECRET)
    assert changed.companies[0].company["action"] == "updated"
    assert changed.companies[0].company["domain"] == "other"
    assert changed.companies[0].api_keys[0]["action"] == "updated"
    with pytest.raises(Unauthenticated):
        await core.accounts.caller_by_key(made["secret"])
    caller = await core.accounts.caller_by_key("a-secret-that-we-have-chosen")
    (company,) = await core.accounts.companies(caller.account_id)
    (endpoint,) = await core.subscriptions.list_destinations(company.id, face="ringotel")
    assert endpoint.url == "https://hooks.example.com/2"
    said = await core.accounts.webhook_secret(company.id, endpoint.options["key_id"])
    assert said == "a-secret-that-we-have-chosen"
    await run(database, text + KEY.replace("https://hooks.example.com/", ""))
    assert await core.subscriptions.list_destinations(company.id, face="ringotel") == []


async def test_a_company_changes_its_account(core: Core, database: Database) -> None:
    text = COMPANY.format(key="one").replace('account = "reseller"\n', "")
    alone = (await run(database, text)).companies[0].company
    company = await core.companies.find_by_key("one")
    assert company
    assert alone["ids"]["ringcentral"] == str(company.id)
    report = await run(database, COMPANY.format(key="one") + KEY + COMPANY.format(key="two"))
    assert report.companies[0].company["action"] == "updated"
    caller = await core.accounts.caller_by_key(report.companies[0].api_keys[0]["secret"])
    companies = await core.accounts.companies(caller.account_id)
    assert [one.key for one in companies] == ["one", "two"]
    assert company.account_id != caller.account_id
    for one in companies:
        assert len(await core.subscriptions.list_destinations(one.id, face="ringotel")) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('dialect = "ringotel"', 'dialect = "ringplan"', "api_keys[0].webhook: only keys of ringotel have webhooks"),
        ('name = "main"', 'name = "main"\nperson = "owner@one.example"', "acts for nobody"),
        ("https://hooks", "ftp://hooks", "webhook_url"),
        ("one-Phones", "one phones", "domain"),
    ],
)
async def test_refusals(database: Database, old: str, new: str, message: str) -> None:
    text = (COMPANY.format(key="one") + KEY).replace(old, new)
    with pytest.raises(SetupError) as refused:
        await run(database, text)
    assert message in str(refused.value)
    assert await database.fetchval("SELECT count(*) FROM companies") == 0
