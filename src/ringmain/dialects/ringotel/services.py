"""Other systems that can be connected: which there are, and switching them (specs/ringotel.md 3 and 4)."""

import re
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.accounts.model import AccountCaller
from ringmain.core.errors import NotFound
from ringmain.core.integrations.service import Integration, Integrations
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.params import NoParams
from ringmain.dialects.ringotel.rpc import ORGANIZATION, Method, Org

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
CONTROL: Final = frozenset({"serviceid", "state", "profileid", "redirect"})
"""Of the query's keys those that are no settings. `redirect` is the vendor's page: nobody is sent there."""
LONGEST: Final = 4096
MOST: Final = 50


class Offer(msgspec.Struct, frozen=True):
    """A service that clients know, and what it wants to be told."""

    id: str
    types: tuple[str, ...]
    properties: tuple[str, ...]


OFFERS: Final = (
    Offer("Bandwidth", ("sms",), ("Username", "Password", "Account ID", "Application ID")),
    Offer("Telnyx", ("sms",), ("API Key",)),
    Offer("Twilio", ("sms",), ("Account SID", "Auth Token")),
    Offer("VoIP Innovations", ("sms",), ("Username", "Password")),
)


class WireService(msgspec.Struct, frozen=True, kw_only=True):
    """A service: `state` 1 is on; `properties` can be set, `props` are set."""

    id: str
    name: str
    logo: str
    types: tuple[str, ...]
    state: int
    properties: tuple[str, ...]
    props: dict[str, Any]


async def services_of(integrations: Integrations, company_id: int) -> list[WireService]:
    """Every service that is offered or was ever switched, as it stands for a company."""
    there = {one.service: one for one in await integrations.list(company_id)}
    known = [*OFFERS, *(Offer(name, (), ()) for name in there if name not in {offer.id for offer in OFFERS})]
    return [service_of(offer, there.get(offer.id)) for offer in known]


def service_of(offer: Offer, integration: Integration | None) -> WireService:
    """One service."""
    return WireService(
        id=offer.id,
        name=offer.id,
        logo="",
        types=offer.types,
        state=1 if integration and integration.active else 0,
        properties=offer.properties,
        props=integration.settings if integration else {},
    )


class ServiceMethods:
    """The method that lists them, and the address that switches them."""

    def __init__(self, core: Core) -> None:
        self._accounts = core.accounts
        self._integrations = core.integrations
        self._records = core.account_records
        self.methods = [Method("getServices", NoParams, self.list)]
        self.endpoints = [Endpoint("GET", "/integrations", self.switch)]

    async def list(self, org: Org, _: NoParams) -> list[WireService]:
        """All services, with what was set."""
        return await services_of(self._integrations, org.company_id)

    async def switch(self, request: Request, caller: AccountCaller) -> Response:
        """Switch one on or off: 200 and `{}` at once, never a redirect. What the query says is neither logged nor kept
        in the history.
        """
        given = dict(request.query_params)
        service, state = given.get("serviceid", "").strip(), given.get("state", "")
        if not NAME.fullmatch(service):
            raise BadRequest("serviceid: must be the name of a service")
        if state not in ("0", "1"):
            raise BadRequest("state: must be 0 or 1")
        settings = {key: value for key, value in given.items() if key not in CONTROL and value}
        if len(settings) > MOST or any("\0" in text or len(text) > LONGEST for one in settings.items() for text in one):
            raise BadRequest("the settings are too many, too long, or have a NUL character in them")
        try:
            company = await self._accounts.company(
                caller.account_id, ids.decode(given.get("profileid", ""), ORGANIZATION)
            )
        except NotFound:
            raise NotFound(ORGANIZATION) from None
        await self._integrations.set(company.id, service, active=state == "1", settings=settings)
        await self._records.note(caller, "integrations", company.id, service)
        return answer.json({})
