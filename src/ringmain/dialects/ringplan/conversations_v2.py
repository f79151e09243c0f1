"""Texting v2, conversations: not in the reference, but web clients call it (specs/ringplan.md 5)."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.core.texting.conversation_list import ConversationFilter
from ringmain.core.texting.conversations import MAX_GROUP, MAX_NUMBERS
from ringmain.core.texting.model import Conversation
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder, read
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, lists, wire
from ringmain.dialects.ringplan.auth import DIALECT
from ringmain.dialects.ringplan.conversations import readings

V2: Final = "/texting/v2/conversations"
SORTS: Final = ("last_activity", "unread")
MAX_SEARCH: Final = 200


class Recipient(msgspec.Struct):
    """Somebody to text with; made a contact if the company knows no such number."""

    number: Annotated[str, Meta(max_length=40)]


class NewConversation(msgspec.Struct):
    """Body of POST."""

    recipients: Annotated[list[Recipient], Meta(min_length=1, max_length=MAX_GROUP)]
    from_number: str
    conversation_type: Literal["direct", "group"] = "direct"


class Pin(msgspec.Struct):
    """Body of pin, if there is one: without `pinned` it goes the other way than it is."""

    pinned: bool | None = None


NEW_CONVERSATION: Final = Decoder(msgspec.json.Decoder(NewConversation))
PIN: Final = Decoder(msgspec.json.Decoder(Pin))


class ConversationV2Routes:
    """Conversations of the caller's company, the pinned first."""

    def __init__(self, core: Core) -> None:
        self._texting = core.texting
        self._numbers = core.numbers
        self.endpoints = [
            Endpoint("GET", V2, self.page),
            Endpoint("POST", V2, self.create),
            Endpoint("POST", f"{V2}/{{conversation_id}}/pin", self.pin),
        ]

    async def page(self, request: Request, caller: Caller) -> Response:
        """Conversations from some of our numbers, with a contact, or found by name, number or words of messages."""
        paging = lists.page_of(request)
        sort = query.text(request, "sort") or SORTS[0]
        if sort not in SORTS:
            raise BadRequest(f"sort must be of {', '.join(SORTS)}")
        found = await self._texting.page_conversations(
            caller.company_id,
            page=paging.page,
            per_page=paging.per_page,
            wanted=_filter(request, caller),
            unread_first=sort == "unread",
            pinned_first=True,
        )
        return lists.page([conversation(item) for item in found.items], paging, found.total)

    async def create(self, request: Request, caller: Caller) -> Response:
        """The conversation between one of our numbers and these, made if need be (201), or found (200)."""
        body: NewConversation = await NEW_CONVERSATION(request)
        numbers = [_recipient(one.number, caller.country) for one in body.recipients]
        if body.conversation_type == "direct" and len(set(numbers)) > 1:
            raise BadRequest("A direct conversation has one recipient")
        ours = await self._own_number(body.from_number, caller)
        contacts = [(await self._texting.create_contact(caller.company_id, number=number))[0] for number in numbers]
        opened, created = await self._texting.open_conversation(
            caller.company_id, number=ours, contact_ids=[contact.id for contact in contacts], origin=DIALECT
        )
        return answer.json(conversation(opened), 201 if created else 200)

    async def pin(self, request: Request, caller: Caller) -> Response:
        """Keep it on top for the whole company, or no longer."""
        conversation_id = ids.decode(request.path_params["conversation_id"], "conversation")
        content = await read(request)
        wanted: Pin = PIN.decode(content) if content.strip() else Pin()
        pinned = await self._texting.pin_conversation(
            caller.company_id, conversation_id, pinned=wanted.pinned, origin=DIALECT
        )
        return answer.json(conversation(pinned))

    async def _own_number(self, text: str, caller: Caller) -> str:
        for number in readings(text, caller.country):
            try:
                found = await self._numbers.get_by_number(caller.company_id, number)
            except NotFound:
                continue
            if found.sms:
                return number
        raise BadRequest("from_number is not a texting number of this company")


def conversation(given: Conversation) -> dict[str, Any]:
    """The conversation of the reference, and what v2 has besides."""
    shown = wire.conversation(given)
    return msgspec.structs.asdict(shown) | {
        "campaign_info": wire.CampaignInfo(),
        "is_pinned": given.pinned_at is not None,
        "last_msg": shown.lastmessage,
    }


def _filter(request: Request, caller: Caller) -> ConversationFilter:
    given = query.values(request, "from_numbers")
    if len(given) > MAX_NUMBERS // 2:
        raise BadRequest(f"from_numbers must be at most {MAX_NUMBERS // 2}")
    numbers = tuple(number for text in given for number in readings(text, caller.country))
    search = (query.text(request, "search") or "").strip()
    if len(search) > MAX_SEARCH:
        raise BadRequest(f"search must be at most {MAX_SEARCH} characters")
    return ConversationFilter(
        numbers=numbers if given else None,
        contact_id=_contact(query.text(request, "contact_id")),
        search=search or None,
    )


def _contact(text: str | None) -> int | None:
    """An id that cannot be is nobody's: the list is empty."""
    if not text:
        return None
    try:
        return ids.decode(text, "contact")
    except NotFound:
        return 0


def _recipient(text: str, country: str) -> str:
    try:
        return normalise(text, country)
    except Invalid as error:
        raise BadRequest(f"recipients: number {error.reason}") from error
