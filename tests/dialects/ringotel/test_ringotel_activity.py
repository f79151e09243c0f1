"""What goes on in an organization: events, calls, subjects (specs/ringotel.md 3, group Org)."""

import time
from typing import Any

import pytest

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.texting.carrier import InboundText
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World


def around() -> dict[str, Any]:
    """A span that now is in, as number and as text (section 5, reading 22)."""
    now = round(time.time() * 1000)
    return {"begin": now - 600_000, "end": str(now + 600_000)}


async def test_event_log(world: World, acme: Caller, globex: Caller) -> None:
    office = acme.office
    text = InboundText(carrier="sandbox", sender=office.contact.number, recipient=office.number, text="A secret")
    message = await world.core.texting.receive(text)
    log = (await acme("getEventLog", orgid=acme.orgid, **around())).result()
    assert all(set(event) == {"id", "time", "type", "objectid", "origin"} for event in log)
    assert sorted(log, key=lambda event: event["id"]) == log
    assert log[-1]["type"] == "message.created"
    assert log[-1]["objectid"] == ids.encode(message.id)
    assert abs(log[-1]["time"] - time.time() * 1000) < 60_000
    foreign = (await globex("getEventLog", orgid=globex.orgid, **around())).result()
    assert not {event["id"] for event in foreign} & {event["id"] for event in log}
    assert (await acme("getEventLog", orgid=acme.orgid, begin=0, end=1)).result() == []
    assert (await acme("getEventLog", orgid=acme.orgid)).result() == log


@pytest.mark.parametrize("span", [{"begin": "x"}, {"end": -1}, {"end": 10**20}, {"begin": 2, "end": 1}, {"end": []}])
async def test_reading_22_spans_that_cannot_be(acme: Caller, span: dict[str, Any]) -> None:
    for method in ("getEventLog", "getCalls", "getAIUsageInfo"):
        message = (await acme(method, orgid=acme.orgid, **span)).error(400)
        assert any(field in message for field in span)


async def test_calls(world: World, acme: Caller, globex: Caller) -> None:
    core, company_id = world.core, acme.office.company_id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.example.com")
    users = [
        await core.extensions.create(company_id, instance.id, ExtensionChange(number=number)) for number in (1001, 1002)
    ]
    await core.sandbox_calls.place(company_id, PlannedCall(source="1001", destination="+13105550100"))
    (call,) = (await acme("getCalls", orgid=acme.orgid, **around())).result()
    assert set(call) == {"a", "b", "c", "t", "d", "o"}
    assert (call["a"], call["b"], call["c"], call["o"]) == ("1001", "+13105550100", 16, True)
    assert call["d"] == 60
    assert abs(call["t"] - time.time() * 1000) < 600_000
    found = [await acme("getCalls", orgid=acme.orgid, userid=ids.encode(user.id), **around()) for user in users]
    assert [len(reply.result()) for reply in found] == [1, 0]
    (await acme("getCalls", orgid=acme.orgid, userid="1")).error(404)
    (await globex("getCalls", orgid=globex.orgid, userid=ids.encode(users[0].id))).error(404)
    assert (await acme("getCalls", orgid=acme.orgid, begin=0, end=1)).result() == []


async def test_reading_18_activity_subjects_are_a_list_of_texts(acme: Caller) -> None:
    assert (await acme("getActivitySubjects", orgid=acme.orgid)).result() == []
    (await acme("setActivitySubjects", orgid=acme.orgid, subjects=["Sales", "Support", 42])).void()
    assert (await acme("getActivitySubjects", orgid=acme.orgid)).result() == ["Sales", "Support", "42"]
    domain = (await acme("getOrganization", id=acme.orgid)).result()["domain"]
    (await acme("setActivitySubjects", domain=domain, subjects=[])).void()
    assert (await acme("getActivitySubjects", domain=domain)).result() == []
    wrong: list[Any] = ["x", {}, [[]], [True], ["x"] * 1001]
    for bad in wrong:
        assert "subjects" in (await acme("setActivitySubjects", orgid=acme.orgid, subjects=bad)).error(400)
    assert "subjects" in (await acme("setActivitySubjects", orgid=acme.orgid)).error(400)
