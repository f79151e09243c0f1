"""Texting, conversations: rows 20 to 23 of specs/ringplan.md."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.core.texting.model import Conversation
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, lists, wire
from ringmain.dialects.ringplan.auth import DIALECT


class NewConversation(msgspec.Struct):
    """Body of row 22."""

    contact_id: str
    from_number: str


NEW_CONVERSATION = Decoder(msgspec.json.Decoder(NewConversation))


class ConversationRoutes:
    """Conversations of the caller's company."""

    def __init__(self, core: Core) -> None:
        self._texting = core.texting
        self.endpoints = [
            Endpoint("GET", "/texting/conversations", self.page),
            Endpoint("GET", "/texting/conversations/search", self.search),
            Endpoint("POST", "/texting/conversations", self.create),
            Endpoint("DELETE", "/texting/conversations/{conversation_id}", self.delete),
        ]

    async def page(self, request: Request, caller: Caller) -> Response:
        """Get all conversations, latest activity first."""
        wanted = lists.page_of(request)
        found = await self._texting.page_conversations(caller.company_id, page=wanted.page, per_page=wanted.per_page)
        return lists.page([wire.conversation(item) for item in found.items], wanted, found.total)

    async def search(self, request: Request, caller: Caller) -> Response:
        """Search conversations: `lastmessage` of each is its newest match; nothing asked for finds nothing."""
        text = query.text(request, "text") or ""
        found = await self._texting.search_conversations(caller.company_id, text=text)
        return lists.whole(request, [wire.conversation(item) for item in found])

    async def create(self, request: Request, caller: Caller) -> Response:
        """Create new conversations: 200 with the one that there is between these two numbers, else 201."""
        body: NewConversation = await NEW_CONVERSATION(request)
        contact_id = ids.decode(body.contact_id, "contact")
        conversation, created = await self._open(caller, body.from_number, contact_id)
        return answer.json(wire.conversation(conversation), 201 if created else 200)

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete conversations, with all their messages."""
        conversation_id = ids.decode(request.path_params["conversation_id"], "conversation")
        await self._texting.delete_conversation(caller.company_id, conversation_id, origin=DIALECT)
        return answer.empty()

    async def _open(self, caller: Caller, from_number: str, contact_id: int) -> tuple[Conversation, bool]:
        for number in readings(from_number, caller.country):
            try:
                return await self._texting.open_conversation(
                    caller.company_id, number=number, contact_ids=[contact_id], origin=DIALECT
                )
            except NotFound as error:
                if error.kind != "number":
                    raise
        raise BadRequest("from_number is not a texting number of this company")


def readings(number: str, country: str) -> list[str]:
    """What this may be in E.164. Ten digits may also be what we show of a North American number."""
    readings = []
    for region in dict.fromkeys((country, "US")):
        try:
            readings.append(normalise(number, region))
        except Invalid:
            continue
    return list(dict.fromkeys(readings))
