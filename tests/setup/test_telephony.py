from typing import Any

import pytest

from ringmain.core.extensions.model import CallerId
from ringmain.core.extensions.service import password_of
from ringmain.core.seal import Seal
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.pbx.sandbox import Magic
from ringmain.setup.apply import apply
from ringmain.setup.document import Document, SetupError
from ringmain.setup.report import CompanyReport

COMPANY = """\
[[companies]]
key = "acme"
name = "Acme"

[[companies.people]]
email = "ann@acme.example"
first_name = "Ann"
owner = true

[[companies.locations]]
name = "HQ"

"""
PBX = """\
[[companies.instances]]
name = "main"
uuid = "279951a6-4f51-5019-a897-0e7624828abf"
domain = "main.acme.example"
profile = { accountcode = "SB-1" }

"""
EXTENSIONS = """\
[[companies.extensions]]
number = 1001
name = "Ann"
purpose = "softphone"
user = "Ann@acme.example"
location = "HQ"
caller_id = { number = "2025550123", name = "Acme" }
data = { ringtimer = "15", findmefollow_grptime = 25 }

[[companies.extensions]]
number = 1002
instance = "main"
data = { secret = "chosen-by-ourselves" }
"""


async def run(database: Database, text: str, *, dry_run: bool = False) -> CompanyReport:
    report, _ = await apply(database, Document("my.toml", text), seal=Seal.passing(), dry_run=dry_run)
    return report.companies[0]


def actions(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["action"] for entry in entries]


async def test_instances_and_extensions_are_made_once(core: Core, database: Database) -> None:
    tried = await run(database, COMPANY + PBX + EXTENSIONS, dry_run=True)
    assert actions(tried.instances + tried.extensions) == ["created"] * 3
    assert await database.fetchval("SELECT count(*) FROM extensions") == 0

    made = await run(database, COMPANY + PBX + EXTENSIONS)
    assert actions(made.instances + made.extensions) == ["created"] * 3
    company = await core.companies.find_by_key("acme")
    assert company
    (instance,) = await core.instances.list(company.id)
    assert made.instances[0]["uuid"] == str(instance.uuid) == "279951a6-4f51-5019-a897-0e7624828abf"
    assert (instance.name, instance.domain, instance.profile) == ("main", "main.acme.example", {"accountcode": "SB-1"})
    first, second = (await core.extensions.page(company.id, instance.id, page=1, per_page=9)).items
    assert made.extensions[0]["ids"]["ringcentral"] == str(first.id)
    assert first.person
    assert first.location
    assert (first.person.email, first.location.name, first.purpose) == ("ann@acme.example", "HQ", "softphone")
    assert first.caller_id == CallerId(name="Acme", number="2025550123")
    assert made.extensions[0]["password"] == password_of(first)
    assert "password" not in made.extensions[1]
    assert password_of(second) == "chosen-by-ourselves"

    again = await run(database, COMPANY + PBX + EXTENSIONS)
    assert actions(again.instances + again.extensions) == ["unchanged"] * 3
    assert "password" not in again.extensions[0]
    changed = (COMPANY + PBX + EXTENSIONS).replace('"15"', '"20"').replace("main.acme", "pbx.acme")
    assert actions((await run(database, changed)).extensions) == ["updated", "unchanged"]
    assert (await core.instances.list(company.id))[0].domain == "pbx.acme.example"
    kept = await core.extensions.get(company.id, first.id)
    assert (kept.data["ringtimer"], kept.data["findmefollow_grptime"]) == ("20", 25)


WRONG = [
    (COMPANY + EXTENSIONS, "companies[0].extensions[0]", "instance"),
    (COMPANY + PBX + EXTENSIONS.replace('"main"', '"other"'), "extensions[1]", "instance other not found"),
    (COMPANY + PBX + EXTENSIONS.replace("Ann@", "bob@"), "extensions[0]", "person bob@acme.example not found"),
    (COMPANY + PBX + EXTENSIONS.replace('"HQ"', '"Mars"'), "extensions[0]", "location Mars not found"),
    (COMPANY + PBX + EXTENSIONS.replace("1002", "1001"), "extensions[1]", "number"),
    (COMPANY + PBX + EXTENSIONS.replace("softphone", "doorbell"), "extensions[0].purpose", "doorbell"),
    (COMPANY + PBX + EXTENSIONS.replace("1002", "0"), "extensions[1].number", ">= 1"),
    (COMPANY + PBX + EXTENSIONS.replace("25 }", '"soon" }'), "extensions[0]", "findmefollow_grptime"),
    (COMPANY + PBX + EXTENSIONS.replace("1002", str(Magic.CANNOT_BE_PUT.value)), "extensions[1]", "refuses"),
    (COMPANY + PBX.replace("279951a6", "279951a"), "instances[0].uuid", "regex"),
    (COMPANY + PBX.replace("profile", 'adapter = "pots"\nprofile'), "instances[0]", "sandbox"),
    (COMPANY + PBX + PBX, "instances[1].name", "second time"),
]


async def test_a_wrong_file_is_refused_whole(core: Core, database: Database) -> None:
    for text, place, reason in WRONG:
        with pytest.raises(SetupError) as refused:
            await run(database, text)
        assert place in str(refused.value)
        assert reason in str(refused.value)
    assert await database.fetchval("SELECT count(*) FROM companies") == 0
