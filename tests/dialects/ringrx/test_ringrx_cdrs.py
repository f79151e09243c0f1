"""Call records: rows 10 and 11 of specs/ringrx.md 2, and the object of 2.2."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ringmain.core.calls.model import Call, CallEvent, Recording
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.system import Core
from ringmain.dialects.ringrx import ids
from ringmain.dialects.ringrx.cdr_wire import call_record, domain_of
from tests.dialects.ringrx.conftest import NOON, WAV, Account, Caller, World, counts

ARCHIVED = (
    "id", "responsible_party", "start_time", "hangup_cause", "calling_party", "called_party", "caller_id_number",
    "caller_id_name", "duration", "bill_duration", "direction", "mailbox", "aleg_holdtime", "bleg_holdtime", "tags",
)  # fmt: skip
FIELDS = {*ARCHIVED, "domain_name", "aleg_uuid", "dialed_digits", "recording_key", "recorded"}
START = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
DAY = "getAll=true&startDate=04-03-2026&endDate=04-03-2026"
UNKNOWN = ("01951a6f-8800-7000-8000-000000000000", "79951a64-5f51-5019-a897-0e7624828abf", "7", "x", "%00")


async def listed(user: Caller, query: str = DAY) -> list[dict[str, Any]]:
    shown = await user.read(f"/cdrs?{query}")
    assert isinstance(shown, list)
    for one in shown:
        check_types(one)
    return shown


def check_types(record: dict[str, Any]) -> None:
    """Only text and null: the vendor's archiver puts each value into text."""
    assert set(record) == FIELDS
    assert all(value is None or isinstance(value, str) for value in record.values()), record
    assert str(UUID(record["id"])) == record["id"]
    assert START.fullmatch(record["start_time"])
    assert record["duration"].isdecimal() and record["bill_duration"].isdecimal()
    assert record["direction"] in ("inbound", "outbound", "internal")
    assert record["recording_key"] is None or re.fullmatch(r".+\.[a-z0-9]+", record["recording_key"])


async def test_row_10_the_call_record(acme: Caller, account: Account, core: Core) -> None:
    call = await account.call(
        "+18185551234", account.office.number, extension=101, source_name="Dr Smith", ring_s=4.5, talk_s=60.7
    )
    (shown,) = await listed(acme)
    company = await core.companies.get(account.id)
    assert shown == {
        "id": ids.encode(call.id),
        "domain_name": domain_of(company),
        "aleg_uuid": call.reference,
        "responsible_party": "101",
        "start_time": "2026-03-04 12:00:00 UTC",
        "hangup_cause": "NORMAL_CLEARING",
        "dialed_digits": "12025550123",
        "calling_party": "18185551234",
        "called_party": "12025550123",
        "caller_id_number": "18185551234",
        "caller_id_name": "Dr Smith",
        "duration": "65",
        "bill_duration": "60",
        "direction": "inbound",
        "mailbox": None,
        "aleg_holdtime": None,
        "bleg_holdtime": None,
        "recording_key": None,
        "recorded": "false",
        "tags": "",
    }
    assert shown["domain_name"] == "acme.ringrx.com"
    assert await acme.read(f"/cdrs/{shown['id']}") == shown


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        ("answered", "NORMAL_CLEARING"),
        ("busy", "USER_BUSY"),
        ("no_answer", "NO_ANSWER"),
        ("cancelled", "ORIGINATOR_CANCEL"),
        ("failed", "NETWORK_OUT_OF_ORDER"),
    ],
)
async def test_row_10_hangup_causes(acme: Caller, account: Account, outcome: str, cause: str) -> None:
    await account.call("102", "101", outcome=outcome)
    (shown,) = await listed(acme)
    assert (shown["hangup_cause"], shown["direction"]) == (cause, "internal")
    assert shown["bill_duration"] == ("60" if outcome == "answered" else "0")


async def test_row_10_calls_out_of_the_company(acme: Caller, account: Account) -> None:
    await account.call("102", "+18185551234")
    (shown,) = await listed(acme)
    assert (shown["direction"], shown["responsible_party"], shown["calling_party"]) == ("outbound", "102", "102")
    assert (shown["called_party"], shown["dialed_digits"]) == ("18185551234", "18185551234")


