import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.faxes.transport import Failed, FaxJob, Sent
from ringmain.core.system import Core
from tests.core.faxes.conftest import Faxing

SHORT = timedelta(milliseconds=1)
BUSY = Failed(code="busy", text="the line is busy", pages_done=0, retry_seconds=0.0)


@pytest.fixture
def queue(core: Core) -> FaxQueue:
    return FaxQueue(core.database, core.wakeups, core.mails)


async def claimed(queue: FaxQueue) -> FaxJob:
    (job,) = await queue.claim(10)
    return job


async def test_a_claim_is_a_lease(faxing: Faxing, queue: FaxQueue) -> None:
    made = await faxing.send(sender_name="Alice", subject="Hello")
    job = await claimed(queue)
    assert (job.id, job.company_id, job.attempts, job.pages) == (made.id, faxing.company_id, 1, 2)
    assert (job.sender, job.sender_name, job.recipient, job.subject) == (made.sender, "Alice", made.recipient, "Hello")
    assert (job.reference, job.interrupted, job.exhausted, job.own) == (f"fax-{made.id}-0", False, False, False)
    assert await queue.claim(10) == []
    assert (await faxing.get(made)).state == "sending"
    sent = await queue.record(job, Sent(), origin="test")
    assert sent is not None
    assert (sent.state, sent.pages_done, sent.attempts, sent.error_code) == ("sent", 2, 1, None)
    assert await queue.claim(10) == []
    assert [(kind, fax.state) for kind, fax in await faxing.events()] == [
        ("fax.created", "queued"),
        ("fax.updated", "sending"),
        ("fax.updated", "sent"),
    ]


async def test_several_nodes_share_the_work(faxing: Faxing, queue: FaxQueue) -> None:
    made = {(await faxing.send()).id for _ in range(6)}
    taken = [job.id for jobs in await asyncio.gather(*(queue.claim(2) for _ in range(5))) for job in jobs]
    taken += [job.id for job in await queue.claim(10)]
    assert sorted(taken) == sorted(made)


async def test_a_scheduled_fax_is_due_at_its_time(faxing: Faxing, queue: FaxQueue, core: Core) -> None:
    made = await faxing.send(send_at=datetime.now(UTC) + timedelta(hours=1))
    assert await queue.claim(10) == []
    assert (await faxing.get(made)).state == "scheduled"
    await core.database.execute("UPDATE faxes SET due_at = now()")
    assert (await claimed(queue)).id == made.id
    assert ((await faxing.get(made)).state, (await faxing.get(made)).folder) == ("sending", "outbound")


async def test_a_time_that_has_passed_is_now(faxing: Faxing, queue: FaxQueue) -> None:
    made = await faxing.send(send_at=datetime(2021, 11, 15, 9, tzinfo=UTC))
    assert made.state == "scheduled"
    assert (await claimed(queue)).id == made.id


async def test_what_may_pass_is_tried_three_times(faxing: Faxing, queue: FaxQueue, core: Core) -> None:
    made = await faxing.send(emails=["a@b.example"])
    for attempt in (1, 2, 3):
        job = await claimed(queue)
        assert (job.attempts, job.reference) == (attempt, f"fax-{made.id}-0")
        fax = await queue.record(job, BUSY)
        assert fax is not None
        assert fax.state == ("queued" if attempt < 3 else "failed")
        assert (fax.error_code, fax.error_text) == ("busy", "the line is busy")
    assert await queue.claim(10) == []
    assert len(await core.mails.page(faxing.company_id)) == 1
    await core.faxes.retry(faxing.company_id, made.id)
    for attempt in (4, 5, 6):
        job = await claimed(queue)
        assert (job.attempts, job.reference) == (attempt, f"fax-{made.id}-1")
        await queue.record(job, BUSY)
    assert (await faxing.get(made)).state == "failed"


async def test_another_try_waits_as_long_as_the_transport_says(faxing: Faxing, queue: FaxQueue, core: Core) -> None:
    await faxing.send()
    await queue.record(await claimed(queue), Failed(code="busy", text="busy", retry_seconds=60))
    assert await queue.claim(10) == []
    seconds = await core.database.fetchval("SELECT extract(epoch FROM due_at - now())::float8 FROM faxes")
    assert 50 < seconds <= 60


async def test_what_will_not_change_is_not_tried_again(faxing: Faxing, queue: FaxQueue) -> None:
    made = await faxing.send()
    await queue.record(await claimed(queue), Failed(code="not_a_fax", text="no fax machine", pages_done=1))
    fax = await faxing.get(made)
    assert (fax.state, fax.error_code, fax.pages_done, fax.attempts) == ("failed", "not_a_fax", 1, 1)
    assert await queue.claim(10) == []


