"""Files: the vendor's storage service, served here too (specs/ringplan.md 5), and signed links to contents."""

from base64 import b64encode
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.files.service import MAX_SIZE
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, body, content, form
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, wire

FORM_LIMIT: Final = MAX_SIZE + 65_536
"""Octets of an upload with the form around it."""
LINK_LIFETIME: Final = 3600
"""Seconds for which a link to a content works."""
MAIL_LINK_LIFETIME: Final = 30 * 86_400
"""Seconds for which a link in a mail works: people read them late."""
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What every browser shows in an `img`."""


class NewFile(msgspec.Struct):
    """Body of POST /files."""

    name: str
    company_id: str | None = None


NEW_FILE = body.Decoder(msgspec.json.Decoder(NewFile))


class FileRoutes:
    """Attachments of messages."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._files = core.files
        self._faxes = core.faxes
        self._credentials = core.credentials
        self._public_url = public_url.rstrip("/")
        self.endpoints = [
            Endpoint("POST", "/files", self.create),
            Endpoint("POST", "/files/{file_id}/upload", self.upload),
            Endpoint("POST", "/conversion/files/{file_id}/representation", self.represent),
            Endpoint("GET", "/files/{company_id}/{file_id}/content", self.download, public=True),
        ]

    async def create(self, request: Request, caller: Caller) -> Response:
        """Make a file without content."""
        given: NewFile = await NEW_FILE(request)
        if given.company_id not in (None, ids.encode(caller.company_id)):
            raise BadRequest("company_id is not your company's")
        file = await self._files.create(caller.company_id, name=given.name, uploaded_by=caller.person_id)
        return answer.json(wire.file(file), 201)

    async def upload(self, request: Request, caller: Caller) -> Response:
        """Give it its content, once: the field `upfile` of a multipart form."""
        file_id = ids.decode(request.path_params["file_id"], "file")
        await self._files.get(caller.company_id, file_id)
        given = await _upfile(request)
        file = await self._files.upload(
            caller.company_id, file_id, content=given.content, uploaded_name=given.name, mimetype=given.mimetype
        )
        return answer.json(wire.file(file))

    async def represent(self, request: Request, caller: Caller) -> Response:
        """The file to look at as a data URI, and its content by a link that works for an hour without a key.

        Clients put what is to look at into an `img`: of a fax's document it is its first page.
        """
        file_id = ids.decode(request.path_params["file_id"], "file")
        file = await self._files.get(caller.company_id, file_id)
        first_page = None
        if file.mimetype not in PICTURES:
            first_page = await self._faxes.preview_of(caller.company_id, file_id)
        shown = await self._files.show(caller.company_id, first_page or file_id)
        data = f"data:{shown.mimetype};base64,{b64encode(shown.content).decode()}"
        preview = wire.Preview(data, shown.name, shown.mimetype)
        link = await self._credentials.sign_link(content_path(caller.company_id, file_id), LINK_LIFETIME)
        original = msgspec.structs.asdict(wire.file(file, preview)) | {"link": f"{self._public_url}{link}"}
        return answer.json({"original": original})

    async def download(self, request: Request, _: None) -> Response:
        """The content behind a signed link."""
        company_id = ids.decode(request.path_params["company_id"], "file")
        file_id = ids.decode(request.path_params["file_id"], "file")
        await self._credentials.check_link(content_path(company_id, file_id), request.query_params)
        file = await self._files.get(company_id, file_id)
        return content.respond(file, await self._files.read(company_id, file_id))


def content_path(company_id: int, file_id: int) -> str:
    """Where a file's content is, to be signed by `Credentials.sign_link`."""
    return f"/files/{ids.encode(company_id)}/{ids.encode(file_id)}/content"


async def _upfile(request: Request) -> form.Upload:
    """The form's file `upfile`. Raises BadRequest, BodyTooLarge."""
    upfile = (await form.read(request, FORM_LIMIT)).get("upfile")
    if not isinstance(upfile, form.Upload):
        raise BadRequest("The form has no file named upfile")
    return upfile
