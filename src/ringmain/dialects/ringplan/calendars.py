"""Calendars at Google and Outlook: rows 51 and 53 to 56 of specs/ringplan.md, and where people come back to."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.calendars.model import Provider
from ringmain.core.calendars.port import Refused
from ringmain.core.credentials.model import Caller
from ringmain.core.errors import NotFound, Unavailable
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.body import Decoder, read
from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge
from ringmain.dialects.kit.routing import Endpoint, Handler
from ringmain.dialects.ringplan import meet_wire as wire
from ringmain.dialects.ringplan import pages

NAMES: Final[dict[Provider, str]] = {"google": "Google", "outlook": "Outlook"}
NOT_OFFERED: Final = "not_configured"
NO_STORE: Final = {"Cache-Control": "no-store"}


class RevokeBody(msgspec.Struct):
    """Body of the revocations."""

    calendar: Annotated[str, Meta(min_length=1, max_length=320)]


REVOKE: Final = Decoder(msgspec.json.Decoder(RevokeBody))


class CalendarRoutes:
    """The calendars of the user who calls."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._calendars = core.calendars
        self._public_url = public_url.rstrip("/")
        self.endpoints = [
            Endpoint("GET", "/meet/app/calendar", self.show),
            Endpoint("GET", "/meet/app/calendar/get-auth-url", self._show_auth_url("google")),
            Endpoint("GET", "/meet/app/outlook/get-auth-url", self._show_auth_url("outlook")),
            Endpoint("GET", "/meet/google/callback", self._come_back("google"), public=True),
            Endpoint("GET", "/meet/outlook/callback", self._come_back("outlook"), public=True),
            Endpoint("POST", "/meet/google/revoke", self._revoke("google")),
            Endpoint("DELETE", "/meet/google/revoke", self._revoke("google")),
            Endpoint("POST", "/meet/outlook/revoke", self._revoke("outlook")),
            Endpoint("DELETE", "/meet/outlook/revoke", self._revoke("outlook")),
        ]

    async def show(self, _: Request, caller: Caller) -> Response:
        """Get calendar: the user's at Google, or else at Outlook."""
        return answer.json(wire.calendar(await self._calendars.get(caller.company_id, caller.person_id)))

    def _show_auth_url(self, provider: Provider) -> Handler:
        async def show_auth_url(_: Request, caller: Caller) -> Response:
            """Get the provider's authentication link; without a client of it, one to a page that says so."""
            back = f"{self._public_url}/meet/{provider}/callback"
            if self._calendars.offers(provider):
                url = await self._calendars.begin(caller.company_id, caller.person_id, provider, redirect_url=back)
            else:
                url = f"{back}?error={NOT_OFFERED}"
            return answer.json({"auth_url": url}, 200, NO_STORE)

        return show_auth_url

    def _come_back(self, provider: Provider) -> Handler:
        async def come_back(request: Request, _: None) -> Response:
            """Where the provider sends the person back to, with a code or an error."""
            state = request.query_params.get("state", "")
            if not self._calendars.offers(provider) and request.query_params.get("error") == NOT_OFFERED:
                text = f"This server cannot connect {NAMES[provider]} calendars: its operator has set up no client."
                return pages.failed("Not available", text, 503)
            if not state:
                raise BadRequest("state is missing")
            try:
                made = await self._calendars.finish(provider, state, request.query_params.get("code"))
            except Refused as error:
                return pages.failed("Not connected", f"{error}.", 400)
            except Unavailable:
                text = f"{NAMES[provider]} could not be reached. Please try again."
                return pages.failed("Not connected", text, 502)
            return pages.done("Calendar connected", f"{made.account} is connected. You can close this page.")

        return come_back

    def _revoke(self, provider: Provider) -> Handler:
        async def revoke(request: Request, caller: Caller) -> Response:
            """Revoke authentication. Clients send DELETE too; the reference has a 400 of its own."""
            try:
                body = await read(request)
                account = None if request.method == "DELETE" and not body else REVOKE.decode(body).calendar
                await self._calendars.revoke(caller.company_id, caller.person_id, provider, account)
            except BodyTooLarge:
                raise
            except (BadRequest, NotFound, Unavailable):
                return answer.json({"result": False}, 400)
            return answer.json({"result": True})

        return revoke
