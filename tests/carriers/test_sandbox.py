from collections.abc import AsyncIterator, Sequence

import pytest

from ringmain.carriers.build import adapters, dispatcher
from ringmain.carriers.dispatch import Dispatcher
from ringmain.carriers.sandbox import MEANING, Magic
from ringmain.core.system import Core
from ringmain.core.texting.carrier import Receipt
from ringmain.core.texting.model import Message
from ringmain.core.texting.submissions import Submissions
from tests.conditions import eventually
from tests.conftest import Office, furnish


@pytest.fixture
async def running(core: Core) -> AsyncIterator[Dispatcher]:
    carriers = dispatcher(core)
    await carriers.start()
    yield carriers
    await carriers.stop()


async def send(core: Core, office: Office, to: str, text: str = "Hi") -> Message:
    contact, _ = await core.texting.create_contact(office.company_id, number=to)
    conversation, _ = await core.texting.open_conversation(
        office.company_id, number=office.number, contact_ids=[contact.id]
    )
    return await core.texting.send(office.company_id, conversation.id, text=text)


async def reaches(core: Core, message: Message, state: str) -> Message:
    async def look() -> Message | None:
        found = await core.texting.get_message(message.company_id, message.id)
        return found if found.state == state else None

    return await eventually(look)


async def states(core: Core, message: Message) -> list[str]:
    rows = await core.database.fetch(
        "SELECT payload -> 'message' ->> 'state' AS state FROM events WHERE subject_id = $1 ORDER BY id", message.id
    )
    return [row["state"] for row in rows]


@pytest.mark.parametrize(
    ("to", "final", "told", "code"),
    [
        (Magic.DELIVERED, "delivered", {"queued", "sent", "delivered"}, None),
        (Magic.REJECTED, "failed", {"queued", "failed"}, "invalid_destination"),
        (Magic.UNDELIVERABLE, "failed", {"queued", "sent", "failed"}, "undeliverable"),
        (Magic.THROTTLED, "delivered", {"queued", "delivered"}, None),
        (Magic.NO_ANSWER, "delivered", {"queued", "unknown", "delivered"}, None),
        ("+13105550100", "delivered", {"queued", "delivered"}, None),
    ],
)
async def test_magic_numbers_act_as_documented(
    core: Core, office: Office, running: Dispatcher, to: str, final: str, told: set[str], code: str | None
) -> None:
    message = await reaches(core, await send(core, office, to), final)
    assert message.error_code == code
    # A receipt may overtake the response: then "sent" is never seen.
    assert told - {"sent"} <= set(await states(core, message)) <= told


async def test_a_late_receipt(core: Core, office: Office, running: Dispatcher) -> None:
    message = await send(core, office, Magic.LATE_RECEIPT)
    await reaches(core, message, "sent")
    await reaches(core, message, "delivered")


@pytest.mark.parametrize(
    ("to", "final", "code"),
    [
        (Magic.DELIVERED, "delivered", None),
        (Magic.UNDELIVERABLE, "failed", "undeliverable"),
        (Magic.LATE_RECEIPT, "delivered", None),
    ],
)
async def test_a_receipt_comes_when_the_process_that_had_it_is_gone(
    core: Core, office: Office, to: str, final: str, code: str | None
) -> None:
    async def lost(_: Sequence[Receipt]) -> None:
        """As in a process that is killed just now."""

    submissions = Submissions(core.database, core.wakeups)
    first = Dispatcher(submissions, core.wakeups, adapters(core, submissions, lost))
    await first.start()
    message = await send(core, office, to)

    async def is_sent() -> bool:
        return "sent" in await states(core, message)

    await eventually(is_sent)
    await first.stop()
    await core.database.execute("UPDATE submissions SET due_at = now() WHERE due_at IS NOT NULL")
    second = dispatcher(core)
    await second.start()
    found = await reaches(core, message, final)
    await second.stop()
    assert found.error_code == code
    assert await states(core, message) == ["queued", "sent", final]
    assert await core.database.fetchval("SELECT count(*) FROM submissions WHERE due_at IS NOT NULL") == 0


async def test_an_answer_of_stop_opts_out(core: Core, office: Office, running: Dispatcher) -> None:
    await send(core, office, Magic.OPTS_OUT)
    await eventually(lambda: core.texting.opt_outs(office.company_id))


async def test_an_echo_comes_back(core: Core, office: Office, running: Dispatcher) -> None:
    message = await send(core, office, Magic.ECHO, "Echo?")

    async def answered() -> bool:
        page = await core.texting.page_messages(office.company_id, message.conversation_id, page=1, per_page=20)
        return [(one.direction, one.text) for one in page.items] == [("inbound", "Echo?"), ("outbound", "Echo?")]

    await eventually(answered)


async def test_own_numbers_reach_each_other_with_files(core: Core, office: Office, running: Dispatcher) -> None:
    other = await furnish(core, name="Other", number="+12025550199")
    contact, _ = await core.texting.create_contact(office.company_id, number=other.number)
    conversation, _ = await core.texting.open_conversation(
        office.company_id, number=office.number, contact_ids=[contact.id]
    )
    file = await core.files.create(office.company_id, name="cat.txt")
    await core.files.upload(office.company_id, file.id, content=b"meow", uploaded_name="cat.txt", mimetype="text/plain")
    sent = await core.texting.send(office.company_id, conversation.id, text="Look", file_ids=[file.id])
    await reaches(core, sent, "delivered")
    (hit,) = await core.texting.search_conversations(other.company_id, text="look")
    assert hit.last_message
    (copy,) = hit.last_message.files
    assert copy.id != file.id
    assert await core.files.read(other.company_id, copy.id) == b"meow"


async def test_routes_go_by_the_longest_prefix(core: Core, office: Office) -> None:
    await core.database.execute("INSERT INTO carriers (name, kind) VALUES ('uk', 'sandbox'), ('mobile', 'sandbox')")
    await core.database.execute("INSERT INTO carrier_routes VALUES ('+44', 'uk'), ('+447', 'mobile')")
    for number in ("+442079460123", "+447911123456", "+13105550142"):
        await send(core, office, number)
    rows = await core.database.fetch("SELECT carrier FROM submissions ORDER BY id")
    assert [row["carrier"] for row in rows] == ["uk", "mobile", "sandbox"]


async def test_every_magic_number_says_what_it_does() -> None:
    assert set(MEANING) == set(Magic)
