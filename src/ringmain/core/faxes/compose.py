"""Faxes of several documents, with a cover sheet or without: made into one file, then sent as any other."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from ringmain.core.errors import CoreError, Invalid, Unavailable
from ringmain.core.faxes.documents import FaxDocuments, FaxPages
from ringmain.core.faxes.model import Fax, NewFax
from ringmain.core.faxes.service import Faxes
from ringmain.core.files.mimetype import settle_type
from ringmain.core.files.names import clean_name
from ringmain.core.files.service import Files

MAX_DOCUMENTS: Final = 20
MAX_NAME: Final = 100
MAX_COMMENT: Final = 2000


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a fax, as its sender gave it."""

    content: bytes
    name: str
    mimetype: str | None = None


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a cover sheet, beside the number of pages; empty fields are left out."""

    to: str = ""
    sender: str = ""
    company: str = ""
    subject: str = ""
    comment: str = ""
    date: str = ""


class FaxComposer:
    """Makes one fax of many documents. Without `documents` none can be made."""

    def __init__(self, faxes: Faxes, files: Files, documents: FaxDocuments | None) -> None:
        self._faxes = faxes
        self._files = files
        self._documents = documents

    async def send(
        self, company_id: int, given: NewFax, documents: Sequence[Document], cover: Cover | None = None, *, origin: str
    ) -> Fax:
        """Send these documents, in order, as one fax; `given.file_id` does not count.

        Of what is refused nothing is kept. Raises Invalid, also for a document that cannot be faxed, TooLarge,
        Unavailable.
        """
        if not 1 <= len(documents) <= MAX_DOCUMENTS:
            raise Invalid("documents", f"must be 1 to {MAX_DOCUMENTS} files")
        if cover is not None:
            _check_cover(cover)
        if len(documents) == 1 and cover is None:
            file = documents[0]
        else:
            pages = await self._pages(documents, cover)
            name = clean_name(documents[0].name).rpartition(".")
            file = Document(content=pages.tiff, name=f"{name[0] or name[2]}.tiff", mimetype="image/tiff")
        kept = await self._files.create(company_id, name=file.name)
        try:
            await self._files.upload(
                company_id, kept.id, content=file.content, uploaded_name=file.name, mimetype=file.mimetype
            )
            return await self._faxes.send(company_id, msgspec.structs.replace(given, file_id=kept.id), origin=origin)
        except CoreError:
            await asyncio.shield(self._files.delete(company_id, [kept.id]))
            raise

    async def _pages(self, documents: Sequence[Document], cover: Cover | None) -> FaxPages:
        if self._documents is None:
            raise Unavailable("documents cannot be read here")
        tools = self._documents
        parts = [await tools.to_fax(one.content, settle_type(one.mimetype, one.content)) for one in documents]
        if cover is None:
            return tools.concatenate(*parts)
        sheet = await tools.cover_page(
            to=cover.to,
            from_=cover.sender,
            company=cover.company,
            subject=cover.subject,
            comment=cover.comment,
            pages=1 + sum(part.pages for part in parts),
            date=cover.date or f"{datetime.now(UTC):%Y-%m-%d}",
        )
        return tools.concatenate(await tools.to_fax(sheet, "application/pdf"), *parts)


def _check_cover(cover: Cover) -> None:
    for field, limit in (("to", MAX_NAME), ("sender", MAX_NAME), ("company", MAX_NAME), ("comment", MAX_COMMENT)):
        text = getattr(cover, field)
        if len(text) > limit or "\0" in text:
            raise Invalid(field, f"must be text of at most {limit} characters")
