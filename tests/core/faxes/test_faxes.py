import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from ringmain.core.errors import Invalid, NotFound, Unavailable, WrongState
from ringmain.core.faxes.model import Fax, FaxChange, Folder, ReceivedChange
from ringmain.core.faxes.transport import InboundFax
from ringmain.core.system import Core
from ringmain.documents.fax import to_fax
from tests.conftest import Office, furnish
from tests.core.faxes.conftest import Faxing
from tests.documents.papers import frames, paper, saying
from tests.documents.pictures import decoded
from tests.faxes import DOCUMENT, FAX_NUMBER, document_file, fax_number
from tests.overlapping import behind

FOLDERS: tuple[Folder, ...] = get_args(Folder)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
FAIL = "UPDATE faxes SET state = 'failed', due_at = NULL, error_code = 'busy', attempts = 3 WHERE id = $1"


async def pages(count: int = 2) -> bytes:
    return (await to_fax(paper(*(saying(f"Page {n}") for n in range(count))), "application/pdf")).tiff


# Sending


async def test_a_fax_is_accepted_with_its_pages(faxing: Faxing, core: Core) -> None:
    made = await faxing.send(sender_name="Alice", recipient_name="Bob", subject="Hello", emails=["a@b.example"])
    assert (made.direction, made.state, made.folder, made.pages, made.pages_done) == (
        *("outbound", "queued", "outbound", 2, 0),
    )
    assert (made.sender, made.sender_name, made.recipient, made.recipient_name) == (
        *(FAX_NUMBER, "Alice", "+18584375000", "Bob"),
    )
    assert (made.file.id, made.file.name, made.file.mimetype) == (faxing.file_id, "letter.pdf", "application/pdf")
    assert (made.file.size, made.subject, made.emails) == (len(DOCUMENT), "Hello", ["a@b.example"])
    assert (made.is_read, made.hidden, made.attempts, made.error_code, made.send_at) == (True, False, 0, None, None)
    assert await faxing.get(made) == made
    assert await faxing.events() == [("fax.created", made)]
    tiff_id = await core.database.fetchval("SELECT tiff_id FROM faxes")
    assert len(frames(await core.files.read(faxing.company_id, tiff_id))) == 2
    assert (await core.files.get(faxing.company_id, made.preview_id)).mimetype == "image/png"
    picture = decoded(await core.files.read(faxing.company_id, made.preview_id))
    assert max(picture.size) == 800


