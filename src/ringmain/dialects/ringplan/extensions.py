"""Extensions: rows 12 to 19 of specs/ringplan.md, and the PATCH of section 5."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.credentials.service import PRIMARY
from ringmain.core.errors import AlreadyExists, Forbidden, Invalid, NotFound
from ringmain.core.extensions.model import PURPOSES, CallerId, Extension, ExtensionChange
from ringmain.core.extensions.template import SECRET_KEYS, caller_id_of, integer
from ringmain.core.instances.model import Instance
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import extensions_wire as wire
from ringmain.dialects.ringplan import ids, lists
from ringmain.dialects.ringplan.auth import DIALECT
from ringmain.dialects.ringplan.instances import instance_of

FILTERS: Final = ("unassigned", "softphone")


class OutboundCallerId(msgspec.Struct):
    """`value` is the other two as one text; it counts when they are absent."""

    name: str | UnsetType | None = UNSET
    number: str | int | UnsetType | None = UNSET
    value: str | UnsetType | None = UNSET


class User(msgspec.Struct):
    """Of a contact, only its id."""

    id: str


class ExtensionBody(msgspec.Struct):
    """Body of rows 13 and 17 and of PATCH. What is absent stays; null is empty; other keys are ours and ignored."""

    data: dict[str, Any] | None = None
    location_id: str | UnsetType | None = UNSET
    outbound_callerid: OutboundCallerId | UnsetType | None = UNSET
    purpose: str | UnsetType | None = UNSET
    reserved: dict[str, Any] | UnsetType | None = UNSET
    user: User | UnsetType | None = UNSET


class CheckBody(msgspec.Struct):
    """Body of row 16."""

    email: str
    id: int | str


BODY = Decoder(msgspec.json.Decoder(ExtensionBody))
CHECK = Decoder(msgspec.json.Decoder(CheckBody))


class ExtensionRoutes:
    """The extensions of the company's instances."""

    def __init__(self, core: Core) -> None:
        self._instances = core.instances
        self._extensions = core.extensions
        self._people = core.people
        bulks = "/instances/{instance_uuid}/bulks/extensions"
        self.endpoints = [
            Endpoint("GET", bulks, self.page),
            Endpoint("POST", bulks, self.create),
            Endpoint("GET", "/account/{contact_id}/extensions", self.list_of_user),
            Endpoint("GET", "/instances/{instance_uuid}/extensions", self.find),
            Endpoint("POST", f"{bulks}/check", self.check),
            Endpoint("PUT", f"{bulks}/{{extension_id}}", self.update),
            Endpoint("PATCH", f"{bulks}/{{extension_id}}", self.update),
            Endpoint("DELETE", f"{bulks}/{{extension_id}}", self.delete),
            Endpoint("GET", "/phones/qr-config/advanced", self.show_configuration),
        ]

    async def page(self, request: Request, caller: Caller) -> Response:
        """Get extensions; `by_user=on` orders them by their users' names (section 6, row 9)."""
        return await self._page(request, caller, with_user=False)

    async def find(self, request: Request, caller: Caller) -> Response:
        """Find extensions: the same list, but `by_user=on` leaves out those without a user (section 6, rows 9, 10)."""
        return await self._page(request, caller, with_user=request.query_params.get("by_user") == "on")

    async def _page(self, request: Request, caller: Caller, *, with_user: bool) -> Response:
        instance = await self._instance(request, caller)
        wanted = lists.page_of(request)
        chosen = request.query_params.get("filter_by")
        found = await self._extensions.page(
            caller.company_id,
            instance.id,
            page=wanted.page,
            per_page=wanted.per_page,
            purpose=chosen if chosen in FILTERS else None,
            search=query.text(request, "search"),
            by_user=request.query_params.get("by_user") == "on",
            with_user=with_user,
        )
        if not found.in_instance:
            raise NotFound("extension")
        return lists.page([wire.extension(one, instance, caller) for one in found.items], wanted, found.total)

    async def create(self, request: Request, caller: Caller) -> Response:
        """Add new extensions: one of them."""
        instance = await self._instance(request, caller)
        body: ExtensionBody = await BODY(request)
        try:
            made = await self._extensions.create(
                caller.company_id, instance.id, _change(body, None, caller), origin=DIALECT
            )
        except AlreadyExists as error:
            raise BadRequest(str(error)) from error
        return answer.json(wire.extension(made, instance, caller), 201)

    async def list_of_user(self, request: Request, caller: Caller) -> Response:
        """Get all extensions assigned to a user, of all instances."""
        contact_id = request.path_params["contact_id"]
        if contact_id == PRIMARY:
            person_id = (await self._people.owner(caller.company_id)).id
        else:
            person_id = ids.decode(contact_id, "person")
        purpose = request.query_params.get("purpose")
        found = await self._extensions.of_person(
            caller.company_id, person_id, purpose=purpose if purpose in PURPOSES else None
        )
        homes = {instance.id: instance for instance in await self._instances.list(caller.company_id)}
        items = [wire.extension(one, homes[one.instance_id], caller) for one in found if one.instance_id in homes]
        return lists.whole(request, items)

    async def check(self, request: Request, caller: Caller) -> Response:
        """Check user extension assignments: 200 when this number may be given to this e-mail (section 6, row 11)."""
        instance = await self._instance(request, caller)
        body: CheckBody = await CHECK(request)
        try:
            await self._extensions.check(
                caller.company_id, instance.id, email=body.email.strip(), number=integer("id", body.id)
            )
        except AlreadyExists as error:
            raise BadRequest(str(error)) from error
        return answer.json({})

    async def update(self, request: Request, caller: Caller) -> Response:
        """Update extension: what is sent is laid over what is kept, with PUT as with PATCH (section 6, row 12)."""
        instance = await self._instance(request, caller)
        extension_id = ids.decode(request.path_params["extension_id"], "extension")
        old = await self._extensions.get(caller.company_id, extension_id, instance_id=instance.id)
        body: ExtensionBody = await BODY(request)
        try:
            changed = await self._extensions.update(
                caller.company_id, instance.id, extension_id, _change(body, old, caller), origin=DIALECT
            )
        except AlreadyExists as error:
            raise BadRequest(str(error)) from error
        return answer.json(wire.extension(changed, instance, caller))

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete extension, here and in its PBX."""
        instance = await self._instance(request, caller)
        extension_id = ids.decode(request.path_params["extension_id"], "extension")
        await self._extensions.delete(caller.company_id, instance.id, extension_id, origin=DIALECT)
        return answer.empty()

    async def show_configuration(self, request: Request, caller: Caller) -> Response:
        """Get extension configuration by ID. The password in it is for the extension's user and the owner only."""
        extension_id, uuid = query.text(request, "extension_id"), query.text(request, "instance_uuid")
        if not extension_id or not uuid:
            raise BadRequest("extension_id and instance_uuid are both required")
        instance = await instance_of(self._instances, caller, uuid)
        extension = await self._extensions.get(
            caller.company_id, ids.decode(extension_id, "extension"), instance_id=instance.id
        )
        if not wire.may_see_secrets(caller, extension):
            raise Forbidden("Only the extension's user and the company's owner may see its configuration")
        return answer.json(wire.qr_config(extension, instance, secret=True))

    async def _instance(self, request: Request, caller: Caller) -> Instance:
        return await instance_of(self._instances, caller, request.path_params["instance_uuid"])


