"""Files go with the last row that refers to them, and their contents after that."""

import asyncio
import sys
from pathlib import Path

import pytest

from ringmain.core.errors import NotFound
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.faxes.model import Fax, FaxChange, NewFax
from ringmain.core.files.removal import Removal
from ringmain.core.files.storage import open_storage
from ringmain.core.mail.model import Attachment, Mail
from ringmain.core.mail.port import Outcome
from ringmain.core.mail.queue import MailQueue
from ringmain.core.meetings.model import NewMeeting
from ringmain.core.system import Core
from ringmain.core.voicemail.model import NewVoicemail, Voicemail
from tests.conditions import eventually
from tests.conftest import Office
from tests.faxes import FAX_NUMBER, document_file, fax_number
from tests.recordings import wav


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def removal(core: Core, folder: Path) -> Removal:
    return Removal(core.database, open_storage(str(folder)))


def contents(folder: Path) -> set[int]:
    return {int(path.name) for path in folder.rglob("*") if path.is_file()}


async def rows(core: Core) -> set[int]:
    return {row["id"] for row in await core.database.fetch("SELECT id FROM files")}


async def due(core: Core) -> None:
    """Let the minutes pass that are left to whoever still reads or writes, and leases."""
    await core.database.execute("UPDATE removed_files SET due_at = now()")


async def voicemail(core: Core, office: Office, email: str = "") -> Voicemail:
    instance = await core.instances.create(office.company_id, name="pbx", domain="pbx.acme.example")
    change = ExtensionChange(number=1001, data={"voicemail_email": email})
    extension = await core.extensions.create(office.company_id, instance.id, change)
    return await core.voicemails.receive(office.company_id, extension.id, NewVoicemail(audio=wav()))


async def fax(core: Core, office: Office, file_id: int) -> Fax:
    given = NewFax(file_id=file_id, sender=FAX_NUMBER, recipient="+18584375000")
    return await core.faxes.send(office.company_id, given)


async def test_a_voicemails_audio_goes_with_it(core: Core, office: Office, removal: Removal, folder: Path) -> None:
    made = await voicemail(core, office)
    assert contents(folder) == await rows(core) == {made.file.id}
    await core.voicemails.delete(office.company_id, [made.id])
    with pytest.raises(NotFound, match="file"):
        await core.files.read(office.company_id, made.file.id)
    assert await removal.step() == 0  # whoever is reading it may end
    assert contents(folder) == {made.file.id}
    await due(core)
    assert await removal.step() == 1
    assert contents(folder) == await rows(core) == set()
    assert await core.database.fetchval("SELECT count(*) FROM removed_files") == 0


async def test_nothing_goes_when_nothing_was_deleted(core: Core, office: Office, folder: Path) -> None:
    made = await voicemail(core, office)
    with pytest.raises(NotFound):
        await core.voicemails.delete(office.company_id, [made.id, 5])
    assert await core.files.delete(office.company_id, [made.file.id, None]) == []
    assert (await core.voicemails.audio(office.company_id, made.id)).content == wav()


async def test_another_companys_file_is_not_deleted(core: Core, office: Office) -> None:
    file = await core.files.create(office.company_id, name="a")
    assert await core.files.delete(1, [file.id]) == []
    assert await core.files.delete(office.company_id, [file.id]) == [file.id]


async def test_a_faxs_document_pages_and_preview_go_with_it(
    core: Core, office: Office, removal: Removal, folder: Path
) -> None:
    await fax_number(core, office.company_id)
    document = await document_file(core, office.company_id)
    made = await fax(core, office, document)
    assert len(contents(folder)) == 3
    await core.faxes.delete(office.company_id, made.id, "outbound")
    await due(core)
    assert await removal.step() == 3
    assert contents(folder) == await rows(core) == set()
    with pytest.raises(NotFound, match="file"):
        await fax(core, office, document)


async def test_a_document_of_two_faxes_goes_with_the_second(core: Core, office: Office) -> None:
    await fax_number(core, office.company_id)
    document = await document_file(core, office.company_id)
    first, second = [await fax(core, office, document) for _ in range(2)]
    await core.faxes.delete(office.company_id, first.id, "outbound")
    assert len(await rows(core)) == 3
    assert document in await rows(core)
    await core.faxes.delete(office.company_id, second.id, "outbound")
    assert await rows(core) == set()


async def test_two_faxes_deleted_at_once_leave_no_document(core: Core, office: Office) -> None:
    await fax_number(core, office.company_id)
    document = await document_file(core, office.company_id)
    faxes = [await fax(core, office, document) for _ in range(4)]
    await asyncio.gather(*(core.faxes.delete(office.company_id, one.id, "outbound") for one in faxes))
    assert await rows(core) == set()


async def test_a_preview_that_was_faxed_itself_stays_for_that_fax(core: Core, office: Office) -> None:
    await fax_number(core, office.company_id)
    first = await fax(core, office, await document_file(core, office.company_id))
    second = await fax(core, office, first.preview_id)
    await core.faxes.delete(office.company_id, first.id, "outbound")
    assert first.preview_id in await rows(core)
    await core.faxes.delete(office.company_id, second.id, "outbound")
    assert await rows(core) == set()


