"""Users in company: row 3 of specs/ringplan.md, under both of the vendor's prefixes (section 6, row 2)."""

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import lists, wire


class UserRoutes:
    """The people of the caller's company, whom the vendor calls contacts."""

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self.endpoints = [
            Endpoint("GET", "/system/company/contacts", self.page),
            Endpoint("GET", "/company/contacts", self.page),
            Endpoint("GET", "/system/account", self.show_caller),
        ]

    async def page(self, request: Request, caller: Caller) -> Response:
        """Get users in company: 204 when nobody matches, as documented for this list alone."""
        wanted = lists.page_of(request, strict=True)
        people, total = await self._people.page(
            caller.company_id,
            first_name=query.text(request, "first_name"),
            email=query.text(request, "work_email"),
            page=wanted.page,
            per_page=wanted.per_page,
        )
        if not total:
            return answer.empty()
        return lists.page([wire.contact(person) for person in people], wanted, total)

    async def show_caller(self, _: Request, caller: Caller) -> Response:
        """Who is calling; not in the reference, but web clients ask for it (section 5)."""
        return answer.json(wire.contact(await self._people.get(caller.company_id, caller.person_id)))
