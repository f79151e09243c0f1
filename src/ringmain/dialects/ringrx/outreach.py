"""/outreach: reminders of appointments and the profiles by which they are made. Our own design (docs/outreach.md)."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.outreach.checks import settings_of
from ringmain.core.outreach.model import Answer, ProfileSettings, ReminderFilter
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, parameters
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import callback_wire, dates, ids
from ringmain.dialects.ringrx import outreach_wire as wire
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.scope import check_manages

PROFILES: Final = "/outreach/profiles"
EVENTS: Final = "/outreach/events"
BY: Final = "api"
READ_ONLY: Final = frozenset({"id", "created_at", "updated_at"})
"""What answers say of a profile and clients may send back."""


class OutreachRoutes:
    """All users remind; profiles are the owner's and the admins' to make."""

    def __init__(self, core: Core) -> None:
        self._outreach = core.outreach
        self.endpoints = [
            Endpoint("GET", PROFILES, self.list_profiles),
            Endpoint("POST", PROFILES, self.create_profile),
            Endpoint("GET", f"{PROFILES}/{{id}}", self.show_profile),
            Endpoint("PUT", f"{PROFILES}/{{id}}", self.update_profile),
            Endpoint("PATCH", f"{PROFILES}/{{id}}", self.update_profile),
            Endpoint("DELETE", f"{PROFILES}/{{id}}", self.delete_profile),
            Endpoint("GET", EVENTS, self.list_events),
            Endpoint("POST", EVENTS, self.create_event),
            Endpoint("GET", f"{EVENTS}/{{id}}", self.show_event),
            Endpoint("PUT", f"{EVENTS}/{{id}}", self.update_event),
            Endpoint("PATCH", f"{EVENTS}/{{id}}", self.update_event),
            Endpoint("DELETE", f"{EVENTS}/{{id}}", self.delete_event),
            Endpoint("POST", f"{EVENTS}/{{id}}/confirm", self.confirm_event),
            Endpoint("POST", f"{EVENTS}/{{id}}/cancel", self.cancel_event),
            Endpoint("GET", f"{EVENTS}/{{id}}/log", self.show_log),
        ]

    async def list_profiles(self, request: Request, caller: Caller) -> Response:
        """All profiles, oldest first."""
        return answer.json([wire.profile(one) for one in await self._outreach.list_profiles(caller.company_id)])

    async def create_profile(self, request: Request, caller: Caller) -> Response:
        """Make a profile; settings that are not given have their defaults."""
        check_manages(caller, "profiles")
        name, settings = await _profile(request)
        if name is None:
            raise BadRequest("name is missing")
        made = await self._outreach.create_profile(caller.company_id, name, settings_of(ProfileSettings(), settings))
        return answer.json(wire.profile(made), 201)

    async def show_profile(self, request: Request, caller: Caller) -> Response:
        """One profile."""
        return answer.json(wire.profile(await self._outreach.get_profile(caller.company_id, _id(request, "profile"))))

    async def update_profile(self, request: Request, caller: Caller) -> Response:
        """Change what is given of a profile; attempts to come follow it."""
        profile_id = _id(request, "profile")
        known = await self._outreach.get_profile(caller.company_id, profile_id)
        check_manages(caller, "profiles")
        name, settings = await _profile(request)
        changed = await self._outreach.update_profile(
            *(caller.company_id, profile_id),
            name=name,
            settings=settings_of(known.settings, settings) if settings else None,
        )
        return answer.json(wire.profile(changed))

    async def delete_profile(self, request: Request, caller: Caller) -> Response:
        """Delete a profile that no open event has."""
        profile_id = _id(request, "profile")
        await self._outreach.get_profile(caller.company_id, profile_id)
        check_manages(caller, "profiles")
        await self._outreach.delete_profile(caller.company_id, profile_id)
        return answer.empty()

    async def list_events(self, request: Request, caller: Caller) -> Response:
        """Events by date, the earliest first; `next` is the `after` of the next page."""
        given: wire.EventQuery = wire.read((await parameters.read(request)).values, wire.EventQuery)
        zone = dates.zone_of(caller.timezone)
        profile_id = given.profile_id and ids.decode(given.profile_id, "profile")
        if profile_id:
            await self._outreach.get_profile(caller.company_id, profile_id)
        wanted = ReminderFilter(
            profile_id=profile_id or None,
            state=given.state,
            since=dates.start(given.start_date, "start_date", zone) if given.start_date else None,
            until=dates.end(given.end_date, "end_date", zone) if given.end_date else None,
        )
        page = await self._outreach.page(caller.company_id, wanted, after=given.after or None, limit=given.limit)
        return answer.json({"items": [wire.event(one) for one in page.items], "next": page.next})

    async def create_event(self, request: Request, caller: Caller) -> Response:
        """Let somebody be reminded."""
        given: wire.NewEvent = wire.read((await parameters.read(request)).values, wire.NewEvent)
        new = wire.new_reminder(given, caller.timezone)
        made = await self._outreach.create(caller.company_id, new, origin=DIALECT)
        return answer.json(wire.event(made), 201)

    async def show_event(self, request: Request, caller: Caller) -> Response:
        """One event and how it stands."""
        return answer.json(wire.event(await self._outreach.get(caller.company_id, _id(request, "event"))))

    async def update_event(self, request: Request, caller: Caller) -> Response:
        """Change what is given of an event. A date that moves is reminded of anew."""
        event_id = _id(request, "event")
        await self._outreach.get(caller.company_id, event_id)
        given: wire.EventChange = wire.read((await parameters.read(request)).values, wire.EventChange)
        change = wire.change(given, caller.timezone)
        return answer.json(wire.event(await self._outreach.update(caller.company_id, event_id, change, origin=DIALECT)))

    async def delete_event(self, request: Request, caller: Caller) -> Response:
        """Forget an event; nobody is reminded of it any more."""
        await self._outreach.delete(caller.company_id, _id(request, "event"), origin=DIALECT)
        return answer.empty()

    async def confirm_event(self, request: Request, caller: Caller) -> Response:
        """Confirm for the one who is reminded, who may have said so otherwise."""
        return await self._settle(request, caller, "confirm")

    async def cancel_event(self, request: Request, caller: Caller) -> Response:
        """Cancel: nobody is reminded of it any more."""
        return await self._settle(request, caller, "cancel")

    async def show_log(self, request: Request, caller: Caller) -> Response:
        """What happened to an event, oldest first."""
        found = await self._outreach.get(caller.company_id, _id(request, "event"))
        return answer.json(callback_wire.outreach(found)["event_log"])

    async def _settle(self, request: Request, caller: Caller, given: Answer) -> Response:
        event_id = _id(request, "event")
        settled = await self._outreach.answer(caller.company_id, event_id, given, by=BY, origin=DIALECT)
        return answer.json(wire.event(settled))


def _id(request: Request, kind: str) -> int:
    return ids.decode(request.path_params["id"], "reminder" if kind == "event" else kind)


async def _profile(request: Request) -> tuple[str | None, dict[str, Any]]:
    given = await parameters.read(request)
    settings = {name: value for name, value in given.values.items() if name != "name" and name not in READ_ONLY}
    return given.text("name"), settings
