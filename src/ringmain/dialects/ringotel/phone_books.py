"""Phone books: links to them, and the books (specs/ringotel.md 3, getPhoneBookURL)."""

from typing import Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.directory.model import DirectoryContact
from ringmain.core.errors import NotFound
from ringmain.core.extensions.model import Extension
from ringmain.core.system import Core
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringotel import contacts_wire, ids
from ringmain.dialects.ringotel.newcomers import halves
from ringmain.dialects.ringotel.params import Id
from ringmain.dialects.ringotel.phone_book_formats import FORMATS, Entry, written
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.users import USER
from ringmain.dialects.ringotel.users_wire import name_of

SEGMENT: Final = "phonebooks"
LIFETIME: Final = 10 * 365 * 86_400
"""Seconds for which a link works: phones are set up with it once."""
BOOK: Final = "phone book"


class Wanted(msgspec.Struct, frozen=True):
    """Of getPhoneBookURL."""

    userid: Id
    format: Literal["Yealink", "Polycom", "Cisco", "Grandstream", "Fanvil"]


class PhoneBookMethods:
    """Makes links."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._extensions = core.extensions
        self._credentials = core.credentials
        self._public_url = public_url.rstrip("/")
        self.methods = [Method("getPhoneBookURL", Wanted, self.make)]

    async def make(self, org: Org, given: Wanted) -> str:
        """A link that works without a key for ten years, or until the user is deleted or blocked."""
        user = await self._extensions.get(org.company_id, ids.decode(given.userid, USER))
        path = _path(org.company_id, user.id, given.format)
        return f"{self._public_url}{await self._credentials.sign_link(path, LIFETIME)}"


class PhoneBookRoutes:
    """Serves the books."""

    def __init__(self, core: Core) -> None:
        self._companies = core.companies
        self._extensions = core.extensions
        self._contacts = core.contact_lists
        self._credentials = core.credentials
        path = f"/{SEGMENT}/{{orgid}}/{{userid}}/{{name}}"
        self.endpoints = [Endpoint("GET", path, self.download, public=True)]

    async def download(self, request: Request, _: None) -> Response:
        """The organization's other users and its contacts, for the user of a signed link."""
        name = request.path_params["name"].removesuffix(".xml")
        company_id = ids.decode(request.path_params["orgid"], BOOK)
        user_id = ids.decode(request.path_params["userid"], BOOK)
        if name not in FORMATS:
            raise NotFound(BOOK)
        await self._credentials.check_link(_path(company_id, user_id, name), request.query_params)
        user = await self._extensions.get(company_id, user_id)
        if user.activation == "blocked" or (await self._companies.get(company_id)).blocked:
            raise NotFound(BOOK)
        content = written(await self._entries(company_id, user), name)
        return Response(content, media_type="application/xml", headers={"Cache-Control": "private, no-store"})

    async def _entries(self, company_id: int, user: Extension) -> list[Entry]:
        users = [one for one in await self._extensions.all(company_id) if one.id != user.id]
        contacts = [
            one
            for one in await self._contacts.all(company_id)
            if one.blocked_at is None and one.instance_id in (None, user.instance_id)
        ]
        found = [*map(_colleague, users), *map(_contact, contacts)]
        return sorted((one for one in found if one.numbers), key=lambda one: one.name.casefold())


def _path(company_id: int, user_id: int, name: str) -> str:
    return f"/{SEGMENT}/{ids.encode(company_id)}/{ids.encode(user_id)}/{name}.xml"


def _colleague(user: Extension) -> Entry:
    first, last = halves(name_of(user))
    return Entry(first_name=first, last_name=last, numbers=[(str(user.number), "Work")])


def _contact(contact: DirectoryContact) -> Entry:
    info = contacts_wire.info(contact)
    numbers = [(one, kind) for key, kind in (("phone", "Work"), ("mobile", "Mobile")) for one in info.get(key, [])]
    first = contact.first_name or ("" if contact.last_name else contact.email or contact.phone)
    return Entry(first_name=first, last_name=contact.last_name, numbers=numbers)
