"""Callbacks: whom the account tells of what (specs/ringrx.md 4). For those who manage the account.

A callback is an endpoint of the core, with a subscription for each thing that it is bound to.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Forbidden, Invalid, NotFound
from ringmain.core.subscriptions.model import Destination, Subscription
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, parameters
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.reasons import reason
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import bindings, dates, templates
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.bindings import FIELDS, KINDS, Binder
from ringmain.dialects.ringrx.events import CallbackOptions

ID: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
MAX_NAME: Final = 200
MAX_HEADERS: Final = 4096
MAX_CREDENTIAL: Final = 500

Several = list[str | int] | str | int


class GivenCallback(msgspec.Struct, kw_only=True):
    """What a request says of a callback; None is what it does not say. A form has lists with commas."""

    name: str | None = None
    callback_type: str | None = None
    url: str | None = None
    use_basic_auth: bool | None = None
    auth_username: str | None = None
    auth_password: str | None = None
    custom_headers: str | None = None
    phone_numbers: Several | None = None
    mailboxes: Several | None = None
    fax_services: Several | None = None
    outreach_profile: str | None = None
    group: str | None = None


class WireCallback(msgspec.Struct, kw_only=True):
    """A callback as its owner sees it; `auth_password` is always empty."""

    id: int
    name: str
    callback_type: str
    url: str
    use_basic_auth: bool
    auth_username: str
    auth_password: str
    custom_headers: str
    phone_numbers: list[str]
    mailboxes: list[str]
    fax_services: list[str]
    outreach_profile: str | None
    group: str | None
    state: str
    created_at: str
    updated_at: str


def callback(endpoint: Destination, subscriptions: Sequence[Subscription]) -> WireCallback:
    """`subscriptions`: all of the endpoint's."""
    options = msgspec.convert(endpoint.options, CallbackOptions)
    bound = bindings.shown(subscriptions)
    field = KINDS[options.callback_type].field
    one = bound[0] if bound else None
    return WireCallback(
        id=endpoint.id,
        name=endpoint.name,
        callback_type=options.callback_type,
        url=endpoint.url,
        use_basic_auth=options.use_basic_auth,
        auth_username=options.auth_username,
        auth_password="",
        custom_headers=options.custom_headers,
        phone_numbers=bound if field == "phone_numbers" else [],
        mailboxes=bound if field == "mailboxes" else [],
        fax_services=bound if field == "fax_services" else [],
        outreach_profile=one if field == "outreach_profile" else None,
        group=one if field == "group" else None,
        state=endpoint.state,
        created_at=dates.stamp(endpoint.created_at),
        updated_at=dates.stamp(endpoint.updated_at),
    )


