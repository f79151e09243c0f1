import asyncio
from typing import Any

import msgspec
import pytest

from ringmain.core.errors import Unauthenticated
from ringmain.core.seal import Seal
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import CARRIERS, CREDENTIALS
from ringmain.dialects.ringplan import ids as ringplan
from ringmain.setup.apply import apply
from ringmain.setup.document import Document, SetupError
from ringmain.setup.report import Report
from tests.conftest import SEAL

FULL = """\
[[carriers]]
name = "main"
kind = "smpp"
settings = { host = "smsc.example.com", system_id = "acme", password = "secret" }

[[carrier_routes]]
prefix = "+44"
carrier = "main"

[[companies]]
key = "acme"
name = "Acme"
country = "GB"
timezone = "Europe/London"
profile = { website = "https://acme.example", founded = 2001-02-03 }

[[companies.people]]
email = "Ann@acme.example"
first_name = "Ann"
owner = true
profile = { title = "Chief" }

[[companies.people]]
email = "bob@acme.example"
password = "correct horse"
timezone = "Asia/Tokyo"

[[companies.locations]]
name = "HQ"
profile = { city = "London" }

[[companies.numbers]]
number = "020 7946 0123"
mms = true
owners = ["ann@ACME.example", "bob@acme.example"]

[[companies.api_keys]]
dialect = "ringplan"
name = "CRM"

[[companies.api_keys]]
dialect = "ringrx"
name = "Bob's"
secret = "a-secret-that-we-have-chosen"
person = "bob@acme.example"

[[companies.webhooks]]
face = "ringplan"
url = "https://acme.example/hook"
events = ["texting.message.inbound", "call.action.hangup"]

[[companies.webhooks]]
face = "ringmain"
url = "https://acme.example/standard"
events = ["message.created", "message.updated"]

[[companies.contacts]]
number = "020 7946 0999"
first_name = "Grace"

[[companies.contacts]]
number = "60123"
"""


async def run(database: Database, text: str, *, dry_run: bool = False) -> Report:
    report, _ = await apply(database, Document("my.toml", text), seal=SEAL, dry_run=dry_run)
    return report


async def dump(database: Database) -> list[Any]:
    """Every row, with its updated_at."""
    tables = ["companies", "people", "locations", "numbers", "api_keys", "endpoints", "subscriptions", "contacts"]
    tables += ["carriers", "carrier_routes", "events"]
    return [
        sorted(row[0] for row in await database.fetch(f"SELECT row_to_json(t)::text FROM {table} t"))
        for table in tables
    ]


async def test_everything_is_made(core: Core, database: Database) -> None:
    report = await run(database, FULL)
    assert report.changed
    company = await core.companies.find_by_key("acme")
    assert company
    assert (company.country, company.timezone) == ("GB", "Europe/London")
    assert company.profile == {"website": "https://acme.example", "founded": "2001-02-03"}
    owner = await core.people.owner(company.id)
    assert (owner.email, owner.first_name, owner.profile) == ("Ann@acme.example", "Ann", {"title": "Chief"})
    number = await core.numbers.get_by_number(company.id, "+442079460123")
    assert (number.mms, number.voice) == (True, True)
    assert number.owner_emails == ["ann@acme.example", "bob@acme.example"]
    assert [location.name for location in await core.locations.list(company.id)] == ["HQ"]
    names = [contact.number for contact in await core.texting.search_contacts(company.id)]
    assert sorted(names) == ["+442079460999", "60123"]
    made = report.companies[0]
    secret = made.api_keys[0]["secret"]
    assert (await core.credentials.caller_by_api_key("ringplan", secret, "primary")).person_id == owner.id
    bound = await core.credentials.caller_by_api_key("ringrx", "a-secret-that-we-have-chosen", None)
    assert bound.email == "bob@acme.example"
    assert "secret" not in made.api_keys[1]
    generated = made.people[0]["password"]
    assert (await core.credentials.log_in("ann@acme.example", generated)).caller.person_id == owner.id
    assert "password" not in made.people[1]
    assert (await core.credentials.log_in("bob@acme.example", "correct horse")).caller.person_id == bound.person_id
    subscriptions = await core.subscriptions.list_subscriptions(company.id)
    assert sorted(one.name for one in subscriptions) == ["", "call.action.hangup", "texting.message.inbound"]
    assert made.webhooks[0]["secret"].startswith("whsec_")
    assert await database.fetchval("SELECT settings->>'host' FROM carriers WHERE name = 'main'") == "smsc.example.com"
    assert await database.fetchval("SELECT carrier FROM carrier_routes WHERE prefix = '+44'") == "main"