async def test_what_else_refers_to_a_file_keeps_it(core: Core, office: Office) -> None:
    await fax_number(core, office.company_id)
    texted, recorded = [await document_file(core, office.company_id) for _ in range(2)]
    message = await core.texting.send(office.company_id, office.conversation.id, text="See this", file_ids=[texted])
    (meeting,) = await core.meetings.create(office.company_id, office.owner_id, NewMeeting())
    await core.meetings.add_recording(office.company_id, meeting.id, recorded)
    faxes = [await fax(core, office, file_id) for file_id in (texted, recorded)]
    for one in faxes:
        await core.faxes.delete(office.company_id, one.id, "outbound")
    assert await rows(core) == {texted, recorded}
    # A carrier may still have to read what was sent and deleted.
    await core.texting.delete_messages(office.company_id, office.conversation.id, [message.id])
    assert await core.files.delete(office.company_id, [texted]) == []


async def test_a_new_document_takes_the_old_ones_place(core: Core, office: Office) -> None:
    await fax_number(core, office.company_id)
    first, second = [await document_file(core, office.company_id) for _ in range(2)]
    made = await fax(core, office, first)
    await core.database.execute("UPDATE faxes SET state = 'failed', due_at = NULL")
    before = await rows(core)
    changed = await core.faxes.change_failed(office.company_id, made.id, FaxChange(subject="Same document"))
    assert await rows(core) == before
    changed = await core.faxes.change_failed(office.company_id, made.id, FaxChange(file_id=second))
    assert changed.file.id == second
    left = await rows(core)
    assert {second, changed.preview_id} < left
    assert len(left) == 3
    assert first not in left
    assert made.preview_id not in left


async def test_mail_that_waits_brings_what_was_deleted(core: Core, office: Office) -> None:
    made = await voicemail(core, office, "jane@example.com")
    queue = MailQueue(core.database)
    (claim,) = await queue.claim(1)
    await core.voicemails.delete(office.company_id, [made.id])
    (attached,) = await queue.attachments(claim)
    assert attached.readable
    assert await core.files.read(office.company_id, made.file.id) == wav()
    await queue.record(claim, Outcome())
    assert await rows(core) == set()


async def test_mail_that_is_over_takes_no_file_of_others_along(core: Core, office: Office) -> None:
    made = await voicemail(core, office)
    upload = await document_file(core, office.company_id)
    attachments = [
        Attachment(name="a", mimetype="audio/wav", file_id=made.file.id),
        Attachment(name="b", mimetype="application/pdf", file_id=upload),
        Attachment(name="c", mimetype="text/plain", content=b"c"),
    ]
    mail = Mail(to=["jane@example.com"], subject="", text="", attachments=attachments)
    await core.mails.queue(None, office.company_id, mail)
    queue = MailQueue(core.database)
    (claim,) = await queue.claim(1)
    await queue.record(claim, Outcome())
    assert await core.database.fetchval("SELECT count(*) FROM mail_attachments") == 0
    assert await rows(core) == {made.file.id, upload}


async def test_a_company_takes_all_its_contents_along(
    core: Core, office: Office, removal: Removal, folder: Path
) -> None:
    await voicemail(core, office)
    await fax_number(core, office.company_id)
    await fax(core, office, await document_file(core, office.company_id))
    await core.companies.delete(office.company_id)
    await due(core)
    assert await removal.step() == 4
    assert contents(folder) == set()


async def test_a_store_that_fails_is_asked_again(core: Core, office: Office, removal: Removal, folder: Path) -> None:
    made = await voicemail(core, office)
    content = folder / str(office.company_id) / str(made.file.id)
    kept = content.read_bytes()
    content.unlink()
    (content / "in the way").mkdir(parents=True)  # a folder cannot be removed as a file
    await core.voicemails.delete(office.company_id, [made.id])
    await due(core)
    assert await removal.step() == 0
    (content / "in the way").rmdir()
    content.rmdir()
    content.write_bytes(kept)
    await due(core)
    assert await removal.step() == 1
    assert contents(folder) == set()


DIES = """
import asyncio, os, signal, sys
from ringmain.core.files import removal, storage
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups

async def main(dsn, folder, company_id, voicemail_id, removing):
    database, store = Database(dsn, size=2), storage.open_storage(folder)
    if removing:
        async def removed(*arguments):
            await storage.remove(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)
        removal.remove = removed
        await removal.Removal(database, store).step()
    else:
        await Core(database, Wakeups(database), store).voicemails.delete(company_id, [voicemail_id])
        os.kill(os.getpid(), signal.SIGKILL)

dsn, folder, *numbers = sys.argv[1:]
asyncio.run(main(dsn, folder, *map(int, numbers)))
"""


async def dies(dsn: str, folder: Path, made: Voicemail, *, removing: bool) -> None:
    """A process that deletes, or removes what was deleted, and is killed before it has done more."""
    arguments = (dsn, str(folder), str(made.company_id), str(made.id), str(int(removing)))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, *arguments)
    assert await process.wait() == -9


async def test_who_is_killed_leaves_the_rest_to_others(
    core: Core, dsn: str, office: Office, removal: Removal, folder: Path
) -> None:
    made = await voicemail(core, office)
    await dies(dsn, folder, made, removing=False)
    assert await rows(core) == set()
    assert contents(folder) == {made.file.id}
    await due(core)
    await dies(dsn, folder, made, removing=True)
    assert contents(folder) == set()
    assert await removal.step() == 0  # the lease of the one that was killed
    await due(core)
    assert await removal.step() == 1
    assert await core.database.fetchval("SELECT count(*) FROM removed_files") == 0


async def test_contents_are_removed_as_time_goes_by(core: Core, office: Office, folder: Path) -> None:
    made = await voicemail(core, office)
    await core.voicemails.delete(office.company_id, [made.id])
    await due(core)
    removal = Removal(core.database, open_storage(str(folder)), every=0.01)
    await removal.start()
    try:

        async def gone() -> bool:
            return not contents(folder)

        await eventually(gone)
    finally:
        await removal.stop()
