"""Reminders made: channels in their order, attempts, what ends them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from ringmain.carriers.build import dispatcher
from ringmain.carriers.sandbox import Magic
from ringmain.core.credentials.service import Credentials
from ringmain.core.errors import NotFound, WrongState
from ringmain.core.mail.port import Letter, Outcome
from ringmain.core.mail.queue import MailQueue
from ringmain.core.outreach.caller import Call, CallOutcome
from ringmain.core.outreach.links import AnswerLinks
from ringmain.core.outreach.model import ProfileSettings, ReminderChange
from ringmain.core.outreach.news import News
from ringmain.core.outreach.queue import OutreachQueue
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.mail.dispatch import MailDispatcher
from ringmain.mail.letter import Sender, Writer
from ringmain.outreach import engine, sandbox
from ringmain.outreach.contact import Contact
from ringmain.outreach.engine import Engine
from ringmain.outreach.sandbox import SandboxCaller
from tests.conditions import eventually
from tests.conftest import furnish
from tests.losses import lose_once, lost
from tests.outreach.conftest import HOUR, PATIENT, URL, Clinic, make_engine, tried

MAIL = "jane@example.com"


class Line:
    """A caller of which a test decides when a call is over."""

    name = "line"

    def __init__(self, outcome: CallOutcome | Exception | None = None, capacity: int = 8) -> None:
        self.calls: list[Call] = []
        self.hung_up = 0
        self.over = asyncio.Event()
        self.outcome = outcome or CallOutcome(result="answered")
        self._capacity = capacity

    def capacity(self) -> int:
        return self._capacity

    async def place(self, call: Call) -> CallOutcome:
        self.calls.append(call)
        try:
            await self.over.wait()
        except asyncio.CancelledError:
            self.hung_up += 1
            raise
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def has_begun(self, count: int = 1) -> None:
        async def look() -> bool:
            return len(self.calls) >= count

        await eventually(look)


@pytest.fixture
async def carriers(core: Core) -> AsyncIterator[None]:
    running = dispatcher(core)
    await running.start()
    yield
    await running.stop()


async def test_a_text_reminds_through_the_conversation_that_all_dialects_see(clinic: Clinic) -> None:
    made = await clinic.remind(await clinic.profile(lead_minutes=[60]), reference="A-17")
    assert (made.state, made.sms_state, made.call_state, made.email_state) == ("scheduled", "pending", "off", "off")
    assert made.next_at == clinic.now + 11 * HOUR
    await clinic.work(hours=10)
    assert await clinic.texts() == []
    await clinic.work(hours=1)
    (text,) = await clinic.texts()
    assert (text.sender, text.recipients) == (clinic.number, [PATIENT])
    assert text.text.startswith("Acme: Jane Doe, you have an appointment on ")
    assert text.text.endswith("Reply YES to confirm, NO to cancel.")
    contact, created = await clinic.core.texting.create_contact(clinic.company_id, number=PATIENT)
    assert (contact.first_name, contact.last_name, created) == ("Jane", "Doe", False)
    found = await clinic.get(made)
    assert (found.sms_state, found.attempt, found.state) == ("sending", 1, "waiting")
    assert tried(found) == [("sms", 1, "sending")]
    assert [kind for kind, _ in await clinic.events(made)] == ["outreach.created", "outreach.updated"]


async def test_receipts_say_what_became_of_texts(clinic: Clinic, carriers: None) -> None:
    profile = await clinic.profile()
    made = await clinic.remind(profile)
    await clinic.work()
    found = await clinic.becomes(made, sms_state="delivered")
    assert [one.detail for one in found.event_log if one.event == "receipt"][-1] == "delivered"
    assert (await clinic.events(made))[-1][1].sms_state == "delivered"


async def test_a_text_that_fails_later_gives_way_to_the_next_channel_in_the_same_attempt(
    clinic: Clinic, carriers: None
) -> None:
    profile = await clinic.profile(channels=["sms", "email"])
    made = await clinic.remind(profile, phone_number=Magic.UNDELIVERABLE, email_address=MAIL)
    await clinic.work()
    found = await clinic.becomes(made, sms_state="failed", email_state="sending")
    assert tried(found) == [("sms", 1, "sending"), ("email", 1, "sending")]
    assert found.attempt == 1
    assert [to for to, _, _ in await clinic.mails()] == [[MAIL]]


async def test_an_opted_out_number_is_never_contacted_and_the_next_channel_is_tried(clinic: Clinic) -> None:
    profile = await clinic.profile(channels=["sms", "voice", "email"])
    await clinic.hears("STOP")
    before = len(await clinic.texts())
    made = await clinic.remind(profile, email_address=MAIL)
    await clinic.work()
    found = await clinic.get(made)
    assert (found.sms_state, found.call_state, found.email_state) == ("opted_out", "opted_out", "sending")
    assert tried(found) == [("sms", 1, "opted_out"), ("voice", 1, "opted_out"), ("email", 1, "sending")]
    assert len(await clinic.texts()) == before
    # YES takes the STOP back; it answers no text that was never sent.
    await clinic.hears("YES")
    assert (await clinic.get(made)).is_open


async def test_each_attempt_begins_with_the_next_channel(clinic: Clinic) -> None:
    profile = await clinic.profile(channels=["email", "sms", "voice"], attempts=4, interval_minutes=30)
    made = await clinic.remind(profile, email_address=MAIL)
    for _ in range(6):
        await clinic.work(minutes=30)
    found = await clinic.get(made)
    assert [(channel, attempt) for channel, attempt, _ in tried(found)] == [
        ("email", 1),
        ("sms", 2),
        ("voice", 3),
        ("email", 4),
    ]
    assert (found.state, found.attempt, found.next_at) == ("waiting", 4, None)
    await clinic.work(hours=12)
    found = await clinic.get(made)
    assert (found.state, found.confirmed, found.cancelled) == ("expired", False, False)
    assert (await clinic.events(made))[-1][0] == "outreach.dispositioned"
    assert await clinic.core.database.fetchval("SELECT count(*) FROM outreach_reminders WHERE due_at IS NOT NULL") == 0


async def test_wishes_choose_among_the_profiles_channels(clinic: Clinic) -> None:
    profile = await clinic.profile(channels=["sms", "voice", "email"])
    made = await clinic.remind(profile, email_address=MAIL, sms=False, voice=False)
    assert (made.sms_state, made.call_state, made.email_state) == ("off", "off", "pending")
    await clinic.work()
    assert tried(await clinic.get(made)) == [("email", 1, "sending")]


@pytest.mark.parametrize(
    ("number", "call_state", "state"),
    [
        (sandbox.ANSWERS, "answered", "waiting"),
        (sandbox.BUSY, "busy", "waiting"),
        (sandbox.NO_ANSWER, "no_answer", "waiting"),
        (sandbox.MACHINE, "machine", "waiting"),
        (sandbox.PRESSES_FIRST, "answered", "confirmed"),
        (sandbox.PRESSES_SECOND, "answered", "cancelled"),
        (sandbox.FAILS, "failed", "waiting"),
        (sandbox.PRESSES_WRONG, "answered", "waiting"),
        (PATIENT, "answered", "waiting"),
    ],
)
async def test_what_comes_of_calls(clinic: Clinic, number: str, call_state: str, state: str) -> None:
    made = await clinic.remind(await clinic.profile(channels=["voice"]), phone_number=number)
    await clinic.work()
    found = await clinic.get(made)
    assert (found.call_state, found.state) == (call_state, state)
    assert (found.confirmed, found.cancelled) == (state == "confirmed", state == "cancelled")
    events = await clinic.events(made)
    assert events[-1][1].call_state == call_state
    assert (events[-1][0] == "outreach.dispositioned") == (state != "waiting")


def test_every_magic_number_is_described_and_nobodys() -> None:
    assert set(sandbox.OUTCOMES) | {sandbox.HANGS} == set(sandbox.MEANING)
    assert all(number.startswith("+1500555") for number in sandbox.MEANING)


async def test_a_call_that_cannot_be_made_gives_way_at_once_but_a_busy_line_waits(clinic: Clinic) -> None:
    profile = await clinic.profile(channels=["voice", "sms"], attempts=2)
    failing = await clinic.remind(profile, phone_number=sandbox.FAILS)
    busy = await clinic.remind(profile, phone_number=sandbox.BUSY)
    await clinic.work()
    await clinic.work(minutes=1)  # a call takes its time, and longer where the machine is busy
    assert [one[:2] for one in tried(await clinic.get(failing))] == [("voice", 1), ("sms", 1)]
    assert [one[:2] for one in tried(await clinic.get(busy))] == [("voice", 1)]
    await clinic.work(hours=1)
    assert [one[:2] for one in tried(await clinic.get(busy))] == [("voice", 1), ("sms", 2)]


async def test_what_is_said_and_pressed_is_the_profiles(core: Core, clinic: Clinic) -> None:
    line = Line(CallOutcome(result="answered", digits="55#"))
    line.over.set()
    clinic.engine = make_engine(core, line)
    profile = await clinic.profile(
        channels=["voice"],
        confirm_key="#",
        cancel_key="7",
        voice_template="{{ name|upper }}{% if reference %} ({{ reference }}){% endif %} "
        "{{ time_24 }} {{ confirm_key }}",
    )
    made = await clinic.remind(profile, reference="R1", reminder_date=clinic.now + timedelta(hours=2))
    await clinic.work()
    (call,) = line.calls
    date = made.reminder_date
    assert call.text == f"JANE DOE (R1) {date:%H:%M} #"
    assert (call.number, call.caller_id, call.keys) == (PATIENT, clinic.number, ("#", "7"))
    assert (await clinic.get(made)).confirmed


async def test_mails_say_how_to_answer_and_their_fate_is_known(clinic: Clinic, core: Core) -> None:
    class Refusing:
        name = "refusing"

        async def send(self, letter: Letter) -> Outcome:
            return Outcome(refused=[one for one in letter.recipients if one.startswith("bad")], text="no")

    async def link(company_id: int, file_id: int) -> str:
        raise AssertionError

    profile = await clinic.profile(channels=["email"])
    good = await clinic.remind(profile, email_address=MAIL)
    bad = await clinic.remind(profile, email_address="bad@example.com")
    await clinic.work()
    _, subject, text = (await clinic.mails())[0]
    assert subject.startswith("Acme: your appointment on ")
    assert f"Confirm: https://phone.example.com/reminders/{clinic.company_id}/{good.id}/confirm?expires=" in text
    assert f"Cancel: https://phone.example.com/reminders/{clinic.company_id}/{good.id}/cancel?expires=" in text
    mailing = MailDispatcher(
        MailQueue(core.database), core.wakeups, Writer(Sender("a@b.example"), core.files, link), Refusing()
    )
    await mailing.start()
    assert (await clinic.becomes(good, email_state="sent")).is_open
    assert (await clinic.becomes(bad, email_state="failed")).state == "waiting"
    await mailing.stop()


async def test_nobody_is_contacted_in_quiet_hours_however_late_the_engine_is(clinic: Clinic, core: Core) -> None:
    await core.companies.update(clinic.company_id, timezone="America/New_York")
    clinic.now = clinic.now.replace(year=clinic.now.year + 1, month=3, day=1, hour=15, minute=0, second=0)
    profile = await clinic.profile(quiet_from="21:00", quiet_until="08:00", lead_minutes=[60 * 40])
    made = await clinic.remind(profile, reminder_date=clinic.now + 48 * HOUR)
    assert made.next_at == clinic.now + 8 * HOUR  # 18:00 in New York
    await clinic.work(hours=12)  # 22:00: the engine was away
    assert await clinic.texts() == []
    found = await clinic.get(made)
    assert found.next_at == clinic.now + 10 * HOUR
    await clinic.work(hours=9, minutes=59)
    assert await clinic.texts() == []
    await clinic.work(minutes=1)
    assert len(await clinic.texts()) == 1


async def test_an_answer_ends_the_attempts(clinic: Clinic) -> None:
    profile = await clinic.profile(attempts=3)
    made = await clinic.remind(profile)
    await clinic.work()
    await clinic.core.outreach.answer(clinic.company_id, made.id, "confirm", by="api", now=clinic.now)
    for _ in range(4):
        await clinic.work(hours=1)
    assert len(await clinic.texts()) == 1
    await clinic.work(days=2)
    assert (await clinic.get(made)).state == "confirmed"


async def test_a_date_that_moves_is_reminded_of_anew(clinic: Clinic) -> None:
    profile = await clinic.profile(lead_minutes=[60])
    made = await clinic.remind(profile, reminder_date=clinic.now + 2 * HOUR)
    await clinic.work(hours=1)
    await clinic.hears("yes")
    assert (await clinic.get(made)).confirmed
    change = ReminderChange(reminder_date=clinic.now + 24 * HOUR)
    moved = await clinic.core.outreach.update(clinic.company_id, made.id, change, now=clinic.now)
    assert (moved.state, moved.confirmed, moved.sms_state, moved.attempt) == ("scheduled", False, "pending", 1)
    assert moved.next_at == clinic.now + 23 * HOUR
    # A late answer to the old text does not confirm the new date.
    await clinic.hears("yes")
    assert not (await clinic.get(made)).confirmed
    await clinic.work(hours=23)
    assert len(await clinic.texts()) == 2
    await clinic.hears("yes")
    found = await clinic.get(made)
    assert (found.confirmed, found.attempt) == (True, 2)
    assert [one.event for one in found.event_log] == [
        "created",
        "tried",
        "confirmed",
        "moved",
        "tried",
        "confirmed",
    ]


async def test_a_profile_that_changes_moves_what_is_to_come(clinic: Clinic) -> None:
    profile = await clinic.profile(lead_minutes=[60])
    made = await clinic.remind(profile)
    settings = ProfileSettings(quiet_from=None, quiet_until=None, sender=clinic.number, lead_minutes=[180])
    await clinic.core.outreach.update_profile(clinic.company_id, profile.id, settings=settings, now=clinic.now)
    await clinic.work()
    assert (await clinic.get(made)).next_at == made.reminder_date - 3 * HOUR
    with pytest.raises(WrongState):
        await clinic.core.outreach.delete_profile(clinic.company_id, profile.id)


async def test_a_sender_that_is_no_number_any_more_fails(clinic: Clinic, core: Core) -> None:
    profile = await clinic.profile(channels=["sms", "email"])
    made = await clinic.remind(profile, email_address=MAIL)
    await core.numbers.update(clinic.company_id, clinic.number, sms=False)
    await clinic.work()
    assert tried(await clinic.get(made)) == [("sms", 1, "failed: number not found"), ("email", 1, "sending")]


async def test_what_is_deleted_is_not_reminded_of(clinic: Clinic) -> None:
    made = await clinic.remind(await clinic.profile())
    await clinic.core.outreach.delete(clinic.company_id, made.id)
    await clinic.work()
    assert await clinic.texts() == []
    events = await clinic.events(made)
    assert [(kind, one.cancelled) for kind, one in events] == [
        ("outreach.created", False),
        ("outreach.dispositioned", True),
    ]
    with pytest.raises(NotFound):
        await clinic.get(made)


async def test_two_engines_contact_nobody_twice(clinic: Clinic, core: Core, node: Callable[..., Engine]) -> None:
    profile = await clinic.profile(channels=["sms", "voice"], attempts=1)
    lines = [Line(), Line(), Line()]
    for line in lines:
        line.over.set()
        await node(line).start()
    texted = [await clinic.remind(profile, phone_number=f"+1310555{n:04d}", voice=False) for n in range(20)]
    called = [await clinic.remind(profile, phone_number=f"+1310556{n:04d}", sms=False) for n in range(20)]

    async def all_done() -> bool:
        return {(await clinic.get(one)).state for one in (*texted, *called)} == {"waiting"}

    await eventually(all_done)
    assert sorted(to for text in await clinic.texts() for to in text.recipients) == sorted(
        one.phone_number for one in texted
    )
    assert sorted(call.number for line in lines for call in line.calls) == sorted(one.phone_number for one in called)


async def renewed(core: Core, *, leases: int) -> None:
    """Until the lease of a second ends so many leases later than it did."""
    was = await core.database.fetchval("SELECT due_at FROM outreach_reminders")

    async def look() -> bool:
        moved: timedelta = await core.database.fetchval("SELECT due_at - $1::timestamptz FROM outreach_reminders", was)
        return moved >= timedelta(seconds=leases)

    await eventually(look)


async def test_a_long_call_keeps_its_lease(clinic: Clinic, node: Callable[..., Engine]) -> None:
    line, other = Line(CallOutcome(result="answered", digits="1")), Line()
    await node(line, lease=1).start()
    made = await clinic.remind(await clinic.profile(channels=["voice"]))
    await line.has_begun()
    await node(other, lease=1).start()
    await renewed(clinic.core, leases=2)
    line.over.set()
    assert (await clinic.becomes(made, state="confirmed")).attempt == 1
    assert (len(line.calls), other.calls) == (1, [])


async def test_a_call_is_hung_up_when_the_answer_comes_otherwise(clinic: Clinic, node: Callable[..., Engine]) -> None:
    line = Line()
    await node(line, lease=0.3).start()
    made = await clinic.remind(await clinic.profile(channels=["voice"], attempts=2))
    await line.has_begun()
    await clinic.core.outreach.answer(clinic.company_id, made.id, "cancel", by="api")

    async def hung_up() -> bool:
        return line.hung_up == 1

    await eventually(hung_up)
    assert (await clinic.get(made)).cancelled


async def test_a_change_that_moves_no_date_leaves_a_call_alone(clinic: Clinic, node: Callable[..., Engine]) -> None:
    line = Line(CallOutcome(result="machine"))
    await node(line, lease=1).start()
    made = await clinic.remind(await clinic.profile(channels=["voice"]))
    await line.has_begun()
    await clinic.core.outreach.update(clinic.company_id, made.id, ReminderChange(reference="new"))
    await renewed(clinic.core, leases=1)
    line.over.set()
    found = await clinic.becomes(made, call_state="machine")
    assert (found.reference, found.attempt, line.hung_up, len(line.calls)) == ("new", 1, 0, 1)


async def test_a_call_of_a_process_that_stops_counts(clinic: Clinic, node: Callable[..., Engine]) -> None:
    line = Line()
    stopping = node(line)
    stopping._list._stop_seconds = 0.1
    await stopping.start()
    made = await clinic.remind(await clinic.profile(channels=["voice"]))
    await line.has_begun()
    await stopping.stop()
    assert not stopping.alive
    found = await clinic.get(made)
    assert (found.call_state, found.attempt, found.state) == ("unknown", 1, "waiting")


async def test_an_answer_on_the_telephone_outlives_a_lost_connection(
    clinic: Clinic, core: Core, node: Callable[..., Engine]
) -> None:
    await lose_once(core.database, "outreach_attempts", "new.ended_at IS NOT NULL")
    line = Line(CallOutcome(result="answered", digits="1"))
    line.over.set()
    await node(line).start()
    made = await clinic.remind(await clinic.profile(channels=["voice"]))
    await line.has_begun()
    await clinic.becomes(made, state="confirmed")
    assert await lost(core.database)
    assert len(line.calls) == 1


async def test_a_call_without_end_is_hung_up(clinic: Clinic, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CALL_SECONDS", 0.05)
    line = Line()
    clinic.engine = make_engine(core, line)
    made = await clinic.remind(await clinic.profile(channels=["voice"], attempts=1))
    await clinic.work()
    assert tried(await clinic.get(made)) == [("voice", 1, "unknown: hung up")]
    assert line.hung_up == 1


async def test_a_faulty_caller_is_a_failed_call(clinic: Clinic, core: Core) -> None:
    line = Line(RuntimeError("out of lines"))
    line.over.set()
    clinic.engine = make_engine(core, line)
    made = await clinic.remind(await clinic.profile(channels=["voice", "sms"]))
    await clinic.work()
    await clinic.work(minutes=1)  # a call takes its time, and longer where the machine is busy
    assert tried(await clinic.get(made)) == [
        ("voice", 1, "failed: the caller failed: RuntimeError"),
        ("sms", 1, "sending"),
    ]


async def test_calls_wait_for_a_line(clinic: Clinic, core: Core) -> None:
    clinic.engine = make_engine(core, Line(capacity=0))
    made = await clinic.remind(await clinic.profile(channels=["voice"]))
    await clinic.work()
    found = await clinic.get(made)
    assert (found.attempt, found.state, found.next_at) == (0, "scheduled", clinic.now + timedelta(seconds=15))
    clinic.engine = make_engine(core)
    await clinic.work(seconds=15)
    assert (await clinic.get(made)).call_state == "answered"


async def test_reminders_are_their_companys(clinic: Clinic, core: Core) -> None:
    made = await clinic.remind(await clinic.profile())
    other = await furnish(core, name="Globex", number="+12025550145")
    outreach = core.outreach
    for work in (
        outreach.get(other.company_id, made.id),
        outreach.update(other.company_id, made.id, ReminderChange(name="x")),
        outreach.answer(other.company_id, made.id, "confirm", by="api"),
        outreach.delete(other.company_id, made.id),
        outreach.get_profile(other.company_id, made.profile_id),
        outreach.update_profile(other.company_id, made.profile_id, name="x"),
        outreach.delete_profile(other.company_id, made.profile_id),
    ):
        with pytest.raises(NotFound):
            await work
    # Somebody else's number hears the same word.
    await clinic.work()
    await clinic.hears("YES", number=other.number)
    assert await clinic.get(made) == (await clinic.events(made))[-1][1]


async def test_after_a_moment_without_database_a_reminder_waits_for_its_lease_only(clinic: Clinic) -> None:
    core = clinic.core
    made = await clinic.remind(await clinic.profile(channels=["sms"]))
    # Of a node that has lost its connections between the claim and the try: nothing answers on port 1.
    lost = Database("postgresql://127.0.0.1:1/none", size=1, acquire_timeout=0.1)
    queue = OutreachQueue(core.database, core.wakeups, core.mails, lease=timedelta(seconds=2))
    contact = Contact(queue, core.texting, AnswerLinks(Credentials(lost, core.wakeups), URL))
    engine = Engine(queue, News(core.database, core.wakeups), core.wakeups, contact, SandboxCaller())
    await engine.start()

    async def claimed_twice() -> bool:
        return bool(
            await core.database.fetchval(
                "SELECT claim >= 2 FROM outreach_reminders WHERE company_id = $1 AND id = $2",
                clinic.company_id,
                made.id,
            )
        )

    try:
        await eventually(claimed_twice)
    finally:
        await engine.stop()
    assert await clinic.texts() == []
    await clinic.work(minutes=1)
    assert len(await clinic.texts()) == 1
