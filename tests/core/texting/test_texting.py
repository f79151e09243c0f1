import asyncio

import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound, OptedOut, ReferenceReused
from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.conversation_list import ConversationFilter
from ringmain.core.texting.model import MAX_TEXT
from tests.conftest import Office, furnish


async def events(core: Core, kind: str | None = None) -> list[str]:
    rows = await core.database.fetch("SELECT type FROM events WHERE $1::text IS NULL OR type = $1 ORDER BY id", kind)
    return [row["type"] for row in rows]


async def inbound(core: Core, office: Office, text: str, reference: str | None = None) -> int:
    message = await core.texting.receive(
        InboundText(
            carrier="test", sender=office.contact.number, recipient=office.number, text=text, reference=reference
        )
    )
    return message.id


async def test_a_contact_is_made_once(core: Core, office: Office) -> None:
    made = await asyncio.gather(
        *(core.texting.create_contact(office.company_id, number="+13105550199") for _ in range(8))
    )
    assert sum(new for _, new in made) == 1
    assert len({contact.id for contact, _ in made}) == 1


@pytest.mark.parametrize("number", ["", "911x", "+0123456", "3105550199", "+1310555019912345", "+١٢٣٤٥٦٧٨"])
async def test_a_contact_needs_a_number(core: Core, office: Office, number: str) -> None:
    with pytest.raises(Invalid):
        await core.texting.create_contact(office.company_id, number=number)


async def test_contacts_change_and_are_found(core: Core, office: Office) -> None:
    await core.texting.update_contact(office.company_id, office.contact.id, last_name="O'Hara 100%")
    other, _ = await core.texting.create_contact(office.company_id, number="+13105550111", first_name="Zoë")

    async def found(search: str) -> list[int]:
        return [contact.id for contact in await core.texting.search_contacts(office.company_id, search=search)]

    assert await found("jan") == [office.contact.id]
    assert await found("JANE O'HARA 100%") == [office.contact.id]
    assert await found("zoë") == [other.id]
    assert await found("(310) 555-0111") == [other.id]
    assert await found("%") == []
    assert await found("") == [other.id, office.contact.id]
    with pytest.raises(AlreadyExists):
        await core.texting.update_contact(office.company_id, other.id, number=office.contact.number)


async def test_a_conversation_is_opened_once(core: Core, office: Office) -> None:
    again, new = await core.texting.open_conversation(
        office.company_id, number=office.number, contact_ids=[office.contact.id]
    )
    assert (again.id, new) == (office.conversation.id, False)
    assert await events(core, "conversation.created") == ["conversation.created"]
    with pytest.raises(NotFound, match="number"):
        await core.texting.open_conversation(office.company_id, number="+12025559999", contact_ids=[office.contact.id])
    with pytest.raises(NotFound, match="contact"):
        await core.texting.open_conversation(office.company_id, number=office.number, contact_ids=[1])
    with pytest.raises(Invalid):
        await core.texting.open_conversation(office.company_id, number=office.number, contact_ids=[])


async def test_a_message_is_kept_with_its_event_and_its_work(core: Core, office: Office) -> None:
    sent = await core.texting.send(
        office.company_id, office.conversation.id, text="Grüße €", author_id=office.owner_id, origin="test"
    )
    assert (sent.state, sent.direction, sent.encoding, sent.segments) == ("queued", "outbound", "gsm7", 1)
    assert (sent.sender, sent.recipients, sent.author_id) == (office.number, [office.contact.number], office.owner_id)
    assert await core.texting.get_message(office.company_id, sent.id) == sent
    conversation = await core.texting.get_conversation(office.company_id, office.conversation.id)
    assert conversation.last_message == sent
    assert (conversation.message_count, conversation.unread_count) == (1, 0)
    work = await core.database.fetchrow("SELECT * FROM submissions")
    assert work and (work["message_id"], work["recipient"], work["carrier"]) == (
        sent.id,
        office.contact.number,
        "sandbox",
    )
    assert await events(core) == ["conversation.created", "message.created"]


