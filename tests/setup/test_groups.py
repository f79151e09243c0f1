"""Groups of a set-up file."""

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

[[companies.instances]]
name = "pbx"
domain = "pbx.acme.example"

[[companies.extensions]]
number = 101

[[companies.extensions]]
number = 102

"""
GROUP = """\
[[companies.groups]]
number = 800
name = "Reception"
strategy = "sequential"
ring_seconds = 15
members = [102, 101]
otherwise = "voicemail"
otherwise_to = "101"
tags = ["desk"]
"""


async def run(database: Database, text: str, *, dry_run: bool = False) -> CompanyReport:
    report, _ = await apply(database, Document("my.toml", text), seal=Seal.passing(), dry_run=dry_run)
    return report.companies[0]


async def test_groups_are_made_changed_and_left_alone(database: Database, core: Core) -> None:
    assert (await run(database, COMPANY + GROUP, dry_run=True)).groups[0]["action"] == "created"
    made = (await run(database, COMPANY + GROUP)).groups[0]
    assert (made["number"], made["instance"], made["action"], len(made["ids"]["ringrx"])) == (800, "pbx", "created", 36)
    company = await core.companies.find_by_key("acme")
    assert company is not None
    (known,) = await core.groups.list(company.id)
    assert (known.name, known.strategy, known.ring_s, known.members) == ("Reception", "sequential", 15, [102, 101])
    assert (known.otherwise, known.otherwise_to, known.tags) == ("voicemail", "101", ["desk"])
    assert (await run(database, COMPANY + GROUP)).groups[0]["action"] == "unchanged"
    changed = GROUP.replace("[102, 101]", "[101]").replace("15", "30")
    assert (await run(database, COMPANY + changed)).groups[0]["action"] == "updated"
    # What the file leaves out stays.
    alone = '[[companies.groups]]\nnumber = 800\ninstance = "pbx"\n'
    assert (await run(database, COMPANY + alone)).groups[0]["action"] == "unchanged"
    (after,) = await core.groups.list(company.id)
    assert (after.id, after.members, after.ring_s, after.name) == (known.id, [101], 30, "Reception")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("number = 800", "number = 101", "is an extension's already"),
        ("number = 800", 'number = 800\ninstance = "other"', "instance other not found"),
        ("number = 800", "number = 0", "Expected `int` >= 1"),
        ("[102, 101]", "[109]", "must be extensions of the group's instance"),
        ('"sequential"', '"random"', "Invalid enum value"),
        ("ring_seconds = 15", "ring_seconds = 301", "Expected `int` <= 300"),
        ('otherwise_to = "101"', "", "whose voicemail it is"),
        ('"desk"', '"a,b"', "without commas"),
        ('name = "Reception"', 'color = "red"', "there is no such key"),
    ],
)
async def test_what_cannot_be_is_refused_by_line(database: Database, old: str, new: str, reason: str) -> None:
    with pytest.raises(SetupError, match=reason) as refused:
        await run(database, COMPANY + GROUP.replace(old, new))
    assert "my.toml, line " in str(refused.value)
    assert "groups[0]" in str(refused.value)
    assert await database.fetchval("SELECT count(*) FROM companies") == 0


def test_a_number_stands_once() -> None:
    with pytest.raises(SetupError, match="second time"):
        Document("my.toml", COMPANY + GROUP + GROUP.replace("number = 800", 'number = 800\ninstance = "pbx"'))


async def test_of_several_instances_one_must_be_named(database: Database) -> None:
    second = '[[companies.instances]]\nname = "second"\ndomain = "second.acme.example"\n'
    with pytest.raises(SetupError, match="unless the company has exactly one"):
        await run(
            database,
            COMPANY.replace("101", '101\ninstance = "pbx"').replace("102", '102\ninstance = "pbx"') + second + GROUP,
        )
