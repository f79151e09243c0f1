"""The SMPP carrier through the core, against the npm `smpp` SMSC."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.carriers.build import dispatcher
from ringmain.carriers.dispatch import Dispatcher
from ringmain.core.system import Core
from ringmain.core.texting.model import Message
from ringmain.database.wakeup import CARRIERS
from tests.clients.smsc import Smsc
from tests.conditions import eventually
from tests.conftest import Office


async def configure(core: Core, smsc: Smsc, **settings: Any) -> None:
    """Route everything over this SMSC."""
    values = {"host": smsc.host, "port": smsc.port, "system_id": "ringmain", "password": "secret", "tps": 1000}
    await core.database.execute(
        "INSERT INTO carriers VALUES ('smsc', 'smpp', $1)"
        " ON CONFLICT (name) DO UPDATE SET settings = EXCLUDED.settings",
        json.dumps({**values, "receipt_ids": "string", "resend_after": 0.2, "enquire_interval": 0.5, **settings}),
    )
    await core.database.execute("UPDATE carrier_routes SET carrier = 'smsc'")
    core.wakeups.wake(CARRIERS)


@pytest.fixture
async def running(core: Core) -> AsyncIterator[Dispatcher]:
    carriers = dispatcher(core)
    await carriers.start()
    yield carriers
    await carriers.stop()


async def reaches(core: Core, message: Message, *states: str) -> Message:
    async def look() -> Message | None:
        found = await core.texting.get_message(message.company_id, message.id)
        return found if found.state in states else None

    return await eventually(look)


async def ready(carriers: Dispatcher, state: str = "ready") -> None:
    async def look() -> bool:
        return {"smsc": state}.items() <= {one.name: one.state for one in carriers.statuses()}.items()

    await eventually(look)


async def texts(core: Core, office: Office) -> list[str]:
    rows = await core.database.fetch("SELECT text FROM messages WHERE direction = 'inbound' ORDER BY id")
    return [row["text"] for row in rows]


async def test_a_text_goes_out_and_its_receipt_comes_back(core: Core, office: Office, running: Dispatcher) -> None:
    async with Smsc() as smsc:
        await configure(core, smsc)
        await ready(running)
        message = await core.texting.send(office.company_id, office.conversation.id, text="Grüße")
        await reaches(core, message, "delivered")
        (submit,) = smsc.submits
        assert (submit["source"], submit["destination"]) == ("12025550123", "13105550100")
        submission = await core.database.fetchval("SELECT id FROM submissions")
        assert submit["reference"] == str(submission)


@pytest.mark.parametrize("receipts", ["before", "duplicate"])
async def test_receipts_in_any_order(core: Core, office: Office, running: Dispatcher, receipts: str) -> None:
    async with Smsc(receipts=receipts) as smsc:
        await configure(core, smsc)
        message = await core.texting.send(office.company_id, office.conversation.id, text="x" * 400)
        await reaches(core, message, "delivered")
        assert len(smsc.submits) == 3


async def test_without_receipts_it_stays_sent(core: Core, office: Office, running: Dispatcher) -> None:
    async with Smsc(receipts="none") as smsc:
        await configure(core, smsc)
        message = await core.texting.send(office.company_id, office.conversation.id, text="Hi")
        await reaches(core, message, "sent")


async def test_undelivered_and_refused(core: Core, office: Office, running: Dispatcher) -> None:
    async with Smsc(receipt_state="UNDELIV", receipt_error="034") as smsc:
        await configure(core, smsc)
        message = await core.texting.send(office.company_id, office.conversation.id, text="Hi")
        failed = await reaches(core, message, "failed")
        assert failed.error_code == "UNDELIV 034"
        await smsc.configure(submit_status=0x0B)
        message = await core.texting.send(office.company_id, office.conversation.id, text="Hi")
        failed = await reaches(core, message, "failed")
        assert failed.error_code == "ESME_RINVDSTADR"


async def test_hex_and_decimal_ids_are_the_same(core: Core, office: Office, running: Dispatcher) -> None:
    async with Smsc(id_format="hex", receipt_id_format="decimal", receipt_tlvs=False) as smsc:
        await configure(core, smsc, response_ids="hex", receipt_ids="decimal")
        message = await core.texting.send(office.company_id, office.conversation.id, text="Hi")
        await reaches(core, message, "delivered")


async def test_what_waits_for_a_closed_link_goes_out_later(core: Core, office: Office, running: Dispatcher) -> None:
    async with Smsc() as smsc:
        await configure(core, smsc)
        await ready(running)
        await smsc.kill()
        await ready(running, "retrying")
        message = await core.texting.send(office.company_id, office.conversation.id, text="Patience")
        assert message.state == "queued"
        await smsc.start()
        await reaches(core, message, "delivered")


async def test_an_unanswered_text_is_unknown_then_resent_with_its_reference(
    core: Core, office: Office, running: Dispatcher
) -> None:
    async with Smsc(silent="submit") as smsc:
        await configure(core, smsc, resend_after=1.0)
        await ready(running)
        message = await core.texting.send(office.company_id, office.conversation.id, text="Did you get it?")
        await smsc.event("submit")
        await smsc.kill()
        unknown = await reaches(core, message, "unknown")
        assert unknown.error_code == "unknown"
        smsc.configuration["silent"] = ""
        await smsc.start()
        await reaches(core, message, "delivered")
        assert len({submit["reference"] for submit in smsc.submits}) == 1


async def test_an_unanswered_text_can_be_held(core: Core, office: Office, running: Dispatcher) -> None:
    async with Smsc(silent="submit") as smsc:
        await configure(core, smsc, on_unknown="hold")
        await ready(running)
        message = await core.texting.send(office.company_id, office.conversation.id, text="Hm")
        await smsc.event("submit")
        await smsc.kill()
        await reaches(core, message, "unknown")
        assert await core.database.fetchval("SELECT due_at FROM submissions") is None


async def test_what_a_dead_process_left_is_held_too(core: Core, office: Office) -> None:
    message = await core.texting.send(office.company_id, office.conversation.id, text="Hm")
    async with Smsc() as smsc:
        await configure(core, smsc, on_unknown="hold")
        await core.database.execute("UPDATE submissions SET carrier = 'smsc', state = 'sending', attempts = 1")
        carriers = dispatcher(core)
        await carriers.start()
        await reaches(core, message, "unknown")
        await carriers.stop()
        assert smsc.submits == []


async def test_a_wrong_password_is_seen_by_the_operator(core: Core, running: Dispatcher) -> None:
    async with Smsc(accounts={"ringmain": "other"}) as smsc:
        await configure(core, smsc)
        await ready(running, "refused")
        (status,) = [one for one in running.statuses() if one.name == "smsc"]
        assert status.last_error and "ESME_RINVPASWD" in status.last_error
        smsc_port = smsc.port
    async with Smsc(port=smsc_port) as smsc:  # the operator corrects it: the change is followed at once
        await configure(core, smsc, window=20)
        await ready(running)


async def test_settings_that_cannot_work_leave_the_others_alone(
    core: Core, office: Office, running: Dispatcher
) -> None:
    await core.database.execute("INSERT INTO carriers VALUES ('broken', 'smpp', '{\"hots\": 1}')")
    core.wakeups.wake(CARRIERS)
    message = await core.texting.send(office.company_id, office.conversation.id, text="Hi")
    await reaches(core, message, "delivered")
    assert [one.name for one in running.statuses()] == ["relayed", "sandbox"]


@pytest.mark.parametrize("via", ["udh8", "udh16", "sar", "payload"])
async def test_long_texts_come_in_whole(core: Core, office: Office, running: Dispatcher, via: str) -> None:
    text = "Ein langer Text mit Ümlauten und 🙂. " * 12
    async with Smsc() as smsc:
        await configure(core, smsc)
        await ready(running)
        statuses = await smsc.deliver(
            text, source="13105550100", destination="12025550123", data_coding=8, via=via, part_octets=133
        )
        assert set(statuses) == {0}
        assert await texts(core, office) == [text]
        assert await core.database.fetchval("SELECT count(*) FROM inbound_parts") == 0


async def test_inbound_for_somebody_else_is_refused(core: Core, office: Office, running: Dispatcher) -> None:
    async with Smsc(redeliver=False) as smsc:
        await configure(core, smsc)
        await ready(running)
        assert await smsc.deliver("Hi", source="13105550100", destination="12025559999") == [0x0B]
        assert await smsc.deliver("Hi", source="MyBank", destination="12025550123") == [0]
        assert await texts(core, office) == ["Hi"]


async def test_parts_whose_rest_never_comes_are_handed_on(core: Core, office: Office, running: Dispatcher) -> None:
    async with Smsc() as smsc:
        await configure(core, smsc)
        await ready(running)
        await smsc.deliver(
            "a" * 200, source="13105550100", destination="12025550123", via="udh8", part_octets=134, order=[0]
        )
        assert await texts(core, office) == []
        (lane,) = [lane for name, lane in running._lanes.items() if name == "smsc"]
        await lane.carrier.give_up_parts(datetime.now(UTC) + timedelta(days=2))  # type: ignore[attr-defined]
        (text,) = await texts(core, office)
        assert text.startswith("aaa") and text.endswith("…")
