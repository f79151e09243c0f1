"""Operations on texts: reading a company's, and playing the sandbox carrier."""

from typing import Final

import msgspec

from ringmain.core.errors import Invalid
from ringmain.core.events import Event
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.model import Conversation, Message, OptOutEvent
from ringmain.operator import store
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import (
    EventQuery,
    EventRecord,
    InboundTextBody,
    KeyQuery,
    Listed,
    MessageQuery,
    Paged,
)

SANDBOX: Final = "sandbox"

_conversation = msgspec.json.Decoder(Conversation)
_message = msgspec.json.Decoder(Message)


async def list_conversations(call: Call) -> Paged[Conversation]:
    """A company's conversations, the newest made first."""
    query: KeyQuery = call.query
    rows = await call.core.database.fetch(store.CONVERSATIONS, call.company_id, query.bound, query.limit)
    items = [_conversation.decode(row[0]) for row in rows]
    return Paged(items=items, next=items[-1].id if len(items) == query.limit else None)


async def list_messages(call: Call) -> Paged[Message]:
    """A company's messages, newest first, of one conversation if asked."""
    query: MessageQuery = call.query
    arguments: tuple[object, ...] = (call.company_id, query.bound, query.limit)
    statement = store.MESSAGES
    if query.conversation_id is not None:
        await call.core.texting.get_conversation(call.company_id, query.conversation_id)
        statement, arguments = store.MESSAGES_OF_CONVERSATION, (*arguments, query.conversation_id)
    items = [_message.decode(row[0]) for row in await call.core.database.fetch(statement, *arguments)]
    return Paged(items=items, next=items[-1].id if len(items) == query.limit else None)


async def list_opt_outs(call: Call) -> Listed[OptOutEvent]:
    """Who must not be texted from which number, newest first, at most 1000."""
    return Listed(items=await call.core.texting.opt_outs(call.company_id, limit=1000))


async def list_events(call: Call) -> Paged[EventRecord]:
    """A company's event log, newest first."""
    query: EventQuery = call.query
    rows = await call.core.database.fetch(store.EVENTS, call.company_id, query.bound, query.limit, query.type)
    items = []
    for row in rows:
        event = Event(**{**row, "payload": msgspec.Raw(row["payload"].encode())})
        items.append(EventRecord(**msgspec.structs.asdict(event), created_at=event.created_at))
    return Paged(items=items, next=items[-1].id if len(items) == query.limit else None)


async def inject_inbound_text(call: Call) -> Message:
    """Let a text come in through the sandbox carrier."""
    body: InboundTextBody = call.body
    core = call.core
    company_id = await core.texting.company_of(body.to)
    for file_id in body.files:
        if (await core.files.get(company_id, file_id)).uploaded_at is None:
            raise Invalid("files", f"file {file_id} was not uploaded")
    return await core.texting.receive(
        InboundText(
            carrier=SANDBOX,
            sender=body.sender,
            recipient=body.to,
            text=body.text,
            reference=body.reference,
            file_ids=body.files,
        )
    )


OPERATIONS: Final = (
    Operation(
        method="GET",
        path=f"{COMPANY}/conversations",
        handler=list_conversations,
        result=Paged[Conversation],
        query=KeyQuery,
    ),
    Operation(
        method="GET", path=f"{COMPANY}/messages", handler=list_messages, result=Paged[Message], query=MessageQuery
    ),
    Operation(method="GET", path=f"{COMPANY}/opt-outs", handler=list_opt_outs, result=Listed[OptOutEvent]),
    Operation(method="GET", path=f"{COMPANY}/events", handler=list_events, result=Paged[EventRecord], query=EventQuery),
    Operation(
        method="POST",
        path="/ringmain/v1/inbound-texts",
        handler=inject_inbound_text,
        result=Message,
        body=InboundTextBody,
        status=201,
    ),
)
