"""Logging in: what web clients call beyond the reference (specs/ringplan.md 5). POST /login and /logout are ours."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ringmain.core.credentials.model import Tokens
from ringmain.core.errors import Throttled, Unauthenticated
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import pages
from ringmain.dialects.ringplan.errors import problem

URL: Final = re.compile(r"https?://[!-~]{1,2000}")
MAX_EMAIL: Final = 254
Token = Annotated[str, Meta(min_length=1, max_length=200)]


class LoginBody(msgspec.Struct):
    """Body of POST /login. `otp`: a one-time code, for people who have turned them on."""

    email: Annotated[str, Meta(min_length=1, max_length=MAX_EMAIL)]
    password: Annotated[str, Meta(min_length=1)]
    otp: Annotated[str, Meta(max_length=20)] | None = None


class RefreshBody(msgspec.Struct):
    """Body of POST /refresh-token and of POST /logout. The access token may have expired long ago: it is not read."""

    refresh_token: Token
    access_token: str | None = None


LOGIN: Final = Decoder(msgspec.json.Decoder(LoginBody))
REFRESH: Final = Decoder(msgspec.json.Decoder(RefreshBody))


class LoginRoutes:
    """User tokens for people with a password. `origins`: of the pages to which the login page may send tokens."""

    def __init__(self, core: Core, public_url: str, origins: Sequence[str]) -> None:
        self._sessions = core.sessions
        self._origins = {_origin(url.strip()) for url in (public_url, *origins)}
        self.endpoints = [
            Endpoint("GET", "/login", self.show, public=True),
            Endpoint("POST", "/login", self.log_in, public=True),
            Endpoint("POST", "/refresh-token", self.refresh, public=True),
            Endpoint("POST", "/logout", self.log_out, public=True),
        ]

    async def show(self, request: Request, _: None) -> Response:
        """The login page. It leads back to the address `back`, the tokens behind its #, if that is allowed."""
        back, origin = self._back(request.query_params.get("back", ""))
        return pages.login_form(back, origin)

    async def log_in(self, request: Request, _: None) -> Response:
        """Log in with e-mail and password: answers tokens to JSON, and leads back if the login page was sent."""
        if pages.is_form(request):
            return await self._log_in_by_form(request)
        body: LoginBody = await LOGIN(request)
        try:
            tokens = await self._sessions.log_in(body.email, body.password, address=_address(request), code=body.otp)
        except Throttled as error:
            return _later(problem(429, str(error)), error)
        return _uncached(answer.json(_shown(tokens)))

    async def refresh(self, request: Request, _: None) -> Response:
        """A new user token. The refresh token that comes along takes the old one's place once it is used."""
        body: RefreshBody = await REFRESH(request)
        return _uncached(answer.json(_shown(await self._sessions.refresh(body.refresh_token))))

    async def log_out(self, request: Request, _: None) -> Response:
        """End the session of a refresh token, if there is one: 204."""
        body: RefreshBody = await REFRESH(request)
        await self._sessions.log_out(body.refresh_token)
        return answer.empty()

    async def _log_in_by_form(self, request: Request) -> Response:
        form = await pages.read_form(request)
        back, origin = self._back(form.get("back", ""))
        email = form.get("email", "")[:MAX_EMAIL]
        try:
            tokens = await self._sessions.log_in(
                email, form.get("password", ""), address=_address(request), code=form.get("otp")
            )
        except Throttled as error:
            minutes = -(-error.retry_after // 60)
            text = f"Too many tries. Please try again in {minutes} minutes."
            return _later(pages.login_form(back, origin, email=email, problem=text, status=429), error)
        except Unauthenticated:
            text = "E-mail, password or one-time code is wrong."
            return pages.login_form(back, origin, email=email, problem=text, status=401)
        target = f"{back.partition('#')[0]}#{urlencode(_shown(tokens))}"
        return _uncached(RedirectResponse(target, 303, {"Referrer-Policy": "no-referrer"}))

    def _back(self, url: str) -> tuple[str, str]:
        """The address and its origin. Raises BadRequest for one that is not allowed."""
        origin = _origin(url) if URL.fullmatch(url) and "\\" not in url else ""
        if not origin or origin not in self._origins:
            raise BadRequest("back must be an address of this server, or of an origin in RINGMAIN_LOGIN_ORIGINS")
        return url, origin


def _origin(url: str) -> str:
    """As in https://phone.example.com:8443; "" for what has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if not parts.scheme or not parts.netloc:
        return ""
    default = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(default)}" if default else ""


def _shown(tokens: Tokens) -> dict[str, Any]:
    """Clients read `id_token`; `access_token` is the same."""
    return {
        "id_token": tokens.user_token,
        "access_token": tokens.user_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
    }


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _later(response: Response, error: Throttled) -> Response:
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
