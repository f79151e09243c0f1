"""The RingRx dialect as ASGI apps by first path segment."""

from starlette.types import ASGIApp

from ringmain.core.system import Core
from ringmain.dialects.kit.cors import Cors
from ringmain.dialects.kit.routing import Dialect, Endpoint
from ringmain.dialects.ringrx.auth import Authentication
from ringmain.dialects.ringrx.errors import ERRORS, refusal


def endpoints(core: Core, public_url: str) -> list[Endpoint]:
    """Every operation that is served."""
    return []


def build(core: Core, public_url: str) -> dict[str, ASGIApp]:
    """An ASGI app for each first path segment. Each expects the whole path.

    `public_url` is where clients reach this server.
    """
    dialect = Dialect(Authentication(core.credentials), ERRORS, refusal, Cors(()))
    return dialect.mount(endpoints(core, public_url))
