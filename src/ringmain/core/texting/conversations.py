"""The verbs of texting on conversations."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.texting import conversation_list
from ringmain.core.texting import conversation_store as store
from ringmain.core.texting.checks import check_text
from ringmain.core.texting.conversation_list import ConversationFilter
from ringmain.core.texting.model import Conversation, ConversationPage
from ringmain.core.word_search import prefix_queries
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups

MAX_GROUP: Final = 50
MAX_NUMBERS: Final = 50
"""Of our numbers, in one filter."""
TRIES: Final = 5
ANY: Final = ConversationFilter()

_conversation: Final = msgspec.json.Decoder(Conversation)


class Conversations:
    """Conversations: opened, listed, searched, pinned, deleted. `Texting` is this and the rest."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def open_conversation(
        self, company_id: int, *, number: str, contact_ids: Sequence[int], origin: str = ""
    ) -> tuple[Conversation, bool]:
        """The conversation between our number (E.164) and these contacts, and whether it is new.

        Raises NotFound("number") unless it is this company's and can text, NotFound("contact"), Invalid.
        """
        ids = sorted(set(contact_ids))
        if not 1 <= len(ids) <= MAX_GROUP:
            raise Invalid("contact_ids", f"a conversation has 1 to {MAX_GROUP} contacts")
        for _ in range(TRIES):
            row = await self._database.fetchrow(store.OPEN_CONVERSATION, company_id, number, ids, origin)
            assert row is not None  # noqa: S101 - the statement always answers one row
            if not row["contacts_known"]:
                raise NotFound("contact")
            if not row["number_known"]:
                raise NotFound("number")
            if row["conversation"]:
                if row["created"]:
                    self._wakeups.wake(EVENTS)
                return _conversation.decode(row["conversation"]), row["created"]
        raise AlreadyExists("conversation is being made by somebody else")

    async def get_conversation(self, company_id: int, conversation_id: int) -> Conversation:
        """Raises NotFound."""
        found = await self._database.fetchval(store.CONVERSATION, company_id, conversation_id)
        if found is None:
            raise NotFound("conversation")
        return _conversation.decode(found)

    async def page_conversations(
        self,
        company_id: int,
        *,
        page: int,
        per_page: int,
        wanted: ConversationFilter = ANY,
        unread_first: bool = False,
        pinned_first: bool = False,
    ) -> ConversationPage:
        """Those that match, latest activity first. Pages count from 1; one beyond the end is empty. Raises Invalid."""
        if wanted.search is not None:
            wanted = msgspec.structs.replace(wanted, search=check_text("search", wanted.search).strip() or None)
        if len(wanted.numbers or ()) > MAX_NUMBERS:
            raise Invalid("numbers", f"must be at most {MAX_NUMBERS}")
        statement, values = conversation_list.page(
            company_id,
            wanted,
            unread_first=unread_first,
            pinned_first=pinned_first,
            limit=per_page,
            offset=(page - 1) * per_page,
        )
        row = await self._database.fetchrow(statement, *values)
        assert row is not None  # noqa: S101
        return ConversationPage(total=row["total"], items=[_conversation.decode(item) for item in row["items"]])

    async def search_conversations(self, company_id: int, *, text: str, limit: int = 100) -> list[Conversation]:
        """Conversations with a message that has words beginning with all the words of `text`.

        `last_message` is the newest match; newest match first. Looks at the newest 1,000 matching messages.
        """
        words = prefix_queries(check_text("text", text))
        if not words:
            return []
        rows = await self._database.fetch(store.SEARCH_CONVERSATIONS, company_id, words, limit)
        return [_conversation.decode(row[0]) for row in rows]

    async def delete_conversation(self, company_id: int, conversation_id: int, *, origin: str = "") -> None:
        """Delete it with its messages; what was queued still goes out. Raises NotFound."""
        if not await self._database.fetchval(store.DELETE_CONVERSATION, company_id, conversation_id, origin):
            raise NotFound("conversation")
        self._wakeups.wake(EVENTS)

    async def pin_conversation(
        self, company_id: int, conversation_id: int, *, pinned: bool | None = None, origin: str = ""
    ) -> Conversation:
        """Keep it on top of lists for the company, or no longer; None: the other way than it is. Raises NotFound."""
        found = await self._database.fetchval(store.PIN_CONVERSATION, company_id, conversation_id, pinned, origin)
        if found is None:
            raise NotFound("conversation")
        self._wakeups.wake(EVENTS)
        return _conversation.decode(found)
