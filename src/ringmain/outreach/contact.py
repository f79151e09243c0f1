"""One try of one channel: what is said there, and saying it. What the core refuses is a result, not an error."""

from typing import Final

import msgspec

from ringmain.core.errors import Invalid, NotFound, OptedOut, ReferenceReused
from ringmain.core.mail.model import Mail
from ringmain.core.outreach import templates
from ringmain.core.outreach.caller import Call
from ringmain.core.outreach.links import AnswerLinks
from ringmain.core.outreach.queue import ORIGIN, Claim, OutreachQueue, Step, Try, Words
from ringmain.core.texting.service import Texting

TRIES: Final = 3
"""A conversation that somebody deletes just then is opened again."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try: a word of docs/outreach.md, why, and the mail that leaves with it."""

    result: str
    detail: str = ""
    mail: Mail | None = None


class Contact:
    """Texts and mails go through the core, so that every dialect sees them."""

    def __init__(self, queue: OutreachQueue, texting: Texting, links: AnswerLinks) -> None:
        self._queue = queue
        self._texting = texting
        self._links = links

    async def words(self, claim: Claim, step: Step) -> Words:
        """What will be said in this step."""
        settings, reminder = claim.settings, step.reminder
        links = await self._links.of(claim.company_id, claim.id, reminder.reminder_date)
        values = templates.values_of(reminder, settings, claim.company, claim.timezone, links)
        match step.channel:
            case "sms":
                text = templates.fill(settings.sms_template, values)
                return Words(sender=settings.sender, recipient=reminder.phone_number, subject="", text=text)
            case "voice":
                text = templates.fill(settings.voice_template, values)
                return Words(sender=settings.caller_id, recipient=reminder.phone_number, subject="", text=text)
            case "email":
                subject = templates.one_line(templates.fill(settings.email_subject, values))
                text = templates.fill(settings.email_template, values)
                return Words(sender="", recipient=reminder.email_address, subject=subject, text=text)

    async def text(self, claim: Claim, attempt: Try, name: str) -> Ending:
        """Send a text, once however often this is called for a try."""
        if attempt.resumed and await self._queue.sent_before(claim, attempt):
            return Ending(result="sending")
        try:
            await self._send(claim, attempt, name)
        except OptedOut:
            return Ending(result="opted_out")
        except (NotFound, Invalid, ReferenceReused) as error:
            return Ending(result="failed", detail=str(error))
        return Ending(result="sending")

    def mail(self, attempt: Try) -> Ending:
        """The mail to leave when the try is written down as over."""
        return Ending(result="sending", mail=Mail(to=[attempt.recipient], subject=attempt.subject, text=attempt.text))

    def call(self, claim: Claim, attempt: Try) -> Call:
        """The call to place."""
        return Call(
            company_id=claim.company_id,
            reference=attempt.reference,
            caller_id=attempt.sender,
            number=attempt.recipient,
            text=attempt.text,
            keys=(claim.settings.confirm_key, claim.settings.cancel_key),
        )

    async def _send(self, claim: Claim, attempt: Try, name: str) -> None:
        first, _, last = name.partition(" ")
        contact, _ = await self._texting.create_contact(
            claim.company_id, number=attempt.recipient, first_name=first, last_name=last
        )
        for left in reversed(range(TRIES)):
            conversation, _ = await self._texting.open_conversation(
                claim.company_id, number=attempt.sender, contact_ids=[contact.id], origin=ORIGIN
            )
            try:
                await self._texting.send(
                    *(claim.company_id, conversation.id),
                    text=attempt.text,
                    reference=attempt.reference,
                    origin=ORIGIN,
                )
            except NotFound as error:
                if error.kind != "conversation" or not left:
                    raise
            else:
                return
