"""Texting, contacts: rows 29 to 32 of specs/ringplan.md."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, lists, wire


class NewTextingContact(msgspec.Struct):
    """Body of row 29."""

    number: str
    first_name: str | None = None
    last_name: str | None = None


class TextingContactChange(msgspec.Struct):
    """Body of row 32: what is absent or null stays as it is."""

    number: str | None = None
    first_name: str | None = None
    last_name: str | None = None


NEW_CONTACT = Decoder(msgspec.json.Decoder(NewTextingContact))
CHANGE = Decoder(msgspec.json.Decoder(TextingContactChange))


class TextingContactRoutes:
    """Whom the caller's company texts with."""

    def __init__(self, core: Core) -> None:
        self._texting = core.texting
        self.endpoints = [
            Endpoint("POST", "/texting/contacts", self.create),
            Endpoint("GET", "/texting/contacts", self.search),
            Endpoint("GET", "/texting/contacts/{texting_contact_id}", self.show),
            Endpoint("PUT", "/texting/contacts/{texting_contact_id}", self.update),
        ]

    async def create(self, request: Request, caller: Caller) -> Response:
        """Create texting contact: 200 with the one that has this number, unchanged, else 201."""
        body: NewTextingContact = await NEW_CONTACT(request)
        contact, created = await self._texting.create_contact(
            caller.company_id,
            number=normalise(body.number, caller.country),
            first_name=body.first_name or "",
            last_name=body.last_name or "",
        )
        return answer.json(wire.texting_contact(contact), 201 if created else 200)

    async def search(self, request: Request, caller: Caller) -> Response:
        """Get texting contacts; an empty list when none matches."""
        found = await self._texting.search_contacts(caller.company_id, search=query.text(request, "search"))
        return lists.whole(request, [wire.texting_contact(contact) for contact in found])

    async def show(self, request: Request, caller: Caller) -> Response:
        """Get texting contact by ID."""
        contact = await self._texting.get_contact(caller.company_id, _contact_id(request))
        return answer.json(wire.texting_contact(contact))

    async def update(self, request: Request, caller: Caller) -> Response:
        """Update texting contact."""
        contact_id = _contact_id(request)
        body: TextingContactChange = await CHANGE(request)
        contact = await self._texting.update_contact(
            caller.company_id,
            contact_id,
            number=normalise(body.number, caller.country) if body.number is not None else None,
            first_name=body.first_name,
            last_name=body.last_name,
        )
        return answer.json(wire.texting_contact(contact))


def _contact_id(request: Request) -> int:
    return ids.decode(request.path_params["texting_contact_id"], "contact")
