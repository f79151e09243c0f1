"""Agents: an extension and what answers there, made and deleted as one."""

import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unavailable
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.system import Core
from ringmain.pbx.sandbox import Magic
from tests.conftest import Office, furnish


@pytest.fixture
async def instance_id(core: Core, office: Office) -> int:
    return (await core.instances.create(office.company_id, name="pbx", domain="pbx.example.com")).id


async def test_both_or_neither(core: Core, office: Office, instance_id: int) -> None:
    made = await core.agents.create(
        office.company_id, instance_id, ExtensionChange(number=700), behaviour={"prompt": "P"}
    )
    assert await core.agents.get(office.company_id, made.id) == made
    wrong: list[tuple[ExtensionChange, str, type[Exception]]] = [
        (ExtensionChange(number=700), "P", AlreadyExists),
        (ExtensionChange(number=701, name="x" * 201), "P", Invalid),
        (ExtensionChange(number=701), "\0", Invalid),
        (ExtensionChange(number=701), "x" * 300_000, Invalid),
        (ExtensionChange(number=Magic.CANNOT_BE_PUT), "P", Unavailable),
        (ExtensionChange(), "P", Invalid),
    ]
    for change, prompt, error in wrong:
        with pytest.raises(error):
            await core.agents.create(office.company_id, instance_id, change, behaviour={"prompt": prompt})
    assert await core.agents.list(office.company_id) == [made]
    assert await core.database.fetchval("SELECT count(*) FROM extensions") == 1
    with pytest.raises(Unavailable):
        await core.agents.update(office.company_id, made.id, ExtensionChange(number=5020), behaviour={"prompt": "Q"})
    assert await core.agents.list(office.company_id, instance_id=instance_id) == [made]


async def test_its_extension_is_told_of(core: Core, office: Office, instance_id: int) -> None:
    made = await core.agents.create(
        office.company_id, instance_id, ExtensionChange(number=700, name="Baker"), behaviour={}
    )
    await core.agents.update(office.company_id, made.id, ExtensionChange(name="Miller"), behaviour={})
    await core.agents.delete(office.company_id, made.id)
    rows = await core.database.fetch("SELECT type FROM events WHERE type LIKE 'extension.%' ORDER BY id")
    assert [row["type"] for row in rows] == ["extension.created", "extension.updated", "extension.deleted"]


async def test_others_are_unknown(core: Core, office: Office, instance_id: int) -> None:
    made = await core.agents.create(office.company_id, instance_id, ExtensionChange(number=700), behaviour={})
    stranger = await furnish(core, name="Globex", number="+12025550145")
    for company_id, agent_id in ((stranger.company_id, made.id), (office.company_id, 1)):
        with pytest.raises(NotFound, match="agent"):
            await core.agents.get(company_id, agent_id)
        with pytest.raises(NotFound, match="agent"):
            await core.agents.update(company_id, agent_id, ExtensionChange(name="x"), behaviour={})
        with pytest.raises(NotFound, match="agent"):
            await core.agents.delete(company_id, agent_id)
    with pytest.raises(NotFound, match="instance"):
        await core.agents.create(stranger.company_id, instance_id, ExtensionChange(number=700), behaviour={})
    assert await core.agents.list(stranger.company_id) == []
    assert await core.agents.get(office.company_id, made.id) == made
