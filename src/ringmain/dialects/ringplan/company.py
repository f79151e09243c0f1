"""Company: rows 1 and 2 of specs/ringplan.md, under both of the vendor's prefixes (section 6, row 2)."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Forbidden
from ringmain.core.people.service import check_email
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import wire
from ringmain.dialects.ringplan.address import Address, Count, Flag, Text, given_in


class CompanyBody(msgspec.Struct):
    """Body of row 2. The rest of a company is read-only: ids, dates, status, and what the vendor's partners get."""

    address: Address | UnsetType | None = UNSET
    billing_email: Text = UNSET
    description: Text = UNSET
    email: Text = UNSET
    emergency_contact_number: Text = UNSET
    employees: Count = UNSET
    fax: Text = UNSET
    name: Text = UNSET
    onboarding: Flag = UNSET
    phone: Text = UNSET
    revenue: Count = UNSET
    website: Text = UNSET


BODY: Final = Decoder(msgspec.json.Decoder(CompanyBody))
PREFIXES: Final = ("/company", "/system/company")


def require_owner(caller: Caller) -> None:
    """Raises Forbidden for anybody but the company's owner."""
    if not caller.owner:
        raise Forbidden("Only the company's owner may do this")


class CompanyRoutes:
    """The caller's company."""

    def __init__(self, core: Core) -> None:
        self._companies = core.companies
        self.endpoints = [
            endpoint
            for path in PREFIXES
            for endpoint in (Endpoint("GET", path, self.show), Endpoint("PATCH", path, self.update))
        ]

    async def show(self, _: Request, caller: Caller) -> Response:
        """Get company information."""
        return answer.json(wire.company(await self._companies.get(caller.company_id)))

    async def update(self, request: Request, caller: Caller) -> Response:
        """Update company: what is given, in its address too."""
        require_owner(caller)
        body: CompanyBody = await BODY(request)
        for email in (body.email, body.billing_email):
            if email:
                check_email(email)
        company = await self._companies.update(
            caller.company_id,
            name=None if body.name is UNSET else body.name or "",
            profile=given_in(body, "name"),
            deep=True,
        )
        return answer.json(wire.company(company))
