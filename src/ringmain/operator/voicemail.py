"""Operations on voicemail, and on the mail that tells of it."""

from typing import Final

from ringmain.core.errors import Invalid
from ringmain.core.mail.model import QueuedMail
from ringmain.core.voicemail.model import NewVoicemail, Voicemail, VoicemailFilter
from ringmain.operator import parties
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import LARGEST, KeyQuery, Numbered, Paged, VoicemailBody, VoicemailQuery

ORIGIN: Final = "operator"


async def list_voicemails(call: Call) -> Numbered[Voicemail]:
    """A company's voicemails, newest first."""
    query: VoicemailQuery = call.query
    wanted = VoicemailFilter(since=query.since, until=query.until, destination=query.extension)
    found = await call.core.voicemails.page(call.company_id, wanted=wanted, page=query.page, per_page=query.per_page)
    return Numbered(items=found.items, total=found.total)


async def inject_voicemail(call: Call) -> Voicemail:
    """Let a voicemail come in."""
    body: VoicemailBody = call.body
    if (body.extension is None) == (body.person_id is None):
        raise Invalid("extension", "either it or person_id is needed")
    voicemails, company = call.core.voicemails, await call.core.companies.get(call.company_id)
    extension_id = await voicemails.find_extension(
        call.company_id, number=body.extension, person_id=body.person_id, instance_id=body.instance_id
    )
    given = NewVoicemail(
        audio=body.audio,
        source_number=parties.caller("from", body.sender, company.country),
        source_name=body.from_name,
        received_at=body.received_at,
        transcription=body.transcription,
        reference=body.reference,
    )
    try:
        return await voicemails.receive(call.company_id, extension_id, given, origin=ORIGIN)
    except Invalid as error:
        # The core speaks of a file's content; the body's field has another name.
        raise Invalid("audio" if error.field == "content" else error.field, error.reason) from error


async def list_mails(call: Call) -> Paged[QueuedMail]:
    """A company's outgoing mail and what became of it, newest first."""
    query: KeyQuery = call.query
    items = await call.core.mails.page(call.company_id, before=query.bound, limit=query.limit)
    return Paged(items=items, next=items[-1].id if len(items) == query.limit else None)


OPERATIONS: Final = (
    Operation(
        method="GET",
        path=f"{COMPANY}/voicemails",
        handler=list_voicemails,
        result=Numbered[Voicemail],
        query=VoicemailQuery,
    ),
    Operation(
        method="POST",
        path=f"{COMPANY}/voicemails",
        handler=inject_voicemail,
        result=Voicemail,
        body=VoicemailBody,
        status=201,
        limit=LARGEST,
        form=True,
    ),
    Operation(method="GET", path=f"{COMPANY}/mails", handler=list_mails, result=Paged[QueuedMail], query=KeyQuery),
)
