"""/myphones/otp: a second factor, one-time codes (RFC 6238). Our own design: the vendor documents `otp` alone."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Throttled
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, parameters
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.parameters import Parameters
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx.tokens import address_of, code_of, later


class WireSecret(msgspec.Struct):
    """What an authenticator app is set up with: a base32 secret, by itself and in an `otpauth:` address."""

    secret: str
    provisioning_uri: str


class WireState(msgspec.Struct):
    """Whether logins by password need a one-time code."""

    otp_enabled: bool


class SecondFactorRoutes:
    """Begun by POST, on once a code has confirmed it. From then on logins by password need a code; keys never do."""

    def __init__(self, core: Core) -> None:
        self._companies = core.companies
        self._codes = core.credentials.one_time_codes
        self.endpoints = [
            Endpoint("POST", "/myphones/otp", self.begin),
            Endpoint("POST", "/myphones/otp/confirm", self.confirm),
            Endpoint("DELETE", "/myphones/otp", self.turn_off),
        ]

    async def begin(self, request: Request, caller: Caller) -> Response:
        """Begin to set up one-time codes: the address to scan with an authenticator app."""
        issuer = (await self._companies.get(caller.company_id)).name
        secret, uri = await self._codes.begin(caller.company_id, caller.person_id, account=caller.email, issuer=issuer)
        return answer.json(WireSecret(secret, uri), 201, {"Cache-Control": "no-store"})

    async def confirm(self, request: Request, caller: Caller) -> Response:
        """Turn one-time codes on with a first code."""
        given = await parameters.read(request)
        await self._codes.confirm(caller.company_id, caller.person_id, _needed(given))
        return answer.json(WireState(otp_enabled=True))

    async def turn_off(self, request: Request, caller: Caller) -> Response:
        """Turn one-time codes off, with a code if they are on."""
        given = await parameters.read(request)
        try:
            await self._codes.turn_off(caller.company_id, caller.person_id, code_of(given), address=address_of(request))
        except Throttled as error:
            return later(error)
        return answer.empty()


def _needed(given: Parameters) -> str:
    code = code_of(given)
    if code is None:
        raise BadRequest("otp is missing")
    return code
