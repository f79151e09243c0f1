"""From the queue to a real mail server: tries again, gives up, leases, and a process that is killed in the middle."""

import asyncio
import signal
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from ringmain.core.mail.model import Attachment, Mail, QueuedMail
from ringmain.core.mail.port import Letter, Outcome
from ringmain.core.mail.queue import MailQueue
from ringmain.core.system import Core
from ringmain.mail.outbox import Outbox
from ringmain.mail.smtp import SmtpMailer, read_url
from tests.conditions import eventually
from tests.conftest import Office
from tests.losses import lose_once, lost
from tests.mail.conftest import Running
from tests.mail.server import Inbox, mail_server

JANE, JOE = "jane@example.com", "joe@example.com"
MAIL = Mail(to=[JANE], subject="Hi", text="Hello")


def smtp(inbox: Inbox) -> SmtpMailer:
    return SmtpMailer(read_url(f"smtp://127.0.0.1:{inbox.port}"), timeout=5)


async def over(core: Core, office: Office, mail_id: int) -> QueuedMail:
    """The mail once nothing is left to do for it."""

    async def look() -> QueuedMail | None:
        (mail,) = [one for one in await core.mails.page(office.company_id) if one.id == mail_id]
        return mail if mail.due_at is None else None

    return await eventually(look)


async def test_mail_goes_out_with_its_file(core: Core, office: Office, running: Running) -> None:
    made = await core.files.create(office.company_id, name="a.wav")
    await core.files.upload(office.company_id, made.id, content=b"sound", uploaded_name=None, mimetype=None)
    attachments = [
        Attachment(name="a.wav", mimetype="audio/wav", file_id=made.id),
        Attachment(name="b.txt", mimetype="not a type", content=b"text"),
    ]
    async with mail_server() as inbox, running(smtp(inbox)):
        mail = Mail(to=[JANE, JOE, JANE], subject="Hi", text="Hello", attachments=attachments)
        done = await over(core, office, await core.mails.queue(None, office.company_id, mail))
    assert (done.state, done.attempts, done.pending, done.error_text) == ("sent", 1, [], None)
    (letter,), (message,) = inbox.letters, inbox.messages()
    assert letter.rcpt_tos == [JANE, JOE]
    assert [part.get_content() for part in message.iter_attachments()] == [b"sound", b"text"]
    assert await core.database.fetchval("SELECT count(*) FROM mail_attachments") == 0


async def test_a_transaction_that_is_rolled_back_sends_nothing(core: Core, office: Office, running: Running) -> None:
    async with mail_server() as inbox, running(smtp(inbox)):
        with suppress(ZeroDivisionError):
            async with core.database.transaction() as connection:
                await core.mails.queue(connection, office.company_id, MAIL)
                raise ZeroDivisionError
        async with core.database.transaction() as connection:
            mail_id = await core.mails.queue(connection, office.company_id, MAIL)
        core.mails.wake()
        await over(core, office, mail_id)
    assert len(inbox.letters) == 1
    assert len(await core.mails.page(office.company_id)) == 1


async def test_4xx_is_tried_again_under_the_same_message_id(core: Core, office: Office, running: Running) -> None:
    async with mail_server() as inbox, running(smtp(inbox)):
        inbox.data = ["451 Later", "451 Later"]
        done = await over(core, office, await core.mails.queue(None, office.company_id, MAIL))
    assert (done.state, done.attempts) == ("sent", 3)
    assert inbox.messages()[0]["Message-ID"] == f"<{done.id}.{office.company_id}@ringmain.example>"


async def test_mail_that_has_left_is_not_sent_again_for_a_lost_connection(
    core: Core, office: Office, running: Running
) -> None:
    await lose_once(core.database, "mails", "new.state = 'sent'")
    async with mail_server() as inbox, running(smtp(inbox)):
        done = await over(core, office, await core.mails.queue(None, office.company_id, MAIL))
    assert await lost(core.database)
    assert (done.state, done.attempts, len(inbox.letters)) == ("sent", 1, 1)


async def test_only_those_are_tried_again_who_have_not_got_it(core: Core, office: Office, running: Running) -> None:
    async with mail_server() as inbox, running(smtp(inbox)):
        inbox.rcpt = {JOE: ["450 Greylisted"], "no@example.com": ["550 Who?"]}
        mail = Mail(to=[JANE, JOE, "no@example.com"], subject="Hi", text="Hello")
        done = await over(core, office, await core.mails.queue(None, office.company_id, mail))
    assert [letter.rcpt_tos for letter in inbox.letters] == [[JANE], [JOE]]
    assert (done.state, done.attempts, done.refused) == ("sent", 2, ["no@example.com"])


