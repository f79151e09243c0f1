"""Texts to a number, for clients that know of no conversations: each goes into one, which is opened if need be."""

from collections.abc import Sequence
from typing import Final

from ringmain.core.errors import Invalid, NotFound, OptedOut, ReferenceReused
from ringmain.core.texting.checks import check_address, check_outgoing
from ringmain.core.texting.model import Message
from ringmain.core.texting.service import Texting
from ringmain.database.pool import Database

TRIES: Final = 3

# What there is between our number ($2) and theirs ($3), and the message of this reference ($4)
PARTIES: Final = """
SELECT n.sms, c.id AS conversation_id, k.id AS contact_id,
    EXISTS (SELECT FROM opt_outs o
        WHERE o.company_id = n.company_id AND o.number_id = n.id AND o.contact_number = $3) AS opted_out,
    m.conversation_id AS known_in, m.text AS known_text
FROM numbers n
LEFT JOIN contacts k ON k.company_id = n.company_id AND k.number = $3
LEFT JOIN conversations c ON c.company_id = n.company_id AND c.number_id = n.id
    AND c.contact_ids = ARRAY[k.id] AND c.deleted_at IS NULL
LEFT JOIN messages m ON m.company_id = n.company_id AND m.reference = $4
WHERE n.company_id = $1 AND n.number = $2
"""


class DirectTexting:
    """Opens conversations with the texts that begin them."""

    def __init__(self, database: Database, texting: Texting) -> None:
        self._database = database
        self._texting = texting

    async def send(
        self,
        company_id: int,
        *,
        sender: str,
        recipient: str,
        text: str,
        author_id: int | None = None,
        reference: str | None = None,
        file_ids: Sequence[int] = (),
        origin: str = "",
    ) -> Message:
        """Queue a text from one of our numbers (E.164) to one number (E.164, or a short code), as `Texting.send` does.

        What is refused opens nothing. Raises Invalid, NotFound("number") unless the sender is the company's, OptedOut,
        ReferenceReused.
        """
        check_address(recipient)
        check_outgoing(text, file_ids, reference)
        if sender == recipient:
            raise Invalid("number", "is the sender's own")
        for _ in range(TRIES):
            conversation_id = await self._conversation(company_id, sender, recipient, text, reference, origin)
            try:
                return await self._texting.send(
                    company_id,
                    conversation_id,
                    text=text,
                    author_id=author_id,
                    reference=reference,
                    file_ids=file_ids,
                    origin=origin,
                )
            except NotFound as error:
                if error.kind != "conversation":
                    raise
        raise NotFound("conversation")  # somebody deletes it each time

    async def _conversation(
        self, company_id: int, sender: str, recipient: str, text: str, reference: str | None, origin: str
    ) -> int:
        found = await self._database.fetchrow(PARTIES, company_id, sender, recipient, reference)
        if found is None:
            raise NotFound("number")
        if not found["sms"]:
            raise Invalid("number", "cannot text")
        known_in: int | None = found["known_in"]
        if known_in is not None and (known_in, text) != (found["conversation_id"], found["known_text"]):
            raise ReferenceReused("this reference was used for another message")
        if found["opted_out"]:
            raise OptedOut(recipient)
        if found["conversation_id"] is not None:
            return int(found["conversation_id"])
        contact_id = found["contact_id"]
        if contact_id is None:
            contact, _ = await self._texting.create_contact(company_id, number=recipient)
            contact_id = contact.id
        conversation, _ = await self._texting.open_conversation(
            company_id, number=sender, contact_ids=[contact_id], origin=origin
        )
        return conversation.id
