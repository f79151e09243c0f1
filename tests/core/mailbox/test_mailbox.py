import asyncio
from datetime import timedelta

import pytest

from ringmain.core.errors import Invalid, NotFound, WrongState
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.faxes.model import Fax, NewFax
from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.faxes.service import Faxes
from ringmain.core.faxes.transport import FaxJob, Outcome, Progress
from ringmain.core.mailbox.model import Entry, Folder, Shown
from ringmain.core.system import Core
from ringmain.core.voicemail.model import NewVoicemail, Voicemail
from ringmain.fax.dispatch import FaxDispatcher
from ringmain.fax.sandbox import FaxSandbox
from tests.conftest import Office, furnish
from tests.faxes import FAX_NUMBER, document_file, fax_number
from tests.recordings import wav

WAV = wav(0.2)


@pytest.fixture
async def extension_id(core: Core, office: Office) -> int:
    instance = await core.instances.create(office.company_id, name="pbx", domain="pbx.acme.example")
    change = ExtensionChange(number=101, name="Olive", person_id=office.owner_id)
    return (await core.extensions.create(office.company_id, instance.id, change)).id


@pytest.fixture
async def left(core: Core, office: Office, extension_id: int) -> Voicemail:
    return await core.voicemails.receive(office.company_id, extension_id, NewVoicemail(audio=WAV))


class Line(FaxSandbox):
    """The sandbox, which says when a call begins and ends."""

    def __init__(self, faxes: Faxes) -> None:
        super().__init__(faxes)
        self.begun, self.hung_up = asyncio.Event(), asyncio.Event()

    async def send(self, job: FaxJob, tiff: bytes, progress: Progress) -> Outcome:
        self.begun.set()
        try:
            return await super().send(job, tiff, progress)
        finally:
            self.hung_up.set()


async def told(core: Core) -> list[str]:
    rows = await core.database.fetch(
        "SELECT type FROM events WHERE type LIKE 'voicemail.%' OR type LIKE 'fax.%' ORDER BY id"
    )
    return [row["type"] for row in rows]


