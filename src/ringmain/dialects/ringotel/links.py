"""Links to files in notifications: receivers download them without a key (specs/ringotel.md 2)."""

from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.service import Credentials
from ringmain.core.system import Core
from ringmain.core.texting.model import AttachedFile
from ringmain.dialects.kit import content
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringotel import ids

SEGMENT: Final = "chat-files"
LIFETIME: Final = 7 * 86_400
"""Seconds for which a link works: receivers may be away for some days."""


class FileLinks:
    """Makes links, for the face."""

    def __init__(self, credentials: Credentials, public_url: str) -> None:
        self._credentials = credentials
        self._public_url = public_url.rstrip("/")

    async def of(self, company_id: int, file: AttachedFile) -> str:
        """An absolute address whose path ends in the file's name."""
        path = _path(company_id, file.id)
        query = (await self._credentials.sign_link(path, LIFETIME)).removeprefix(path)
        return f"{self._public_url}{path}/{quote(file.name, safe='')}{query}"


class FileRoutes:
    """Serves them."""

    def __init__(self, core: Core) -> None:
        self._files = core.files
        self._credentials = core.credentials
        self.endpoints = [
            Endpoint("GET", f"/{SEGMENT}/{{company_id}}/{{file_id}}/{{name}}", self.download, public=True),
        ]

    async def download(self, request: Request, _: None) -> Response:
        """The content behind a signed link. The name is for those who look at the address only."""
        company_id = ids.decode(request.path_params["company_id"], "file")
        file_id = ids.decode(request.path_params["file_id"], "file")
        await self._credentials.check_link(_path(company_id, file_id), request.query_params)
        file = await self._files.get(company_id, file_id)
        return content.respond(file, await self._files.read(company_id, file_id))


def _path(company_id: int, file_id: int) -> str:
    """What is signed."""
    return f"/{SEGMENT}/{ids.encode(company_id)}/{ids.encode(file_id)}"
