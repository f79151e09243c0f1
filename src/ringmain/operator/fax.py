"""Operations on faxes: reading a company's, and playing the sandbox."""

from typing import Final

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.faxes.model import Fax, FaxFilter
from ringmain.core.faxes.transport import InboundFax
from ringmain.core.files.mimetype import settle_type
from ringmain.operator import parties
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import LARGEST, FaxQuery, InboundFaxBody, Numbered

ORIGIN: Final = "operator"


async def list_faxes(call: Call) -> Numbered[Fax]:
    """A company's faxes in one folder, newest first."""
    query: FaxQuery = call.query
    found = await call.core.faxes.page(
        call.company_id,
        query.folder,
        wanted=FaxFilter(since=query.since, until=query.until),
        page=query.page,
        per_page=query.per_page,
    )
    return Numbered(items=found.items, total=found.total)


async def inject_inbound_fax(call: Call) -> Fax:
    """Let a fax come in."""
    body: InboundFaxBody = call.body
    faxes, company = call.core.faxes, await call.core.companies.get(call.company_id)
    recipient = parties.number("to", body.to, company.country)
    if await faxes.owner_of(recipient) != call.company_id:
        raise NotFound("number")
    try:
        made = await faxes.pages_of(body.document, settle_type(body.mimetype, body.document))
    except Invalid as error:
        raise Invalid("document", error.reason) from error
    given = InboundFax(
        recipient=recipient,
        tiff=made.tiff,
        sender=parties.number("from", body.sender, company.country) if body.sender.strip() else "",
        sender_name=body.from_name,
        subject=body.subject,
        reference=body.reference,
        received_at=body.received_at,
    )
    return await faxes.receive(given, origin=ORIGIN)


OPERATIONS: Final = (
    Operation(method="GET", path=f"{COMPANY}/faxes", handler=list_faxes, result=Numbered[Fax], query=FaxQuery),
    Operation(
        method="POST",
        path=f"{COMPANY}/faxes",
        handler=inject_inbound_fax,
        result=Fax,
        body=InboundFaxBody,
        status=201,
        limit=LARGEST,
        form=True,
    ),
)
