"""Ringotel's API put together."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from ringmain.core.system import Core
from ringmain.dialects.kit.cors import Cors
from ringmain.dialects.kit.errors import ErrorTable
from ringmain.dialects.kit.routing import Dialect, Endpoint, Resource
from ringmain.dialects.ringotel.account import AccountMethods
from ringmain.dialects.ringotel.activity import ActivityMethods
from ringmain.dialects.ringotel.agents import AgentMethods
from ringmain.dialects.ringotel.auth import Authentication
from ringmain.dialects.ringotel.branches import BranchMethods
from ringmain.dialects.ringotel.calls import CallMethods
from ringmain.dialects.ringotel.catalogue import CatalogueMethods
from ringmain.dialects.ringotel.chat_users import ChatUserMethods
from ringmain.dialects.ringotel.contacts import ContactMethods
from ringmain.dialects.ringotel.devices import DeviceMethods
from ringmain.dialects.ringotel.errors import STATUSES, Errors, failure
from ringmain.dialects.ringotel.indications import IndicationMethods
from ringmain.dialects.ringotel.links import FileRoutes
from ringmain.dialects.ringotel.messages import Fetcher, MessageMethods
from ringmain.dialects.ringotel.optouts import OptOutMethods
from ringmain.dialects.ringotel.organizations import OrganizationMethods
from ringmain.dialects.ringotel.phone_books import PhoneBookMethods, PhoneBookRoutes
from ringmain.dialects.ringotel.recordings import RecordingMethods
from ringmain.dialects.ringotel.rpc import Method, Rpc
from ringmain.dialects.ringotel.services import ServiceMethods
from ringmain.dialects.ringotel.trunks import TrunkMethods
from ringmain.dialects.ringotel.user_logs import UserLogMethods, UserLogRoutes
from ringmain.dialects.ringotel.user_passwords import UserPasswordMethods
from ringmain.dialects.ringotel.user_standing import UserStandingMethods
from ringmain.dialects.ringotel.users import UserMethods

ADDRESSES: Final = ("", "api")
"""Segments that all methods are called at: clients put their base URL together in different ways."""


def methods(core: Core, public_url: str, fetch: Fetcher) -> list[Method]:
    """Every method that is served. `public_url` is where clients reach this server; links begin with it."""
    return [
        *MessageMethods(core, fetch).methods,
        *IndicationMethods(core).methods,
        *ChatUserMethods(core).methods,
        *OrganizationMethods(core).methods,
        *ActivityMethods(core).methods,
        *BranchMethods(core).methods,
        *AccountMethods(core).methods,
        *CatalogueMethods().methods,
        *ServiceMethods(core).methods,
        *TrunkMethods(core).methods,
        *OptOutMethods(core).methods,
        *CallMethods(core).methods,
        *UserMethods(core).methods,
        *UserStandingMethods(core).methods,
        *UserPasswordMethods(core).methods,
        *DeviceMethods(core).methods,
        *RecordingMethods(core).methods,
        *UserLogMethods(core, public_url).methods,
        *PhoneBookMethods(core, public_url).methods,
        *ContactMethods(core).methods,
        *AgentMethods(core).methods,
    ]


def endpoints(core: Core) -> list[Endpoint]:
    """Every other operation that is served, as HTTP knows it."""
    return [
        *ServiceMethods(core).endpoints,
        *FileRoutes(core).endpoints,
        *UserLogRoutes(core).endpoints,
        *PhoneBookRoutes(core).endpoints,
    ]


def build(core: Core, public_url: str, fetch: Fetcher, *, error_status: int = 200) -> dict[str, ASGIApp]:
    """An ASGI app for each first path segment. Each expects the whole path.

    `fetch` gets the files of messages that are links. `error_status`: the HTTP status of errors of the application, 200
    or 500.
    """
    authentication, cors = Authentication(core.accounts), Cors([])
    calls = Dialect(authentication, Errors(error_status), failure, cors)
    others = Dialect(authentication, ErrorTable(STATUSES, failure), failure, cors)
    rpc = Rpc(core, methods(core, public_url, fetch))
    addresses = [Address(calls, Endpoint("POST", f"/{segment}", rpc)) for segment in ADDRESSES]
    return {**dict(zip(ADDRESSES, addresses, strict=True)), **others.mount(endpoints(core))}


class Address:
    """One address, with or without a slash at its end, and nothing below it."""

    def __init__(self, dialect: Dialect, endpoint: Endpoint) -> None:
        self._dialect = dialect
        self._path = endpoint.path.strip("/")
        self._resource = Resource(dialect, {endpoint.method: endpoint})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"].strip("/") == self._path:
            await self._resource(scope, receive, send)
        else:
            await self._dialect.cors.dress(failure(404))(scope, receive, send)
