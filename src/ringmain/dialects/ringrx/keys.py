"""/myphones/api_key: a user's API keys (specs/ringrx.md 1). All but DELETE are our own design."""

import re
import secrets
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import ApiKey, Caller
from ringmain.core.errors import NotFound
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, parameters
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.dates import stamp

TOKEN: Final = re.compile(r"[0-9a-f]{32}")
MAX_NAME: Final = 100


class WireKey(msgspec.Struct, kw_only=True):
    """An API key."""

    token: str
    name: str
    created_at: str
    last_used_at: str | None


class WireNewKey(WireKey, kw_only=True):
    """An API key just made."""

    secret: str


class KeyRoutes:
    """Users have their own keys; owner and admins manage those of all, and those that are bound to nobody."""

    def __init__(self, core: Core) -> None:
        self._credentials = core.credentials
        self.endpoints = [
            Endpoint("GET", "/myphones/api_key", self.show),
            Endpoint("POST", "/myphones/api_key", self.create),
            Endpoint("DELETE", "/myphones/api_key/{token}", self.delete),
        ]

    async def show(self, request: Request, caller: Caller) -> Response:
        """List the API keys that the caller may delete, oldest first, without their secrets."""
        keys = await self._credentials.list_api_keys(caller.company_id)
        return answer.json(
            [WireKey(**_fields(key)) for key in keys if key.dialect == DIALECT and _may_manage(caller, key)]
        )

    async def create(self, request: Request, caller: Caller) -> Response:
        """Make an API key that acts for the caller. Its secret is shown this once."""
        given = await parameters.read(request)
        name = (given.text("name") or "").strip() or f"key-{secrets.token_hex(4)}"
        if len(name) > MAX_NAME:
            raise BadRequest(f"name must not be longer than {MAX_NAME} characters")
        made = await self._credentials.create_api_key(caller.company_id, DIALECT, name, person_id=caller.person_id)
        shown = WireNewKey(**_fields(made.key), secret=made.secret)
        return answer.json(shown, 201, {"Cache-Control": "no-store"})

    async def delete(self, request: Request, caller: Caller) -> Response:
        """End an API key and at once all tokens that were minted from it."""
        token = request.path_params["token"]
        if not TOKEN.fullmatch(token):
            raise NotFound("API key")
        key = await self._credentials.find_api_key(caller.company_id, DIALECT, token)
        if not _may_manage(caller, key):
            raise NotFound("API key")
        await self._credentials.revoke_api_key(caller.company_id, key.id)
        return answer.empty()


def _may_manage(caller: Caller, key: ApiKey) -> bool:
    return caller.manages or key.person_id == caller.person_id


def _fields(key: ApiKey) -> dict[str, Any]:
    return {
        "token": key.token,
        "name": key.name,
        "created_at": stamp(key.created_at),
        "last_used_at": stamp(key.last_used_at) if key.last_used_at else None,
    }
