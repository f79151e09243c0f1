"""Users in company: rows 3 to 6 of specs/ringplan.md, under both of the vendor's prefixes (section 6, row 2)."""

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.credentials.service import PRIMARY
from ringmain.core.errors import AlreadyExists, Forbidden, NotFound
from ringmain.core.people.model import Person
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, lists, wire
from ringmain.dialects.ringplan.address import Address, Flag, Text, given_in
from ringmain.dialects.ringplan.auth import DIALECT
from ringmain.dialects.ringplan.company import PREFIXES, require_owner
from ringmain.dialects.ringplan.invitations import invitation_link


class Phones(msgspec.Struct):
    """Telephone numbers of a user, as they are written."""

    home: Text = UNSET
    mobile: Text = UNSET
    other: Text = UNSET
    work: Text = UNSET


class Contacts(msgspec.Struct):
    """How to reach a user. `email` is also the name they log in by."""

    email: Text = UNSET
    fax: Text = UNSET
    phones: Phones | UnsetType | None = UNSET


class UserBody(msgspec.Struct):
    """Body of rows 4 and 5. What is absent stays; other keys are read-only or unknown, and ignored (row 17)."""

    activated: Flag = UNSET
    address: Address | UnsetType | None = UNSET
    birthdate: Text = UNSET
    contacts: Contacts | UnsetType | None = UNSET
    description: Text = UNSET
    first_name: Text = UNSET
    last_name: Text = UNSET
    primary_agent: Text = UNSET
    timezone: Text = UNSET
    title: Text = UNSET


BODY: Final = Decoder(msgspec.json.Decoder(UserBody))
COLUMNS: Final = ("activated", "first_name", "last_name", "primary_agent", "timezone")
"""Keys that are not part of a person's profile."""


class UserRoutes:
    """The people of the caller's company, whom the vendor calls contacts."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._people = core.people
        self._invitations = core.invitations
        self._link = invitation_link(public_url)
        self.endpoints = [
            *(Endpoint("GET", f"{prefix}/contacts", self.page) for prefix in PREFIXES),
            *(Endpoint("POST", f"{prefix}/contacts", self.create) for prefix in PREFIXES),
            *(Endpoint("PATCH", f"{prefix}/contacts/{{contact_id}}", self.update) for prefix in PREFIXES),
            *(Endpoint("DELETE", f"{prefix}/contacts/{{contact_id}}", self.delete) for prefix in PREFIXES),
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

    async def create(self, request: Request, caller: Caller) -> Response:
        """Add user to company, and mail them an invitation; until they accept it they are not activated.

        `activated: true` activates them at once.
        """
        require_owner(caller)
        body: UserBody = await BODY(request)
        changes = await self._changes(caller, body)
        if "email" not in changes:
            raise BadRequest("contacts.email is missing")
        changes = {key: value for key, value in changes.items() if value is not None}
        try:
            person = await self._invitations.create_person(
                caller.company_id, link=self._link, origin=DIALECT, **changes
            )
        except AlreadyExists as error:
            raise BadRequest(str(error)) from error
        return answer.json(wire.contact(person), 201)

    async def update(self, request: Request, caller: Caller) -> Response:
        """Update user: oneself, or anybody as the company's owner, who alone says whether users are activated."""
        named = request.path_params["contact_id"]
        if not caller.owner and named != ids.encode(caller.person_id):
            raise Forbidden("Only the user and the company's owner may do this")
        person = await self._named(caller, named)
        body: UserBody = await BODY(request)
        changes = await self._changes(caller, body)
        if not caller.owner and changes.get("active", person.active) != person.active:
            raise Forbidden("Only the company's owner may do this")
        try:
            person = await self._people.update(caller.company_id, person.id, deep=True, origin=DIALECT, **changes)
        except AlreadyExists as error:
            raise BadRequest(str(error)) from error
        return answer.json(wire.contact(person))

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete user; answers who they were. The company's owner cannot be deleted (section 6, row 48)."""
        require_owner(caller)
        person = await self._named(caller, request.path_params["contact_id"])
        gone = await self._people.delete(caller.company_id, person.id, origin=DIALECT)
        # Their extensions are nobody's now: what they had is in what was read before.
        return answer.json(wire.contact(msgspec.structs.replace(gone, extension=person.extension)))

    async def _named(self, caller: Caller, contact_id: str) -> Person:
        """Raises NotFound."""
        if contact_id == PRIMARY:
            return await self._people.owner(caller.company_id)
        return await self._people.get(caller.company_id, ids.decode(contact_id, "user"))

    async def _changes(self, caller: Caller, body: UserBody) -> dict[str, Any]:
        """Arguments of the verb. Raises BadRequest."""
        profile = given_in(body, *COLUMNS)
        changes: dict[str, Any] = {"profile": profile}
        contacts = profile.get("contacts")
        if contacts and "email" in contacts:
            changes["email"] = contacts.pop("email") or ""
        for key in ("first_name", "last_name", "timezone"):
            value = getattr(body, key)
            if value is not UNSET:
                changes[key] = value or ""
        if body.activated is not UNSET:
            changes["active"] = bool(body.activated)
        if body.birthdate:
            _check_date(body.birthdate)
        if body.primary_agent is not UNSET:
            changes["agent_id"] = await self._agent(caller, body.primary_agent)
        return changes

    async def _agent(self, caller: Caller, text: str | None) -> int | None:
        if not text:
            return None
        try:
            return (await self._named(caller, text)).id
        except NotFound:
            raise BadRequest("primary_agent is no user of your company") from None


def _check_date(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("birthdate is not a date, as 1990-12-31") from None
