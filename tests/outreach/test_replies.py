"""Answers by text: exact words, to the reminder that was texted last; everything else is an ordinary text."""

import pytest

from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.chats import Entry
from tests.conftest import furnish
from tests.outreach.conftest import PATIENT, Clinic


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("YES", "confirmed"),
        ("yes", "confirmed"),
        (" Yes! ", "confirmed"),
        ("C", "confirmed"),
        ("1", "confirmed"),
        ("1.", "confirmed"),
        ("NO", "cancelled"),
        ("x", "cancelled"),
        ("2", "cancelled"),
        ("Yes please", "waiting"),
        ("yes, but later", "waiting"),
        ("YES YES", "waiting"),
        ("11", "waiting"),
        ("", "waiting"),
        ("!", "waiting"),
        ("Y", "waiting"),
        ("yes" + " " * 50, "waiting"),
        ("STOP", "waiting"),
        ("CANCEL", "waiting"),
    ],
)
async def test_exact_words_only(clinic: Clinic, text: str, state: str) -> None:
    made = await clinic.remind(await clinic.profile())
    await clinic.work()
    await clinic.hears(text)
    found = await clinic.get(made)
    assert found.state == state
    if state != "waiting":
        events = await clinic.events(made)
        assert events[-1] == ("outreach.dispositioned", found)
        entry = found.event_log[-1]
        assert (entry.event, entry.channel, entry.attempt) == (state, "sms", 1)
    # Whatever it means here, it is in the conversation.
    kept = "SELECT count(*) FROM messages WHERE direction = 'inbound' AND text = $1 AND NOT read"
    assert await clinic.core.database.fetchval(kept, text) == 1


async def test_words_are_the_profiles(clinic: Clinic) -> None:
    profile = await clinic.profile(confirm_words=["Ja", "ok"], cancel_words=["Nein"])
    made = await clinic.remind(profile)
    await clinic.work()
    await clinic.hears("YES")
    assert (await clinic.get(made)).is_open
    await clinic.hears("NEIN.")
    assert (await clinic.get(made)).cancelled


async def test_an_answer_is_to_what_was_texted_last_and_to_one_only(clinic: Clinic) -> None:
    profile = await clinic.profile()
    first = await clinic.remind(profile)
    await clinic.work()
    second = await clinic.remind(profile, name="Jane's son")
    await clinic.work(minutes=1)
    await clinic.hears("YES")
    assert ((await clinic.get(first)).confirmed, (await clinic.get(second)).confirmed) == (False, True)
    await clinic.hears("NO")
    assert ((await clinic.get(first)).cancelled, (await clinic.get(second)).confirmed) == (True, True)
    await clinic.hears("NO")
    assert (await clinic.get(second)).confirmed


async def test_the_same_text_brought_twice_answers_once(clinic: Clinic) -> None:
    profile = await clinic.profile()
    made = [await clinic.remind(profile) for _ in range(2)]
    await clinic.work()
    inbound = InboundText(carrier="sandbox", sender=PATIENT, recipient=clinic.number, text="YES", reference="r1")
    for _ in range(3):
        await clinic.core.texting.receive(inbound)
        await clinic.engine.work(clinic.now)
    assert sorted([(await clinic.get(one)).state for one in made]) == ["confirmed", "waiting"]


async def test_it_must_be_this_pair_of_numbers(clinic: Clinic, core: Core) -> None:
    await core.numbers.create(clinic.company_id, "+12025550199")
    made = await clinic.remind(await clinic.profile())
    await clinic.hears("YES")  # before any text
    await clinic.work()
    await clinic.hears("YES", number="+12025550199")
    await clinic.hears("YES", sender="+13105550178")
    other = await furnish(core, name="Globex", number="+12025550145")
    await clinic.hears("YES", number=other.number)
    assert (await clinic.get(made)).is_open
    await clinic.hears("YES")
    assert (await clinic.get(made)).confirmed


async def test_what_was_only_written_down_answers_nothing(clinic: Clinic, core: Core) -> None:
    made = await clinic.remind(await clinic.profile())
    await clinic.work()
    (text,) = await clinic.texts()
    await core.chats.write_down(clinic.company_id, text.conversation_id, Entry(direction="inbound", text="YES"))
    await clinic.work()
    assert (await clinic.get(made)).is_open


async def test_after_the_date_an_answer_is_an_ordinary_text(clinic: Clinic) -> None:
    made = await clinic.remind(await clinic.profile())
    await clinic.work()
    clinic.now = made.reminder_date
    await clinic.hears("YES")
    assert (await clinic.get(made)).state == "expired"


async def test_news_that_cannot_be_read_keeps_nobody_else_waiting(clinic: Clinic, core: Core) -> None:
    made = await clinic.remind(await clinic.profile())
    await clinic.work()
    # A profile whose settings are broken: its reminders cannot be answered, but others' can.
    broken = await clinic.remind(await clinic.profile(name="Broken"), phone_number="+13105550178")
    await clinic.work()
    await core.database.execute("UPDATE outreach_profiles SET settings = '{\"attempts\": \"x\"}' WHERE name = 'Broken'")
    await core.texting.receive(
        InboundText(carrier="sandbox", sender="+13105550178", recipient=clinic.number, text="YES")
    )
    await clinic.hears("YES")
    assert (await clinic.get(made)).confirmed
    assert (await clinic.get(broken)).is_open
    assert await core.database.fetchval("SELECT count(*) FROM outreach_news") == 1
    # Nor does it keep others from being reminded.
    waiting = await clinic.remind(await clinic.profile(name="Good"), phone_number="+13105550179")
    await core.database.execute("UPDATE outreach_reminders SET due_at = $1 WHERE id = $2", clinic.now, broken.id)
    await clinic.work()
    assert (await clinic.get(waiting)).attempt == 1
