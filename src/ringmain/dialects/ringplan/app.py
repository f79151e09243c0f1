"""RingPlan's API put together."""

from collections.abc import Sequence

from starlette.types import ASGIApp

from ringmain.core.system import Core
from ringmain.dialects.kit.cors import Cors
from ringmain.dialects.kit.routing import Dialect, Endpoint
from ringmain.dialects.ringplan.auth import Authentication
from ringmain.dialects.ringplan.calendars import CalendarRoutes
from ringmain.dialects.ringplan.calls import CallRoutes
from ringmain.dialects.ringplan.company import CompanyRoutes
from ringmain.dialects.ringplan.contacts import TextingContactRoutes
from ringmain.dialects.ringplan.conversations import ConversationRoutes
from ringmain.dialects.ringplan.conversations_v2 import ConversationV2Routes
from ringmain.dialects.ringplan.directory import DirectoryRoutes
from ringmain.dialects.ringplan.errors import ERRORS, problem
from ringmain.dialects.ringplan.extensions import ExtensionRoutes
from ringmain.dialects.ringplan.fax import FaxRoutes
from ringmain.dialects.ringplan.files import FileRoutes
from ringmain.dialects.ringplan.instances import InstanceRoutes
from ringmain.dialects.ringplan.invitations import InvitationRoutes
from ringmain.dialects.ringplan.lists import PAGING_HEADERS
from ringmain.dialects.ringplan.locations import LocationRoutes
from ringmain.dialects.ringplan.login import LoginRoutes
from ringmain.dialects.ringplan.meetings import MeetingRoutes
from ringmain.dialects.ringplan.messages import MessageRoutes
from ringmain.dialects.ringplan.numbers import TextingNumberRoutes
from ringmain.dialects.ringplan.realtime import Sockets
from ringmain.dialects.ringplan.status import StatusRoutes
from ringmain.dialects.ringplan.users import UserRoutes
from ringmain.dialects.ringplan.voicemail import VoicemailRoutes
from ringmain.dialects.ringplan.webhooks import WebhookRoutes


def endpoints(core: Core, public_url: str, login_origins: Sequence[str] = ()) -> list[Endpoint]:
    """Every operation that is served."""
    return [
        *CompanyRoutes(core).endpoints,
        *UserRoutes(core, public_url).endpoints,
        *InvitationRoutes(core, public_url).endpoints,
        *LoginRoutes(core, public_url, login_origins).endpoints,
        *LocationRoutes(core).endpoints,
        *DirectoryRoutes(core).endpoints,
        *InstanceRoutes(core).endpoints,
        *ExtensionRoutes(core).endpoints,
        *CallRoutes(core, public_url).endpoints,
        *ConversationRoutes(core).endpoints,
        *ConversationV2Routes(core).endpoints,
        *MessageRoutes(core).endpoints,
        *TextingContactRoutes(core).endpoints,
        *TextingNumberRoutes(core).endpoints,
        *FileRoutes(core, public_url).endpoints,
        *StatusRoutes(core).endpoints,
        *VoicemailRoutes(core, public_url).endpoints,
        *FaxRoutes(core).endpoints,
        *MeetingRoutes(core, public_url).endpoints,
        *CalendarRoutes(core, public_url).endpoints,
        *WebhookRoutes(core).endpoints,
    ]


def build(core: Core, public_url: str, sockets: Sockets, *, login_origins: Sequence[str] = ()) -> dict[str, ASGIApp]:
    """An ASGI app for each first path segment, or first two; Socket.IO's `ws` among them. Each expects the whole path.

    `public_url` is where clients reach this server; links in answers begin with it. `login_origins` are those of
    other pages that the login page may send tokens to.
    """
    dialect = Dialect(Authentication(core.credentials), ERRORS, problem, Cors(PAGING_HEADERS))
    apps = dialect.mount(endpoints(core, public_url, login_origins))
    # RingRx has call records at /cdrs too.
    apps["cdrs/v3"] = apps.pop("cdrs")
    return {**apps, "ws": sockets.asgi}