async def test_concurrent_sends_keep_their_own_outcomes(core: Core, office: Office) -> None:
    async def send(n: int) -> object:
        try:
            conversation = office.conversation.id if n % 3 else 12345
            return await core.texting.send(office.company_id, conversation, text=f"text {n}")
        except NotFound as error:
            return error

    outcomes = await asyncio.gather(*(send(n) for n in range(60)))
    texts = {n: outcome for n, outcome in enumerate(outcomes) if not isinstance(outcome, NotFound)}
    assert sorted(texts) == [n for n in range(60) if n % 3]
    assert all(getattr(outcome, "text", None) == f"text {n}" for n, outcome in texts.items())
    page = await core.texting.page_messages(office.company_id, office.conversation.id, page=1, per_page=100)
    assert page.total == len(page.items) == 40
    assert [message.id for message in page.items] == sorted((message.id for message in page.items), reverse=True)


@pytest.mark.parametrize(
    "text", ["", "a" * (MAX_TEXT + 1), "ä" * 20_000 + "ж", "nul \0", "half a pair \ud800"], ids=range(5)
)
async def test_a_text_that_cannot_be_sent(core: Core, office: Office, text: str) -> None:
    with pytest.raises(Invalid):
        await core.texting.send(office.company_id, office.conversation.id, text=text)
    assert await core.database.fetchval("SELECT count(*) FROM messages") == 0


async def test_a_reference_makes_sending_idempotent(core: Core, office: Office) -> None:
    same = await asyncio.gather(
        *(core.texting.send(office.company_id, office.conversation.id, text="once", reference="r-1") for _ in range(10))
    )
    assert len({message.id for message in same}) == 1
    assert await core.database.fetchval("SELECT count(*) FROM submissions") == 1
    with pytest.raises(ReferenceReused):
        await core.texting.send(office.company_id, office.conversation.id, text="other", reference="r-1")
    with pytest.raises(Invalid):
        await core.texting.send(office.company_id, office.conversation.id, text="x", reference="")


async def test_files_travel_with_the_message(core: Core, office: Office) -> None:
    file = await core.files.create(office.company_id, name="cat.txt")
    with pytest.raises(NotFound, match="file"):
        await core.texting.send(office.company_id, office.conversation.id, text="", file_ids=[file.id])
    await core.files.upload(office.company_id, file.id, content=b"meow", uploaded_name="cat.txt", mimetype="text/plain")
    sent = await core.texting.send(office.company_id, office.conversation.id, text="", file_ids=[file.id])
    assert [(one.id, one.size) for one in sent.files] == [(file.id, 4)]
    assert (await core.texting.get_message(office.company_id, sent.id)).files == sent.files
    await core.database.execute("UPDATE numbers SET mms = false")
    with pytest.raises(Invalid, match="files"):
        await core.texting.send(office.company_id, office.conversation.id, text="", file_ids=[file.id])


async def test_inbound_opens_a_conversation_with_a_stranger(core: Core, office: Office) -> None:
    received = await core.texting.receive(
        InboundText(carrier="test", sender="+13105550177", recipient=office.number, text="Hi")
    )
    conversation = await core.texting.get_conversation(office.company_id, received.conversation_id)
    assert (received.state, received.read, conversation.unread_count) == ("received", False, 1)
    assert conversation.contacts[0].number == "+13105550177"
    bank = await core.texting.receive(
        InboundText(carrier="test", sender="MyBank", recipient=office.number, text="Code 1")
    )
    assert bank.sender == "MyBank"
    with pytest.raises(NotFound, match="number"):
        await core.texting.receive(
            InboundText(carrier="test", sender="+13105550177", recipient="+12025559999", text="Hi")
        )


async def test_a_keyword_that_comes_again_by_its_reference_is_answered_once(core: Core, office: Office) -> None:
    for _ in range(2):
        await inbound(core, office, "HELP", reference="mo-1")
    # Told to start after they were told to stop, they are not stopped again by what was obeyed before.
    for text, reference in (("STOP", "mo-2"), ("START", "mo-3"), ("STOP", "mo-2")):
        await inbound(core, office, text, reference=reference)
    assert await core.database.fetchval("SELECT count(*) FROM messages WHERE direction = 'outbound'") == 3
    assert await core.database.fetchval("SELECT count(*) FROM opt_outs") == 0


async def test_inbound_is_kept_once_by_its_reference(core: Core, office: Office) -> None:
    kept = await asyncio.gather(*(inbound(core, office, "Hi", reference="mo-1") for _ in range(5)))
    assert len(set(kept)) == 1
    assert await core.database.fetchval("SELECT unread_count FROM conversations") == 1