async def test_a_fax_may_wait_for_its_time(faxing: Faxing) -> None:
    made = await faxing.send(send_at=LATER)
    assert (made.state, made.folder, made.send_at) == ("scheduled", "scheduled", LATER)
    assert await faxing.events() == [("fax.created", made)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sender": "+12025550123"}, "sender"),  # of the company, but no fax number
        ({"sender": "+19995550123"}, "sender"),
        ({"sender": ""}, "sender"),
        ({"recipient": "8584375000"}, "recipient"),
        ({"recipient": "+1\n5"}, "recipient"),
        ({"recipient": ""}, "recipient"),
        ({"subject": "x" * 501}, "subject"),
        ({"subject": "\0"}, "subject"),
        ({"sender_name": "x" * 201}, "sender_name"),
        ({"recipient_name": "\0"}, "recipient_name"),
        ({"emails": ["nonsense"]}, "emails"),
        ({"emails": ["a@b.example\r\nBcc: x@y.example"]}, "emails"),
        ({"emails": ["a@b.example"] * 101}, "emails"),
        ({"send_at": datetime(2026, 1, 1)}, "send_at"),  # noqa: DTZ001
        ({"send_at": datetime(9999, 1, 1, tzinfo=UTC)}, "send_at"),
    ],
)
async def test_faxes_that_cannot_be(faxing: Faxing, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await faxing.send(**fields)
    assert refusal.value.field == field
    assert await faxing.events() == []
    assert (await faxing.core.faxes.statistics(faxing.company_id)).outbound == 0


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnonsense", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, b"GIF89a", b"\0\1\2"])
async def test_documents_that_cannot_be_faxed(faxing: Faxing, core: Core, content: bytes) -> None:
    file_id = await document_file(core, faxing.company_id, content)
    files = await core.database.fetchval("SELECT count(*) FROM files")
    with pytest.raises(Invalid):
        await faxing.send(file_id=file_id)
    assert await core.database.fetchval("SELECT count(*) FROM files") == files
    assert await faxing.events() == []


async def test_documents_that_are_not_there(faxing: Faxing, core: Core) -> None:
    globex = await furnish(core, name="Globex", number="+12025550145")
    empty = await core.files.create(faxing.company_id, name="empty")
    for file_id in (5, empty.id, await document_file(core, globex.company_id)):
        with pytest.raises(NotFound):
            await faxing.send(file_id=file_id)
    assert await faxing.events() == []


async def test_without_documents_nothing_is_sent(faxing: Faxing, core: Core, monkeypatch: Any) -> None:
    monkeypatch.setattr(core.faxes._paper, "_documents", None)
    with pytest.raises(Unavailable):
        await faxing.send()


async def test_only_what_failed_is_changed_and_sent_again(faxing: Faxing, core: Core) -> None:
    made = await faxing.send(subject="One")
    change = FaxChange(recipient="+18584375001", subject="Two", emails=["A@b.example", "a@B.example"], send_at=LATER)
    for state in ("queued", "sending", "sent"):
        await core.database.execute("UPDATE faxes SET state = $1", state)
        with pytest.raises(WrongState):
            await core.faxes.change_failed(faxing.company_id, made.id, change)
        with pytest.raises(WrongState):
            await core.faxes.retry(faxing.company_id, made.id)
    await core.database.execute(FAIL, made.id)
    changed = await core.faxes.change_failed(faxing.company_id, made.id, change, origin="test")
    assert (changed.recipient, changed.subject, changed.emails) == ("+18584375001", "Two", ["A@b.example"])
    assert (changed.state, changed.send_at, changed.pages) == ("failed", None, 2)
    assert await core.database.fetchval("SELECT due_at FROM faxes") is None
    again = await core.faxes.retry(faxing.company_id, made.id)
    assert (again.state, again.error_code, again.attempts) == ("queued", None, 3)
    with pytest.raises(WrongState):
        await core.faxes.retry(faxing.company_id, made.id)
    assert [kind for kind, _ in await faxing.events()] == ["fax.created", "fax.updated", "fax.updated"]


async def test_a_changed_document_is_read_anew(faxing: Faxing, core: Core) -> None:
    made = await faxing.send()
    await core.database.execute(FAIL, made.id)
    before = await core.database.fetchval("SELECT tiff_id FROM faxes")
    longer = await document_file(core, faxing.company_id, b"one\ftwo\fthree", "text/plain")
    changed = await core.faxes.change_failed(faxing.company_id, made.id, FaxChange(file_id=longer))
    assert (changed.file.id, changed.file.mimetype, changed.pages) == (longer, "text/plain", 3)
    assert changed.preview_id != made.preview_id
    assert await core.database.fetchval("SELECT tiff_id FROM faxes") != before
    broken = await document_file(core, faxing.company_id, b"%PDF-nonsense")
    for change in (FaxChange(file_id=broken), FaxChange(sender="+12025550123"), FaxChange(recipient="x")):
        with pytest.raises(Invalid):
            await core.faxes.change_failed(faxing.company_id, made.id, change)
    with pytest.raises(NotFound):
        await core.faxes.change_failed(faxing.company_id, made.id, FaxChange(file_id=5))
    assert await faxing.get(made) == changed
    other = "+12052726013"
    await fax_number(core, faxing.company_id, other)
    assert (await core.faxes.change_failed(faxing.company_id, made.id, FaxChange(sender=other))).sender == other


async def test_a_scheduled_fax_is_changed_until_its_time(faxing: Faxing, core: Core) -> None:
    made = await faxing.send(send_at=LATER)
    sooner = LATER - timedelta(days=1)
    changed = await core.faxes.change_scheduled(faxing.company_id, made.id, FaxChange(send_at=sooner, subject="New"))
    assert (changed.send_at, changed.subject, changed.state) == (sooner, "New", "scheduled")
    assert await core.database.fetchval("SELECT due_at FROM faxes") == sooner
    kept = await core.faxes.change_scheduled(faxing.company_id, made.id, FaxChange(subject="Newer"))
    assert kept.send_at == sooner
    assert await core.database.fetchval("SELECT due_at FROM faxes") == sooner
    with pytest.raises(NotFound):
        await core.faxes.change_failed(faxing.company_id, made.id, FaxChange())
    with pytest.raises(NotFound):
        await core.faxes.change_received(faxing.company_id, made.id, ReceivedChange())
    with pytest.raises(NotFound):
        await core.faxes.retry(faxing.company_id, made.id)
    await core.database.execute("UPDATE faxes SET state = 'sending'")
    with pytest.raises(NotFound):
        await core.faxes.change_scheduled(faxing.company_id, made.id, FaxChange(subject="Late"))


async def test_what_is_deleted_is_not_sent(faxing: Faxing, core: Core) -> None:
    made, later = await faxing.send(), await faxing.send(send_at=LATER)
    for wrong in ("inbound", "hidden", "scheduled"):
        with pytest.raises(NotFound):
            await core.faxes.delete(faxing.company_id, made.id, wrong)
    await core.faxes.delete(faxing.company_id, made.id, "outbound")
    await core.faxes.delete(faxing.company_id, later.id, "scheduled", origin="test")
    for gone in (made, later):
        with pytest.raises(NotFound):
            await faxing.get(gone)
        with pytest.raises(NotFound):
            await core.faxes.delete(faxing.company_id, gone.id, "inbound", "hidden", "outbound", "scheduled")
    assert await core.database.fetchval("SELECT count(*) FROM faxes WHERE due_at IS NOT NULL") == 0
    assert [kind for kind, _ in await faxing.events()] == ["fax.created"] * 2 + ["fax.deleted"] * 2


# Receiving


async def receive(core: Core, **fields: Any) -> Fax:
    given: dict[str, Any] = {"recipient": FAX_NUMBER, "tiff": await pages(), "sender": "+13105550100"} | fields
    return await core.faxes.receive(InboundFax(**given), origin="test")


async def test_a_received_fax_becomes_a_pdf(faxing: Faxing, core: Core) -> None:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    made = await receive(core, sender_name="ACME HQ", subject="Hello", reference="r1", received_at=moment)
    assert (made.direction, made.state, made.folder, made.pages) == ("inbound", "received", "inbound", 2)
    assert (made.sender, made.sender_name, made.recipient) == ("+13105550100", "ACME HQ", FAX_NUMBER)
    assert (made.is_read, made.created_at, made.reference) == (False, moment, "r1")
    assert made.file.mimetype == "application/pdf"
    content = await core.files.read(faxing.company_id, made.file.id)
    assert (content[:5], len(content)) == (b"%PDF-", made.file.size)
    assert max(decoded(await core.files.read(faxing.company_id, made.preview_id)).size) == 800
    assert await faxing.events() == [("fax.received", made)]
    assert await receive(core, reference="r1", subject="Again") == made
    assert len(await faxing.events()) == 1


async def test_the_same_reference_at_the_same_time_is_one_fax(faxing: Faxing, core: Core) -> None:
    made = await asyncio.gather(*(receive(core, reference="r1") for _ in range(3)))
    assert len({one.id for one in made}) == 1
    kept = {row["id"] for row in await core.database.fetch("SELECT id FROM files")}
    assert kept == {faxing.file_id, made[0].file.id, made[0].preview_id}
    assert (await core.faxes.statistics(faxing.company_id)).inbound == 1


async def test_the_sender_is_named_as_the_company_knows_the_number(faxing: Faxing, core: Core) -> None:
    assert (await receive(core)).sender_name == "Jane Doe"
    assert (await receive(core, sender="+442079460000")).sender_name == ""
    withheld = await receive(core, sender="")
    assert (withheld.sender, withheld.sender_name) == ("", "")


async def test_received_faxes_go_by_mail_to_owners_and_destinations(faxing: Faxing, core: Core) -> None:
    await core.numbers.set_owners(faxing.company_id, FAX_NUMBER, ["boss@acme.example"])
    await core.faxes.create_destination(faxing.company_id, ["a@x.example", '"b,c"@x.example'])
    await core.faxes.create_destination(faxing.company_id, ["BOSS@acme.example", "c@x.example"])
    await core.faxes.create_destination(faxing.company_id, ["boss@acme.example"])
    made = await receive(core, subject="Hi\r\nBcc: x@y.example", received_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    mails = (await core.mails.page(faxing.company_id))[::-1]
    assert [mail.recipients for mail in mails] == [
        ["boss@acme.example"],
        ["a@x.example", '"b,c"@x.example'],
        ["c@x.example"],
    ]
    assert {mail.subject for mail in mails} == {"Fax from Jane Doe (+13105550100)"}
    rows = await core.database.fetch("SELECT m.text, a.* FROM mails m JOIN mail_attachments a ON a.mail_id = m.id")
    assert {(row["file_id"], row["name"], row["mimetype"]) for row in rows} == {
        (made.file.id, made.file.name, "application/pdf")
    }
    assert {row["text"] for row in rows} == {
        "From: Jane Doe (+13105550100)\nTo: +12052726012\nSubject: Hi Bcc: x@y.example\n"
        "Received: 2026-01-02 03:04 UTC\nPages: 2\n"
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "5"},
        {"sender_name": "x" * 201},
        {"subject": "\0"},
        {"reference": "x" * 201},
        {"tiff": b"nonsense"},
        {"tiff": b""},
        {"received_at": datetime(1, 1, 1, tzinfo=UTC)},
    ],
)
async def test_what_cannot_come_in(faxing: Faxing, core: Core, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await receive(core, **fields)
    assert await faxing.events() == []
    assert await core.mails.page(faxing.company_id) == []


async def test_only_fax_numbers_receive(faxing: Faxing, core: Core, office: Office) -> None:
    for number in (office.number, "+19995550100", ""):
        with pytest.raises(NotFound):
            await receive(core, recipient=number)


async def test_a_received_fax_is_marked_and_hidden(faxing: Faxing, core: Core) -> None:
    made = await receive(core)
    change = ReceivedChange(is_read=True, recipient_name="Alice", sender_name="", subject="Bill")
    marked = await core.faxes.change_received(faxing.company_id, made.id, change)
    assert (marked.is_read, marked.recipient_name, marked.sender_name, marked.subject) == (True, "Alice", "", "Bill")
    assert await core.faxes.change_received(faxing.company_id, made.id, change) == marked
    assert await core.faxes.change_received(faxing.company_id, made.id, ReceivedChange()) == marked
    hidden = await core.faxes.change_received(faxing.company_id, made.id, ReceivedChange(hidden=True))
    assert (hidden.hidden, hidden.folder) == (True, "hidden")
    assert [kind for kind, _ in await faxing.events()] == ["fax.received", "fax.updated", "fax.updated"]
    statistics = await core.faxes.statistics(faxing.company_id)
    assert (statistics.inbound, statistics.inbound_hidden, statistics.outbound) == (0, 1, 0)
    with pytest.raises(Invalid):
        await core.faxes.change_received(faxing.company_id, made.id, ReceivedChange(subject="x" * 501))
    sent = await faxing.send()
    with pytest.raises(NotFound):
        await core.faxes.change_received(faxing.company_id, sent.id, ReceivedChange(is_read=True))


async def test_a_destination_is_a_set_of_addresses(faxing: Faxing, core: Core) -> None:
    create = core.faxes.create_destination
    made, is_new = await create(faxing.company_id, ["b@x.example", "a@x.example", "B@x.example"])
    assert (is_new, made.emails, made.reprname) == (True, ["b@x.example", "a@x.example"], "b@x.example, a@x.example")
    for emails in (["a@x.example", "b@x.example"], ["A@X.example", "b@x.example", "a@x.example"]):
        assert await create(faxing.company_id, emails) == (made, False)
    other, is_new = await create(faxing.company_id, ["a@x.example"])
    assert is_new and other.id != made.id
    globex = await furnish(core, name="Globex", number="+12025550145")
    assert (await create(globex.company_id, ["a@x.example"]))[1]
    for wrong in ([], [""], ["nonsense"], ["a@x.example", "b"]):
        with pytest.raises(Invalid):
            await create(faxing.company_id, wrong)
    results = await asyncio.gather(*(create(faxing.company_id, ["same@x.example"]) for _ in range(4)))
    assert len({one.id for one, _ in results}) == 1
    assert sum(is_new for _, is_new in results) == 1
    statement = """
        INSERT INTO fax_destinations (company_id, emails, key)
        SELECT $1, '{}', n::text::bytea FROM generate_series(1, 97) n
    """
    await core.database.execute(statement, faxing.company_id)
    with pytest.raises(Invalid):
        await create(faxing.company_id, ["one@too.many.example"])
    assert await create(faxing.company_id, ["a@x.example"]) == (other, False)


async def test_another_company_sees_nothing(faxing: Faxing, core: Core) -> None:
    sent, later, came = await faxing.send(), await faxing.send(send_at=LATER), await receive(core)
    await core.database.execute(FAIL, sent.id)
    globex = (await furnish(core, name="Globex", number="+12025550145")).company_id
    before = await faxing.events()
    for call in (
        core.faxes.get(globex, sent.id),
        core.faxes.retry(globex, sent.id),
        core.faxes.change_failed(globex, sent.id, FaxChange(subject="x")),
        core.faxes.change_scheduled(globex, later.id, FaxChange(subject="x")),
        core.faxes.change_received(globex, came.id, ReceivedChange(is_read=True)),
        core.faxes.delete(globex, came.id, "inbound", "outbound", "scheduled", "hidden"),
    ):
        with pytest.raises(NotFound):
            await call
    for folder in FOLDERS:
        assert (await core.faxes.page(globex, folder, page=1, per_page=10)).total == 0
    assert await core.faxes.numbers(globex) == []
    assert await faxing.events() == before


async def test_a_company_takes_its_faxes_along(faxing: Faxing, core: Core) -> None:
    await faxing.send()
    await core.faxes.create_destination(faxing.company_id, ["a@x.example"])
    await core.companies.delete(faxing.company_id)
    for table in ("faxes", "fax_counts", "fax_destinations"):
        assert await core.database.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_marked_twice_at_once_both_are_told_so(faxing: Faxing, core: Core) -> None:
    received = await core.faxes.receive(InboundFax(sender="", recipient=FAX_NUMBER, tiff=await pages(1)))
    async with behind(core.database, "SELECT FROM faxes FOR UPDATE") as queue:
        for _ in range(2):
            change = ReceivedChange(is_read=True)
            await queue.join(core.faxes.change_received(faxing.company_id, received.id, change))
    assert [answer.is_read for answer in await queue.ended()] == [True, True]
