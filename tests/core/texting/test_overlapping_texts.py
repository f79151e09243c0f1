"""Verbs of texting that come at the same time: what each does is as if it had come alone."""

from datetime import timedelta

import pytest

from ringmain.core.errors import NotFound
from ringmain.core.system import Core
from ringmain.core.texting.carrier import Accepted, InboundText, Postponed, Receipt, Rejected
from ringmain.core.texting.model import Message
from ringmain.core.texting.submissions import Submissions
from tests.conftest import Office
from tests.overlapping import behind

LOCK = "SELECT FROM conversations WHERE id = $1 FOR UPDATE"


async def receive(core: Core, office: Office, text: str = "hello") -> int:
    inbound = InboundText(carrier="sandbox", sender=office.contact.number, recipient=office.number, text=text)
    return (await core.texting.receive(inbound)).id


async def test_marked_as_read_twice_at_once_is_counted_once(core: Core, office: Office) -> None:
    message_id = await receive(core, office)
    arguments = (office.company_id, office.conversation.id, [message_id])
    async with behind(core.database, LOCK, office.conversation.id) as queue:
        for _ in range(2):
            await queue.join(core.texting.mark_read(*arguments))
    for answer in await queue.ended():
        assert [(one.id, one.read) for one in answer] == [(message_id, True)]
    found = await core.texting.get_conversation(office.company_id, office.conversation.id)
    assert found.unread_count == 0


async def test_deleted_twice_at_once_is_counted_once(core: Core, office: Office) -> None:
    message_id = await receive(core, office)
    kept = await receive(core, office)
    arguments = (office.company_id, office.conversation.id, [message_id])
    async with behind(core.database, LOCK, office.conversation.id) as queue:
        for _ in range(2):
            await queue.join(core.texting.delete_messages(*arguments))
    first, second = await queue.ended()
    assert first is None
    assert isinstance(second, NotFound)
    found = await core.texting.get_conversation(office.company_id, office.conversation.id)
    assert (found.message_count, found.unread_count) == (1, 1)
    assert found.last_message
    assert found.last_message.id == kept
    gone = await core.database.fetchval("SELECT count(*) FROM events WHERE type = 'message.deleted'")
    assert gone == 1


async def test_last_message_after_a_send_and_a_deletion_at_once(core: Core, office: Office) -> None:
    message_id = await receive(core, office)
    arguments = (office.company_id, office.conversation.id)
    async with behind(core.database, LOCK, office.conversation.id) as queue:
        await queue.join(core.texting.send(*arguments, text="hi"))
        await queue.join(core.texting.delete_messages(*arguments, [message_id]))
    sent, _ = await queue.ended()
    found = await core.texting.get_conversation(*arguments)
    assert found.last_message
    assert (found.last_message.id, found.message_count) == (sent.id, 1)


async def test_last_message_after_two_deletions_at_once(core: Core, office: Office) -> None:
    ids = [await receive(core, office) for _ in range(3)]
    arguments = (office.company_id, office.conversation.id)
    async with behind(core.database, LOCK, office.conversation.id) as queue:
        await queue.join(core.texting.delete_messages(*arguments, [ids[1]]))
        await queue.join(core.texting.delete_messages(*arguments, [ids[2]]))
    assert await queue.ended() == [None, None]
    found = await core.texting.get_conversation(*arguments)
    assert found.last_message
    assert found.last_message.id == ids[0]


async def send_to_two(core: Core, office: Office) -> Message:
    other, _ = await core.texting.create_contact(office.company_id, number="+13105550101")
    group, _ = await core.texting.open_conversation(
        office.company_id, number=office.number, contact_ids=[office.contact.id, other.id]
    )
    return await core.texting.send(office.company_id, group.id, text="hi")


async def test_the_last_two_recipients_at_once_settle_the_message(core: Core, office: Office) -> None:
    message = await send_to_two(core, office)
    submissions = Submissions(core.database, core.wakeups)
    one, two = await submissions.claim("sandbox", 10)
    async with behind(core.database, "SELECT FROM messages WHERE id = $1 FOR UPDATE", message.id) as queue:
        await queue.join(submissions.record([(one, Accepted(references=[], delivered=True))]))
        await queue.join(submissions.record([(two, Accepted(references=[], delivered=True))]))
    assert await queue.ended() == [None, None]
    assert (await core.texting.get_message(office.company_id, message.id)).state == "delivered"
    told = await core.database.fetch("SELECT payload #>> '{message,state}' FROM events WHERE type = 'message.updated'")
    assert [row[0] for row in told] == ["delivered"]


async def test_a_receipt_and_a_response_at_once_settle_the_message(core: Core, office: Office) -> None:
    message = await send_to_two(core, office)
    submissions = Submissions(core.database, core.wakeups)
    one, two = await submissions.claim("sandbox", 10)
    await submissions.record([(one, Accepted(references=["a"]))])
    async with behind(core.database, "SELECT FROM messages WHERE id = $1 FOR UPDATE", message.id) as queue:
        await queue.join(submissions.apply_receipts([Receipt(carrier="sandbox", reference="a", state="delivered")]))
        await queue.join(submissions.record([(two, Accepted(references=[], delivered=True))]))
    assert await queue.ended() == [None, None]
    assert (await core.texting.get_message(office.company_id, message.id)).state == "delivered"


async def test_what_a_late_claim_says_does_not_undo_the_newer_one(core: Core, office: Office) -> None:
    message = await core.texting.send(office.company_id, office.conversation.id, text="hi")
    submissions = Submissions(core.database, core.wakeups, lease=timedelta(0))
    (late,) = await submissions.claim("sandbox", 10)
    (newer,) = await submissions.claim("sandbox", 10)
    await submissions.record([(late, Postponed(seconds=0, code="throttled", text="come again"))])
    await submissions.record([(newer, Accepted(references=[]))])
    assert (await core.texting.get_message(office.company_id, message.id)).state == "sent"
    assert await submissions.claim("sandbox", 10) == []


async def test_what_a_late_claim_brought_to_the_carrier_is_there(core: Core, office: Office) -> None:
    message = await core.texting.send(office.company_id, office.conversation.id, text="hi")
    submissions = Submissions(core.database, core.wakeups, lease=timedelta(0))
    (late,) = await submissions.claim("sandbox", 10)
    (newer,) = await submissions.claim("sandbox", 10)
    await submissions.record([(late, Accepted(references=[]))])
    await submissions.record([(newer, Rejected(code="duplicate", text="it was here before"))])
    assert (await core.texting.get_message(office.company_id, message.id)).state == "sent"


@pytest.mark.parametrize("deleted_first", [False, True])
async def test_a_company_is_deleted_as_the_outcome_of_its_text_is_recorded(
    core: Core, office: Office, deleted_first: bool
) -> None:
    message = await core.texting.send(office.company_id, office.conversation.id, text="Hello")
    submissions = Submissions(core.database, core.wakeups)
    (claimed,) = await submissions.claim("sandbox", 1)
    outcome = submissions.record([(claimed, Accepted(references=["1"]))])
    deletion = core.companies.delete(office.company_id)
    async with behind(core.database, "SELECT FROM messages WHERE id = $1 FOR UPDATE", message.id) as queue:
        for verb in (deletion, outcome) if deleted_first else (outcome, deletion):
            await queue.join(verb)
    assert await queue.ended() == [None, None]
    for table in ("events", "messages", "submissions"):
        assert await core.database.fetchval(f"SELECT count(*) FROM {table}") == 0, table