@pytest.mark.parametrize("word", ["STOP", "stop.", " Unsubscribe ", "QUIT", "Stop-All", "opt out"])
async def test_stop_is_obeyed_and_confirmed_once(core: Core, office: Office, word: str) -> None:
    await inbound(core, office, word)
    await inbound(core, office, "stop")
    texts = [m["text"] for m in await core.database.fetch("SELECT text FROM messages WHERE direction = 'outbound'")]
    assert len(texts) == 1 and "unsubscribed" in texts[0]
    assert [out.contact_number for out in await core.texting.opt_outs(office.company_id)] == [office.contact.number]
    with pytest.raises(OptedOut):
        await core.texting.send(office.company_id, office.conversation.id, text="Buy!")
    assert await core.database.fetchval("SELECT count(*) FROM messages WHERE text = 'Buy!'") == 0
    await inbound(core, office, "Start")
    await core.texting.send(office.company_id, office.conversation.id, text="Welcome back")
    kinds = await events(core)
    assert (kinds.count("opt_out.created"), kinds.count("opt_out.deleted")) == (1, 1)


async def test_words_inside_a_sentence_are_no_keywords(core: Core, office: Office) -> None:
    for text in ("please stop by", "yes", "START", "the end"):
        await inbound(core, office, text)
    assert await core.database.fetchval("SELECT count(*) FROM messages WHERE direction = 'outbound'") == 0
    await inbound(core, office, "HELP")
    assert await core.database.fetchval("SELECT count(*) FROM messages WHERE direction = 'outbound'") == 1


async def test_read_marks_count(core: Core, office: Office) -> None:
    first, second = await inbound(core, office, "one"), await inbound(core, office, "two")
    conversation = office.conversation.id

    async def unread() -> int:
        return (await core.texting.get_conversation(office.company_id, conversation)).unread_count

    with pytest.raises(NotFound):
        await core.texting.mark_read(office.company_id, conversation, [first, 99])
    assert await unread() == 2
    marked = await core.texting.mark_read(office.company_id, conversation, [first, second])
    assert [message.read for message in marked] == [True, True]
    assert await unread() == 0
    await core.texting.mark_read(office.company_id, conversation, [first])  # nothing changes, nothing is told
    await core.texting.mark_read(office.company_id, conversation, [first], read=False)
    assert await unread() == 1
    assert len(await events(core, "messages.read")) == 2


async def test_deleting_messages_is_all_or_nothing(core: Core, office: Office) -> None:
    first, second = await inbound(core, office, "one"), await inbound(core, office, "two")
    with pytest.raises(NotFound):
        await core.texting.delete_messages(office.company_id, office.conversation.id, [second, 99])
    await core.texting.delete_messages(office.company_id, office.conversation.id, [second])
    conversation = await core.texting.get_conversation(office.company_id, office.conversation.id)
    assert (conversation.message_count, conversation.unread_count) == (1, 1)
    assert conversation.last_message and conversation.last_message.id == first
    with pytest.raises(NotFound):
        await core.texting.get_message(office.company_id, second)
    assert len(await events(core, "message.deleted")) == 1


async def test_a_deleted_conversation_is_gone_and_can_begin_anew(core: Core, office: Office) -> None:
    await inbound(core, office, "old words")
    await core.texting.delete_conversation(office.company_id, office.conversation.id)
    with pytest.raises(NotFound):
        await core.texting.page_messages(office.company_id, office.conversation.id, page=1, per_page=20)
    with pytest.raises(NotFound):
        await core.texting.send(office.company_id, office.conversation.id, text="Hi")
    with pytest.raises(NotFound):
        await core.texting.delete_conversation(office.company_id, office.conversation.id)
    assert await core.texting.search_conversations(office.company_id, text="old") == []
    received = await core.texting.get_message(office.company_id, await inbound(core, office, "new"))
    assert received.conversation_id != office.conversation.id


async def test_search_finds_prefixes_in_this_company_only(core: Core, office: Office) -> None:
    other = await furnish(core, name="Other", number="+12025550199")
    await inbound(core, office, "Development talks at noon")
    newest = await inbound(core, office, "more development TALKING, O'Brien & co: 100%")
    await inbound(core, other, "development talks elsewhere")

    async def found(text: str) -> list[int]:
        hits = await core.texting.search_conversations(office.company_id, text=text)
        return [hit.last_message.id for hit in hits if hit.last_message]

    assert await found("develop talk") == [newest]
    assert await found("Talks noon") != []
    assert await found("O'Brien") == [newest]
    for nothing in ("", "   ", "&", "'", "\\", "!!! :*", "company:1", "absent", "a" * 5000):
        assert await found(nothing) == []


