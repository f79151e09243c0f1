"""The company's directory: not in the reference, but web clients keep their contacts in it (specs/ringplan.md 5)."""

import re
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.paging import Paging
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, lists, people_wire
from ringmain.dialects.ringplan.address import Text, given_in

SALUTATIONS: Final = ("Mr", "Ms", "Mrs", "Mx", "Dr", "Prof")
SHORT: Final = re.compile(r"\d{2,8}", re.ASCII)
UNPAGED: Final = 1000
"""How many a client gets that asks for no page: web clients want all, and page by themselves."""


class DirectoryAddress(msgspec.Struct):
    """Not the reference's Address: clients write the street in one line."""

    country: Text = UNSET
    state: Text = UNSET
    city: Text = UNSET
    street: Text = UNSET
    zipcode: Text = UNSET


class Job(msgspec.Struct):
    """What the contact does. `reports_to` is another one's name, phone or e-mail."""

    position: Text = UNSET
    department: Text = UNSET
    reports_to: Text = UNSET


class Organization(msgspec.Struct):
    """Where the contact works."""

    organization: Text = UNSET
    parent_organization: Text = UNSET


class DirectoryBody(msgspec.Struct):
    """Body of POST and PUT, by what clients send. What is absent stays: clients leave out what is empty."""

    first_name: Text = UNSET
    last_name: Text = UNSET
    phone: Text = UNSET
    email: Text = UNSET
    salutation: Text = UNSET
    birthday: Text = UNSET
    fax: Text = UNSET
    mailing_address: Text = UNSET
    address: DirectoryAddress | UnsetType | None = UNSET
    job_details: Job | UnsetType | None = UNSET
    organization_details: Organization | UnsetType | None = UNSET


BODY: Final = Decoder(msgspec.json.Decoder(DirectoryBody))
COLUMNS: Final = ("first_name", "last_name", "phone", "email")


class DirectoryRoutes:
    """People outside the company whom its users may call."""

    def __init__(self, core: Core) -> None:
        self._directory = core.directory
        path = "/company/directory/contacts"
        self.endpoints = [
            Endpoint("GET", path, self.page),
            Endpoint("POST", path, self.create),
            Endpoint("GET", f"{path}/options", self.show_options),
            Endpoint("GET", f"{path}/{{directory_contact_id}}", self.show),
            Endpoint("PUT", f"{path}/{{directory_contact_id}}", self.update),
            Endpoint("DELETE", f"{path}/{{directory_contact_id}}", self.delete),
        ]

    async def page(self, request: Request, caller: Caller) -> Response:
        """List directory contacts, oldest first: a page, or the first thousand."""
        paged = any(name in request.query_params for name in ("page", *lists.SIZE_NAMES))
        wanted = lists.page_of(request) if paged else Paging(1, UNPAGED)
        contacts, total = await self._directory.page(caller.company_id, page=wanted.page, per_page=wanted.per_page)
        return lists.page([people_wire.directory_contact(contact) for contact in contacts], wanted, total)

    async def create(self, request: Request, caller: Caller) -> Response:
        """Create directory contact."""
        contact = await self._directory.create(caller.company_id, **_changes(caller, await BODY(request)))
        return answer.json(people_wire.directory_contact(contact), 201)

    async def show_options(self, _: Request, _caller: Caller) -> Response:
        """What a contact's form offers to choose from."""
        return answer.json({"possible_salutations": SALUTATIONS})

    async def show(self, request: Request, caller: Caller) -> Response:
        """Get directory contact."""
        contact = await self._directory.get(caller.company_id, _contact_id(request))
        return answer.json(people_wire.directory_contact(contact))

    async def update(self, request: Request, caller: Caller) -> Response:
        """Update directory contact."""
        contact_id = _contact_id(request)
        changes = _changes(caller, await BODY(request))
        contact = await self._directory.update(caller.company_id, contact_id, **changes)
        return answer.json(people_wire.directory_contact(contact))

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete directory contact; answers what it was."""
        contact = await self._directory.delete(caller.company_id, _contact_id(request))
        return answer.json(people_wire.directory_contact(contact))


def _contact_id(request: Request) -> int:
    return ids.decode(request.path_params["directory_contact_id"], "directory contact")


def _changes(caller: Caller, body: DirectoryBody) -> dict[str, Any]:
    """Arguments of the verb. Raises Invalid."""
    changes: dict[str, Any] = {"profile": given_in(body, *COLUMNS)}
    for key in COLUMNS:
        value = getattr(body, key)
        if value is not UNSET:
            changes[key] = (value or "").strip()
    if changes.get("phone"):
        changes["phone"] = _phone(changes["phone"], caller.country)
    return changes


def _phone(text: str, country: str) -> str:
    """E.164 with +, which clients leave out; short numbers stay. Raises Invalid."""
    if SHORT.fullmatch(text):
        return text
    try:
        return normalise(text, country)
    except Invalid:
        return normalise(f"+{text.removeprefix('+')}", country)
