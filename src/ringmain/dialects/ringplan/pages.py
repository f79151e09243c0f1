"""The few pages that people see: plain HTML without scripts, which nobody may frame and no cache may keep."""

from html import escape
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ringmain.core.errors import Forbidden
from ringmain.dialects.kit import body
from ringmain.dialects.kit.errors import BadRequest

FORM: Final = "application/x-www-form-urlencoded"
FORM_LIMIT: Final = 16_384
STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:12vh auto;padding:0 1rem;color:#222}"
    "label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}"
    "label{margin-top:1rem}input{padding:.5rem;border:1px solid #888;border-radius:4px}"
    "button{margin-top:1.5rem;padding:.6rem;border:0;border-radius:4px;background:#1a4f8b;color:#fff}"
    "[role=alert]{color:#a11}"
)


def login_form(back: str, origin: str, *, email: str = "", problem: str = "", status: int = 200) -> HTMLResponse:
    """Asks for e-mail, password and, of whom has one, a one-time code. `origin` is where the browser goes back to."""
    fields = (
        f'<input type="hidden" name="back" value="{escape(back)}">'
        '<label for="email">E-mail</label>'
        f'<input id="email" name="email" type="email" autocomplete="username" required value="{escape(email)}">'
        f"{_password('current-password')}"
        '<label for="otp">One-time code, if you have turned them on</label>'
        '<input id="otp" name="otp" inputmode="numeric" autocomplete="one-time-code">'
        "<button>Log in</button>"
    )
    return _page("Log in", _form("/login", fields), problem, status, origin)


def password_form(email: str, token: str, *, problem: str = "") -> HTMLResponse:
    """Asks for a first password; posts to its own address."""
    fields = (
        f'<input type="hidden" name="token" value="{escape(token)}">'
        f'<input type="hidden" name="username" autocomplete="username" value="{escape(email)}">'
        f"{_password('new-password')}<button>Set password</button>"
    )
    text = f"<p>For {escape(email)}, at least 8 characters.</p>"
    return _page("Choose a password", text + _form("", fields), problem, 400 if problem else 200)


def done(title: str, text: str) -> HTMLResponse:
    """Says that something is done."""
    return _page(title, f"<p>{escape(text)}</p>")


def failed(title: str, text: str, status: int) -> HTMLResponse:
    """Says that something could not be done, and why."""
    return _page(title, "", text, status)


def is_form(request: Request) -> bool:
    """Whether a browser's form was sent, not JSON."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form. Raises BadRequest, and Forbidden when a page of somebody else's sent it."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Forbidden("The form was sent from another site")
    content = await body.read(request, FORM_LIMIT)
    try:
        fields = dict(parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=20, errors="strict"))
    except ValueError as error:
        raise BadRequest("The body is not a form") from error
    if any("\0" in value for value in fields.values()):
        raise BadRequest("The form has a NUL character in it")
    return fields


def _password(autocomplete: str) -> str:
    return (
        '<label for="password">Password</label>'
        f'<input id="password" name="password" type="password" autocomplete="{autocomplete}" required>'
    )


def _form(action: str, fields: str) -> str:
    target = f' action="{action}"' if action else ""
    return f'<form method="post"{target}>{fields}</form>'


def _page(title: str, content: str, problem: str = "", status: int = 200, origin: str = "") -> HTMLResponse:
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{alert}{content}</body></html>"
    )
    headers = {
        # Browsers hold a form's redirect to form-action too.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {origin}".rstrip(),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(text, status, headers)
