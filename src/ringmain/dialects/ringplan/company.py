"""Company: row 1 of specs/ringplan.md, under both of the vendor's prefixes (section 6, row 2)."""

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import wire


class CompanyRoutes:
    """The caller's company."""

    def __init__(self, core: Core) -> None:
        self._companies = core.companies
        self.endpoints = [
            Endpoint("GET", "/system/company", self.show),
            Endpoint("GET", "/company", self.show),
        ]

    async def show(self, _: Request, caller: Caller) -> Response:
        """Get company information."""
        return answer.json(wire.company(await self._companies.get(caller.company_id)))