async def test_a_fax_whose_process_died_is_sent_again(faxing: Faxing, core: Core, queue: FaxQueue) -> None:
    dying = FaxQueue(core.database, core.wakeups, core.mails, lease=SHORT)
    made = await faxing.send(emails=["a@b.example"])
    first = await claimed(dying)
    await asyncio.sleep(0.01)
    second = await claimed(queue)
    assert (second.attempts, second.interrupted, second.reference) == (2, True, first.reference)
    fax = await faxing.get(made)
    assert (fax.state, fax.error_code) == ("sending", "interrupted")
    # The first one was not dead after all: what it says does not count.
    assert await dying.record(first, Failed(code="busy", text="busy")) is None
    assert not await dying.attend(first, 1)
    await dying.release(first)
    assert await faxing.get(made) == fax
    assert (await queue.record(second, Sent())) is not None
    assert (await faxing.get(made)).error_code is None


async def test_a_fax_that_kills_its_process_every_time_fails(faxing: Faxing, core: Core) -> None:
    dying = FaxQueue(core.database, core.wakeups, core.mails, lease=SHORT)
    made = await faxing.send(emails=["a@b.example"])
    for attempt in (1, 2, 3):
        assert (await claimed(dying)).attempts == attempt
        await asyncio.sleep(0.01)
    assert await dying.claim(10) == []
    fax = await faxing.get(made)
    assert (fax.state, fax.error_code) == ("failed", "interrupted")
    assert await dying.claim(10) == []
    (mail,) = await core.mails.page(faxing.company_id)
    assert mail.subject == "Fax to +18584375000 was not sent"


async def test_a_lease_is_renewed_and_progress_seen(faxing: Faxing, queue: FaxQueue, core: Core) -> None:
    made = await faxing.send()
    job = await claimed(queue)
    await core.database.execute("UPDATE faxes SET due_at = now() - interval '1 s'")
    assert await queue.attend(job, 1)
    assert await queue.claim(10) == []
    assert (await faxing.get(made)).pages_done == 1


async def test_a_clean_stop_gives_back_and_takes_no_try(faxing: Faxing, queue: FaxQueue) -> None:
    made = await faxing.send()
    for attempt in range(1, 6):
        job = await claimed(queue)
        assert (job.attempts, job.interrupted) == (attempt, False)
        await queue.release(job)
        assert (await faxing.get(made)).state == "queued"
    await queue.record(await claimed(queue), BUSY)
    assert (await faxing.get(made)).state == "queued"


async def test_a_fax_deleted_on_the_line_ends_there(faxing: Faxing, core: Core, queue: FaxQueue) -> None:
    made = await faxing.send(emails=["a@b.example"])
    job = await claimed(queue)
    await core.faxes.delete(faxing.company_id, made.id, "outbound")
    assert await queue.attend(job, 1)  # no recall
    assert await queue.record(job, Sent()) is None
    await core.database.execute("UPDATE faxes SET updated_at = now() - interval '1 day'")
    assert await queue.claim(10) == []
    assert await core.mails.page(faxing.company_id) == []
    assert (await faxing.events())[-1][0] == "fax.deleted"


@pytest.mark.parametrize(
    ("outcome", "subject", "said"),
    [
        (Sent(), "Fax to Bob (+18584375000) was sent", "Pages: 2"),
        (
            Failed(code="disconnected", text="the line broke at page 2", pages_done=1),
            "Fax to Bob (+18584375000) was not sent",
            "Pages sent: 1 of 2\nReason: the line broke at page 2 (disconnected)",
        ),
    ],
)
async def test_whom_it_names_is_told_by_mail(
    faxing: Faxing, core: Core, queue: FaxQueue, outcome: Any, subject: str, said: str
) -> None:
    await faxing.send(recipient_name="Bob", subject="Hello", emails=["a@b.example", "c@d.example"])
    await queue.record(await claimed(queue), outcome)
    (mail,) = await core.mails.page(faxing.company_id)
    assert (mail.subject, mail.recipients) == (subject, ["a@b.example", "c@d.example"])
    row = await core.database.fetchrow(
        "SELECT m.text, a.file_id FROM mails m JOIN mail_attachments a ON a.mail_id = m.id"
    )
    assert row is not None
    assert said in row["text"]
    assert row["file_id"] == faxing.file_id
