"""Files: made with a name, filled once, read as often as wanted, deleted with the last thing that refers to them.

The content is durable in the store before the row says so (law 2: nothing acknowledged is lost).
"""

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Final

from obstore.store import ObjectStore

from ringmain.core.errors import AlreadyExists, Invalid, NotFound, TooLarge, Unavailable
from ringmain.core.files.mimetype import UNKNOWN, settle_type
from ringmain.core.files.model import File, Shown
from ringmain.core.files.names import clean_name
from ringmain.core.files.pictures import PictureTools
from ringmain.core.files.storage import get, key_of, put
from ringmain.core.files.store import DELETE, INSERT, SELECT, UPLOADED, file_of
from ringmain.database.pool import Connection, Database
from ringmain.database.wakeup import Wakeups

MAX_SIZE: Final = 25 * 1024 * 1024
"""Bytes of one file."""
LARGE_PICTURE: Final = 1024 * 1024
"""Bytes of a picture from which on clients are shown a smaller one."""


class Files:
    """The files of all companies. Contents are kept under `key_of`. Without `pictures` all are shown as they are."""

    def __init__(
        self, database: Database, wakeups: Wakeups, store: ObjectStore, pictures: PictureTools | None = None
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._store = store
        self._pictures = pictures

    async def create(self, company_id: int, *, name: str, uploaded_by: int | None = None) -> File:
        """Make a file without content. Raises NotFound("company") or NotFound("person")."""
        row = await self._database.fetchrow(INSERT, company_id, clean_name(name), uploaded_by)
        if row is None:
            raise NotFound("company" if uploaded_by is None else "person")
        return file_of(row)

    async def get(self, company_id: int, file_id: int) -> File:
        """One file, uploaded or not. Raises NotFound("file")."""
        row = await self._database.fetchrow(SELECT, company_id, file_id)
        if row is None:
            raise NotFound("file")
        return file_of(row)

    async def upload(
        self, company_id: int, file_id: int, *, content: bytes, uploaded_name: str | None, mimetype: str | None
    ) -> File:
        """Give a file its content, once. `mimetype` is what the sender says; the content may say otherwise.

        An upload that failed half way can be repeated with the same content; other content needs a new file.
        Raises NotFound("file"), AlreadyExists, TooLarge (over `MAX_SIZE` bytes), Unavailable.
        """
        if len(content) > MAX_SIZE:
            raise TooLarge(f"a file may have {MAX_SIZE} bytes")
        file = await self.get(company_id, file_id)
        if file.uploaded_at is not None:
            raise AlreadyExists("this file was uploaded before")
        key = key_of(company_id, file_id)
        # The key is written once and never replaced: two uploads at once cannot leave one's row with the
        # other's content.
        if not await put(self._store, key, content) and await get(self._store, key) != content:
            raise AlreadyExists("this file was uploaded before with other content")
        row = await self._database.fetchrow(
            UPLOADED,
            company_id,
            file_id,
            clean_name(uploaded_name or file.name),
            settle_type(mimetype, content),
            len(content),
            await asyncio.to_thread(_digest, content),
        )
        if row is None:
            raise AlreadyExists("this file was uploaded before")
        return file_of(row)

    async def read(self, company_id: int, file_id: int) -> bytes:
        """The content. Raises NotFound("file"), also when it is not uploaded yet, and Unavailable."""
        file = await self.get(company_id, file_id)
        if file.uploaded_at is None:
            raise NotFound("file")
        return await get(self._store, key_of(company_id, file_id))

    async def show(self, company_id: int, file_id: int) -> Shown:
        """What a client shows of a file: all of it, but a small picture in place of one over `LARGE_PICTURE` bytes.

        A picture that cannot be made smaller is shown as it is. Raises as `read`.
        """
        file = await self.get(company_id, file_id)
        content = await self.read(company_id, file_id)
        name, mimetype = file.uploaded_name or file.name, file.mimetype or UNKNOWN
        if self._pictures is not None and mimetype.startswith("image/") and len(content) > LARGE_PICTURE:
            try:
                small = await self._pictures.preview(content, mimetype)
            except (Invalid, Unavailable):
                pass
            else:
                extension = "jpg" if small.mimetype == "image/jpeg" else "png"
                name = f"{name.rpartition('.')[0] or name}_preview.{extension}"
                return Shown(file=file, name=name, mimetype=small.mimetype, content=small.content)
        return Shown(file=file, name=name, mimetype=mimetype, content=content)

    async def delete(
        self, company_id: int, file_ids: Iterable[int | None], *, connection: Connection | None = None
    ) -> list[int]:
        """Delete those of these files that nothing refers to any more, and say which.

        Call it in the transaction that ends the reference. Contents are removed after the commit (removal.py).
        """
        ids = [one for one in file_ids if one is not None]
        if connection is None:
            rows = await self._database.fetch(DELETE, company_id, ids)
        else:
            rows = await connection.fetch(DELETE, company_id, ids)
        return [row[0] for row in rows]


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
