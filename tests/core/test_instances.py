import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ringmain.core.errors import AlreadyExists, Forbidden, Invalid, NotFound, Unavailable
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.files.storage import open_storage
from ringmain.core.instances import service
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Line, Origination, QueueMember, QueueStatus, Subscriber
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.pbx.build import adapters
from ringmain.pbx.sandbox import MEANING, Magic
from tests.conditions import eventually
from tests.conftest import Office, furnish


class HangingPbx:
    """A PBX that answers when it is let to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.lines: dict[int, Line] = {}

    async def put_extension(self, instance: Instance, line: Line) -> None:
        self.asked.set()
        await self.answers.wait()
        self.lines[line.number] = line

    async def delete_extension(self, instance: Instance, number: int) -> None:
        del self.lines[number]

    async def drop_device(self, instance: Instance, number: int, reference: str) -> None:
        raise ConnectionRefusedError

    async def resync_device(self, instance: Instance, number: int, reference: str) -> None:
        raise ConnectionRefusedError

    async def originate(self, instance: Instance, call: Origination) -> None:
        await asyncio.Event().wait()

    async def subscribers(self, instance: Instance) -> Sequence[Subscriber]:
        return []

    async def queue_statuses(self, instance: Instance) -> Sequence[QueueStatus]:
        raise ConnectionRefusedError


@pytest.fixture
def hanging() -> HangingPbx:
    return HangingPbx()


@pytest.fixture
def core(database: Database, wakeups: Wakeups, tmp_path: Path, hanging: HangingPbx) -> Core:
    pbx = {**adapters(database), "hanging": hanging}
    return Core(database, wakeups, open_storage(str(tmp_path / "files")), pbx=pbx)


async def test_an_instance(core: Core, office: Office) -> None:
    made = await core.instances.create(
        *(office.company_id,), name="pbx", domain="pbx.acme.example", settings={"a": 1}, profile={"ip": "192.0.2.1"}
    )
    assert await core.instances.list(office.company_id) == [made]
    assert await core.instances.get_by_uuid(office.company_id, made.uuid) == made
    assert await core.instances.find_by_name(office.company_id, "pbx") == made
    assert await core.instances.find_by_name(office.company_id, "other") is None
    changed = await core.instances.update(office.company_id, made.id, domain="new.example", profile={"x": 1})
    assert (changed.domain, changed.settings) == ("new.example", {"a": 1})
    assert changed.profile == {"ip": "192.0.2.1", "x": 1}
    for again in ({"name": "pbx"}, {"name": "two", "uuid": made.uuid}):
        with pytest.raises(AlreadyExists):
            await core.instances.create(office.company_id, domain="pbx.acme.example", **again)
    globex = (await furnish(core, name="Globex", number="+12025550145")).company_id
    for refused in (
        core.instances.get(globex, made.id),
        core.instances.get_by_uuid(globex, made.uuid),
        core.instances.get_by_uuid(office.company_id, uuid4()),
        core.instances.update(globex, made.id, domain="theirs.example"),
        core.instances.act_queue(globex, made.id, QueueStatus(number=700)),
        core.instances.create(8192, name="pbx", domain="pbx.example"),
    ):
        with pytest.raises(NotFound):
            await refused
    assert await core.instances.list(globex) == []


async def test_values_that_cannot_be(core: Core, office: Office) -> None:
    wrong: list[dict[str, Any]] = [
        {"name": ""},
        {"name": "no spaces"},
        {"domain": "-.example"},
        {"domain": "x" * 300},
        {"outbound_proxy": "sip:proxy"},
        {"adapter": "pots"},
    ]
    for values in wrong:
        with pytest.raises(Invalid):
            await core.instances.create(office.company_id, **{"name": "pbx", "domain": "pbx.example", **values})
    assert await core.instances.list(office.company_id) == []


async def test_the_sandbox_says_what_it_is_told(core: Core, office: Office) -> None:
    instance = await core.instances.create(office.company_id, name="pbx", domain="pbx.acme.example")
    await core.extensions.create(office.company_id, instance.id, ExtensionChange(number=1001))
    assert await core.instances.subscribers(instance) == []
    for state in ("REGISTERED", "SLEEPING"):
        subscriber = Subscriber(number=1001, state=state, call_status="idle")
        await core.instances.act_subscriber(instance, subscriber)
        (found,) = await core.instances.subscribers(instance)
        assert (found.number, found.state, len(found.devices or [])) == (1001, state, 1)
    with pytest.raises(NotFound):
        await core.instances.act_subscriber(instance, Subscriber(number=9, state="REGISTERED", call_status="idle"))
    late = QueueStatus(number=701, name="Support")
    early = QueueStatus(number=700, waiting=3, longest_wait=40, members=[QueueMember(extension=1001, paused=True)])
    for status in (late, early):
        assert await core.instances.act_queue(office.company_id, instance.id, status) == status
    assert await core.instances.queue_statuses(instance) == [early, late]
    for number in (0, 10**9):
        with pytest.raises(Invalid):
            await core.instances.act_queue(office.company_id, instance.id, QueueStatus(number=number))
    assert set(MEANING) == set(Magic)


async def test_a_real_pbx_is_not_told_what_to_say(core: Core, office: Office) -> None:
    instance = await core.instances.create(office.company_id, name="pbx", domain="x.example", adapter="hanging")
    with pytest.raises(Forbidden):
        await core.instances.act_queue(office.company_id, instance.id, QueueStatus(number=700))
    with pytest.raises(Unavailable):
        await core.instances.queue_statuses(instance)


async def test_a_pbx_that_takes_too_long_is_unavailable(
    core: Core, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ANSWER_SECONDS", 0.05)
    instance = await core.instances.create(office.company_id, name="pbx", domain="x.example", adapter="hanging")
    with pytest.raises(Unavailable):
        await core.extensions.create(office.company_id, instance.id, ExtensionChange(number=1001))
    assert (await core.extensions.page(office.company_id, instance.id, page=1, per_page=9)).in_instance == 0


async def test_a_pbx_that_hangs_holds_nobody_else_up(core: Core, office: Office, hanging: HangingPbx) -> None:
    """Not the other instances, not the pool, and not those who follow the event log."""
    company_id = office.company_id
    slow = await core.instances.create(company_id, name="slow", domain="slow.example", adapter="hanging")
    quick = await core.instances.create(company_id, name="quick", domain="quick.example")
    waiting = [
        asyncio.create_task(core.extensions.create(company_id, slow.id, ExtensionChange(number=number)))
        for number in range(1001, 1021)
    ]
    await hanging.asked.wait()
    made = await core.extensions.create(company_id, quick.id, ExtensionChange(number=1001))

    async def followed() -> bool:
        seen: int = await core.database.fetchval(
            """
            SELECT count(*) FROM events
            WHERE subject_id = $1 AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            """,
            made.id,
        )
        return seen == 1

    # Transactions of other databases, which are other tests', hold it up as well, but not for long.
    await eventually(followed)

    async def settled() -> bool:
        return core.database.in_use == 1

    # Others may still be looking their instance up; then only the one that waits for its PBX has a connection.
    await eventually(settled)
    assert not [task for task in waiting if task.done()]
    hanging.answers.set()
    numbers = sorted(extension.number for extension in await asyncio.gather(*waiting))
    assert numbers == sorted(hanging.lines) == list(range(1001, 1021))
    (first, *_) = (await core.extensions.page(company_id, slow.id, page=1, per_page=9)).items
    await core.extensions.update(company_id, slow.id, first.id, ExtensionChange(number=2001, name="Moved"))
    assert 1001 not in hanging.lines
    line = hanging.lines[2001]
    assert (line.name, line.secret, line.data["dial"], len(line.data)) == ("Moved", first.secret, "PJSIP/2001", 96)
