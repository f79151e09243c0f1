"""Groups, and calls to them as the sandbox acts them out."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ringmain.core.calls.model import Call
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.groups.model import CallOffered, Group, GroupChange
from ringmain.core.system import Core
from tests.recordings import wav


@dataclass
class House:
    """A company with extensions 101 to 103 of Ada, Ben and nobody."""

    core: Core
    company_id: int
    instance_id: int
    people: dict[int, int] = field(default_factory=dict)
    extensions: dict[int, int] = field(default_factory=dict)

    async def group(self, **fields: Any) -> Group:
        given: dict[str, Any] = {"number": 800, "members": [101, 102, 103], "tags": ["reception"], **fields}
        change = GroupChange(**given)
        return await self.core.groups.create(self.company_id, self.instance_id, change, origin="test")

    async def call(self, to: str = "800", **fields: Any) -> Call:
        planned = PlannedCall(**({"source": "+18185551234", "destination": to} | fields))
        return await self.core.sandbox_calls.place(self.company_id, planned, origin="test")

    async def events(self) -> list[tuple[str, Any]]:
        """Type and extension, or extensions, of what was told of calls."""
        rows = await self.core.database.fetch(
            "SELECT type, payload::text FROM events WHERE company_id = $1 AND type LIKE 'call.%' ORDER BY id",
            self.company_id,
        )
        told = []
        for row in rows:
            payload = msgspec.json.decode(row["payload"])
            who: Any = payload.get("leg", {}).get("extension_number")
            if row["type"] == "call.offered":
                who = [user["extension_number"] for user in payload["users"]]
            told.append((row["type"], who))
        return told

    async def offers(self) -> list[CallOffered]:
        rows = await self.core.database.fetch(
            "SELECT payload::text FROM events WHERE company_id = $1 AND type = 'call.offered' ORDER BY id",
            self.company_id,
        )
        return [msgspec.json.decode(row["payload"], type=CallOffered) for row in rows]


@pytest.fixture
async def house(core: Core) -> House:
    company_id = (await core.companies.create(name="Acme")).id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.example.com")
    made = House(core, company_id, instance.id)
    for number, name in ((101, "Ada"), (102, "Ben"), (103, "")):
        person = await core.people.create(company_id, email=f"{name}@a.example", first_name=name) if name else None
        change = ExtensionChange(number=number, name=f"N{number}", person_id=person.id if person else None)
        made.extensions[number] = (await core.extensions.create(company_id, instance.id, change)).id
        if person:
            made.people[number] = person.id
    return made


async def test_sequential_offers_one_after_the_other(house: House) -> None:
    await house.group(strategy="sequential", ring_s=15)
    call = await house.call(answered_by=102, ring_s=4, talk_s=30)
    assert await house.events() == [
        ("call.offered", [101]),
        ("call.ringing", 101),
        ("call.dial_ended", 101),
        ("call.offered", [102]),
        ("call.ringing", 102),
        ("call.dial_ended", 102),
        ("call.ended", None),
    ]
    assert (call.outcome, call.extension_number, call.destination) == ("completed", 102, "800")
    assert (call.ring_ms, call.talk_ms) == (19_000, 30_000)
    assert call.pbx["tags"] == ["inbound", "reception"]
    assert call.ended_at and call.ended_at <= datetime.now(UTC), "it ends now, however often it was offered"


async def test_simultaneous_offers_to_all_at_once(house: House) -> None:
    group = await house.group()
    call = await house.call(answered_by=103)
    offered, *told = await house.events()
    assert offered == ("call.offered", [101, 102, 103])
    assert [kind for kind, _ in told] == ["call.ringing"] * 3 + ["call.dial_ended"] * 3 + ["call.ended"]
    assert call.extension_number == 103
    (offer,) = await house.offers()
    assert (offer.call_id, offer.group_id, offer.began_at) == (call.id, group.id, call.started_at)
    assert (offer.dialed, offer.originally_dialed, offer.caller_number) == ("800", "800", "+18185551234")
    assert offer.tags == ["inbound", "reception"]
    assert [(user.extension_number, user.name, user.email) for user in offer.users] == [
        (101, "Ada", "Ada@a.example"),
        (102, "Ben", "Ben@a.example"),
        (103, "N103", ""),
    ]


async def test_a_number_of_the_company_leads_to_a_group(house: House) -> None:
    await house.core.numbers.create(house.company_id, "+12025550123")
    await house.group()
    await house.call("+12025550123", extension=800)
    (offer,) = await house.offers()
    assert (offer.dialed, offer.originally_dialed) == ("800", "+12025550123")


async def test_who_is_busy_or_wants_no_calls_is_not_offered_any(house: House) -> None:
    await house.group(strategy="sequential")
    await house.core.extensions.act(
        house.company_id, house.extensions[101], state="REGISTERED", call_status="confirmed"
    )
    await house.core.presence.set(house.company_id, house.people[102], status="do_not_disturb")
    await house.call()
    assert [[user.extension_number for user in offer.users] for offer in await house.offers()] == [[103]]


async def test_a_group_of_busy_people_is_busy(house: House) -> None:
    await house.group(members=[101])
    await house.core.extensions.act(
        house.company_id, house.extensions[101], state="REGISTERED", call_status="confirmed"
    )
    call = await house.call(recording=wav(0.2))
    assert (call.outcome, call.release_code, call.recording_file_id) == ("busy", 17, None)
    assert await house.offers() == []


@pytest.mark.parametrize(
    ("outcome", "ended", "offers"),
    [("no_answer", "no_answer", 3), ("busy", "busy", 3), ("cancelled", "cancelled", 1), ("failed", "failed", 1)],
)
async def test_nobody_answers(house: House, outcome: str, ended: str, offers: int) -> None:
    await house.group(strategy="sequential")
    call = await house.call(outcome=outcome)
    assert (call.outcome, call.answered_at) == (ended, None)
    assert call.ended_at and call.ended_at <= datetime.now(UTC)
    assert len(await house.offers()) == offers


async def test_who_was_to_answer_is_in_no_offer(house: House) -> None:
    await house.group(members=[101, 102])
    assert (await house.call(answered_by=103)).outcome == "no_answer"


@pytest.mark.parametrize("members", [[101, 102], []])
async def test_voicemail_takes_it_otherwise(house: House, members: list[int]) -> None:
    await house.group(members=members, otherwise="voicemail", otherwise_to="103")
    call = await house.call(outcome="no_answer")
    assert (call.pbx["lastapp"], call.pbx["lastdata"]) == ("VoiceMail", "103@default,u")


async def test_it_is_forwarded_otherwise(house: House) -> None:
    await house.group(members=[101], otherwise="forward", otherwise_to="102", ring_s=10)
    call = await house.call(outcome="no_answer")
    assert (await house.events())[-3:] == [("call.ringing", 102), ("call.dial_ended", 102), ("call.ended", None)]
    assert call.duration_ms == 20_000
    assert call.ended_at and call.ended_at <= datetime.now(UTC)


async def test_a_group_changes(house: House) -> None:
    before = await house.group(name="Reception")
    assert (before.strategy, before.ring_s, before.otherwise) == ("simultaneous", 20, "hang_up")
    groups = house.core.groups
    after = await groups.update(
        house.company_id, before.id, GroupChange(strategy="sequential", members=[103, 101]), origin="test"
    )
    assert after == msgspec.structs.replace(
        before, strategy="sequential", members=[103, 101], updated_at=after.updated_at
    )
    assert await groups.get(house.company_id, before.id) == after
    assert await groups.list(house.company_id) == [after]
    assert await groups.delete(house.company_id, before.id) == after
    with pytest.raises(NotFound):
        await groups.get(house.company_id, before.id)
    types = await house.core.database.fetch("SELECT type FROM events WHERE type LIKE 'group.%' ORDER BY id")
    assert [row["type"] for row in types] == ["group.created", "group.updated", "group.deleted"]


async def test_an_extension_that_goes_leaves_its_groups(house: House) -> None:
    group = await house.group()
    await house.core.extensions.delete(house.company_id, house.instance_id, house.extensions[102])
    assert (await house.core.groups.get(house.company_id, group.id)).members == [101, 103]


async def test_a_number_is_an_extensions_or_a_groups(house: House) -> None:
    group = await house.group()
    for number in (800, 101):
        with pytest.raises(AlreadyExists):
            await house.group(number=number)
    with pytest.raises(AlreadyExists):
        await house.core.groups.update(house.company_id, group.id, GroupChange(number=101))
    with pytest.raises(AlreadyExists):
        await house.core.extensions.create(house.company_id, house.instance_id, ExtensionChange(number=800))


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"number": 10**12},
        {"strategy": "random"},
        {"ring_s": 0},
        {"ring_s": 301},
        {"members": [101, 101]},
        {"members": [999]},
        {"name": "x" * 101},
        {"name": "\0"},
        {"tags": ["a,b"]},
        {"tags": [""]},
        {"otherwise": "sing"},
        {"otherwise": "voicemail"},
        {"otherwise": "voicemail", "otherwise_to": "999"},
        {"otherwise_to": "101"},
        {"otherwise": "forward", "otherwise_to": "nonsense"},
    ],
)
async def test_what_cannot_be(house: House, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await house.group(**wrong)
    kept = await house.group()
    with pytest.raises(Invalid):
        await house.core.groups.update(house.company_id, kept.id, GroupChange(**wrong))
    assert await house.core.groups.list(house.company_id) == [kept]


async def test_another_companys_groups_are_unknown(house: House) -> None:
    group = await house.group()
    other = (await house.core.companies.create(name="Other")).id
    groups = house.core.groups
    for verb in (groups.get(other, group.id), groups.delete(other, group.id), groups.update(other, 1, GroupChange())):
        with pytest.raises(NotFound):
            await verb
    with pytest.raises(NotFound):
        await groups.create(other, house.instance_id, GroupChange(number=801))
    assert await groups.list(other) == []
