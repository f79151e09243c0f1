"""The RingRx dialect as ASGI apps by first path segment."""

from starlette.types import ASGIApp

from ringmain.core.system import Core
from ringmain.dialects.kit.cors import Cors
from ringmain.dialects.kit.routing import Dialect, Endpoint
from ringmain.dialects.ringrx.auth import Authentication
from ringmain.dialects.ringrx.billing import BillingRoutes
from ringmain.dialects.ringrx.callbacks import CallbackRoutes
from ringmain.dialects.ringrx.cdrs import CallRecordRoutes
from ringmain.dialects.ringrx.errors import ERRORS, refusal
from ringmain.dialects.ringrx.faxes import FaxRoutes
from ringmain.dialects.ringrx.groups import GroupRoutes
from ringmain.dialects.ringrx.keys import KeyRoutes
from ringmain.dialects.ringrx.messaging import MessagingRoutes
from ringmain.dialects.ringrx.myphones import MyPhonesRoutes
from ringmain.dialects.ringrx.openapi import DocumentRoutes
from ringmain.dialects.ringrx.outreach import OutreachRoutes
from ringmain.dialects.ringrx.second_factor import SecondFactorRoutes
from ringmain.dialects.ringrx.tokens import TokenRoutes
from ringmain.dialects.ringrx.voicemail_wire import DurationUnit
from ringmain.dialects.ringrx.voicemails import VoicemailRoutes


def endpoints(core: Core, public_url: str, unit: DurationUnit = "ms") -> list[Endpoint]:
    """Every operation that is served."""
    routes = [
        *TokenRoutes(core).endpoints,
        *MyPhonesRoutes(core).endpoints,
        *KeyRoutes(core).endpoints,
        *SecondFactorRoutes(core).endpoints,
        *VoicemailRoutes(core, unit).endpoints,
        *FaxRoutes(core, unit).endpoints,
        *CallRecordRoutes(core).endpoints,
        *MessagingRoutes(core).endpoints,
        *BillingRoutes(core).endpoints,
        *CallbackRoutes(core).endpoints,
        *OutreachRoutes(core).endpoints,
        *GroupRoutes(core).endpoints,
    ]
    return [*routes, *DocumentRoutes(routes, public_url).endpoints]


def build(core: Core, public_url: str, *, unit: DurationUnit = "ms") -> dict[str, ASGIApp]:
    """An ASGI app for each first path segment. Each expects the whole path.

    `public_url` is where clients reach this server. `unit`: what durations of voicemail count.
    """
    dialect = Dialect(Authentication(core.credentials), ERRORS, refusal, Cors(()))
    return dialect.mount(endpoints(core, public_url, unit))
