"""Agents: machines that answer calls (specs/ringotel.md 3, group Other). The reference shows no results: ours."""

from typing import Any

import msgspec
from msgspec import UNSET

from ringmain.core.agents.model import Agent, AgentChange
from ringmain.core.errors import Invalid
from ringmain.core.ids import milliseconds_of
from ringmain.core.system import Core
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.branches import BRANCH, ORIGIN
from ringmain.dialects.ringotel.params import Id, Word
from ringmain.dialects.ringotel.rpc import Method, Org

USUAL = ("greeting", "language", "prompt")


class NewAgent(msgspec.Struct, frozen=True):
    """Of createAgent. `agent` is kept as it is; without a password one is made."""

    branchid: Id
    name: Word
    extension: Word
    username: Word = Word()
    authname: Word = Word()
    password: Word = Word()
    agent: dict[str, Any] | list[Any] = {}


class ChangedAgent(msgspec.Struct, frozen=True):
    """Of updateAgent. What is absent stays, also key by key in `agent`."""

    id: Id
    branchid: Id | None = None
    name: Word | None = None
    extension: Word | None = None
    username: Word | None = None
    authname: Word | None = None
    password: Word | None = None
    agent: dict[str, Any] | list[Any] = {}


class OfBranch(msgspec.Struct, frozen=True):
    """Of getAgents: one branch's, or all."""

    branchid: Id | None = None


class Known(msgspec.Struct, frozen=True):
    """An agent by its id."""

    id: Id


class WireAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent. `userid` is its user's id; the password is shown when it was just set."""

    id: str
    userid: str
    branchid: str
    name: str
    extension: str
    username: str
    authname: str
    domain: str
    created: int
    status: int
    agent: dict[str, Any]
    password: str | None = None


class AgentMethods:
    """The agents of organizations."""

    def __init__(self, core: Core) -> None:
        self._agents = core.agents
        self.methods = [
            Method("getAgents", OfBranch, self.list),
            Method("createAgent", NewAgent, self.create, changes=True),
            Method("updateAgent", ChangedAgent, self.update, changes=True),
            Method("deleteAgent", Known, self.delete, changes=True),
        ]

    async def list(self, org: Org, given: OfBranch) -> list[WireAgent]:
        """Oldest first."""
        branch = None if given.branchid is None else ids.decode(given.branchid, BRANCH)
        return [wire(agent, org) for agent in await self._agents.list(org.company_id, instance_id=branch)]

    async def create(self, org: Org, given: NewAgent) -> WireAgent:
        """Make one, with a user of its own that every dialect shows as an extension."""
        change = AgentChange(
            number=_extension(given.extension),
            name=given.name,
            username=given.username or given.extension,
            auth_name=given.authname or given.username or given.extension,
            password=given.password or UNSET,
            behaviour=_behaviour(given.agent),
        )
        made = await self._agents.create(org.company_id, ids.decode(given.branchid, BRANCH), change, origin=ORIGIN)
        return wire(made, org, password=made.password)

    async def update(self, org: Org, given: ChangedAgent) -> WireAgent:
        """Change what is given. It stays in its branch."""
        agent = await self._agents.get(org.company_id, ids.decode(given.id, "agent"))
        if given.branchid is not None and ids.decode(given.branchid, BRANCH) != agent.instance_id:
            raise Invalid("branchid", "cannot be changed: create another agent")
        change = AgentChange(
            number=UNSET if given.extension is None else _extension(given.extension),
            name=UNSET if given.name is None else given.name,
            username=UNSET if given.username is None else given.username,
            auth_name=UNSET if given.authname is None else given.authname,
            password=given.password or UNSET,
            behaviour=_behaviour(given.agent),
        )
        changed = await self._agents.update(org.company_id, agent.id, change, origin=ORIGIN)
        return wire(changed, org, password=changed.password if given.password else None)

    async def delete(self, org: Org, given: Known) -> None:
        """Delete it with its user."""
        await self._agents.delete(org.company_id, ids.decode(given.id, "agent"), origin=ORIGIN)


def _extension(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadRequest("extension: must be a number of 1 to 9 digits")
    return int(text)


def _behaviour(given: dict[str, Any] | list[Any]) -> dict[str, Any]:
    """PHP writes an empty object as an empty list."""
    if isinstance(given, dict):
        return given
    if given:
        raise BadRequest("agent: must be an object")
    return {}


def wire(agent: Agent, org: Org, *, password: str | None = None) -> WireAgent:
    """As clients see it."""
    return WireAgent(
        id=ids.encode(agent.id),
        userid=ids.encode(agent.extension_id),
        branchid=ids.encode(agent.instance_id),
        name=agent.name,
        extension=str(agent.number),
        username=agent.username,
        authname=agent.auth_name,
        domain=org.domain,
        created=milliseconds_of(agent.id),
        status=1,
        agent={**dict.fromkeys(USUAL, ""), **agent.behaviour},
        password=password,
    )
