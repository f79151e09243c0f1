"""Sending faxes: row 9 of specs/ringrx.md 2."""

from datetime import datetime
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.faxes.compose import Cover, Document
from ringmain.core.faxes.model import NewFax
from ringmain.core.files.service import MAX_SIZE
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, parameters
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.form import Upload
from ringmain.dialects.kit.parameters import Parameters
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import dates, numbers
from ringmain.dialects.ringrx import voicemail_wire as wire
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.scope import whose

LARGEST: Final = MAX_SIZE + 1024 * 1024
"""Octets of a form: its files, and what is around them."""
NO: Final = frozenset({"false", "0", "no", "off", "none"})


class FaxRoutes:
    """Faxes that go out."""

    def __init__(self, core: Core, unit: wire.DurationUnit = "ms") -> None:
        self._core = core
        self._unit = unit
        self.endpoints = [Endpoint("POST", "/voicemails/fax", self.send)]

    async def send(self, request: Request, caller: Caller) -> Response:
        """Send a fax: the files of the form, in order, as one fax.

        A cover sheet goes first when any of company_name, contact_number, subject and comment says something, unless
        `cover` is `false`; a `cover` that is a file is the first document.
        """
        given = await parameters.read(request, LARGEST)
        documents = [*given.files("cover"), *given.files("faxfiles", "faxfile")]
        if not documents:
            raise BadRequest("A file is needed: faxfiles[]")
        recipient = _recipient(given, caller)
        new = NewFax(
            file_id=0,
            sender=await self._sender(given, caller),
            sender_name=_text(given, "company_name"),
            recipient=recipient,
            subject=_text(given, "subject"),
            author_id=caller.person_id,
        )
        fax = await self._core.fax_composer.send(
            caller.company_id,
            new,
            [_document(one) for one in documents],
            _cover(given, caller, has_file=bool(given.files("cover"))),
            origin=DIALECT,
        )
        entry = await self._core.mailbox.get(caller.company_id, fax.id, person_id=whose(caller))
        # As it was accepted: it may be on the line by now.
        accepted = msgspec.structs.replace(entry, item=fax, folder="outbox")
        return answer.json(wire.message(accepted, self._unit))

    async def _sender(self, given: Parameters, caller: Caller) -> str:
        wanted = _text(given, "from")
        if wanted:
            return numbers.read(wanted, caller.country)
        try:
            return (await self._core.numbers.default(caller.company_id, caller.email, fax=True)).number
        except NotFound:
            raise BadRequest("The account has no number that can fax") from None


def _recipient(given: Parameters, caller: Caller) -> str:
    try:
        return numbers.read(_text(given, "called_number"), caller.country)
    except Invalid as error:
        raise Invalid("called_number", error.reason) from None


def _document(upload: Upload) -> Document:
    return Document(content=upload.content, name=upload.name or "fax", mimetype=upload.mimetype)


def _cover(given: Parameters, caller: Caller, *, has_file: bool) -> Cover | None:
    said = {name: _text(given, name) for name in ("company_name", "contact_number", "subject", "comment")}
    wanted = _text(given, "cover").lower()
    if has_file or wanted in NO or not (wanted or any(said.values())):
        return None
    return Cover(
        to=_text(given, "called_number"),
        sender=said["contact_number"],
        company=said["company_name"],
        subject=said["subject"],
        comment=said["comment"],
        date=f"{datetime.now(dates.zone_of(caller.timezone)):%Y-%m-%d %H:%M}",
    )


def _text(given: Parameters, name: str) -> str:
    return (given.text(name) or "").strip()