async def test_ids_are_spelt_in_all_dialects(core: Core, database: Database) -> None:
    made = (await run(database, FULL)).companies[0]
    company = await core.companies.find_by_key("acme")
    assert company
    ids = made.company["ids"]
    assert ids["ringcentral"] == str(company.id)
    assert ringplan.decode(ids["ringplan"], "company") == company.id
    assert [len(ids["ringrx"]), len(ids["ringotel"])] == [36, 20]


async def test_a_second_run_changes_nothing_and_says_so(database: Database) -> None:
    first = await run(database, FULL)
    before = await dump(database)
    second, channels = await apply(database, Document("my.toml", FULL), seal=Seal.passing())
    assert await dump(database) == before
    assert not second.changed
    assert channels == frozenset()
    shown = second.as_json()
    assert b"updated" not in shown
    assert b"created" not in shown
    assert b'"secret"' not in shown
    assert b'"password"' not in shown
    assert second.companies[0].company["ids"] == first.companies[0].company["ids"]


async def test_a_dry_run_says_the_same_and_leaves_no_trace(database: Database) -> None:
    empty = await dump(database)
    report = await run(database, FULL, dry_run=True)
    assert report.dry_run
    assert report.changed
    assert await dump(database) == empty
    real = await run(database, FULL)
    without_ids = [
        [entry["action"] for entry in made.people + made.numbers + made.webhooks + made.contacts]
        for made in (report.companies[0], real.companies[0])
    ]
    assert without_ids[0] == without_ids[1]
    assert set(msgspec.json.decode(report.as_json())) == set(msgspec.json.decode(real.as_json()))


async def test_what_differs_is_changed(core: Core, database: Database) -> None:
    first = (await run(database, FULL)).companies[0]
    changed = (
        FULL.replace('name = "Acme"', 'name = "Acme Ltd"')
        .replace('first_name = "Ann"', 'first_name = "Anne"')
        .replace('"correct horse"', '"another horse"')
        .replace("mms = true", "mms = false")
        .replace('city = "London"', 'zip = "EC1"')
        .replace("a-secret-that-we-have-chosen", "another-secret-that-we-chose")
        .replace("acme.example/hook", "acme.example/hook2")
        .replace('"message.created", ', "")
        .replace('"Grace"', '"Gracie"')
        .replace("smsc.example.com", "smsc2.example.com")
    )
    report, channels = await apply(database, Document("my.toml", changed), seal=Seal.passing())
    second = report.companies[0]
    assert second.company["action"] == "updated"
    for name in ("people", "locations", "numbers", "webhooks"):
        assert {entry["action"] for entry in getattr(second, name)} == {"updated"}, name
    assert [entry["action"] for entry in second.api_keys] == ["unchanged", "updated"]
    assert [entry["action"] for entry in second.contacts] == ["updated", "unchanged"]
    assert report.carriers[0]["action"] == "updated"
    assert channels >= {CREDENTIALS, CARRIERS}
    company_id = int(first.company["ids"]["ringcentral"])
    assert (await core.locations.list(company_id))[0].profile == {"city": "London", "zip": "EC1"}
    await core.credentials.log_in("bob@acme.example", "another horse")
    with pytest.raises(Unauthenticated):
        await core.credentials.caller_by_api_key("ringrx", "a-secret-that-we-have-chosen", None)
    await core.credentials.caller_by_api_key("ringrx", "another-secret-that-we-chose", None)
    endpoint = await core.subscriptions.get_endpoint_of_face(company_id, "ringplan")
    assert endpoint
    assert endpoint.url == "https://acme.example/hook2"