async def test_row_10_what_the_pbx_tells_beside(account: Account) -> None:
    call = await account.call("+18185551234", "101")

    def shown(**pbx: Any) -> Any:
        made = msgspec.structs.replace(call, pbx=pbx)
        return msgspec.to_builtins(call_record(made, "acme.ringrx.com"))

    left = shown(lastapp="VoiceMail", lastdata="101@default,u", tags=["inbound", "queue"], aleg_holdtime=7, did="8000")
    check_types(left)
    assert (left["mailbox"], left["tags"], left["aleg_holdtime"]) == ("101", "inbound,queue", "7")
    assert left["dialed_digits"] == "8000"
    assert shown(lastapp="VoiceMail")["mailbox"] == "101"
    odd: dict[str, Any]
    for odd in ({"lastapp": 5}, {"tags": {"a": 1}}, {"tags": [1]}, {"did": True}, {"bleg_holdtime": []}):
        check_types(shown(**odd))


async def test_reading_10_lists_and_events_have_the_same_object(account: Account, acme: Caller, core: Core) -> None:
    await account.call("+18185551234", "101", recording=WAV)
    payload = await core.database.fetchval("SELECT payload::text FROM events WHERE type = 'call.ended'")
    told = msgspec.json.decode(payload, type=CallEvent).call
    assert isinstance(told.recording, Recording)
    company = await core.companies.get(account.id)
    (shown,) = await listed(acme)
    assert msgspec.to_builtins(call_record(told, domain_of(company))) == shown
    assert {"called_party", "recording_key", "recorded"} <= set(shown)
    assert (shown["recorded"], shown["recording_key"]) == ("true", told.recording.name)


async def test_row_11_the_recording(acme: Caller, account: Account) -> None:
    recorded = await account.call("+18185551234", "101", recording=WAV)
    reply = await acme("GET", f"/cdrs/{ids.encode(recorded.id)}/recording")
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, "audio/wav", WAV)
    (shown,) = await listed(acme)
    assert shown["recording_key"].endswith(".wav")
    plain = await account.call("+18185551234", "101")
    (await acme("GET", f"/cdrs/{ids.encode(plain.id)}/recording")).error(404)


