"""Locations: rows 7 to 10 of specs/ringplan.md, under both of the vendor's prefixes (section 6, row 2)."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import AlreadyExists
from ringmain.core.people.service import check_email
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, lists, people_wire
from ringmain.dialects.ringplan.address import Flag, Street, Text, given_in
from ringmain.dialects.ringplan.company import PREFIXES, require_owner


class Building(msgspec.Struct):
    """Building."""

    type: Text = UNSET
    value: Text = UNSET


class LocationBody(msgspec.Struct):
    """Body of rows 8 and 9. `e911_provisioned` is what the company says: nothing here registers it."""

    address2: Text = UNSET
    building: Building | UnsetType | None = UNSET
    callerid: Text = UNSET
    city: Text = UNSET
    company_id: str | UnsetType | None = UNSET
    country: Text = UNSET
    e911_provisioned: Flag = UNSET
    email: Text = UNSET
    fax: Text = UNSET
    latitude: Annotated[float, Meta(ge=-90, le=90)] | UnsetType | None = UNSET
    longitude: Annotated[float, Meta(ge=-180, le=180)] | UnsetType | None = UNSET
    name: Annotated[str, Meta(max_length=200)] | UnsetType | None = UNSET
    pbx_id: UUID | UnsetType | None = UNSET
    phone: Text = UNSET
    state: Text = UNSET
    street: Street | UnsetType | None = UNSET
    zip: Text = UNSET


BODY: Final = Decoder(msgspec.json.Decoder(LocationBody))


class LocationRoutes:
    """The sites of the caller's company."""

    def __init__(self, core: Core) -> None:
        self._locations = core.locations
        self.endpoints = [
            *(Endpoint("GET", f"{prefix}/locations", self.list) for prefix in PREFIXES),
            *(Endpoint("POST", f"{prefix}/locations", self.create) for prefix in PREFIXES),
            *(Endpoint("PATCH", f"{prefix}/locations/{{location_id}}", self.update) for prefix in PREFIXES),
            *(Endpoint("DELETE", f"{prefix}/locations/{{location_id}}", self.delete) for prefix in PREFIXES),
        ]

    async def list(self, request: Request, caller: Caller) -> Response:
        """Get company locations."""
        locations = await self._locations.list(caller.company_id)
        return lists.whole(request, [people_wire.location(location) for location in locations])

    async def create(self, request: Request, caller: Caller) -> Response:
        """Add location to company."""
        require_owner(caller)
        changes = _changes(caller, await BODY(request))
        if "name" not in changes:
            raise BadRequest("name is missing")
        try:
            location = await self._locations.create(caller.company_id, **changes)
        except AlreadyExists as error:
            raise BadRequest(str(error)) from error
        return answer.json(people_wire.location(location), 201)

    async def update(self, request: Request, caller: Caller) -> Response:
        """Update company locations."""
        require_owner(caller)
        location_id = ids.decode(request.path_params["location_id"], "location")
        changes = _changes(caller, await BODY(request))
        try:
            location = await self._locations.update(caller.company_id, location_id, deep=True, **changes)
        except AlreadyExists as error:
            raise BadRequest(str(error)) from error
        return answer.json(people_wire.location(location))

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete location; answers what it was (section 6, row 13)."""
        require_owner(caller)
        location_id = ids.decode(request.path_params["location_id"], "location")
        return answer.json(people_wire.location(await self._locations.delete(caller.company_id, location_id)))


def _changes(caller: Caller, body: LocationBody) -> dict[str, Any]:
    """Arguments of the verb. Raises BadRequest, Invalid."""
    if body.company_id not in (UNSET, None, ids.encode(caller.company_id)):
        raise BadRequest("company_id is not your company's")
    if body.email:
        check_email(body.email)
    changes: dict[str, Any] = {"profile": given_in(body, "company_id", "name", "pbx_id")}
    if body.name is not UNSET:
        changes["name"] = body.name or ""
    if body.pbx_id is not UNSET:
        changes["instance_uuid"] = body.pbx_id
    return changes