async def test_admins_and_login_names(core: Core, database: Database) -> None:
    named = FULL.replace('timezone = "Asia/Tokyo"', 'timezone = "Asia/Tokyo"\nlogin = "bob"\nadmin = true')
    made = (await run(database, named)).companies[0]
    company_id = int(made.company["ids"]["ringcentral"])
    bob = await core.people.find_by_email(company_id, "bob@acme.example")
    assert bob is not None
    assert (bob.login, bob.admin, bob.owner) == ("bob", True, False)
    assert (await core.credentials.log_in("BOB", "correct horse")).caller.manages
    assert not (await run(database, named)).changed
    assert not (await run(database, FULL)).changed  # what is left out stays
    without = named.replace('login = "bob"', 'login = ""').replace("admin = true", "admin = false")
    assert (await run(database, without)).companies[0].people[1]["action"] == "updated"
    assert not (await run(database, without)).changed
    bob = await core.people.find_by_email(company_id, "bob@acme.example")
    assert bob is not None
    assert (bob.login, bob.admin) == (None, False)


async def test_what_the_file_leaves_out_stays(core: Core, database: Database) -> None:
    first = (await run(database, FULL)).companies[0]
    company_id = int(first.company["ids"]["ringcentral"])
    report = await run(database, '[[companies]]\nkey = "acme"\nname = "Acme"')
    assert not report.changed
    assert len((await core.people.page(company_id, page=1, per_page=9))[0]) == 2
    assert (await core.companies.get(company_id)).timezone == "Europe/London"


async def test_the_owner_can_change(core: Core, database: Database) -> None:
    first = (await run(database, FULL)).companies[0]
    handed = FULL.replace("owner = true\n", "").replace('password = "correct horse"', "owner = true")
    second = (await run(database, handed)).companies[0]
    assert [entry["action"] for entry in second.people] == ["unchanged", "updated"]
    owner = await core.people.owner(int(first.company["ids"]["ringcentral"]))
    assert owner.email == "bob@acme.example"


async def test_a_number_with_a_carrier_of_its_own(core: Core, database: Database) -> None:
    relayed = FULL.replace("mms = true", 'mms = true\ncarrier = "relayed"')
    company_id = int((await run(database, relayed)).companies[0].company["ids"]["ringcentral"])
    (number,) = await core.numbers.list(company_id)
    assert number.carrier == "relayed"
    for document, action, carrier in (
        (relayed, "unchanged", "relayed"),
        (FULL, "unchanged", "relayed"),
        (relayed.replace('"relayed"', '""'), "updated", None),
    ):
        assert (await run(database, document)).companies[0].numbers[0]["action"] == action
        (number,) = await core.numbers.list(company_id)
        assert number.carrier == carrier


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "owner = true",
            "owner = false",
            "my.toml, line 10, companies[0]: one of the company's people must have owner",
        ),
        ('"bob@acme.example"]', '"eve@acme.example"]', "companies[0].numbers[0]: person eve@acme.example not found"),
        ('person = "bob@acme', 'person = "eve@acme', "companies[0].api_keys[1]: person eve@acme.example not found"),
        (
            'host = "smsc.example.com", ',
            "",
            "my.toml, line 4, carriers[0].settings: Object missing required field `host`",
        ),
        (
            'carrier = "main"',
            'carrier = "none"',
            "my.toml, line 8, carrier_routes[0].carrier: there is no carrier 'none'",
        ),
        ("https://acme.example/standard", "no url", "companies[0].webhooks[1]: "),
        ("mms = true", 'mms = true\ncarrier = "none"', "companies[0].numbers[0]: carrier not found"),
    ],
)
async def test_a_refusal_leaves_nothing_applied(database: Database, old: str, new: str, message: str) -> None:
    before = await dump(database)
    with pytest.raises(SetupError) as refused:
        await run(database, FULL.replace(old, new))
    assert message in str(refused.value)
    assert await dump(database) == before


async def test_another_companys_number_and_secret_are_refused(database: Database) -> None:
    await run(database, FULL)
    other = '[[companies]]\nkey = "o"\nname = "O"\npeople = [{email = "o@o.o", owner = true}]\n'
    with pytest.raises(SetupError, match=r"line 6, companies\[0\].numbers\[0\]: \+442079460123 is taken"):
        await run(database, other + "\n[[companies.numbers]]\nnumber = '+442079460123'")
    key = "[[companies.api_keys]]\ndialect = 'ringrx'\nname = 'x'\nsecret = 'a-secret-that-we-have-chosen'"
    with pytest.raises(SetupError, match="this secret is in use"):
        await run(database, other + key)


async def test_two_at_once_make_one(database: Database) -> None:
    reports = await asyncio.gather(*(run(database, FULL) for _ in range(3)))
    assert [report.changed for report in reports].count(True) == 1
    assert await database.fetchval("SELECT count(*) FROM companies") == 1
