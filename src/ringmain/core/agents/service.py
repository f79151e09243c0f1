"""Verbs on agents."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from ringmain.core.agents import store
from ringmain.core.agents.model import Agent, AgentChange
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.extensions.service import Extensions
from ringmain.core.instances.service import Instances
from ringmain.core.texting.checks import check_name
from ringmain.database.pool import Database
from ringmain.database.single import joined_transaction
from ringmain.database.wakeup import Wakeups

MAX_BEHAVIOUR: Final = 1 << 18
"""Octets of it as JSON: prompts are long."""


class Agents:
    """The agents of companies. An extension that is deleted takes its agent along."""

    def __init__(self, database: Database, wakeups: Wakeups, instances: Instances) -> None:
        self._database = database
        self._wakeups = wakeups
        self._instances = instances

    async def list(self, company_id: int, *, instance_id: int | None = None) -> list[Agent]:
        """All of a company, or of one of its instances, oldest first."""
        return [store.agent_of(row) for row in await self._database.fetch(store.LIST, company_id, instance_id)]

    async def get(self, company_id: int, agent_id: int) -> Agent:
        """Raises NotFound("agent")."""
        row = await self._database.fetchrow(store.GET, company_id, agent_id)
        if row is None:
            raise NotFound("agent")
        return store.agent_of(row)

    async def create(self, company_id: int, instance_id: int, change: AgentChange, *, origin: str = "") -> Agent:
        """Make an agent and its extension, whose `number` is needed.

        Raises NotFound("instance"), Invalid, AlreadyExists (the number), Unavailable (the PBX failed).
        """
        words = _words(change)
        async with joined_transaction(self._database, self._wakeups) as (database, wakeups):
            extension = await Extensions(database, wakeups, self._instances).create(
                company_id, instance_id, _extension(change), origin=origin
            )
            made = (company_id, extension.id, words[0] or "", words[1] or "", words[2])
            agent_id = await database.fetchval(store.CREATE, *made)
        return await self.get(company_id, agent_id)

    async def update(self, company_id: int, agent_id: int, change: AgentChange, *, origin: str = "") -> Agent:
        """Change what is given, of its extension too. Raises as `create`, and NotFound("agent")."""
        words = _words(change)
        agent = await self.get(company_id, agent_id)
        async with joined_transaction(self._database, self._wakeups) as (database, wakeups):
            wanted = _extension(change)
            if wanted != ExtensionChange():
                await Extensions(database, wakeups, self._instances).update(
                    company_id, agent.instance_id, agent.extension_id, wanted, origin=origin
                )
            await database.execute(store.UPDATE, company_id, agent_id, *words)
        return await self.get(company_id, agent_id)

    async def delete(self, company_id: int, agent_id: int, *, origin: str = "") -> None:
        """Delete it with its extension. Raises NotFound("agent"), Unavailable (the PBX failed)."""
        agent = await self.get(company_id, agent_id)
        extensions = Extensions(self._database, self._wakeups, self._instances)
        await extensions.delete(company_id, agent.instance_id, agent.extension_id, origin=origin)


def _extension(change: AgentChange) -> ExtensionChange:
    data = {} if change.password is UNSET else {"secret": change.password}
    return ExtensionChange(number=change.number, name=change.name, data=data)


def _words(change: AgentChange) -> tuple[str | None, str | None, str]:
    behaviour = msgspec.json.encode(change.behaviour)
    if len(behaviour) > MAX_BEHAVIOUR or b"\\u0000" in behaviour:
        raise Invalid("agent", f"must be at most {MAX_BEHAVIOUR} octets of JSON without NUL characters")
    return _name("username", change.username), _name("auth_name", change.auth_name), behaviour.decode()


def _name(field: str, value: Any | UnsetType) -> str | None:
    return None if value is UNSET else check_name(field, value)
