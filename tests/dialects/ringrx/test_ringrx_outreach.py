"""/outreach: profiles and events, which are our own design, and what callbacks are told of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.core.outreach.links import AnswerLinks
from ringmain.core.outreach.news import News
from ringmain.core.outreach.queue import OutreachQueue
from ringmain.core.texting.carrier import InboundText
from ringmain.outreach.contact import Contact
from ringmain.outreach.engine import Engine
from ringmain.outreach.sandbox import SandboxCaller
from tests.dialects.ringrx.conftest import PUBLIC_URL, Caller, World, counts

PATIENT = "+13105550177"
DATE = "2099-03-04T14:30:00-05:00"


async def profile(caller: Caller, **fields: Any) -> Any:
    given = {"name": "Visits", "sender": caller.office.number, "quiet_from": None, "quiet_until": None} | fields
    reply = await caller("POST", "/outreach/profiles", json=given)
    assert reply.status == 201, reply.body
    return reply.json()


async def event(caller: Caller, profile_id: str, **fields: Any) -> Any:
    given = {"profile_id": profile_id, "name": "Jane Doe", "phonenumber": "(310) 555-0177", "reminder_date": DATE}
    reply = await caller("POST", "/outreach/events", json=given | fields)
    assert reply.status == 201, reply.body
    return reply.json()


async def work(world: World) -> None:
    core = world.core
    queue = OutreachQueue(core.database, core.wakeups, core.mails)
    contact = Contact(queue, core.texting, AnswerLinks(core.credentials, PUBLIC_URL))
    engine = Engine(queue, News(core.database, core.wakeups), core.wakeups, contact, SandboxCaller())
    await engine.work(datetime.now(UTC))


async def test_profiles(acme: Caller) -> None:
    made = await profile(acme, channels=["sms", "email"], attempts=3)
    assert (made["name"], made["channels"], made["attempts"]) == ("Visits", ["sms", "email"], 3)
    assert (made["confirm_words"], made["cancel_words"]) == (["YES", "C", "1"], ["NO", "X", "2"])
    assert await acme.read("/outreach/profiles") == [made]
    assert await acme.read(f"/outreach/profiles/{made['id']}") == made
    reply = await acme("PATCH", f"/outreach/profiles/{made['id']}", json={"attempts": 2, "name": "Checks"})
    changed = reply.json()
    assert changed == made | {"attempts": 2, "name": "Checks", "updated_at": changed["updated_at"]}
    # What was shown may be sent back whole.
    again = (await acme("PUT", f"/outreach/profiles/{made['id']}", json=changed)).json()
    assert again == changed | {"updated_at": again["updated_at"]}
    (await acme("POST", "/outreach/profiles", json={"name": "checks", "sender": acme.office.number})).error(409)
    assert (await acme("DELETE", f"/outreach/profiles/{made['id']}")).status == 204
    assert await acme.read("/outreach/profiles") == []


async def test_profiles_are_the_managers_to_make(acme: Caller, pat: Caller) -> None:
    made = await profile(acme)
    before = await counts(acme.account.core.database)
    (await pat("POST", "/outreach/profiles", json={"name": "x", "sender": acme.office.number})).error(403)
    (await pat("PATCH", f"/outreach/profiles/{made['id']}", json={"attempts": 2})).error(403)
    (await pat("DELETE", f"/outreach/profiles/{made['id']}")).error(403)
    assert await counts(acme.account.core.database) == before
    assert await pat.read("/outreach/profiles") == [made]
    assert (await event(pat, made["id"]))["state"] == "scheduled"


async def test_an_event_through_its_life(acme: Caller) -> None:
    visits = await profile(acme)
    made = await event(acme, visits["id"], reference="A-17")
    assert made == {
        "id": made["id"],
        "name": "Jane Doe",
        "phonenumber": "13105550177",
        "email_address": "",
        "call_state": "off",
        "sms_state": "pending",
        "email_state": "off",
        "confirmed": False,
        "cancelled": False,
        "reminder_date": "2099-03-04T19:30:00+00:00",
        "attempt": 0,
        "voice": False,
        "sms": True,
        "email": False,
        "event_log": [{"at": made["created_at"], "event": "created"}],
        "profile_id": visits["id"],
        "reference": "A-17",
        "state": "scheduled",
        "next_attempt_at": "2099-03-03T19:30:00+00:00",
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
    }
    assert await acme.read(f"/outreach/events/{made['id']}") == made
    assert await acme.read(f"/outreach/events/{made['id']}/log") == made["event_log"]
    change = {"reminder_date": "2099-04-04T10:00:00Z", "name": "Jim Doe", "phonenumber": "3105550178"}
    moved = (await acme("PUT", f"/outreach/events/{made['id']}", json=change)).json()
    assert (moved["name"], moved["phonenumber"]) == ("Jim Doe", "13105550178")
    assert moved["next_attempt_at"] == "2099-04-03T10:00:00+00:00"
    (await acme("DELETE", f"/outreach/profiles/{visits['id']}")).error(409)
    confirmed = (await acme("POST", f"/outreach/events/{made['id']}/confirm")).json()
    assert (confirmed["confirmed"], confirmed["next_attempt_at"]) == (True, None)
    cancelled = (await acme("POST", f"/outreach/events/{made['id']}/cancel")).json()
    assert (cancelled["confirmed"], cancelled["cancelled"]) == (False, True)
    assert (await acme("POST", f"/outreach/events/{made['id']}/cancel")).json() == cancelled
    (await acme("POST", f"/outreach/events/{made['id']}/confirm")).error(409)
    assert [one["event"] for one in cancelled["event_log"]] == ["created", "moved", "confirmed", "cancelled"]
    assert (await acme("DELETE", f"/outreach/events/{made['id']}")).status == 204
    (await acme("GET", f"/outreach/events/{made['id']}")).error(404)


async def test_lists_by_profile_state_and_date_in_pages(acme: Caller) -> None:
    visits, checks = await profile(acme), await profile(acme, name="Checks")
    made = [
        await event(acme, (visits, checks)[n % 2]["id"], name=f"N{n}", reminder_date=f"2099-03-{20 - n:02d}T12:00:00Z")
        for n in range(10)
    ]
    expected = [one["id"] for one in reversed(made)]
    found, after = [], None
    while True:
        page = await acme.read("/outreach/events", params={"limit": 3, "after": after or ""})
        found += [one["id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert found == expected
    await acme("POST", f"/outreach/events/{made[0]['id']}/cancel")

    async def ids_of(**params: str) -> list[str]:
        return [one["id"] for one in (await acme.read("/outreach/events", params=params))["items"]]

    assert await ids_of(profile_id=checks["id"]) == [one["id"] for one in reversed(made[1::2])]
    assert await ids_of(state="cancelled") == [made[0]["id"]]
    assert await ids_of(state="cancelled", profile_id=checks["id"]) == []
    assert await ids_of(start_date="2099-03-19", end_date="20-03-2099") == [made[1]["id"], made[0]["id"]]


@pytest.mark.parametrize(
    "query",
    ["state=done", "limit=0", "limit=1001", "limit=x", "after=x", "after=1.2.3", "start_date=x", "end_date=2099-13-01"],
)
async def test_lists_that_cannot_be(acme: Caller, query: str) -> None:
    (await acme("GET", f"/outreach/events?{query}")).error(400)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": " "},
        {"name": "a\nb"},
        {"name": None},
        {"name": "x" * 201},
        {"phonenumber": "911"},
        {"phonenumber": "hello"},
        {"phonenumber": ""},
        {"phonenumber": 5},
        {"email_address": "jane"},
        {"email_address": "jane@example.com\nBcc: x@example.com"},
        {"email": True},
        {"email": True, "email_address": "jane@example.com"},
        {"voice": True},
        {"sms": "perhaps"},
        {"sms": False},
        {"reminder_date": "2001-03-04T14:30:00Z"},
        {"reminder_date": "2099-03-04"},
        {"reminder_date": "tomorrow at two"},
        {"reminder_date": "9999-12-31T23:59:59-12:00"},
        {"reminder_date": 4070908800},
        {"reference": "x" * 201},
        {"reference": {"a": 1}},
    ],
)
async def test_events_that_cannot_be(acme: Caller, fields: dict[str, Any]) -> None:
    visits = await profile(acme)
    good = await event(acme, visits["id"])
    before = await counts(acme.account.core.database)
    given = {"profile_id": visits["id"], "name": "Jane", "phonenumber": "3105550177", "reminder_date": DATE} | fields
    (await acme("POST", "/outreach/events", json=given)).error(400)
    (await acme("PATCH", f"/outreach/events/{good['id']}", json=fields)).error(400)
    assert await counts(acme.account.core.database) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"channels": []},
        {"channels": ["fax"]},
        {"channels": ["sms", "sms"]},
        {"channels": ["voice"]},
        {"attempts": 0},
        {"attempts": 11},
        {"interval_minutes": 0},
        {"lead_minutes": []},
        {"lead_minutes": [0]},
        {"quiet_from": "25:00", "quiet_until": "08:00"},
        {"quiet_from": "21:00", "quiet_until": None},
        {"quiet_from": "21:00", "quiet_until": "21:00"},
        {"days": []},
        {"days": [8]},
        {"timezone": "Mars/Olympus"},
        {"sender": "+13105550100"},
        {"sender": ""},
        {"caller_id": "nobody"},
        {"confirm_words": []},
        {"confirm_words": ["!"]},
        {"cancel_words": ["yes"]},
        {"cancel_words": ["STOP"]},
        {"confirm_words": ["help"]},
        {"confirm_key": "11"},
        {"cancel_key": "1"},
        {"sms_template": ""},
        {"sms_template": "{{ nobody }}"},
        {"sms_template": "{{ name"},
        {"sms_template": "{% for x in name %}{{ x }}{% endfor %}"},
        {"email_template": "{{ ''.__class__.__mro__ }}"},
        {"color": "red"},
        {"name": ""},
    ],
)
async def test_profiles_that_cannot_be(acme: Caller, fields: dict[str, Any]) -> None:
    known = await profile(acme, name="Known")
    before = await counts(acme.account.core.database)
    given = {"name": "Visits", "sender": acme.office.number} | fields
    (await acme("POST", "/outreach/profiles", json=given)).error(400)
    (await acme("PATCH", f"/outreach/profiles/{known['id']}", json=fields)).error(400)
    assert await counts(acme.account.core.database) == before


async def test_other_accounts_numbers_and_profiles_are_unknown(acme: Caller, globex: Caller) -> None:
    theirs = await profile(globex)
    before = await counts(acme.account.core.database)
    (await acme("POST", "/outreach/profiles", json={"name": "x", "sender": globex.office.number})).error(400)
    given = {"profile_id": theirs["id"], "name": "Jane", "phonenumber": "3105550177", "reminder_date": DATE}
    (await acme("POST", "/outreach/events", json=given)).error(404)
    (await acme("GET", "/outreach/events", params={"profile_id": theirs["id"]})).error(404)
    assert await counts(acme.account.core.database) == before
    await event(globex, theirs["id"])
    assert (await acme.read("/outreach/events"))["items"] == []


async def test_a_reminder_by_text_is_confirmed_and_seen_in_ringplan(world: World) -> None:
    acme = world.acme
    visits = await profile(acme)
    soon = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    made = await event(acme, visits["id"], reminder_date=soon)
    await work(world)
    assert (await acme.read(f"/outreach/events/{made['id']}"))["sms_state"] == "sending"
    await world.core.texting.receive(
        InboundText(carrier="sandbox", sender=PATIENT, recipient=acme.office.number, text="Yes")
    )
    await work(world)
    done = await acme.read(f"/outreach/events/{made['id']}")
    assert (done["confirmed"], done["state"], done["attempt"]) == (True, "confirmed", 1)
    key = await world.core.credentials.create_api_key(acme.company_id, "ringplan", "test")
    headers = {"Authorization": key.secret, "X-User-Id": "primary"}
    found = (await acme("GET", "/texting/conversations?per_page=10", headers=headers)).json()
    assert any("appointment" in str(one) or "Yes" in str(one) for one in found)
