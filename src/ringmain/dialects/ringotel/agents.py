"""Agents: machines that answer calls (specs/ringotel.md 3, group Other). The reference shows no results: ours."""

from typing import Any, Final

import msgspec

from ringmain.core.agents.model import Agent
from ringmain.core.extensions.service import password_of
from ringmain.core.ids import milliseconds_of
from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.branches import BRANCH, ORIGIN
from ringmain.dialects.ringotel.params import Id, Word
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.user_params import UserFields, change_of, number_of, object_of
from ringmain.dialects.ringotel.users_wire import authname_of, name_of, status_of, username_of

AGENT: Final = "agent"
USUAL: Final = ("greeting", "language", "prompt")


class NewAgent(UserFields, frozen=True, kw_only=True):
    """Of createAgent. `agent` is kept as it is; without a password one is made."""

    branchid: Id
    name: Word
    extension: Word
    agent: dict[str, Any] | list[Any] = msgspec.field(default_factory=dict)


class ChangedAgent(UserFields, frozen=True, kw_only=True):
    """Of updateAgent. What is absent stays, also key by key in `agent`; `branchid` moves it."""

    id: Id
    branchid: Id | None = None
    agent: dict[str, Any] | list[Any] = msgspec.field(default_factory=dict)


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
        change = change_of(given, number=number_of(given), activation="active")
        branch, behaviour = ids.decode(given.branchid, BRANCH), object_of(AGENT, given.agent)
        made = await self._agents.create(org.company_id, branch, change, behaviour=behaviour, origin=ORIGIN)
        return wire(made, org, password=password_of(made.extension))

    async def update(self, org: Org, given: ChangedAgent) -> WireAgent:
        """Change what is given."""
        changed = await self._agents.update(
            org.company_id,
            ids.decode(given.id, AGENT),
            change_of(given, number=number_of(given)),
            behaviour=object_of(AGENT, given.agent),
            to_instance_id=None if given.branchid is None else ids.decode(given.branchid, BRANCH),
            origin=ORIGIN,
        )
        return wire(changed, org, password=given.password or None)

    async def delete(self, org: Org, given: Known) -> None:
        """Delete it with its user."""
        await self._agents.delete(org.company_id, ids.decode(given.id, AGENT), origin=ORIGIN)


def wire(agent: Agent, org: Org, *, password: str | None = None) -> WireAgent:
    """As clients see it."""
    return WireAgent(
        id=ids.encode(agent.id),
        userid=ids.encode(agent.extension.id),
        branchid=ids.encode(agent.extension.instance_id),
        name=name_of(agent.extension),
        extension=str(agent.extension.number),
        username=username_of(agent.extension),
        authname=authname_of(agent.extension),
        domain=org.domain,
        created=milliseconds_of(agent.id),
        status=status_of(agent.extension),
        agent={**dict.fromkeys(USUAL, ""), **agent.behaviour},
        password=password,
    )
