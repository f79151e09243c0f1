"""Calls that the sandbox acts out go where their extension has them go: what is told of them, and what stays."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from ringmain.core.calls.model import Call, CallFilter, LegEvent
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.errors import Invalid
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.groups.model import CallOffered, GroupChange
from ringmain.core.instances.pbx import Forwarding
from ringmain.core.system import Core
from ringmain.core.voicemail.model import Voicemail
from tests.recordings import wav

OUTSIDE, MOBILE, OWN = "+13105550100", "+13105550199", "+12025550123"
NO_VOICEMAIL = {"voicemail_enable": "no"}


def unanswered(to: str, ring_s: int = 20) -> Forwarding:
    return Forwarding(unanswered=True, unanswered_to=to, ring_s=ring_s)


def always(to: str) -> Forwarding:
    return Forwarding(always=True, always_to=to)


@dataclass
class House:
    """A company with a number and the extensions 101 (Ada's) to 103."""

    core: Core
    company_id: int
    instance_id: int
    ada: int
    extensions: dict[int, int] = field(default_factory=dict)

    async def set(self, number: int, **change: Any) -> None:
        where = (self.company_id, self.instance_id, self.extensions[number])
        await self.core.extensions.update(*where, ExtensionChange(**change))

    async def phone(self, number: int, state: str = "REGISTERED", call_status: str = "idle") -> None:
        await self.core.extensions.act(self.company_id, self.extensions[number], state=state, call_status=call_status)

    async def group(self, *members: int, **fields: Any) -> None:
        change = GroupChange(**{"number": 800, "members": list(members), **fields})
        await self.core.groups.create(self.company_id, self.instance_id, change)

    async def call(self, to: str = "101", **fields: Any) -> Call:
        planned = PlannedCall(**({"source": OUTSIDE, "destination": to} | fields))
        return await self.core.sandbox_calls.place(self.company_id, planned)

    async def told(self) -> list[tuple[Any, ...]]:
        """Of each leg its extension, how it ended and how long it rang; of each offer to whom it was."""
        rows = await self.core.database.fetch(
            "SELECT type, payload::text AS payload FROM events WHERE company_id = $1 ORDER BY id", self.company_id
        )
        found: list[tuple[Any, ...]] = []
        for row in rows:
            if row["type"] == "call.dial_ended":
                leg = msgspec.json.decode(row["payload"], type=LegEvent).leg
                assert leg.ended_at
                found.append((leg.extension_number, leg.outcome, (leg.ended_at - leg.ringing_at).total_seconds()))
            if row["type"] == "call.offered":
                offered = msgspec.json.decode(row["payload"], type=CallOffered)
                found.append(tuple(user.extension_number for user in offered.users))
        return found

    async def records_of(self, extension: int) -> list[int]:
        page = await self.core.calls.page(self.company_id, wanted=CallFilter(extension=extension), page=1, per_page=10)
        assert len(page.items) == page.total
        return [call.id for call in page.items]

    async def messages(self) -> list[Voicemail]:
        return (await self.core.voicemails.page(self.company_id, page=1, per_page=10)).items


@pytest.fixture
async def house(core: Core) -> House:
    company_id = (await core.companies.create(name="Acme")).id
    await core.numbers.create(company_id, OWN)
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.example.com")
    ada = (await core.people.create(company_id, email="ada@acme.example", first_name="Ada")).id
    made = House(core, company_id, instance.id, ada)
    for number in (101, 102, 103):
        change = ExtensionChange(number=number, person_id=ada if number == 101 else None)
        made.extensions[number] = (await core.extensions.create(company_id, instance.id, change)).id
    return made


def way(call: Call) -> list[tuple[str, str, str]]:
    return [(one["from"], one["reason"], one["to"]) for one in call.pbx.get("diversions", [])]


async def test_a_call_that_is_always_forwarded_rings_there_only(house: House) -> None:
    await house.set(101, forwarding=always("102"))
    call = await house.call(OWN, extension=101)
    assert await house.told() == [(102, "answered", 5)]
    assert (call.outcome, call.extension_number, call.destination) == ("completed", 102, OWN)
    assert way(call) == [("101", "unconditional", "102")]
    assert await house.records_of(101) == await house.records_of(102) == [call.id]


async def test_one_that_is_forwarded_outside_is_the_forwarders(house: House) -> None:
    await house.set(101, forwarding=always(MOBILE))
    call = await house.call(OWN, extension=101)
    assert await house.told() == [(101, "answered", 5)]
    assert (call.outcome, call.extension_number, way(call)) == ("completed", 101, [("101", "unconditional", MOBILE)])


@pytest.mark.parametrize("answered_by", [102, "102"])
async def test_whoever_does_not_answer_in_time_passes_it_on(house: House, answered_by: int | str) -> None:
    await house.set(101, forwarding=unanswered("102", ring_s=15))
    call = await house.call(answered_by=answered_by, ring_s=4, talk_s=30)
    assert await house.told() == [(101, "no_answer", 15), (102, "answered", 4)]
    assert (call.outcome, call.ring_ms, call.talk_ms) == ("completed", 19_000, 30_000)
    assert (call.extension_number, call.destination) == (102, "101")


async def test_whoever_would_answer_too_late_does_not(house: House) -> None:
    await house.set(101, data={"ringtimer": "10"} | NO_VOICEMAIL)
    call = await house.call(ring_s=11)
    assert await house.told() == [(101, "no_answer", 10)]
    assert (call.outcome, call.release_code, call.duration_ms) == ("no_answer", 19, 10_000)
    assert (await house.call(ring_s=10)).outcome == "completed"


async def test_a_mobile_telephone_answers_what_was_forwarded_to_it(house: House) -> None:
    await house.set(101, forwarding=unanswered(MOBILE))
    call = await house.call(answered_by=MOBILE)
    assert await house.told() == [(101, "no_answer", 20), (101, "answered", 5)]
    assert (call.outcome, call.extension_number) == ("completed", 101)
    await house.set(101, forwarding=unanswered("3105550199"))
    assert (await house.call(answered_by=MOBILE)).outcome == "completed", "however it was dialled"
    assert (await house.call(answered_by=OUTSIDE)).outcome == "no_answer"


@pytest.mark.parametrize(
    ("outcome", "ended", "code", "data"),
    [("no_answer", "no_answer", 19, "101@default,u"), ("busy", "busy", 17, "101@default,b")],
)
async def test_voicemail_takes_what_nobody_does(house: House, outcome: str, ended: str, code: int, data: str) -> None:
    content = wav(0.4)
    call = await house.call(outcome=outcome, message=content)
    assert (call.outcome, call.release_code) == (ended, code)
    assert (call.pbx["lastapp"], call.pbx["lastdata"]) == ("VoiceMail", data)
    (left,) = await house.messages()
    assert (left.extension_number, left.source_number, left.received_at) == (101, OUTSIDE, call.ended_at)
    assert left.reference == call.reference
    assert await house.core.files.read(house.company_id, left.file.id) == content


async def test_a_message_is_left_only_to_voicemail(house: House) -> None:
    message = wav(0.2)
    assert (await house.call(message=message)).outcome == "completed"
    await house.set(101, data=NO_VOICEMAIL)
    call = await house.call(outcome="no_answer", message=message)
    assert (call.outcome, call.pbx["lastapp"]) == ("no_answer", "Dial")
    assert await house.messages() == []
    with pytest.raises(Invalid, match="message"):
        await house.call(message=b"no sound")
    assert len(await house.records_of(101)) == 2


async def test_do_not_disturb_rings_nobody(house: House) -> None:
    await house.core.presence.set(house.company_id, house.ada, status="do_not_disturb")
    await house.set(101, data=NO_VOICEMAIL)
    call = await house.call(OWN, extension=101)
    assert (call.outcome, call.release_code, call.duration_ms, call.extension_number) == ("busy", 17, 0, 101)
    types = await house.core.database.fetch("SELECT type FROM events WHERE type LIKE 'call.%'")
    assert [row["type"] for row in types] == ["call.ended"]
    assert await house.records_of(101) == [call.id]
    await house.set(101, forwarding=Forwarding(busy=True, busy_to="102"))
    call = await house.call()
    assert (call.outcome, way(call)) == ("completed", [("101", "do-not-disturb", "102")])


async def test_whoever_is_on_the_telephone_is_busy_without_call_waiting(house: House) -> None:
    await house.set(101, forwarding=Forwarding(busy=True, busy_to="102"))
    await house.phone(101, call_status="on_call")
    assert (await house.call()).extension_number == 101
    await house.set(101, data={"callwaiting_enable": "DISABLED"})
    call = await house.call()
    assert (call.extension_number, way(call)) == (102, [("101", "user-busy", "102")])
    await house.phone(101)
    assert (await house.call()).extension_number == 101


async def test_a_phone_that_is_not_registered_does_not_ring(house: House) -> None:
    await house.set(101, forwarding=Forwarding(unregistered=True, unregistered_to="102"))
    assert (await house.call()).extension_number == 101, "nobody said anything of its phone"
    await house.phone(101, "UNREGISTERED")
    call = await house.call()
    assert (call.extension_number, way(call)) == (102, [("101", "unavailable", "102")])
    await house.set(101, forwarding=Forwarding(), data=NO_VOICEMAIL)
    call = await house.call()
    assert (call.outcome, call.release_code, call.talk_ms) == ("no_answer", 20, 0)


async def test_freepbx_destinations_are_obeyed(house: House) -> None:
    await house.group(102, 103, strategy="sequential")
    await house.set(101, data={"noanswer_dest": "ext-group,800,1", "busy_dest": "ext-local,vmb103,1"})
    call = await house.call(answered_by=103)
    assert await house.told() == [
        (101, "no_answer", 5),
        (102,),
        (102, "no_answer", 20),
        (103,),
        (103, "answered", 5),
    ]
    assert (call.outcome, way(call)) == ("completed", [("101", "no-answer", "800")])
    assert (await house.call(outcome="busy")).pbx["lastdata"] == "103@default,b"
    await house.set(103, data=NO_VOICEMAIL)
    assert (await house.call(outcome="busy")).pbx["lastapp"] == "Dial"


async def test_a_group_that_nobody_is_at_is_nobodys_call(house: House) -> None:
    await house.group(101, otherwise="forward", otherwise_to="102")
    await house.set(101, forwarding=always(MOBILE))
    await house.set(102, profile={"dnd": True}, data=NO_VOICEMAIL)
    call = await house.call("800")
    assert (call.outcome, call.extension_number, await house.told()) == ("busy", 102, [])
    await house.core.database.execute("DELETE FROM groups")
    await house.group()
    call = await house.call("800")
    assert (call.outcome, call.extension_number, call.duration_ms) == ("no_answer", None, 0)


# Loops


async def test_two_who_forward_to_each_other_keep_no_call(house: House) -> None:
    await house.set(101, forwarding=always("102"))
    await house.set(102, forwarding=always("101"))
    call = await house.call()
    assert (await house.told(), call.extension_number) == ([(102, "answered", 5)], 102)
    call = await house.call(outcome="no_answer")
    assert (call.outcome, call.pbx["lastdata"]) == ("no_answer", "102@default,u")


async def test_a_group_and_its_member_who_forward_to_each_other_keep_no_call(house: House) -> None:
    await house.group(101, otherwise="forward", otherwise_to="101")
    await house.set(101, forwarding=unanswered("800", ring_s=9), data=NO_VOICEMAIL)
    call = await house.call("800", outcome="no_answer")
    assert await house.told() == [(101,), (101, "no_answer", 20), (101, "no_answer", 9)]
    assert (call.outcome, way(call)) == ("no_answer", [("800", "no-answer", "101")])
    call = await house.call("101", outcome="no_answer")
    assert way(call) == [("101", "no-answer", "800")]


async def test_a_call_to_whoever_forwards_to_its_caller_rings(house: House) -> None:
    await house.set(101, forwarding=always("102"))
    call = await house.call("101", source="102")
    assert (call.outcome, call.extension_number, way(call)) == ("completed", 101, [])


# Where nothing is


@pytest.mark.parametrize(
    ("to", "outcome", "code"), [("109", "failed", 1), ("5551234", "completed", 16), ("*97", "completed", 16)]
)
async def test_forwarded_to_what_is_nobodys(house: House, to: str, outcome: str, code: int) -> None:
    await house.set(101, forwarding=always(to))
    call = await house.call(message=wav(0.1))
    assert (call.outcome, call.release_code) == (outcome, code)
    assert await house.messages() == []


async def test_forwarded_to_somebody_blocked(house: House) -> None:
    await house.set(102, activation="blocked")
    await house.set(101, forwarding=always("102"))
    call = await house.call()
    assert (call.outcome, call.release_code, await house.told()) == ("failed", 21, [])
    assert await house.records_of(102) == [call.id]


async def test_extensions_of_other_companies_and_instances_are_nobodys(house: House) -> None:
    core = house.core
    other = (await core.companies.create(name="Other")).id
    for company_id, name in ((other, "pbx"), (house.company_id, "second")):
        instance = await core.instances.create(company_id, name=name, domain="pbx.example.com")
        await core.extensions.create(company_id, instance.id, ExtensionChange(number=104))
    await house.set(101, forwarding=always("104"))
    call = await house.call()
    assert (call.outcome, call.release_code) == ("failed", 1)


# Callers who hang up


@pytest.mark.parametrize(
    ("patience", "told"),
    [
        (15, [(101, "cancelled", 15)]),
        (25, [(101, "no_answer", 20), (102, "cancelled", 5)]),
    ],
)
async def test_a_caller_hangs_up_so_long_after_the_beginning(
    house: House, patience: int, told: list[tuple[Any, ...]]
) -> None:
    await house.set(101, forwarding=unanswered("102"))
    call = await house.call(outcome="cancelled", ring_s=patience)
    assert await house.told() == told
    assert (call.outcome, call.duration_ms) == ("cancelled", patience * 1000)


# Groups


async def test_groups_pass_over_whoever_takes_no_calls(house: House) -> None:
    await house.group(101, 102, 103)
    await house.set(101, forwarding=always(MOBILE))
    await house.set(102, profile={"dnd": True})
    await house.call("800")
    assert (await house.told())[0] == (103,)
    await house.set(101, forwarding=Forwarding(), activation="blocked")
    await house.set(102, profile={"dnd": None})
    await house.phone(103, "UNREGISTERED")
    await house.call("800")
    assert (await house.told())[2] == (102,)


async def test_a_groups_call_follows_no_members_forwarding(house: House) -> None:
    await house.group(101, ring_s=9)
    await house.set(101, forwarding=unanswered("102", ring_s=4))
    call = await house.call("800", outcome="no_answer")
    assert await house.told() == [(101,), (101, "no_answer", 9)]
    assert (call.outcome, call.pbx["lastapp"]) == ("no_answer", "Dial")


async def test_whoever_a_group_forwards_to_answers(house: House) -> None:
    await house.group(101, ring_s=9, otherwise="forward", otherwise_to="102", tags=["sales"])
    await house.set(102, forwarding=always(MOBILE))
    call = await house.call("800", answered_by=MOBILE)
    assert await house.told() == [(101,), (101, "no_answer", 9), (102, "answered", 5)]
    assert (call.outcome, call.pbx["tags"]) == ("completed", ["inbound", "sales"])


async def test_a_groups_message_needs_a_mailbox(house: House) -> None:
    await house.group(101, otherwise="voicemail", otherwise_to="103")
    call = await house.call("800", outcome="no_answer", message=wav(0.1))
    assert call.pbx["lastdata"] == "103@default,u"
    assert [one.extension_number for one in await house.messages()] == [103]
    await house.set(103, data=NO_VOICEMAIL)
    assert (await house.call("800", outcome="no_answer")).pbx["lastapp"] == "Dial"


async def test_click_to_call_goes_there_too(house: House) -> None:
    await house.set(101, forwarding=always("103"))
    await house.core.click_to_call.originate(house.company_id, house.extensions[102], "101")
    assert await house.told() == [(103, "answered", 0)]