MANY = """
INSERT INTO messages (company_id, conversation_id, direction, state, text, sender, recipients, encoding, segments, read)
SELECT $1, CASE WHEN n % 100 = 50 THEN $3::bigint ELSE $2::bigint END, 'outbound', 'delivered',
    'common ' || CASE n % 2 WHEN 0 THEN 'even' ELSE 'odd' END
        || CASE WHEN n IN (5, 150, 1003) THEN ' rarely' ELSE '' END,
    '+12025550123', '{+13105550100}', 'gsm7', 1, true
FROM generate_series(1, 2500) AS n
"""


async def test_search_among_many(core: Core, office: Office) -> None:
    other, _ = await core.texting.create_contact(office.company_id, number="+13105550111")
    elsewhere, _ = await core.texting.open_conversation(office.company_id, number=office.number, contact_ids=[other.id])
    await core.database.execute(MANY, office.company_id, office.conversation.id, elsewhere.id)
    rows = await core.database.fetch("SELECT id, conversation_id, text FROM messages ORDER BY id")
    for search in ("common", "rare", "common rare", "rare comm odd", "odd even", "absent common"):
        newest = {
            row["conversation_id"]: row["id"] for row in rows if all(word in row["text"] for word in search.split())
        }
        found = await core.texting.search_conversations(office.company_id, text=search)
        assert [one.last_message.id for one in found if one.last_message] == sorted(newest.values(), reverse=True), (
            search
        )
        page = await core.texting.page_conversations(
            office.company_id, page=1, per_page=20, wanted=ConversationFilter(search=search)
        )
        assert {one.id for one in page.items} == newest.keys(), search


async def test_pages(core: Core, office: Office) -> None:
    for n in range(5):
        await inbound(core, office, f"text {n}")
    texts = []
    for page in (1, 2, 3, 4):
        part = await core.texting.page_messages(office.company_id, office.conversation.id, page=page, per_page=2)
        assert part.total == 5
        texts.append([message.text for message in part.items])
    assert texts == [["text 4", "text 3"], ["text 2", "text 1"], ["text 0"], []]
    await core.texting.receive(
        InboundText(carrier="test", sender="+13105550177", recipient=office.number, text="newest")
    )
    listed = await core.texting.page_conversations(office.company_id, page=1, per_page=1)
    assert (listed.total, [c.last_message.text for c in listed.items if c.last_message]) == (2, ["newest"])


async def test_another_companys_things_are_unknown(core: Core, office: Office) -> None:
    other = await furnish(core, name="Other", number="+12025550199")
    message = await inbound(core, other, "private")
    mine, theirs = office.company_id, other.conversation.id
    texting = core.texting
    for attempt in (
        texting.get_conversation(mine, theirs),
        texting.get_message(mine, message),
        texting.get_contact(mine, other.contact.id),
        texting.update_contact(mine, other.contact.id, first_name="x"),
        texting.page_messages(mine, theirs, page=1, per_page=20),
        texting.send(mine, theirs, text="x"),
        texting.mark_read(mine, theirs, [message]),
        texting.delete_messages(mine, theirs, [message]),
        texting.delete_conversation(mine, theirs),
        texting.open_conversation(mine, number=other.number, contact_ids=[office.contact.id]),
        texting.open_conversation(mine, number=office.number, contact_ids=[other.contact.id]),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await texting.get_message(other.company_id, message)).read is False


async def test_a_group_goes_to_everybody(core: Core, office: Office) -> None:
    second, _ = await core.texting.create_contact(office.company_id, number="+13105550111")
    group, _ = await core.texting.open_conversation(
        office.company_id, number=office.number, contact_ids=[second.id, office.contact.id, second.id]
    )
    sent = await core.texting.send(office.company_id, group.id, text="All")
    assert (group.kind, sent.recipients) == ("group", [office.contact.number, second.number])
    assert await core.database.fetchval("SELECT count(*) FROM submissions WHERE message_id = $1", sent.id) == 2
