"""The pages behind a mail's links. Opening one changes nothing, since mail scanners open all; its button does."""

from collections.abc import Awaitable, Callable
from html import escape
from typing import Final, get_args
from zoneinfo import ZoneInfo

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ringmain.core.errors import CoreError, Forbidden, NotFound, WrongState
from ringmain.core.ids import MAX_ID
from ringmain.core.outreach.links import SEGMENT, answer_path
from ringmain.core.outreach.model import Answer, Reminder
from ringmain.core.system import Core
from ringmain.database.pool import DatabaseUnavailable

log = structlog.get_logger()

ORIGIN: Final = "mail"
STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;padding:0 1rem;color:#222}"
    "button{display:block;width:100%;font:inherit;margin-top:1.5rem;padding:.6rem;border:0;border-radius:4px;"
    "background:#1a4f8b;color:#fff}"
)
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
ASKS: Final[dict[Answer, tuple[str, str]]] = {
    "confirm": ("Confirm your appointment", "Confirm"),
    "cancel": ("Cancel your appointment", "Cancel the appointment"),
}
DONE: Final[dict[str, str]] = {
    "confirmed": "Your appointment is confirmed. Thank you.",
    "cancelled": "Your appointment is cancelled.",
    "expired": "The date of this appointment has passed.",
}
STATUSES: Final = ((Forbidden, 403), (NotFound, 404), (WrongState, 409), (DatabaseUnavailable, 503))


def build(core: Core) -> dict[str, ASGIApp]:
    """An ASGI app for the first path segment of the links."""
    pages = AnswerPages(core)
    path = f"/{SEGMENT}/{{company_id}}/{{reminder_id}}/{{answer}}"
    routes = [Route(path, _guarded(pages.show), methods=["GET"]), Route(path, _guarded(pages.do), methods=["POST"])]
    return {SEGMENT: Router(routes, redirect_slashes=False, default=_unknown)}


class AnswerPages:
    """What is signed may be done by whoever has the link: it was sent to the one who is reminded."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def show(self, request: Request) -> Response:
        """The appointment as it is now, and a button."""
        company_id, reminder_id, answer = await self._signed(request)
        reminder = await self._core.outreach.get(company_id, reminder_id)
        company = await self._core.companies.get(company_id)
        profile_zone = await self._zone(reminder)
        title, label = ASKS[answer]
        when = reminder.reminder_date.astimezone(ZoneInfo(profile_zone or company.timezone))
        lines = [
            f"<p>{escape(company.name)}<br>{escape(reminder.name)}<br>"
            f"{when:%A, %B} {when.day}, {when.year}, {when.hour % 12 or 12}:{when:%M} {when:%p}</p>"
        ]
        if reminder.state in DONE and (reminder.state, answer) != ("confirmed", "cancel"):
            return page(title, *lines, f"<p>{DONE[reminder.state]}</p>")
        return page(title, *lines, f'<form method="post"><button>{label}</button></form>')

    async def do(self, request: Request) -> Response:
        """Confirm or cancel."""
        company_id, reminder_id, answer = await self._signed(request)
        settled = await self._core.outreach.answer(company_id, reminder_id, answer, by="email", origin=ORIGIN)
        return page(ASKS[answer][0], f"<p>{DONE[settled.state]}</p>")

    async def _zone(self, reminder: Reminder) -> str | None:
        try:
            profile = await self._core.outreach.get_profile(reminder.company_id, reminder.profile_id)
        except NotFound:  # deleted since
            return None
        return profile.settings.timezone

    async def _signed(self, request: Request) -> tuple[int, int, Answer]:
        given = request.path_params
        answer: Answer | None = next((one for one in get_args(Answer) if one == given["answer"]), None)
        if answer is None:
            raise NotFound("page")
        company_id, reminder_id = _number(given["company_id"]), _number(given["reminder_id"])
        path = answer_path(company_id, reminder_id, answer)
        await self._core.credentials.check_link(path, request.query_params)
        return company_id, reminder_id, answer


def page(title: str, *parts: str, status: int = 200) -> HTMLResponse:
    """Plain HTML without scripts, which nobody may frame and no cache may keep."""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>"
    )
    return HTMLResponse(text, status, HEADERS)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and 0 < int(text) <= MAX_ID):
        raise NotFound("page")
    return int(text)


def _guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            return await answer(request)
        except (CoreError, DatabaseUnavailable) as error:
            status = next((status for kind, status in STATUSES if isinstance(error, kind)), 400)
            log.info("a reminder's link was refused", status=status)
            said = "Please try again later" if status == 503 else str(error)
            return page("This cannot be done", f"<p>{escape(said[:1].upper() + said[1:])}.</p>", status=status)

    return respond


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    await page("There is nothing at this address", status=404)(scope, receive, send)