async def test_row_10_days_are_whole_and_of_the_accounts_time_zone(acme: Caller, account: Account, core: Core) -> None:
    await core.companies.update(account.id, timezone="America/New_York")
    for moment in ("2026-03-04T04:59:59", "2026-03-04T05:00:00", "2026-03-05T04:59:59", "2026-03-05T05:00:00"):
        await account.call("+18185551234", "101", started_at=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    for first, last in (("04-03-2026", "04-03-2026"), ("2026-03-04", "2026-03-04")):
        shown = await listed(acme, f"getAll=true&startDate={first}&endDate={last}")
        assert [one["start_time"] for one in shown] == ["2026-03-05 04:59:59 UTC", "2026-03-04 05:00:00 UTC"]
    shown = await listed(acme, "getAll=true&startDate=2026-03-04T05:00:00Z&endDate=2026-03-05T05:00:00%2B00:00")
    assert len(shown) == 3
    assert await listed(acme, "getAll=true&startDate=05-03-2026&endDate=04-03-2026") == []
    # Without a first day: the ten days that end with the last one.
    assert len(await listed(acme, "getAll=true&endDate=13-03-2026")) == 3
    assert len(await listed(acme, "getAll=true&endDate=14-03-2026")) == 1


async def test_row_10_without_dates_the_last_ten_days(acme: Caller, account: Account) -> None:
    now = datetime.now(UTC)
    for days in (0, 8, 11):
        await account.call("+18185551234", "101", started_at=now - timedelta(days=days, minutes=2))
    assert len(await listed(acme, "getAll=true")) == 2
    assert len(await listed(acme, "startDate=01-01-2020")) == 3


async def test_row_10_get_all_is_all_and_a_page_without_it(acme: Caller, account: Account) -> None:
    made = [await account.call("+18185551234", "101", started_at=NOON + timedelta(minutes=n)) for n in range(5)]
    newest_first = [ids.encode(one.id) for one in reversed(made)]
    assert [one["id"] for one in await listed(acme)] == newest_first
    days = "startDate=04-03-2026&endDate=04-03-2026"
    for query, part in (("limit=2", newest_first[:2]), ("limit=2&page=3", newest_first[4:]), ("", newest_first)):
        assert [one["id"] for one in await listed(acme, f"{days}&{query}")] == part
    assert [one["id"] for one in await listed(acme, f"{DAY}&limit=2")] == newest_first


async def test_calls_that_go_on_have_no_record(acme: Caller, account: Account, core: Core) -> None:
    call = await account.call("+18185551234", "101")
    await core.database.execute("UPDATE calls SET ended_at = NULL, outcome = NULL WHERE id = $1", call.id)
    assert await listed(acme) == []
    (await acme("GET", f"/cdrs/{ids.encode(call.id)}/recording")).error(404)


async def test_row_10_what_cannot_be_is_refused(acme: Caller) -> None:
    for query in (
        "startDate=x", "endDate=31-02-2026", "startDate=%00", "endDate=9999-12-31", "startDate=0000-01-01",
        "limit=0", "page=-1", "limit=x",
    ):  # fmt: skip
        (await acme("GET", f"/cdrs?{query}")).error(400)


@pytest.mark.parametrize(
    "query", ["startDate=0001-01-01", "endDate=0001-01-01", "endDate=9999-12-30&startDate=9999-12-30"]
)
async def test_row_10_the_ends_of_time(acme: Caller, account: Account, core: Core, query: str) -> None:
    await core.companies.update(account.id, timezone="Pacific/Kiritimati")
    assert await listed(acme, f"getAll=true&{query}") == []


async def test_unknown_calls(acme: Caller, core: Core) -> None:
    before = await counts(core.database)
    for unknown in UNKNOWN:
        for path in (f"/cdrs/{unknown}", f"/cdrs/{unknown}/recording"):
            (await acme("GET", path)).error(404)
    assert await counts(core.database) == before


async def test_others_calls_are_as_unknown(globex: Caller, pat: Caller, account: Account) -> None:
    call = await account.call("+18185551234", "101", recording=WAV)
    for user in (globex, pat):
        nobody = await user("GET", f"/cdrs/{UNKNOWN[0]}")
        assert await listed(user) == []
        for path in (f"/cdrs/{ids.encode(call.id)}", f"/cdrs/{ids.encode(call.id)}/recording"):
            reply = await user("GET", path)
            assert (reply.status, reply.json()["error"].split()[-2:]) == (404, nobody.json()["error"].split()[-2:])


async def test_plain_users_see_the_calls_that_they_took_part_in(world: World, account: Account, core: Core) -> None:
    second = await core.instances.create(account.id, name="branch", domain="branch.acme.example")
    change = ExtensionChange(number=102, name="Elsewhere", person_id=world.acme.person_id)
    await core.extensions.create(account.id, second.id, change)
    mine: list[Call] = []
    for source, destination in (("+18185551234", "102"), ("102", "101"), ("102", "+18185551234")):
        mine.append(await account.call(source, destination, instance_id=account.instance_id))
    await account.call("+18185551234", "101", instance_id=account.instance_id)
    # Extension 102 of another instance is somebody else's.
    await account.call("+18185551234", "102", instance_id=second.id)
    assert {one["id"] for one in await listed(world.pat)} == {ids.encode(one.id) for one in mine}
    assert len(await listed(world.acme)) == 5
    assert (await world.pat("GET", f"/cdrs/{ids.encode(mine[0].id)}/recording")).status == 404


async def test_ringplans_records_stay_where_they_are(world: World, account: Account, core: Core) -> None:
    await account.call("+18185551234", "101")
    key = await core.credentials.create_api_key(account.id, "ringplan", "web")
    headers = {"Authorization": f"Bearer {key.secret}", "X-User-Id": "primary"}
    reply = await world.acme("GET", "/cdrs/v3/cdrs", headers=dict(headers))
    assert reply.status == 200
    assert len(reply.json()) == 1
    assert len(await listed(world.acme)) == 1