async def test_another_companys_entries_are_not_found(core: Core, left: Voicemail) -> None:
    globex = (await furnish(core, name="Globex", number="+12025550145")).company_id
    for attempt in (
        core.mailbox.get(globex, left.id),
        core.mailbox.discard(globex, left.id),
        core.mailbox.change(globex, left.id, read=True),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await core.mailbox.list(globex, "inbox") == []
    assert (await core.mailbox.get(left.company_id, left.id)).folder == "inbox"


async def test_the_trash_keeps_the_recording_until_it_is_thrown_away(core: Core, left: Voicemail) -> None:
    company_id = left.company_id
    await core.mailbox.discard(company_id, left.id, origin="ringrx")
    with pytest.raises(NotFound):
        await core.voicemails.get(company_id, left.id)
    # Those who look after files leave it alone.
    assert await core.files.delete(company_id, [left.file.id]) == []
    entry = await core.mailbox.get(company_id, left.id)
    assert await core.mailbox.content(entry) == WAV
    assert entry.shown == Shown(file_id=left.file.id, name=left.file.name, mimetype="audio/wav")
    await core.mailbox.discard(company_id, left.id)
    with pytest.raises(NotFound):
        await core.files.get(company_id, left.file.id)
    with pytest.raises(NotFound):
        await core.mailbox.content(entry)
    assert await told(core) == ["voicemail.created", "voicemail.deleted"]


async def test_a_recording_that_a_mail_still_brings_outlives_the_trash(
    core: Core, office: Office, extension_id: int
) -> None:
    found = await core.extensions.get(office.company_id, extension_id)
    change = ExtensionChange(data={"voicemail_email": "olive@example.com"})
    await core.extensions.update(office.company_id, found.instance_id, extension_id, change)
    left = await core.voicemails.receive(office.company_id, extension_id, NewVoicemail(audio=WAV))
    for _ in range(2):
        await core.mailbox.discard(office.company_id, left.id)
    assert await core.files.read(office.company_id, left.file.id) == WAV


async def test_of_many_at_once_one_puts_it_into_the_trash(core: Core, left: Voicemail) -> None:
    company_id = left.company_id
    entry = await core.mailbox.get(company_id, left.id)
    outcomes = await asyncio.gather(*(core.mailbox._trash(entry, "") for _ in range(5)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", *["NotFound"] * 4]
    assert (await core.voicemails.page(company_id, page=1, per_page=1)).total == 0
    assert await told(core) == ["voicemail.created", "voicemail.deleted"]


async def test_back_from_the_trash_it_is_listed_and_counted_again(core: Core, left: Voicemail) -> None:
    company_id = left.company_id
    await core.mailbox.change(company_id, left.id, read=True, folder="trash")
    assert await core.mailbox.list(company_id, "inbox") == []
    back = await core.mailbox.change(company_id, left.id, folder="inbox")
    assert isinstance(back.item, Voicemail)
    assert back.item.listened
    assert (await core.voicemails.page(company_id, page=1, per_page=1)).total == 1
    assert await told(core) == [f"voicemail.{one}" for one in ("created", "updated", "deleted", "updated")]


async def test_what_cannot_be_changed_is_left_as_it_is(core: Core, left: Voicemail) -> None:
    company_id = left.company_id
    elsewhere: tuple[Folder, ...] = ("sent", "outbox")
    for folder in elsewhere:
        with pytest.raises(Invalid):
            await core.mailbox.change(company_id, left.id, read=True, folder=folder)
    await core.mailbox.discard(company_id, left.id)
    with pytest.raises(WrongState):
        await core.mailbox.change(company_id, left.id, read=True)
    assert await told(core) == ["voicemail.created", "voicemail.deleted"]


async def test_a_fax_on_the_line_is_hung_up_when_it_goes_into_the_trash(core: Core, office: Office) -> None:
    company_id = office.company_id
    await fax_number(core, company_id)
    given = NewFax(file_id=await document_file(core, company_id), sender=FAX_NUMBER, recipient="+15005550016")
    fax = await core.faxes.send(company_id, given)
    line = Line(core.faxes)
    queue = FaxQueue(core.database, core.wakeups, core.mails, lease=timedelta(seconds=0.3))
    dispatcher = FaxDispatcher(queue, core.wakeups, core.files, line)
    await dispatcher.start()
    async with asyncio.timeout(20):
        await line.begun.wait()
        await core.mailbox.discard(company_id, fax.id)
        await line.hung_up.wait()
    await dispatcher.stop()
    entry = await core.mailbox.get(company_id, fax.id)
    assert isinstance(entry.item, Fax)
    assert (entry.folder, entry.item.state, entry.item.error_code) == ("trash", "failed", "cancelled")
    assert [one for one in await told(core) if one == "fax.deleted"] == ["fax.deleted"]


async def test_names_have_the_ending_of_what_is_shown(core: Core, office: Office) -> None:
    company_id = office.company_id
    await fax_number(core, company_id)

    async def shown(name: str, content: bytes, mimetype: str | None) -> str:
        file = await core.files.create(company_id, name=name)
        await core.files.upload(company_id, file.id, content=content, uploaded_name=name, mimetype=mimetype)
        fax = await core.faxes.send(company_id, NewFax(file_id=file.id, sender=FAX_NUMBER, recipient="+13105550100"))
        entry: Entry = await core.mailbox.get(company_id, fax.id)
        return entry.shown.name

    document = await core.files.read(company_id, await document_file(core, company_id))
    assert await shown("scan", document, None) == "scan.pdf"
    assert await shown("Scan.PDF", document, None) == "Scan.PDF"
    assert await shown("a.b", document, None) == "a.pdf"
    assert await shown("letter.txt", b"Dear all", "text/plain") == "letter.tiff"
    assert await shown(".txt", b"Dear all", "text/plain") == ".txt.tiff"
