"""From core events to RingRx's callbacks (specs/ringrx.md 4)."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from ringmain.core import events as core
from ringmain.core.calls.model import CallEvent
from ringmain.core.errors import NotFound
from ringmain.core.events import Event
from ringmain.core.groups.model import CallOffered
from ringmain.core.outreach.model import OutreachEvent
from ringmain.core.subscriptions.model import Destination, Subscription
from ringmain.core.system import Core
from ringmain.core.texting.model import MessageEvent
from ringmain.dialects.kit.answer import encode
from ringmain.dialects.kit.notification import Notification
from ringmain.dialects.ringrx import callback_wire, templates
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.cdr_wire import domain_of
from ringmain.dialects.ringrx.templates import Values
from ringmain.dialects.ringrx.voicemail_wire import DurationUnit

TRIES: Final = (0.0, 10.0, 60.0, 300.0, 1800.0)
"""Seconds before each try."""
ONE_TRY: Final = (0.0,)
"""An alert is stale once the call was offered."""
MAY_PASS: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
JSON: Final = "application/json"


class CallbackOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint of this face keeps beside its address: how its owner configured the callback."""

    callback_type: str
    use_basic_auth: bool = False
    auth_username: str = ""
    auth_password: str = ""
    custom_headers: str = ""


class Content(msgspec.Struct, frozen=True):
    """What an event comes to: the body, and what its tokens stand for."""

    body: bytes
    mimetype: str
    values: Values


class RingRxFace:
    """Renders callbacks: a POST of JSON, of a recording or of a document, to an address made of tokens."""

    name: Final = DIALECT

    def __init__(self, core: Core, duration_unit: DurationUnit) -> None:
        self._core = core
        self._unit = duration_unit

    async def render(self, event: Event, subscription: Subscription, endpoint: Destination) -> Notification | None:
        """The request; None for a message that was thrown away meanwhile, and for what this face has no words for."""
        content = await self._content(event, endpoint)
        if content is None:
            return None
        options = msgspec.convert(endpoint.options, CallbackOptions)
        return Notification(
            url=templates.address(endpoint.url, content.values),
            headers=_headers(options, content),
            body=content.body,
        )

    def schedule(self, event_type: str) -> Sequence[float]:
        """Five tries in 37 minutes; alerts are tried once."""
        return ONE_TRY if event_type == core.CALL_OFFERED else TRIES

    def is_final(self, status: int) -> bool:
        """A refusal is final unless it says that it will pass."""
        return 400 <= status < 500 and status not in MAY_PASS

    async def _content(self, event: Event, endpoint: Destination) -> Content | None:
        match event.type:
            case core.MESSAGE_CREATED:
                given = _message_event.decode(event.payload)
                return _json(callback_wire.text_message(given)) if given.message.direction == "inbound" else None
            case core.VOICEMAIL_CREATED | core.FAX_RECEIVED:
                return await self._file(event)
            case core.CALL_ENDED | core.CALL_RECORDED:
                call = _call_event.decode(event.payload).call
                return _json(callback_wire.call_record(call, await self._domain(event.company_id)))
            case core.OUTREACH_CREATED | core.OUTREACH_UPDATED | core.OUTREACH_DISPOSITIONED:
                return _json(callback_wire.outreach(_outreach_event.decode(event.payload).reminder))
            case core.CALL_OFFERED:
                offered = _call_offered.decode(event.payload)
                domain = await self._domain(event.company_id)
                return _json(callback_wire.call_alert(offered, endpoint.id, domain))
            case core.WEBHOOK_TEST:
                return _json({})
            case _:
                return None

    async def _file(self, event: Event) -> Content | None:
        tokens = callback_wire.voicemail if event.type == core.VOICEMAIL_CREATED else callback_wire.fax
        try:
            entry = await self._core.mailbox.get(event.company_id, event.subject_id)
            content = await self._core.mailbox.content(entry)
        except NotFound:
            return None
        return Content(content, entry.shown.mimetype, tokens(entry, self._unit))

    async def _domain(self, company_id: int) -> str:
        return domain_of(await self._core.companies.get(company_id))


def _json(body: dict[str, object]) -> Content:
    return Content(encode(body), JSON, body)


def _headers(options: CallbackOptions, content: Content) -> Mapping[str, str]:
    made = templates.headers(options.custom_headers, content.values)
    if options.use_basic_auth:
        made = {name: value for name, value in made.items() if name.lower() != "authorization"}
        credentials = f"{options.auth_username}:{options.auth_password}".encode()
        made["Authorization"] = f"Basic {b64encode(credentials).decode()}"
    return {**made, "content-type": content.mimetype}


_message_event: Final = msgspec.json.Decoder(MessageEvent)
_call_event: Final = msgspec.json.Decoder(CallEvent)
_outreach_event: Final = msgspec.json.Decoder(OutreachEvent)
_call_offered: Final = msgspec.json.Decoder(CallOffered)
