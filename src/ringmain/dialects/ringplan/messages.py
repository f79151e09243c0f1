"""Texting, messages: rows 24 to 28 of specs/ringplan.md."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import NotFound
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, lists, wire
from ringmain.dialects.ringplan.auth import DIALECT

CONVERSATION = "/texting/conversations/{conversation_id}/messages"


class NewMessage(msgspec.Struct):
    """Body of row 26. Clients also send `created_at` and `with_warning`, which change nothing here."""

    text: str | None = None
    files: list[str] | None = None
    stamp_id: str | None = None


class ReadMark(msgspec.Struct):
    """Body of row 25."""

    is_read: bool


NEW_MESSAGE = Decoder(msgspec.json.Decoder(NewMessage))
READ_MARK = Decoder(msgspec.json.Decoder(ReadMark))


class MessageRoutes:
    """Messages of one conversation."""

    def __init__(self, core: Core) -> None:
        self._texting = core.texting
        self.endpoints = [
            Endpoint("GET", CONVERSATION, self.page),
            Endpoint("PATCH", f"{CONVERSATION}/{{message_id}}", self.mark),
            Endpoint("POST", f"{CONVERSATION}/publish", self.publish),
            Endpoint("DELETE", CONVERSATION, self.delete),
        ]

    async def page(self, request: Request, caller: Caller) -> Response:
        """Get messages from conversation, newest first."""
        conversation_id, wanted = _conversation_id(request), lists.page_of(request)
        found = await self._texting.page_messages(
            caller.company_id, conversation_id, page=wanted.page, per_page=wanted.per_page
        )
        items = [wire.message(item, found.kind, found.timezone) for item in found.items]
        return lists.page(items, wanted, found.total)

    async def mark(self, request: Request, caller: Caller) -> Response:
        """Mark message as read, or as unread again."""
        conversation_id = _conversation_id(request)
        message_id = ids.decode(request.path_params["message_id"], "message")
        body: ReadMark = await READ_MARK(request)
        conversation = await self._texting.get_conversation(caller.company_id, conversation_id)
        (message,) = await self._texting.mark_read(
            caller.company_id,
            conversation_id,
            [message_id],
            read=body.is_read,
            person_id=caller.person_id,
            origin=DIALECT,
        )
        return answer.json(wire.message(message, conversation.kind, conversation.timezone))

    async def publish(self, request: Request, caller: Caller) -> Response:
        """Send outbound message.

        Repeating it under the same `Idempotency-Key` header, or else the same `stamp_id`, sends nothing again.
        """
        conversation_id = _conversation_id(request)
        body: NewMessage = await NEW_MESSAGE(request)
        try:
            message = await self._texting.send(
                caller.company_id,
                conversation_id,
                text=body.text or "",
                author_id=caller.person_id,
                reference=_reference(request, caller, body.stamp_id),
                file_ids=ids.decode_all(body.files, "file") if body.files else (),
                origin=DIALECT,
            )
        except NotFound as error:
            if error.kind == "file":
                raise BadRequest("files names a file that does not exist or was not uploaded") from error
            raise
        kind = "direct" if len(message.recipients) == 1 else "group"
        return answer.json(wire.message(message, kind, caller.company_timezone), 201)

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete messages in conversation: those of `ids`, all or none. Without `ids` nothing is deleted."""
        message_ids = ids.decode_all(query.values(request, "ids"), "message")
        await self._texting.delete_messages(caller.company_id, _conversation_id(request), message_ids, origin=DIALECT)
        return answer.empty()


def _conversation_id(request: Request) -> int:
    return ids.decode(request.path_params["conversation_id"], "conversation")


def _reference(request: Request, caller: Caller, stamp_id: str | None) -> str | None:
    """The client's key, kept apart from other people's and from other dialects'."""
    key = request.headers.get("idempotency-key")
    if key:
        return f"{DIALECT}/{caller.person_id}/key/{key}"
    return f"{DIALECT}/{caller.person_id}{wire.STAMP}{stamp_id}" if stamp_id else None
