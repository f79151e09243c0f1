"""Connections: branches, which are a company's PBX instances (specs/ringotel.md 3, group Connection)."""

import re
from typing import Any, Final
from uuid import uuid4

import msgspec

from ringmain.core.errors import AlreadyExists, Invalid
from ringmain.core.ids import milliseconds_of
from ringmain.core.instances.model import Instance
from ringmain.core.system import Core
from ringmain.dialects.ringotel import catalogue, ids
from ringmain.dialects.ringotel.organizations import as_object
from ringmain.dialects.ringotel.params import Flag, Id, NoParams, Word
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.services import services_of

BRANCH: Final = "branch"
NO_LETTERS: Final = re.compile(r"[^a-z0-9]+")
ORIGIN: Final = "ringotel"


class NewBranch(msgspec.Struct, frozen=True):
    """Of createBranch. `address` is host:port; `provision` is kept as it is."""

    name: Word
    address: Word
    country: Word | None = None
    provision: dict[str, Any] | list[Any] | None = None


class BranchChange(msgspec.Struct, frozen=True):
    """Of updateBranch. What is absent stays; `provision` takes the place of the old one."""

    id: Id
    name: Word | None = None
    address: Word | None = None
    country: Word | None = None
    provision: dict[str, Any] | list[Any] | None = None


class Known(msgspec.Struct, frozen=True):
    """A branch by its id."""

    id: Id


class BranchStatus(msgspec.Struct, frozen=True):
    """Of setBranchStatus."""

    id: Id
    status: Flag


class WireBranch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A branch. `accountid` is its organization, `domain` that one's; `status` 1 is active."""

    id: str
    accountid: str
    name: str
    address: str
    domain: str
    created: int
    status: int
    country: str | None = None
    provision: dict[str, Any] | None = None


class BranchMethods:
    """The branches of organizations."""

    def __init__(self, core: Core) -> None:
        self._instances = core.instances
        self._extensions = core.extensions
        self._integrations = core.integrations
        self.methods = [
            Method("getBranches", NoParams, self.list_all),
            Method("getBranch", Known, self.show),
            Method("createBranch", NewBranch, self.create, changes=True),
            Method("updateBranch", BranchChange, self.update, changes=True),
            Method("deleteBranch", Known, self.delete, changes=True),
            Method("setBranchStatus", BranchStatus, self.set_status, changes=True),
            Method("getBranchOptions", NoParams, self.show_options),
        ]

    async def list_all(self, org: Org, _: NoParams) -> list[WireBranch]:
        """All of an organization, oldest first."""
        return [branch(one, org) for one in await self._instances.list(org.company_id)]

    async def show(self, org: Org, given: Known) -> WireBranch:
        """One."""
        return branch(await self._instances.get(org.company_id, ids.decode(given.id, BRANCH)), org)

    async def create(self, org: Org, given: NewBranch) -> dict[str, str]:
        """Make one. Two may have the same name."""
        if not given.name.strip():
            raise Invalid("name", "must not be empty")
        profile = profile_of(given)
        host = NO_LETTERS.sub("-", given.name.lower()).strip("-")[:40].strip("-") or BRANCH
        try:
            made = await self._make(org, host, given, profile)
        except AlreadyExists:
            made = await self._make(org, f"{host}-{uuid4().hex[:12]}", given, profile)
        return {"id": ids.encode(made.id)}

    async def _make(self, org: Org, host: str, given: NewBranch, profile: dict[str, Any]) -> Instance:
        return await self._instances.create(org.company_id, name=host, domain=given.address.strip(), profile=profile)

    async def update(self, org: Org, given: BranchChange) -> None:
        """Change what is given."""
        if given.name is not None and not given.name.strip():
            raise Invalid("name", "must not be empty")
        branch_id = ids.decode(given.id, BRANCH)
        address = None if given.address is None else given.address.strip()
        await self._instances.update(org.company_id, branch_id, domain=address, profile=profile_of(given))

    async def delete(self, org: Org, given: Known) -> list[str]:
        """Delete it with its users; answers their ids (section 5, reading 24). Its calls and voicemail stay."""
        gone = await self._extensions.delete_instance(org.company_id, ids.decode(given.id, BRANCH), origin=ORIGIN)
        return [ids.encode(extension_id) for extension_id in gone]

    async def set_status(self, org: Org, given: BranchStatus) -> None:
        """Say that it is in use, or that it is not."""
        branch_id = ids.decode(given.id, BRANCH)
        await self._instances.update(org.company_id, branch_id, profile={"status": given.status})

    async def show_options(self, org: Org, _: NoParams) -> dict[str, object]:
        """What a branch can be given."""
        services = await services_of(self._integrations, org.company_id)
        return {"devices": catalogue.DEVICES, "tones": catalogue.TONES, "services": services}


def profile_of(given: NewBranch | BranchChange) -> dict[str, Any]:
    """What an instance only keeps for its branch."""
    values = {
        "title": given.name,
        "country": given.country,
        "provision": None if given.provision is None else as_object(given.provision),
    }
    return {key: value for key, value in values.items() if value is not None}


def branch(instance: Instance, org: Org) -> WireBranch:
    """One, also of an instance that was no branch when it was made."""
    profile = instance.profile
    return WireBranch(
        id=ids.encode(instance.id),
        accountid=org.id,
        name=profile.get("title", instance.name),
        address=instance.domain,
        domain=org.domain,
        created=milliseconds_of(instance.id),
        status=profile.get("status", 1),
        country=profile.get("country"),
        provision=profile.get("provision"),
    )
