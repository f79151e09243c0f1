"""Usage: how much of the phone system a company used."""

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a span. `segments`: parts of the texts that went out; `call_minutes`: of answered calls with the
    world, each begun minute whole; fax pages are those that went over.
    """

    messages_sent: int
    messages_received: int
    segments: int
    calls: int
    call_minutes: int
    fax_pages_sent: int
    fax_pages_received: int
