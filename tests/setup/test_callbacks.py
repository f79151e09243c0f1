"""RingRx callbacks of a set-up file."""

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

[[companies.instances]]
name = "pbx"
domain = "pbx.acme.example"

[[companies.extensions]]
number = 101

[[companies.groups]]
number = 800
name = "Reception"
members = [101]

[[companies.outreach_profiles]]
name = "Visits"

[companies.outreach_profiles.settings]
sender = "2025550123"

"""


def callback(kind: str = "sms", bound: str = '"2025550123"', more: str = "") -> str:
    return f"""\
[[companies.callbacks]]
name = "Till"
type = "{kind}"
url = "https://acme.example/hook?from={{from }}"
bound = [{bound}]
{more}
"""


async def run(database: Database, text: str, *, dry_run: bool = False) -> CompanyReport:
    report, _ = await apply(database, Document("my.toml", COMPANY + text), seal=Seal.passing(), dry_run=dry_run)
    return report.companies[0]


async def test_callbacks_are_made_changed_and_left_alone(database: Database, core: Core) -> None:
    assert (await run(database, callback(), dry_run=True)).callbacks[0]["action"] == "created"
    made = (await run(database, callback())).callbacks[0]
    assert (made["name"], made["action"]) == ("Till", "created")
    company = await core.companies.find_by_key("acme")
    assert company is not None
    (endpoint,) = await core.subscriptions.list_destinations(company.id, face="ringrx")
    assert made["ids"]["ringrx"] == endpoint.id
    assert (endpoint.name, endpoint.url) == ("Till", "https://acme.example/hook?from={from}")
    (subscription,) = await core.subscriptions.list_subscriptions(company.id, face="ringrx")
    assert (await run(database, callback())).callbacks[0]["action"] == "unchanged"
    assert (await run(database, callback(more='username = "me"'))).callbacks[0]["action"] == "updated"
    assert (await core.subscriptions.list_subscriptions(company.id, face="ringrx")) == [subscription]
    assert (await run(database, callback(bound="", more='username = "me"'))).callbacks[0]["action"] == "updated"
    assert await core.subscriptions.list_subscriptions(company.id, face="ringrx") == []


@pytest.mark.parametrize(
    ("kind", "bound"),
    [("cdr", ""), ("recording", ""), ("voicemail", '"101"'), ("call_alert", '"800"'), ("outreach", '"Visits"')],
)
async def test_every_kind_can_be_bound(database: Database, core: Core, kind: str, bound: str) -> None:
    await run(database, callback(kind, bound))
    company = await core.companies.find_by_key("acme")
    assert company is not None
    (subscription,) = await core.subscriptions.list_subscriptions(company.id, face="ringrx")
    assert subscription.name == kind


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (callback("SMS"), "callback_type"),
        (callback("cdr"), "whole company"),
        (callback("voicemail", '"999"'), "unknown mailbox"),
        (callback("call_alert", '"801"'), "unknown group"),
        (callback("outreach", '"Other"'), "unknown profile"),
        (callback(more='headers = "no colon"'), "custom_headers"),
        (callback() + callback(), "second time"),
    ],
)
async def test_what_cannot_be_is_told_with_its_place(database: Database, text: str, told: str) -> None:
    with pytest.raises(SetupError, match=rf"my.toml, line \d+, .*callbacks\[\d\].*{told}"):
        await run(database, text)
