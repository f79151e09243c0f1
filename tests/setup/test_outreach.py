"""Outreach profiles of a set-up file."""

import pytest

from ringmain.core.seal import Seal
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.setup.apply import apply
from ringmain.setup.document import Document, SetupError
from ringmain.setup.report import CompanyReport

COMPANY = """\
[[companies]]
key = "acme"
name = "Acme"

[[companies.people]]
email = "ann@acme.example"
owner = true

[[companies.numbers]]
number = "+12025550123"

"""
PROFILE = """\
[[companies.outreach_profiles]]
name = "Visits"

[companies.outreach_profiles.settings]
channels = ["sms", "email"]
sender = "2025550123"
lead_minutes = [2880, 120]
quiet_from = ""
quiet_until = ""
"""


async def run(database: Database, text: str, *, dry_run: bool = False) -> CompanyReport:
    report, _ = await apply(database, Document("my.toml", text), seal=Seal.passing(), dry_run=dry_run)
    return report.companies[0]


async def test_profiles_are_made_changed_and_left_alone(database: Database, core: Core) -> None:
    assert (await run(database, COMPANY + PROFILE, dry_run=True)).outreach_profiles[0]["action"] == "created"
    made = (await run(database, COMPANY + PROFILE)).outreach_profiles[0]
    assert (made["name"], made["action"], len(made["ids"]["ringrx"])) == ("Visits", "created", 36)
    company = await core.companies.find_by_key("acme")
    assert company is not None
    (known,) = await core.outreach.list_profiles(company.id)
    settings = known.settings
    assert (settings.sender, settings.quiet_from, settings.lead_minutes) == ("+12025550123", None, [2880, 120])
    assert (await run(database, COMPANY + PROFILE)).outreach_profiles[0]["action"] == "unchanged"
    changed = await run(database, COMPANY + PROFILE.replace("2880", "1440").replace("Visits", "VISITS"))
    assert changed.outreach_profiles[0]["action"] == "updated"
    (known,) = await core.outreach.list_profiles(company.id)
    assert (known.name, known.settings.lead_minutes) == ("Visits", [1440, 120])
    # What the file leaves out stays.
    alone = '[[companies.outreach_profiles]]\nname = "Visits"\n'
    assert (await run(database, COMPANY + alone)).outreach_profiles[0]["action"] == "unchanged"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('sender = "2025550123"', 'sender = "2025550199"', "must be a number of the company"),
        ("lead_minutes = [2880, 120]", "lead_minutes = [0]", "Expected `int` >= 1"),
        ('quiet_until = ""', 'quiet_until = "08:00"', "is needed with quiet_from"),
        ('quiet_until = ""', 'color = "red"', "unknown field `color`"),
        ('name = "Visits"', 'name = "Visits"\ncolor = "red"', "there is no such key"),
    ],
)
async def test_what_cannot_be_is_refused_by_line(database: Database, old: str, new: str, reason: str) -> None:
    with pytest.raises(SetupError, match=reason) as refused:
        await run(database, COMPANY + PROFILE.replace(old, new))
    assert "my.toml, line 1" in str(refused.value)
    assert "outreach_profiles" in str(refused.value)
    assert await database.fetchval("SELECT count(*) FROM companies") == 0


def test_a_name_stands_once() -> None:
    with pytest.raises(SetupError, match="second time"):
        Document("my.toml", COMPANY + PROFILE + PROFILE.replace("Visits", "visits"))