class CallbackRoutes:
    """The account's callbacks."""

    def __init__(self, core: Core) -> None:
        self._subscriptions = core.subscriptions
        self._binder = Binder(core)
        one = "/pbxcallbacks/{id}"
        self.endpoints = [
            Endpoint("GET", "/pbxcallbacks", _managed(self.list)),
            Endpoint("POST", "/pbxcallbacks", _managed(self.create)),
            Endpoint("GET", one, _managed(self.show)),
            Endpoint("PUT", one, _managed(self.update)),
            Endpoint("PATCH", one, _managed(self.update)),
            Endpoint("DELETE", one, _managed(self.delete)),
        ]

    async def list(self, _: Request, caller: Caller) -> Response:
        """All callbacks, oldest first."""
        endpoints = await self._subscriptions.list_destinations(caller.company_id, face=DIALECT)
        subscriptions = await self._subscriptions.list_subscriptions(caller.company_id, face=DIALECT)
        return answer.json([callback(endpoint, _of(endpoint, subscriptions)) for endpoint in endpoints])

    async def show(self, request: Request, caller: Caller) -> Response:
        """One callback."""
        endpoint = await self._get(request, caller)
        return answer.json(callback(endpoint, await self._bound(endpoint)))

    async def create(self, request: Request, caller: Caller) -> Response:
        """Make a callback: it is told of what happens from now on."""
        given = await _given(request)
        if given.callback_type is None or given.url is None:
            raise BadRequest("callback_type and url are needed")
        url = templates.checked_address(given.url)
        options = CallbackOptions(callback_type=given.callback_type, **_options(given))
        wanted = await self._binder.wanted(caller.company_id, caller.country, given.callback_type, _bindings(given))
        made, _ = await self._subscriptions.create_endpoint(
            caller.company_id,
            face=DIALECT,
            url=url,
            name=given.name or given.callback_type,
            options=msgspec.to_builtins(options),
            wanted=wanted,
        )
        endpoint = await self._subscriptions.get_destination(caller.company_id, made.id, face=DIALECT)
        return answer.json(callback(endpoint, await self._bound(endpoint)), 201)

    async def update(self, request: Request, caller: Caller) -> Response:
        """Change what is said. A binding that is said takes the place of all that there were."""
        endpoint = await self._get(request, caller)
        given = await _given(request)
        kind = msgspec.convert(endpoint.options, CallbackOptions).callback_type
        if given.callback_type not in (None, kind):
            raise Invalid("callback_type", "cannot change: make another callback")
        url = None if given.url is None else templates.checked_address(given.url)
        options, said = _options(given), _bindings(given)
        wanted = await self._binder.wanted(caller.company_id, caller.country, kind, said)
        await self._subscriptions.update_endpoint(
            caller.company_id,
            endpoint.id,
            url=url,
            name=given.name,
            options=options,
            wanted=wanted if KINDS[kind].field in said else None,
        )
        return await self.show(request, caller)

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete it; what is pending is not sent."""
        endpoint = await self._get(request, caller)
        await self._subscriptions.delete_endpoint(caller.company_id, endpoint.id)
        return Response(None, 204)

    async def _get(self, request: Request, caller: Caller) -> Destination:
        text = request.path_params["id"]
        if not ID.fullmatch(text):
            raise NotFound("callback")
        try:
            return await self._subscriptions.get_destination(caller.company_id, int(text), face=DIALECT)
        except NotFound:
            raise NotFound("callback") from None

    async def _bound(self, endpoint: Destination) -> Sequence[Subscription]:
        return _of(endpoint, await self._subscriptions.list_subscriptions(endpoint.company_id, face=DIALECT))


Route = Callable[[Request, Caller], Awaitable[Response]]


def _managed(route: Route) -> Route:
    @wraps(route)
    async def only_for_managers(request: Request, caller: Caller) -> Response:
        if not caller.manages:
            raise Forbidden("callbacks are for those who manage the account")
        return await route(request, caller)

    return only_for_managers


def _of(endpoint: Destination, subscriptions: Sequence[Subscription]) -> list[Subscription]:
    return [one for one in subscriptions if one.endpoint_id == endpoint.id]


async def _given(request: Request) -> GivenCallback:
    """Raises BadRequest."""
    values = (await parameters.read(request)).values
    try:
        given = msgspec.convert(values, GivenCallback, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(reason(error, GivenCallback)) from error
    limits = {"name": MAX_NAME, "auth_username": MAX_CREDENTIAL, "auth_password": MAX_CREDENTIAL}
    for field, limit in limits.items():
        if len(getattr(given, field) or "") > limit:
            raise BadRequest(f"{field} may have at most {limit} characters")
    return given


def _options(given: GivenCallback) -> dict[str, Any]:
    """What is said of `CallbackOptions`. Raises Invalid."""
    lines, username = given.custom_headers or "", given.auth_username or ""
    if len(lines) > MAX_HEADERS:
        raise Invalid("custom_headers", f"may have at most {MAX_HEADERS} characters")
    templates.check_headers(lines)
    if ":" in username:
        raise Invalid("auth_username", "cannot have a colon")
    said = {
        "use_basic_auth": given.use_basic_auth,
        "auth_username": given.auth_username,
        # Whoever writes back what was read writes no password, because none is shown.
        "auth_password": given.auth_password or None,
        "custom_headers": given.custom_headers,
    }
    return {name: value for name, value in said.items() if value is not None}


def _bindings(given: GivenCallback) -> dict[str, list[str]]:
    """What is said of bindings, by field. What is null or empty in a field of one thing binds to nothing."""
    said: dict[str, list[str]] = {}
    for field in FIELDS:
        value = getattr(given, field)
        if value is not None:
            several = value if isinstance(value, list) else str(value).split(",")
            said[field] = [text for one in several if (text := str(one).strip())]
    return said
