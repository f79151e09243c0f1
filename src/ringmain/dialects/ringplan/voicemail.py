"""Voicemail: row 35 of specs/ringplan.md, what clients call beyond it (5), and the recordings behind signed links."""

from typing import Annotated, Final
from urllib.parse import quote

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.system import Core
from ringmain.core.voicemail.model import Format, Voicemail, VoicemailFilter
from ringmain.dialects.kit import answer, query, ranges
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import dates, ids, lists
from ringmain.dialects.ringplan import voicemail_wire as wire
from ringmain.dialects.ringplan.auth import DIALECT

MESSAGES: Final = "/voicemail/messages"
LINK_LIFETIME: Final = 6 * 3600
"""Seconds for which a link to a recording works: a working day's pages stay open."""
FORMATS: Final[dict[str, Format]] = {"wav": "wav", "mp3": "mp3"}

MessageIds = Annotated[list[str], Meta(max_length=1000)]


class Chosen(msgspec.Struct):
    """Body of bulk-delete."""

    message_ids: MessageIds


class Mark(msgspec.Struct):
    """Body of bulk-update."""

    message_ids: MessageIds
    listened: bool


CHOSEN: Final = Decoder(msgspec.json.Decoder(Chosen))
MARK: Final = Decoder(msgspec.json.Decoder(Mark))


class VoicemailRoutes:
    """A company's voicemails."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._voicemails = core.voicemails
        self._credentials = core.credentials
        self._public_url = public_url.rstrip("/")
        self.endpoints = [
            Endpoint("GET", MESSAGES, self.page),
            Endpoint("DELETE", f"{MESSAGES}/{{voicemail_id}}", self.delete),
            Endpoint("POST", f"{MESSAGES}/bulk-delete", self.bulk_delete),
            Endpoint("PATCH", f"{MESSAGES}/bulk-update", self.bulk_update),
            Endpoint("GET", f"{MESSAGES}/{{company_id}}/{{voicemail_id}}/audio", self.audio, public=True),
        ]

    async def page(self, request: Request, caller: Caller) -> Response:
        """Get voicemails, newest first unless `sort` says otherwise."""
        page = lists.page_of(request, strict=True)
        found = await self._voicemails.page(
            caller.company_id,
            wanted=_filter(request),
            sort=lists.order_of(request, wire.SORTS),
            page=page.page,
            per_page=page.per_page,
        )
        return lists.page([await self._wire(item) for item in found.items], page, found.total)

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete one."""
        voicemail_id = ids.decode(request.path_params["voicemail_id"], "voicemail")
        await self._voicemails.delete(caller.company_id, [voicemail_id], origin=DIALECT)
        return answer.empty()

    async def bulk_delete(self, request: Request, caller: Caller) -> Response:
        """Delete those of `message_ids`, all or none."""
        body: Chosen = await CHOSEN(request)
        chosen = ids.decode_all(body.message_ids, "voicemail")
        await self._voicemails.delete(caller.company_id, chosen, origin=DIALECT)
        return answer.empty()

    async def bulk_update(self, request: Request, caller: Caller) -> Response:
        """Mark those of `message_ids` as listened to, or not, all or none."""
        body: Mark = await MARK(request)
        chosen = ids.decode_all(body.message_ids, "voicemail")
        marked = await self._voicemails.set_listened(caller.company_id, chosen, listened=body.listened, origin=DIALECT)
        return answer.json([await self._wire(item) for item in marked])

    async def audio(self, request: Request, _: None) -> Response:
        """The recording behind a signed link: as it is stored, or as `format=wav` or `format=mp3`."""
        company_id = ids.decode(request.path_params["company_id"], "voicemail")
        voicemail_id = ids.decode(request.path_params["voicemail_id"], "voicemail")
        await self._credentials.check_link(_audio_path(company_id, voicemail_id), request.query_params)
        wanted = query.text(request, "format")
        if wanted is not None and wanted not in FORMATS:
            raise BadRequest("format must be wav or mp3")
        found = await self._voicemails.audio(company_id, voicemail_id, FORMATS[wanted] if wanted else None)
        headers = {
            "Content-Type": found.mimetype,
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(found.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
        }
        return ranges.respond(request, found.content, headers)

    async def _wire(self, given: Voicemail) -> wire.WireVoicemail:
        path = _audio_path(given.company_id, given.id)
        return wire.voicemail(given, f"{self._public_url}{await self._credentials.sign_link(path, LINK_LIFETIME)}")


def _audio_path(company_id: int, voicemail_id: int) -> str:
    return f"{MESSAGES}/{ids.encode(company_id)}/{ids.encode(voicemail_id)}/audio"


def _filter(request: Request) -> VoicemailFilter:
    since, until = query.text(request, "from_date"), query.text(request, "to_date")
    return VoicemailFilter(
        since=dates.start(since, "from_date") if since else None,
        until=dates.end(until, "to_date") if until else None,
        destination=query.integer(request, "extension_destination"),
        source=query.integer(request, "extension_source"),
    )
