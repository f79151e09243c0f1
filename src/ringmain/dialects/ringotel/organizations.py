"""Organizations: companies of the caller's account (specs/ringotel.md 3, group Org)."""

from ringmain.core.accounts.model import AccountCaller
from ringmain.core.system import Core
from ringmain.dialects.ringotel import organizations_wire as wire
from ringmain.dialects.ringotel.params import NoParams
from ringmain.dialects.ringotel.rpc import Method, Org


class OrganizationMethods:
    """The organizations of an account."""

    def __init__(self, core: Core) -> None:
        self._accounts = core.accounts
        self.methods = [
            Method("getOrganizations", NoParams, self.list, account_level=True),
            Method("getOrganization", NoParams, self.show, org_key="id", blocked_too=True),
        ]

    async def list(self, caller: AccountCaller, _: NoParams) -> list[wire.WireOrganization]:
        """All of them, oldest first."""
        return [wire.organization(company) for company in await self._accounts.companies(caller.account_id)]

    async def show(self, org: Org, _: NoParams) -> wire.WireOrganization:
        """One, as an object (section 5, reading 16)."""
        return wire.organization(org.company)
