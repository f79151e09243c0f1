"""What carriers claim, and that neither a claim nor what came of it is written into indexes or compared row by row."""

from datetime import timedelta
from typing import Any

from ringmain.core.system import Core
from ringmain.core.texting import store, submission_store
from ringmain.core.texting.carrier import Accepted, Postponed, Receipt
from ringmain.core.texting.submissions import Submissions
from ringmain.database.pool import Connection
from tests.conftest import Office

HOUR = timedelta(hours=1)
# What this connection has updated, without waiting for the statistics that others see.
UPDATED = "SELECT n_tup_upd AS all, n_tup_hot_upd AS hot FROM pg_stat_xact_user_tables WHERE relname = $1"


async def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(core: Core, office: Office) -> None:
    message = await core.texting.send(office.company_id, office.conversation.id, text="Hm")
    short, long = (Submissions(core.database, core.wakeups, lease=lease) for lease in (timedelta(0), HOUR))
    (first,) = await short.claim("sandbox", 10)
    assert (first.message_id, first.attempts, first.interrupted) == (message.id, 1, False)
    (second,) = await long.claim("sandbox", 10)
    assert (second.id, second.attempts, second.interrupted) == (first.id, 2, True)
    assert await short.claim("sandbox", 10) == []


async def test_what_is_postponed_waits_as_long_as_said_and_not_for_its_lease(core: Core, office: Office) -> None:
    await core.texting.send(office.company_id, office.conversation.id, text="Hm")
    submissions = Submissions(core.database, core.wakeups, lease=HOUR)
    (first,) = await submissions.claim("sandbox", 10)
    await submissions.record([(first, Postponed(seconds=3600, code="throttled", text="later"))])
    assert await submissions.claim("sandbox", 10) == []
    await core.database.execute("UPDATE submissions SET due_at = now()")
    (second,) = await submissions.claim("sandbox", 10)
    assert (second.id, second.attempts, second.interrupted) == (first.id, 2, False)


async def test_a_message_waits_until_a_carrier_has_answered(core: Core, office: Office) -> None:
    message = await core.texting.send(office.company_id, office.conversation.id, text="Hm")
    submissions = Submissions(core.database, core.wakeups)

    async def state() -> str:
        return (await core.texting.get_message(office.company_id, message.id)).state

    (first,) = await submissions.claim("sandbox", 10)
    assert await state() == "queued"
    await submissions.record([(first, Postponed(seconds=0, code="throttled", text="later"))])
    assert await state() == "sending"
    (second,) = await submissions.claim("sandbox", 10)
    await submissions.record([(second, Accepted(references=[]))])
    assert await state() == "sent"
    origins = await core.database.fetch("SELECT origin FROM events WHERE type = 'message.updated'")
    assert [row["origin"] for row in origins] == ["sandbox"]


async def test_a_receipt_for_what_was_settled_before_changes_nothing(core: Core, office: Office) -> None:
    message = await core.texting.send(office.company_id, office.conversation.id, text="Hm")
    submissions = Submissions(core.database, core.wakeups)
    (claimed,) = await submissions.claim("sandbox", 10)
    await submissions.record([(claimed, Accepted(references=["a"]))])
    await submissions.apply_receipts([Receipt(carrier="sandbox", reference="a", state="delivered")])
    # As migration 0020 leaves the parts of settled texts.
    await core.database.execute("UPDATE submission_parts SET message_id = NULL")
    await submissions.apply_receipts(
        [Receipt(carrier="sandbox", reference=reference, state="delivered") for reference in ("a", "early")]
    )
    assert (await core.texting.get_message(office.company_id, message.id)).state == "delivered"


async def test_leases_and_outcomes_write_no_index(core: Core, office: Office) -> None:
    message = await core.texting.send(office.company_id, office.conversation.id, text="Hm")
    connection = await core.database.connect()  # a new one has updated nothing yet
    async with connection.transaction():
        assert await connection.fetch(submission_store.CLAIM, "sandbox", 10, HOUR)
        assert await _updated(connection, "submissions") == (1, 1)
        await connection.execute("UPDATE submissions SET state = 'sent'")
        await connection.execute(submission_store.REFRESH_MESSAGES, [office.company_id], [message.id])
        assert await _updated(connection, "messages") == (1, 1)
    await connection.close()


async def _updated(connection: Connection, table: str) -> tuple[int, int]:
    row = await connection.fetchrow(UPDATED, table)
    assert row
    return row["all"], row["hot"]


async def test_many_texts_in_one_statement_are_not_compared_with_each_other(core: Core, office: Office) -> None:
    many = 60
    columns: list[list[Any]] = [
        list(range(many)),
        [office.company_id] * many,
        [office.conversation.id] * many,
        *([value] * many for value in (None, "Hm", None, "{}", "gsm7", 1, "", False)),
    ]
    async with core.database.transaction() as connection:
        rows = await connection.fetch(f"EXPLAIN (ANALYZE) {store.SEND}", *columns)
    plan = "\n".join(row[0] for row in rows)
    assert "Rows Removed by Join Filter" not in plan
