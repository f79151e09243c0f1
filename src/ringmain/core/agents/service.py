"""Verbs on agents. Each is written with its extension, in one transaction."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ringmain.core.agents import store
from ringmain.core.agents.model import Agent
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.extensions.model import Extension, ExtensionChange
from ringmain.core.extensions.newcomer import NewExtension
from ringmain.core.extensions.service import Extensions
from ringmain.database.pool import Connection, Database

MAX_BEHAVIOUR: Final = 1 << 18
"""Octets of it as JSON: prompts are long."""


class Agents:
    """The agents of companies. An extension that is deleted takes its agent along."""

    def __init__(self, database: Database, extensions: Extensions) -> None:
        self._database = database
        self._extensions = extensions

    async def list(self, company_id: int, *, instance_id: int | None = None) -> list[Agent]:
        """All of a company, or of one of its instances, oldest first."""
        return [store.agent_of(row) for row in await self._database.fetch(store.LIST, company_id, instance_id)]

    async def get(self, company_id: int, agent_id: int) -> Agent:
        """Raises NotFound("agent")."""
        row = await self._database.fetchrow(store.GET, company_id, agent_id)
        if row is None:
            raise NotFound("agent")
        return store.agent_of(row)

    async def create(
        self,
        company_id: int,
        instance_id: int,
        change: ExtensionChange,
        *,
        behaviour: Mapping[str, Any],
        origin: str = "",
    ) -> Agent:
        """Make an agent and its extension, of which `change` needs the number.

        Raises NotFound("instance"), Invalid, AlreadyExists (the number), Unavailable (the PBX failed).
        """
        encoded = _encoded(behaviour)
        made: list[int] = []

        async def keep(connection: Connection, extension: Extension) -> None:
            made.append(await connection.fetchval(store.CREATE, company_id, extension.id, encoded))

        new = NewExtension(change, beside=keep)
        await self._extensions.create_all(company_id, instance_id, [new], origin=origin)
        return await self.get(company_id, made[0])

    async def update(
        self,
        company_id: int,
        agent_id: int,
        change: ExtensionChange,
        *,
        behaviour: Mapping[str, Any],
        to_instance_id: int | None = None,
        origin: str = "",
    ) -> Agent:
        """Change what is given: of its extension, and key by key of `behaviour`; `to_instance_id` moves it.

        Raises as `create`, and NotFound("agent").
        """
        encoded = _encoded(behaviour)

        async def keep(connection: Connection, _: Extension) -> None:
            await connection.execute(store.UPDATE, company_id, agent_id, encoded)

        extension = (await self.get(company_id, agent_id)).extension
        await self._extensions.update(
            *(company_id, extension.instance_id, extension.id, change),
            to_instance_id=to_instance_id,
            beside=keep,
            origin=origin,
        )
        return await self.get(company_id, agent_id)

    async def delete(self, company_id: int, agent_id: int, *, origin: str = "") -> None:
        """Delete it with its extension. Raises NotFound("agent"), Unavailable (the PBX failed)."""
        extension = (await self.get(company_id, agent_id)).extension
        await self._extensions.delete(company_id, extension.instance_id, extension.id, origin=origin)


def _encoded(behaviour: Mapping[str, Any]) -> str:
    encoded = msgspec.json.encode(behaviour)
    if len(encoded) > MAX_BEHAVIOUR or b"\\u0000" in encoded:
        raise Invalid("behaviour", f"must be at most {MAX_BEHAVIOUR} octets of JSON without NUL characters")
    return encoded.decode()
