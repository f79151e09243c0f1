"""Fax: rows 36 to 50 of specs/ringplan.md."""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.faxes.model import FaxChange, FaxFilter, Folder, NewFax, ReceivedChange
from ringmain.core.faxes.service import RECEIVED
from ringmain.core.numbers.normalise import normalise
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import dates, ids, lists
from ringmain.dialects.ringplan import fax_wire as wire
from ringmain.dialects.ringplan.auth import DIALECT
from ringmain.dialects.ringplan.wire import number_text

MESSAGES: Final = "/fax/messages"
Text = str | UnsetType | None
"""A text of a body; null is empty."""
Emails = str | list[str] | UnsetType | None
"""A list, or one text with commas (section 6, row 23)."""


class FileReference(msgspec.Struct):
    """The file that a fax is made of."""

    id: str


class NewDestination(msgspec.Struct):
    """Body of row 36."""

    emails: str | list[str]


class FaxBody(msgspec.Struct):
    """Body of rows 41, 43, 46 and 48; other keys are read-only or unknown, and ignored (row 17)."""

    emails: Emails = UNSET
    file: FileReference | UnsetType = UNSET
    from_: str | UnsetType = msgspec.field(name="from", default=UNSET)
    from_name: Text = UNSET
    subject: Text = UNSET
    to: str | UnsetType = UNSET
    to_name: Text = UNSET
    send_at: Text = UNSET


class ReceivedBody(msgspec.Struct):
    """Body of row 39. `hidden` is ours: such a fax leaves the list and is counted apart (row 27)."""

    from_name: Text = UNSET
    to_name: Text = UNSET
    subject: Text = UNSET
    is_read: bool | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET


DESTINATION: Final = Decoder(msgspec.json.Decoder(NewDestination))
BODY: Final = Decoder(msgspec.json.Decoder(FaxBody))
RECEIVED_BODY: Final = Decoder(msgspec.json.Decoder(ReceivedBody))


