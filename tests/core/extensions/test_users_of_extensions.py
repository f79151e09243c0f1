"""Extensions made together, moved, had back; their devices."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unavailable, WrongState
from ringmain.core.extensions.model import Extension, ExtensionChange
from ringmain.core.extensions.newcomer import NewExtension
from ringmain.core.groups.model import GroupChange
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Device, Subscriber
from ringmain.core.system import Core
from ringmain.database.pool import Connection
from ringmain.pbx.sandbox import Magic
from tests.conftest import Office


@pytest.fixture
async def instance(core: Core, office: Office) -> Instance:
    return await core.instances.create(office.company_id, name="pbx", domain="pbx.acme.example")


async def make(core: Core, instance: Instance, number: int, **fields: Any) -> Extension:
    return await core.extensions.create(instance.company_id, instance.id, ExtensionChange(number=number, **fields))


async def test_several_are_made_together_or_not_at_all(core: Core, instance: Instance) -> None:
    company_id = instance.company_id

    async def fail(connection: Connection, extension: Extension) -> None:
        raise WrongState("no")

    async def refused(error: type[Exception], *news: NewExtension) -> None:
        with pytest.raises(error):
            await core.extensions.create_all(company_id, instance.id, news)
        assert await core.extensions.all(company_id) == []
        assert await core.database.fetchval("SELECT count(*) FROM events WHERE type LIKE 'extension.%'") == 0

    one, two = (NewExtension(ExtensionChange(number=number)) for number in (101, 102))
    await refused(AlreadyExists, one, one)
    await refused(Invalid, one, NewExtension(ExtensionChange()))
    await refused(Unavailable, one, NewExtension(ExtensionChange(number=int(Magic.CANNOT_BE_PUT))))
    await refused(WrongState, one, NewExtension(ExtensionChange(number=102), beside=fail))
    made = await core.extensions.create_all(company_id, instance.id, [two, one])
    assert [extension.number for extension in made] == [102, 101]
    assert await core.extensions.all(company_id, instance_id=instance.id) == made


async def test_whoever_moves_leaves_their_groups(core: Core, instance: Instance) -> None:
    company_id = instance.company_id
    other = await core.instances.create(company_id, name="other", domain="other.acme.example")
    moved = await make(core, instance, 101)
    await make(core, instance, 102)
    group = await core.groups.create(
        company_id, instance.id, GroupChange(number=800, members=[101, 102], strategy="simultaneous")
    )
    after = await core.extensions.update(
        company_id, instance.id, moved.id, ExtensionChange(number=103), to_instance_id=other.id
    )
    assert (after.id, after.instance_id, after.number) == (moved.id, other.id, 103)
    assert (await core.groups.get(company_id, group.id)).members == [102]
    with pytest.raises(NotFound):
        await core.extensions.update(company_id, instance.id, moved.id, ExtensionChange(name="x"))


async def test_a_chat_line_comes_back_with_its_extension(core: Core, instance: Instance) -> None:
    company_id = instance.company_id
    await core.database.execute("DELETE FROM conversations")
    await core.database.execute("DELETE FROM numbers")
    made = await make(core, instance, 101, profile={"note": "Door"})
    user = await core.chat_parties.user(company_id, made.id)
    assert await core.chat_parties.number_for(company_id, user) == "101"
    await core.extensions.delete(company_id, instance.id, made.id)
    back = await core.extensions.recover(company_id, 101, NewExtension(ExtensionChange(name="Back")))
    assert (back.id, back.name, back.secret, back.profile) == (made.id, "Back", made.secret, {"note": "Door"})
    assert await core.database.fetchval("SELECT extension_id FROM numbers WHERE line") == made.id
    with pytest.raises(AlreadyExists):
        await core.extensions.recover(company_id, 101, NewExtension(ExtensionChange()))


async def test_what_is_kept_of_a_user_has_an_end(core: Core, instance: Instance) -> None:
    made = await make(core, instance, 101)
    with pytest.raises(Invalid):
        await core.extensions.update(
            *(instance.company_id, instance.id, made.id), ExtensionChange(profile={"note": "x" * 70_000})
        )


async def test_devices_that_say_the_same_are_the_same(core: Core, instance: Instance) -> None:
    company_id = instance.company_id
    made = await make(core, instance, 101)

    async def seen(*devices: Device) -> None:
        subscriber = Subscriber(number=101, state="REGISTERED", call_status="idle", devices=list(devices))
        unknown = Subscriber(number=999, state="REGISTERED", call_status="idle", devices=list(devices))
        await core.extensions.observe(company_id, instance.id, [subscriber, unknown])

    desk = Device(reference="a", user_agent="Desk", address="192.0.2.1")
    for _ in range(3):
        await seen(desk, desk)
    (device,) = await core.devices.list(company_id, extension_id=made.id)
    span = {"since": datetime.now(UTC) - timedelta(hours=1), "until": datetime.now(UTC) + timedelta(hours=1)}
    assert len(await core.devices.history(company_id, made.id, **span)) == 1
    await seen(Device(reference="a", user_agent="Desk", address="192.0.2.2"))
    (again,) = await core.devices.list(company_id)
    assert (again.id, again.address, again.online) == (device.id, "192.0.2.2", True)
    latest, first = await core.devices.history(company_id, made.id, **span)
    assert (latest.unregistered_at, first.unregistered_at is not None) == (None, True)
    await core.extensions.observe(company_id, instance.id, [Subscriber(number=101, state="AWAY", call_status="idle")])
    assert (await core.devices.list(company_id))[0].online