def _change(body: ExtensionBody, old: Extension | None, caller: Caller) -> ExtensionChange:
    """What the body asks for. Clients send back whole objects: who is as before is not asked for."""
    data = dict(body.data or {})
    others = old is not None and not wire.may_see_secrets(caller, old)
    if others:
        for key in SECRET_KEYS:
            data.pop(key, None)
    given: dict[str, Any] = {"data": data}
    if (number := _number(data, old)) is not None:
        given["number"] = number
    if "name" in data:
        given["name"] = _text("name", data["name"])
    if body.location_id is not UNSET:
        given["location_id"] = _id_in_body(body.location_id, "location_id")
    if body.purpose is not UNSET:
        given["purpose"] = body.purpose or "unassigned"
    if body.reserved is not UNSET:
        given["reserved"] = body.reserved
    if body.user is not UNSET:
        person_id = _id_in_body(body.user.id if body.user else None, "user")
        if person_id != (old.person.id if old and old.person else None):
            given["person_id"] = person_id
    if others and old and old.person and ("person_id" in given or _is_mailed_elsewhere(data, old)):
        raise Forbidden("Only the extension's user and the company's owner may give it to somebody else")
    if body.outbound_callerid is not UNSET:
        before = (old.caller_id if old else None) or CallerId()
        caller_id = _caller_id(body.outbound_callerid, before)
        if caller_id != before:
            given["caller_id"] = caller_id
    return ExtensionChange(**given)


def _is_mailed_elsewhere(data: dict[str, Any], old: Extension) -> bool:
    """Whether `voicemail_email`, which names the user too, is another."""
    email = data.get("voicemail_email", UNSET)
    return email is not UNSET and (email or "") != old.data.get("voicemail_email", "")


def _number(data: dict[str, Any], old: Extension | None) -> int | None:
    """`id` and `extension` both are the number: of two that differ, the one that is new."""
    numbers = [integer(key, data[key]) for key in ("id", "extension") if data.get(key) is not None]
    new = [number for number in numbers if old is None or number != old.number]
    return new[0] if new else None


def _caller_id(body: OutboundCallerId | None, before: CallerId) -> CallerId:
    if body is None:
        return CallerId()
    if body.name is UNSET and body.number is UNSET:
        return before if body.value is UNSET else caller_id_of(body.value or "") or CallerId()
    return CallerId(
        name=before.name if body.name is UNSET else body.name or "",
        number=before.number if body.number is UNSET else str(body.number or ""),
    )


def _id_in_body(text: str | None, field: str) -> int | None:
    if not text:
        return None
    try:
        return ids.decode(text, field)
    except NotFound as error:
        raise Invalid(field, "is not known") from error


def _text(field: str, value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise Invalid(field, "must be a text")
    return value or ""