class FaxRoutes:
    """A company's faxes: received, sent and to be sent."""

    def __init__(self, core: Core) -> None:
        self._faxes = core.faxes
        one = "{fax_message_id}"
        self.endpoints = [
            Endpoint("POST", "/fax/destinations", self.create_destination),
            Endpoint("GET", f"{MESSAGES}/inbound", self.page_inbound),
            Endpoint("DELETE", f"{MESSAGES}/inbound/{one}", self.delete_inbound),
            Endpoint("PATCH", f"{MESSAGES}/inbound/{one}", self.update_inbound),
            Endpoint("GET", f"{MESSAGES}/outbound", self.page_outbound),
            Endpoint("POST", f"{MESSAGES}/outbound", self.send),
            Endpoint("DELETE", f"{MESSAGES}/outbound/{one}", self.delete_outbound),
            Endpoint("PUT", f"{MESSAGES}/outbound/{one}", self.update_failed),
            Endpoint("POST", f"{MESSAGES}/outbound/{one}/retry", self.retry),
            Endpoint("GET", f"{MESSAGES}/scheduled", self.page_scheduled),
            Endpoint("POST", f"{MESSAGES}/scheduled", self.schedule),
            Endpoint("DELETE", f"{MESSAGES}/scheduled/{one}", self.cancel),
            Endpoint("PUT", f"{MESSAGES}/scheduled/{one}", self.update_scheduled),
            Endpoint("GET", "/fax/statistics", self.statistics),
            Endpoint("GET", "/fax/numbers", self.numbers),
        ]

    async def create_destination(self, request: Request, caller: Caller) -> Response:
        """Create fax destination: 200 with the one that there is for this set of addresses, 201 with a new one."""
        body: NewDestination = await DESTINATION(request)
        made, is_new = await self._faxes.create_destination(caller.company_id, _emails(body.emails))
        return answer.json(wire.destination(made), 201 if is_new else 200)

    async def page_inbound(self, request: Request, caller: Caller) -> Response:
        """Get inbound fax messages; `hidden=true` shows those that are hidden."""
        folder: Folder = "hidden" if _flag(request, "hidden") else "inbound"
        wanted = msgspec.structs.replace(
            _filter(request, caller), is_read=_flag(request, "is_read"), nameless=_flag(request, "undefined")
        )
        return await self._page(request, caller, folder, wanted)

    async def page_outbound(self, request: Request, caller: Caller) -> Response:
        """Get outbound fax messages."""
        return await self._page(request, caller, "outbound", _filter(request, caller))

    async def page_scheduled(self, request: Request, caller: Caller) -> Response:
        """Get scheduled fax messages."""
        return await self._page(request, caller, "scheduled", _filter(request, caller))

    async def update_inbound(self, request: Request, caller: Caller) -> Response:
        """Update an inbound fax message: read or not, hidden or not, names and subject."""
        fax_id = _fax_id(request)
        body: ReceivedBody = await RECEIVED_BODY(request)
        change = ReceivedChange(
            sender_name=_text(body.from_name),
            recipient_name=_text(body.to_name),
            subject=_text(body.subject),
            is_read=None if body.is_read is UNSET else body.is_read,
            hidden=None if body.hidden is UNSET else body.hidden,
        )
        fax = await self._faxes.change_received(caller.company_id, fax_id, change, origin=DIALECT)
        return answer.json(wire.fax(fax))

    async def delete_inbound(self, request: Request, caller: Caller) -> Response:
        """Delete an inbound fax message."""
        await self._faxes.delete(caller.company_id, _fax_id(request), *RECEIVED, origin=DIALECT)
        return answer.empty()

    async def send(self, request: Request, caller: Caller) -> Response:
        """Send a new fax message; its document is read now, so one that cannot be faxed is refused."""
        return await self._create(caller, await BODY(request), None)

    async def schedule(self, request: Request, caller: Caller) -> Response:
        """Schedule a new fax message. A time that has passed means now."""
        body: FaxBody = await BODY(request)
        if not body.send_at:
            raise BadRequest("send_at is needed")
        return await self._create(caller, body, dates.start(body.send_at, "send_at"))

    async def update_failed(self, request: Request, caller: Caller) -> Response:
        """Update a failed fax message."""
        fax_id = _fax_id(request)
        change = _change(await BODY(request), caller)
        try:
            fax = await self._faxes.change_failed(caller.company_id, fax_id, change, origin=DIALECT)
        except (Invalid, NotFound) as error:
            raise _refusal(error) from error
        return answer.json(wire.fax(fax))

    async def update_scheduled(self, request: Request, caller: Caller) -> Response:
        """Update a scheduled fax message."""
        fax_id = _fax_id(request)
        body: FaxBody = await BODY(request)
        change = _change(body, caller)
        if body.send_at is not UNSET:
            if not body.send_at:
                raise BadRequest("send_at must be a date")
            change = msgspec.structs.replace(change, send_at=dates.start(body.send_at, "send_at"))
        try:
            fax = await self._faxes.change_scheduled(caller.company_id, fax_id, change, origin=DIALECT)
        except (Invalid, NotFound) as error:
            raise _refusal(error) from error
        return answer.json(wire.fax(fax))

    async def retry(self, request: Request, caller: Caller) -> Response:
        """Retry a failed fax message."""
        fax = await self._faxes.retry(caller.company_id, _fax_id(request), origin=DIALECT)
        return answer.json(wire.fax(fax), 202)

    async def delete_outbound(self, request: Request, caller: Caller) -> Response:
        """Delete an outbound fax message locally: one that is on the line is not recalled (section 6, row 28)."""
        await self._faxes.delete(caller.company_id, _fax_id(request), "outbound", origin=DIALECT)
        return answer.empty()

    async def cancel(self, request: Request, caller: Caller) -> Response:
        """Cancel a scheduled fax message."""
        await self._faxes.delete(caller.company_id, _fax_id(request), "scheduled", origin=DIALECT)
        return answer.empty()

    async def statistics(self, request: Request, caller: Caller) -> Response:
        """Get fax statistics."""
        found = await self._faxes.statistics(caller.company_id)
        return answer.json(wire.WireStatistics(found.inbound, found.inbound_hidden, found.outbound))

    async def numbers(self, request: Request, caller: Caller) -> Response:
        """Get fax numbers, spelled as `from` and `to` are."""
        found = await self._faxes.numbers(caller.company_id)
        return lists.whole(request, [number_text(number, "national") for number in found])

    async def _page(self, request: Request, caller: Caller, folder: Folder, wanted: FaxFilter) -> Response:
        page = lists.page_of(request, strict=True)
        found = await self._faxes.page(
            caller.company_id,
            folder,
            wanted=wanted,
            sort=lists.order_of(request, wire.SORTS[folder]),
            page=page.page,
            per_page=page.per_page,
        )
        return lists.page([wire.fax(item) for item in found.items], page, found.total)

    async def _create(self, caller: Caller, body: FaxBody, send_at: datetime | None) -> Response:
        change = _change(body, caller)
        if change.file_id is None or change.sender is None or change.recipient is None:
            raise BadRequest("file, from and to are needed")
        given = NewFax(
            file_id=change.file_id,
            sender=change.sender,
            recipient=change.recipient,
            sender_name=change.sender_name or "",
            recipient_name=change.recipient_name or "",
            subject=change.subject or "",
            emails=change.emails or [],
            send_at=send_at,
        )
        try:
            fax = await self._faxes.send(caller.company_id, given, origin=DIALECT)
        except (Invalid, NotFound) as error:
            raise _refusal(error) from error
        return answer.json(wire.fax(fax), 201)


