"""Chats that go by an API: what test_ringotel_messages.py does not show (specs/ringotel.md 2)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.chat_parties import ChatUser
from ringmain.core.texting.chats import Entry, activity_text
from ringmain.core.texting.model import CallActivity
from tests.conftest import Office, furnish
from tests.overlapping import Queue

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


async def extension(core: Core, office: Office, number: int, instance: str = "pbx") -> ChatUser:
    there = {one.name: one for one in await core.instances.list(office.company_id)}
    place = there.get(instance) or await core.instances.create(
        office.company_id, name=instance, domain=f"{instance}.example.com"
    )
    made = await core.extensions.create(office.company_id, place.id, ExtensionChange(number=number))
    return await core.chat_parties.user(office.company_id, made.id)


async def test_ids_of_the_past_are_in_order_and_positive(core: Core) -> None:
    moments = [
        *(datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 1999, 2023, 2024)),
        datetime(2024, 1, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2024, 2, 1, tzinfo=UTC),
        datetime(2024, 2, 1, 0, 0, 0, 1000, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
    ]
    found = [await core.database.fetchval("SELECT past_id($1)", moment) for moment in moments]
    assert found == sorted(set(found))
    assert found[0] > 0
    assert found[-1] < await core.database.fetchval("SELECT new_id()") < 2**53


async def test_any_two_moments_a_second_apart_keep_their_order(core: Core) -> None:
    @settings(max_examples=200, deadline=None)
    @given(st.lists(MOMENTS, min_size=2, max_size=2))
    def collect(moments: list[datetime]) -> None:
        pairs.append(moments)

    pairs: list[list[datetime]] = []
    collect()
    for one, other in pairs:
        if abs(one - other) < timedelta(seconds=1):
            continue
        first, second = [await core.database.fetchval("SELECT past_id($1)", moment) for moment in (one, other)]
        assert (first < second) == (one < other)


async def test_what_is_written_down_at_one_moment_by_many(core: Core, office: Office) -> None:
    moment = datetime(2025, 5, 5, tzinfo=UTC)
    entries = [Entry(direction="inbound", text=f"{n}", moment=moment, quiet=True) for n in range(40)]
    made = await asyncio.gather(
        *(core.chats.write_down(office.company_id, office.conversation.id, entry) for entry in entries)
    )
    assert len({one.id for one in made}) == 40
    found = await core.texting.get_conversation(office.company_id, office.conversation.id)
    assert (found.message_count, found.unread_count, found.last_activity_at) == (40, 0, moment)


async def test_writing_down_refuses(core: Core, office: Office) -> None:
    other = await furnish(core, name="Globex", number="+12025550145")
    file = await core.files.create(office.company_id, name="empty.txt")
    for entry, error in (
        (Entry(direction="inbound", text=""), Invalid),
        (Entry(direction="inbound", text="a\0"), Invalid),
        (Entry(direction="inbound", text="x" * 40_000), Invalid),
        (Entry(direction="inbound", text="", file_ids=(file.id,)), NotFound),
        (Entry(direction="inbound", text="", file_ids=(8192,)), NotFound),
    ):
        with pytest.raises(error):
            await core.chats.write_down(office.company_id, office.conversation.id, entry)
    with pytest.raises(NotFound):
        await core.chats.write_down(other.company_id, office.conversation.id, Entry(direction="inbound", text="x"))
    assert await core.database.fetchval("SELECT count(*) FROM messages") == 0


async def test_verbs_know_no_foreign_ids(core: Core, office: Office) -> None:
    other = await furnish(core, name="Globex", number="+12025550145")
    message = await core.texting.send(office.company_id, office.conversation.id, text="Hello")
    company_id = other.company_id
    for act in (
        core.chats.edit_message(company_id, message.id, text="x"),
        core.chats.delete_message(company_id, message.id),
        core.chats.mark_delivered(company_id, message.id),
        core.chats.mark_all_read(company_id, office.conversation.id),
        core.chats.type(company_id, office.conversation.id),
        core.chats.continue_conversation(company_id, office.conversation.id),
    ):
        with pytest.raises(NotFound):
            await act
    assert (await core.texting.get_message(office.company_id, message.id)).state == "queued"


async def test_a_line_is_opened_once(core: Core, office: Office) -> None:
    await core.numbers.update(office.company_id, office.number, sms=False)
    user = await extension(core, office, 501)
    found = await asyncio.gather(*(core.chat_parties.number_for(office.company_id, user) for _ in range(8)))
    assert set(found) == {"501"}
    elsewhere = await extension(core, office, 501, "second")
    assert await core.chat_parties.number_for(office.company_id, elsewhere) == f"501.{elsewhere.id}"


async def test_a_line_stays_when_its_extension_goes_and_is_taken_up_again(core: Core, office: Office) -> None:
    await core.numbers.update(office.company_id, office.number, sms=False)
    user = await extension(core, office, 501)
    await core.chat_parties.number_for(office.company_id, user)
    gone = await core.extensions.get(office.company_id, user.id)
    await core.extensions.delete(office.company_id, gone.instance_id, gone.id)
    with pytest.raises(NotFound):
        await core.chat_parties.number_for(office.company_id, user)
    again = await extension(core, office, 501)
    assert await core.chat_parties.number_for(office.company_id, again) == "501"
    lines = await core.database.fetch("SELECT extension_id FROM numbers WHERE line")
    assert [row["extension_id"] for row in lines] == [again.id]


async def test_carriers_know_no_lines(core: Core, office: Office) -> None:
    await core.numbers.update(office.company_id, office.number, sms=False)
    await core.chat_parties.number_for(office.company_id, await extension(core, office, 501))
    with pytest.raises(NotFound):
        await core.texting.company_of("501")
    with pytest.raises(NotFound):
        await core.texting.receive(InboundText(carrier="sandbox", sender="+13105550100", recipient="501", text="x"))


async def test_one_handle_is_one_contact(core: Core, office: Office) -> None:
    meet = core.chat_parties.contact
    found = await asyncio.gather(*(meet(office.company_id, number=None, handle="abc") for _ in range(8)))
    assert len({one.id for one in found}) == 1
    named = await meet(office.company_id, number="+13105550155", handle="abc", first_name="Jo")
    assert (named.id, named.number, named.first_name) == (found[0].id, "+13105550155", "Jo")
    # Jane has that number already: who has the handle keeps their own.
    kept = await meet(office.company_id, number=office.contact.number, handle="abc", last_name="X")
    assert (kept.id, kept.number, kept.last_name) == (named.id, "+13105550155", "X")
    # A number that is known gets to be known by a handle as well.
    jane = await meet(office.company_id, number=office.contact.number, handle="jane")
    assert (jane.id, jane.first_name, jane.handle) == (office.contact.id, "Jane", "jane")
    for number, handle in ((None, None), (None, ""), (None, "x" * 65), ("", None), ("a\nb", None)):
        with pytest.raises(Invalid):
            await meet(office.company_id, number=number, handle=handle)


async def test_a_handle_that_becomes_somebody_elses_meanwhile(core: Core, office: Office) -> None:
    company_id, jane = office.company_id, office.contact
    sam = await core.chat_parties.contact(company_id, number="+13105550155", handle="abc")
    async with core.database.transaction() as connection:
        for contact_id, handle in ((sam.id, None), (jane.id, "abc")):
            await connection.execute("UPDATE contacts SET handle = $2 WHERE id = $1", contact_id, handle)
        queue = Queue(connection)
        await queue.join(core.chat_parties.contact(company_id, number=jane.number, handle="abc", last_name="X"))
    (found,) = await queue.ended()
    assert (found.id, found.number, found.handle, found.last_name) == (jane.id, jane.number, "abc", "X")


async def test_answers_to_somebody_with_a_handle_are_relayed(core: Core, office: Office) -> None:
    await core.chat_parties.contact(office.company_id, number=office.contact.number, handle="jane")
    await core.texting.send(office.company_id, office.conversation.id, text="Hello")
    assert await core.database.fetchval("SELECT carrier FROM submissions") == "relayed"


async def test_texts_from_a_number_with_a_carrier_go_by_it(core: Core, office: Office) -> None:
    await core.database.execute("UPDATE numbers SET carrier = 'relayed' WHERE company_id = $1", office.company_id)
    await core.texting.send(office.company_id, office.conversation.id, text="Hello")
    assert await core.database.fetchval("SELECT carrier FROM submissions") == "relayed"


def test_a_call_in_words() -> None:
    call = CallActivity(duration=3600, caller="501", called="+13105550100")
    assert activity_text(call, "outbound") == "Outgoing call from 501 to +13105550100, 60 min 0 s"
