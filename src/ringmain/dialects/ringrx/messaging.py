"""Texts: row 12 of specs/ringrx.md 2."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.system import Core
from ringmain.core.texting.model import Message
from ringmain.dialects.kit import answer, parameters
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.parameters import Parameters
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import dates, ids, numbers
from ringmain.dialects.ringrx.auth import DIALECT


class SentMessage(msgspec.Struct):
    """What was sent. `uuid` is the client's own where it gave one."""

    sms_id: str
    uuid: str
    from_: str = msgspec.field(name="from")
    to: str
    message: str
    status: str
    timestamp: str


class MessagingRoutes:
    """Texts that go out."""

    def __init__(self, core: Core) -> None:
        self._numbers = core.numbers
        self._texting = core.direct_texting
        self.endpoints = [Endpoint("POST", "/messaging/send_message", self.send)]

    async def send(self, request: Request, caller: Caller) -> Response:
        """Send a text from `from`, or else from the user's default number; the same `uuid` again sends nothing."""
        given = await parameters.read(request)
        text = given.text("message")
        if not text:
            raise BadRequest("message is needed")
        sent = await self._texting.send(
            caller.company_id,
            sender=await self._sender(given, caller),
            recipient=_number(given, "to", caller),
            text=text,
            author_id=caller.person_id,
            reference=given.text("uuid") or None,
            origin=DIALECT,
        )
        return answer.json(_sent(sent))

    async def _sender(self, given: Parameters, caller: Caller) -> str:
        try:
            if (given.text("from") or "").strip():
                wanted = _number(given, "from", caller)
                return (await self._numbers.get_by_number(caller.company_id, wanted)).number
            return (await self._numbers.default(caller.company_id, caller.email)).number
        except NotFound:
            raise BadRequest("There is no such number of the account that can text") from None


def _number(given: Parameters, name: str, caller: Caller) -> str:
    try:
        return numbers.read(given.text(name) or "", caller.country)
    except Invalid as error:
        raise Invalid(name, error.reason) from None


def _sent(message: Message) -> SentMessage:
    spelled = ids.encode(message.id)
    return SentMessage(
        sms_id=spelled,
        uuid=message.reference or spelled,
        from_=numbers.ten_digits(message.sender),
        to=numbers.ten_digits(message.recipients[0]),
        message=message.text,
        status=message.state,
        timestamp=dates.stamp(message.created_at),
    )
