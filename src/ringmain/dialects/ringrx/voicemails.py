"""The mailbox: rows 5 to 8 of specs/ringrx.md 2, and what we add to them.

Managers see everybody's messages, others their own. PUT and PATCH, and GET of one message, are our own design.
"""

from typing import Final, Literal, get_args
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import NotFound
from ringmain.core.mailbox.model import FOLDERS, Entry, Folder
from ringmain.core.system import Core
from ringmain.core.voicemail.model import Voicemail
from ringmain.dialects.kit import answer, parameters, query, ranges
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import ids
from ringmain.dialects.ringrx import voicemail_wire as wire
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.scope import whose

ONE: Final = "/voicemails/{id}"
Status = Literal["new", "read"]


class VoicemailRoutes:
    """Voicemails and faxes. `unit`: what durations count."""

    def __init__(self, core: Core, unit: wire.DurationUnit = "ms") -> None:
        self._mailbox = core.mailbox
        self._unit = unit
        self.endpoints = [
            Endpoint("GET", "/voicemails", self.list),
            Endpoint("GET", ONE, self.get),
            Endpoint("PUT", ONE, self.update),
            Endpoint("PATCH", ONE, self.update),
            Endpoint("DELETE", ONE, self.delete),
            Endpoint("GET", f"{ONE}/voice_payload", self.voice_payload),
            Endpoint("GET", f"{ONE}/fax_payload", self.fax_payload),
        ]

    async def list(self, request: Request, caller: Caller) -> Response:
        """List messages of a folder, newest first: all of them unless `limit` says how many."""
        folder = _folder(query.text(request, "message_folder")) or "inbox"
        limit = query.text(request, "limit")
        found = await self._mailbox.list(
            caller.company_id,
            folder,
            person_id=whose(caller),
            limit=query.positive(limit.strip(), "limit") if limit and limit.strip() else None,
        )
        return answer.json([wire.message(entry, self._unit) for entry in found])

    async def get(self, request: Request, caller: Caller) -> Response:
        """Get one message."""
        return answer.json(wire.message(await self._entry(request, caller), self._unit))

    async def update(self, request: Request, caller: Caller) -> Response:
        """Mark a message as `new` or `read`, move it into the `trash`, or back to the folder where it belongs."""
        entry_id = _id(request)
        given = await parameters.read(request)
        status, folder = given.text("status"), _folder(given.text("message_folder"))
        if status is not None and status not in get_args(Status):
            raise BadRequest("status must be new or read")
        if status is None and folder is None:
            raise BadRequest("status or message_folder is needed")
        changed = await self._mailbox.change(
            caller.company_id,
            entry_id,
            read=None if status is None else status == "read",
            folder=folder,
            person_id=whose(caller),
            origin=DIALECT,
        )
        return answer.json(wire.message(changed, self._unit))

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a message: into the trash, and out of the trash for good."""
        await self._mailbox.discard(caller.company_id, _id(request), person_id=whose(caller), origin=DIALECT)
        return answer.empty()

    async def voice_payload(self, request: Request, caller: Caller) -> Response:
        """The recording of a voicemail. What is no voicemail has none: 404."""
        entry = await self._entry(request, caller)
        if not isinstance(entry.item, Voicemail):
            raise NotFound("message")
        return await self._payload(request, entry)

    async def fax_payload(self, request: Request, caller: Caller) -> Response:
        """The pages of a fax, PDF or TIFF. What is no fax has none: 404."""
        entry = await self._entry(request, caller)
        if isinstance(entry.item, Voicemail):
            raise NotFound("message")
        return await self._payload(request, entry)

    async def _entry(self, request: Request, caller: Caller) -> Entry:
        return await self._mailbox.get(caller.company_id, _id(request), person_id=whose(caller))

    async def _payload(self, request: Request, entry: Entry) -> Response:
        shown = entry.shown
        headers = {
            "Content-Type": shown.mimetype,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(shown.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        return ranges.respond(request, await self._mailbox.content(entry), headers)


def _id(request: Request) -> int:
    return ids.decode(request.path_params["id"], "message")


def _folder(text: str | None) -> Folder | None:
    """None when it is absent or empty."""
    wanted = (text or "").strip().lower()
    for folder in FOLDERS:
        if folder == wanted:
            return folder
    if wanted:
        raise BadRequest(f"message_folder must be one of {', '.join(FOLDERS)}")
    return None