def _fax_id(request: Request) -> int:
    return ids.decode(request.path_params["fax_message_id"], "fax")


def _text(given: Text) -> str | None:
    return None if given is UNSET else given or ""


def _emails(given: str | list[str]) -> list[str]:
    texts = given.split(",") if isinstance(given, str) else given
    return [text.strip() for text in texts if text.strip()]


def _change(body: FaxBody, caller: Caller) -> FaxChange:
    """What a body says, but for `send_at`. Raises BadRequest."""
    return FaxChange(
        file_id=None if body.file is UNSET else _file_id(body.file.id),
        sender=None if body.from_ is UNSET else _number(body.from_, "from", caller),
        recipient=None if body.to is UNSET else _number(body.to, "to", caller),
        sender_name=_text(body.from_name),
        recipient_name=_text(body.to_name),
        subject=_text(body.subject),
        emails=None if body.emails is UNSET else _emails(body.emails or []),
    )


def _file_id(text: str) -> int:
    try:
        return ids.decode(text, "file")
    except NotFound as error:
        raise BadRequest("file is not an uploaded file of yours") from error


def _number(text: str, field: str, caller: Caller) -> str:
    try:
        return normalise(text, caller.country)
    except Invalid as error:
        raise BadRequest(f"{field} {error.reason}") from error


FIELDS: Final = {
    "sender": "from",
    "recipient": "to",
    "sender_name": "from_name",
    "recipient_name": "to_name",
    "content": "file",
    "mimetype": "file",
}
"""The vendor's names of what the core refuses."""


def _refusal(error: Invalid | NotFound) -> Exception:
    """An unknown file is a fault of the body: 404 is for the fax alone."""
    if isinstance(error, Invalid):
        return Invalid(FIELDS.get(error.field, error.field), error.reason)
    return BadRequest("file is not an uploaded file of yours") if error.kind == "file" else error


def _filter(request: Request, caller: Caller) -> FaxFilter:
    """What all three lists can be cut down to; `name` and `subject` are whole, in any case."""

    def given(name: str) -> str | None:
        return (query.text(request, name) or "").strip() or None

    since, until, number = given("start_date"), given("end_date"), given("number")
    return FaxFilter(
        since=dates.start(since, "start_date") if since else None,
        until=dates.end(until, "end_date") if until else None,
        number=_number(number, "number", caller) if number else None,
        name=given("name"),
        subject=given("subject"),
        search=given("search"),
    )


def _flag(request: Request, name: str) -> bool | None:
    text = (query.text(request, name) or "").strip().lower()
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    if text:
        raise BadRequest(f"{name} must be true or false")
    return None
