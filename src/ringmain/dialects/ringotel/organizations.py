"""Organizations: companies of the caller's account (specs/ringotel.md 3, group Org)."""

from typing import Any

import msgspec

from ringmain.core.accounts.model import AccountCaller
from ringmain.core.companies.model import CompanyNotes
from ringmain.core.errors import AlreadyExists, Invalid
from ringmain.core.system import Core
from ringmain.dialects.ringotel import catalogue, ids
from ringmain.dialects.ringotel import organizations_wire as wire
from ringmain.dialects.ringotel.params import Flag, NoParams, Whole, Word
from ringmain.dialects.ringotel.rpc import SUFFIX, Method, Org, label_of


class NewOrganization(msgspec.Struct, frozen=True):
    """Of createOrganization."""

    name: Word
    domain: Word
    region: Word
    admlogin: Word = Word()
    admpassw: Word = Word()
    packageid: Whole = 1
    params: dict[str, Any] | list[Any] = {}


class OrganizationChange(msgspec.Struct, frozen=True):
    """Of updateOrganization. What is absent stays."""

    name: Word | None = None
    admlogin: Word | None = None
    admpassw: Word | None = None
    packageid: Whole | None = None
    params: dict[str, Any] | list[Any] = {}


class Status(msgspec.Struct, frozen=True):
    """0 blocks, 1 lets in again."""

    status: Flag


class OrganizationMethods:
    """The organizations of an account."""

    def __init__(self, core: Core) -> None:
        self._accounts = core.accounts
        self._companies = core.companies
        self.methods = [
            Method("getOrganizations", NoParams, self.list, account_level=True),
            Method("createOrganization", NewOrganization, self.create, account_level=True, changes=True),
            Method("getOrganization", NoParams, self.show, org_key="id", blocked_too=True),
            Method("updateOrganization", OrganizationChange, self.update, org_key="id", blocked_too=True, changes=True),
            Method("deleteOrganization", NoParams, self.delete, org_key="id", blocked_too=True, changes=True),
            Method("setOrganizationStatus", Status, self.set_status, org_key="id", blocked_too=True, changes=True),
        ]

    async def list(self, caller: AccountCaller, _: NoParams) -> list[wire.WireOrganization]:
        """All of them, oldest first."""
        return [wire.organization(company) for company in await self._accounts.companies(caller.account_id)]

    async def show(self, org: Org, _: NoParams) -> wire.WireOrganization:
        """One, as an object (section 5, reading 16)."""
        return wire.organization(org.company)

    async def create(self, caller: AccountCaller, given: NewOrganization) -> dict[str, str]:
        """Make one. Its domain must be free among all accounts, in whatever case (section 5, reading 28)."""
        if given.region not in catalogue.REGION_IDS:
            raise Invalid("region", "is none of those of getRegions")
        label = label_of(given.domain)
        notes = CompanyNotes(
            region=given.region,
            package_id=given.packageid,
            admin_login=given.admlogin,
            admin_password=given.admpassw,
            params=as_object(given.params),
        )
        try:
            made = await self._accounts.create_company(caller.account_id, name=given.name, domain=label, notes=notes)
        except AlreadyExists:
            raise AlreadyExists(f"Domain {label}{SUFFIX} already exists") from None
        return {"id": ids.encode(made.id)}

    async def update(self, org: Org, given: OrganizationChange) -> None:
        """Change what is given; of `params` the keys that are given."""
        await self._companies.update_notes(
            org.company_id,
            name=given.name,
            package_id=given.packageid,
            admin_login=given.admlogin,
            admin_password=given.admpassw,
            params=as_object(given.params),
        )

    async def delete(self, org: Org, _: NoParams) -> None:
        """Delete it with everything that it has."""
        await self._companies.delete(org.company_id)

    async def set_status(self, org: Org, given: Status) -> None:
        """Block it, or let its people in again."""
        await self._companies.set_blocked(org.company_id, blocked=given.status == 0)


def as_object(given: dict[str, Any] | list[Any]) -> dict[str, Any]:
    """PHP writes an empty object as an empty list. Raises Invalid for other lists."""
    if isinstance(given, dict):
        return given
    if given:
        raise Invalid("params", "must be an object")
    return {}
