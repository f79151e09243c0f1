"""Agents: an extension and what answers there, made and deleted as one."""

import pytest

from ringmain.core.agents.model import AgentChange
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unavailable
from ringmain.core.system import Core
from ringmain.pbx.sandbox import Magic
from tests.conftest import Office, furnish


@pytest.fixture
async def instance_id(core: Core, office: Office) -> int:
    return (await core.instances.create(office.company_id, name="pbx", domain="pbx.example.com")).id


async def test_both_or_neither(core: Core, office: Office, instance_id: int) -> None:
    made = await core.agents.create(office.company_id, instance_id, AgentChange(number=700, behaviour={"prompt": "P"}))
    assert await core.agents.get(office.company_id, made.id) == made
    wrong: list[tuple[AgentChange, type[Exception]]] = [
        (AgentChange(number=700), AlreadyExists),
        (AgentChange(number=701, username="x" * 201), Invalid),
        (AgentChange(number=701, behaviour={"prompt": "\0"}), Invalid),
        (AgentChange(number=Magic.CANNOT_BE_PUT), Unavailable),
        (AgentChange(), Invalid),
    ]
    for change, error in wrong:
        with pytest.raises(error):
            await core.agents.create(office.company_id, instance_id, change)
    assert await core.agents.list(office.company_id) == [made]
    assert await core.database.fetchval("SELECT count(*) FROM extensions") == 1
    with pytest.raises(Unavailable):
        await core.agents.update(office.company_id, made.id, AgentChange(number=5020, username="new"))
    assert await core.agents.list(office.company_id, instance_id=instance_id) == [made]


async def test_its_extension_is_told_of(core: Core, office: Office, instance_id: int) -> None:
    made = await core.agents.create(office.company_id, instance_id, AgentChange(number=700, name="Baker"))
    await core.agents.update(office.company_id, made.id, AgentChange(username="only here"))
    await core.agents.update(office.company_id, made.id, AgentChange(name="Miller"))
    await core.agents.delete(office.company_id, made.id)
    rows = await core.database.fetch("SELECT type FROM events WHERE type LIKE 'extension.%' ORDER BY id")
    assert [row["type"] for row in rows] == ["extension.created", "extension.updated", "extension.deleted"]


async def test_others_are_unknown(core: Core, office: Office, instance_id: int) -> None:
    made = await core.agents.create(office.company_id, instance_id, AgentChange(number=700))
    stranger = await furnish(core, name="Globex", number="+12025550145")
    for company_id, agent_id in ((stranger.company_id, made.id), (office.company_id, 1)):
        with pytest.raises(NotFound, match="agent"):
            await core.agents.get(company_id, agent_id)
        with pytest.raises(NotFound, match="agent"):
            await core.agents.update(company_id, agent_id, AgentChange(name="x"))
        with pytest.raises(NotFound, match="agent"):
            await core.agents.delete(company_id, agent_id)
    with pytest.raises(NotFound, match="instance"):
        await core.agents.create(stranger.company_id, instance_id, AgentChange(number=700))
    assert await core.agents.list(stranger.company_id) == []
    assert await core.agents.get(office.company_id, made.id) == made
