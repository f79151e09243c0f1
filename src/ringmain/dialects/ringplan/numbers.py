"""Texting, numbers: rows 33 and 34 of specs/ringplan.md."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import lists, wire

EMAILS = Decoder(msgspec.json.Decoder(list[str]))


class TextingNumberRoutes:
    """The company's own numbers that can text."""

    def __init__(self, core: Core) -> None:
        self._numbers = core.numbers
        self.endpoints = [
            Endpoint("GET", "/texting/numbers", self.list),
            Endpoint("PUT", "/texting/numbers/{number}", self.update),
        ]

    async def list(self, request: Request, caller: Caller) -> Response:
        """Get texting numbers that the caller owns; the company's owner sees all (section 6, row 22)."""
        numbers = await self._numbers.list(caller.company_id, owner_email=None if caller.owner else caller.email)
        form: wire.NumberFormat = (
            "international" if request.query_params.get("numformat") == "international" else "national"
        )
        return lists.whole(request, [wire.texting_number(number, form) for number in numbers])

    async def update(self, request: Request, caller: Caller) -> Response:
        """Update number ownership."""
        try:
            e164 = normalise(request.path_params["number"], caller.country)
        except Invalid as error:
            raise NotFound("number") from error
        emails: list[str] = await EMAILS(request)
        number = await self._numbers.set_owners(caller.company_id, e164, emails)
        return answer.json(wire.texting_number(number, "national"))