async def test_5xx_ends_it(core: Core, office: Office, running: Running) -> None:
    async with mail_server() as inbox, running(smtp(inbox)):
        inbox.data = ["554 No"]
        done = await over(core, office, await core.mails.queue(None, office.company_id, MAIL))
    assert (done.state, done.attempts, done.refused, done.error_text) == ("failed", 1, [JANE], "554 No")


async def test_after_the_last_try_it_is_dead(core: Core, office: Office, running: Running) -> None:
    async with mail_server() as inbox, running(smtp(inbox)):
        inbox.data = ["451 Later"] * 3
        done = await over(core, office, await core.mails.queue(None, office.company_id, MAIL))
    assert (done.state, done.attempts, done.pending, done.error_text) == ("dead", 3, [JANE], "451 Later")


async def test_a_server_that_was_down(core: Core, office: Office, running: Running) -> None:
    async with mail_server() as inbox:
        mailer = smtp(inbox)
    async with running(mailer, retries=(0.02,) * 500):
        mail_id = await core.mails.queue(None, office.company_id, MAIL)

        async def tried() -> bool:
            (mail,) = await core.mails.page(office.company_id)
            return mail.attempts > 1

        await eventually(tried)
    async with mail_server() as back, running(smtp(back), retries=(0.02,) * 500):
        assert (await over(core, office, mail_id)).state == "sent"
        assert len(back.letters) == 1


async def test_several_dispatchers_send_each_mail_once(
    core: Core, office: Office, running: Running, tmp_path: Path
) -> None:
    class Counting(Outbox):
        sent: list[str] = []  # noqa: RUF012

        async def send(self, letter: Letter) -> Outcome:
            self.sent.append(letter.key)
            return await super().send(letter)

    outbox = Counting(tmp_path / "outbox")
    async with running(outbox), running(outbox), running(outbox):
        ids = [await core.mails.queue(None, office.company_id, MAIL) for _ in range(20)]
        for mail_id in ids:
            assert (await over(core, office, mail_id)).state == "sent"
    assert sorted(outbox.sent) == sorted(f"{mail_id}.{office.company_id}" for mail_id in ids)
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 20


NODE = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from ringmain.core.files.storage import open_storage
from ringmain.core.system import Core
from ringmain.core.mail.queue import MailQueue
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.mail.dispatch import MailDispatcher
from ringmain.mail.letter import Sender, Writer
from ringmain.mail.smtp import SmtpMailer, read_url

async def main(dsn, port, folder):
    database = Database(dsn)
    wakeups = Wakeups(database)
    core = Core(database, wakeups, open_storage(folder))
    queue = MailQueue(database)
    writer = Writer(Sender("a@ringmain.example"), core.files, None)
    await MailDispatcher(queue, wakeups, writer, SmtpMailer(read_url(f"smtp://127.0.0.1:{port}"))).start()
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_process_that_is_killed_while_it_sends_loses_nothing(
    core: Core, office: Office, running: Running, dsn: str, tmp_path: Path
) -> None:
    mail_id = await core.mails.queue(None, office.company_id, MAIL)
    async with mail_server() as inbox:
        inbox.go_on.clear()
        node = await asyncio.create_subprocess_exec(sys.executable, "-c", NODE, dsn, str(inbox.port), str(tmp_path))
        await asyncio.wait_for(inbox.waiting.wait(), 60)
        node.send_signal(signal.SIGKILL)
        await node.wait()
        (mail,) = await core.mails.page(office.company_id)
        assert (mail.state, mail.attempts) == ("sending", 1)
        inbox.go_on.set()
        await core.database.execute("UPDATE mails SET due_at = now()")  # its lease runs out
        async with running(smtp(inbox)):
            done = await over(core, office, mail_id)
    assert (done.state, done.attempts) == ("sent", 2)
    assert len(inbox.letters) == 1


async def test_a_claim_that_was_taken_over_says_nothing_any_more(core: Core, office: Office) -> None:
    await core.mails.queue(None, office.company_id, MAIL)
    queue = MailQueue(core.database, lease=timedelta(0))
    (first,) = await queue.claim(5)
    (second,) = await queue.claim(5)
    assert second.attempts == first.attempts + 1
    assert await queue.record(first, Outcome(refused=[JANE], text="554 No")) is None
    assert await queue.record(second, Outcome()) == "sent"
    await queue.prune(timedelta(0))
    assert await core.mails.page(office.company_id) == []
