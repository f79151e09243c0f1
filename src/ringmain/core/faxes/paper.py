"""Documents of faxes: made into pages, kept as files."""

import asyncio
from typing import Final

import msgspec

from ringmain.core.errors import Unavailable
from ringmain.core.faxes.documents import FaxDocuments, FaxPages
from ringmain.core.files.service import Files

TIFF: Final = "image/tiff"
PDF: Final = "application/pdf"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a fax: what is shown (of an outbound fax its pages as they go out), its first page, its length."""

    file_id: int
    preview_id: int
    pages: int

    @property
    def files(self) -> list[int]:
        """The files that were made."""
        return [self.file_id, self.preview_id]


class Paper:
    """Without `documents` no fax can be sent or come in."""

    def __init__(self, files: Files, documents: FaxDocuments | None) -> None:
        self._files = files
        self._documents = documents

    async def pages_of(self, content: bytes, mimetype: str) -> FaxPages:
        """Pages of any document. Raises Invalid for one that cannot be faxed, Unavailable."""
        return await self._tools().to_fax(content, mimetype)

    async def prepare(self, company_id: int, file_id: int, mimetype: str) -> Kept:
        """Make and keep the pages of an uploaded document. Raises Invalid, NotFound("file"), TooLarge, Unavailable."""
        content = await self._files.read(company_id, file_id)
        made = await self.pages_of(content, mimetype)
        preview = await self._tools().fax_preview(made.tiff)
        tiff_id, preview_id = await asyncio.gather(
            self._keep(company_id, "fax.tiff", made.tiff, TIFF),
            self._keep(company_id, "fax.png", preview.content, preview.mimetype),
        )
        return Kept(file_id=tiff_id, preview_id=preview_id, pages=made.pages)

    async def read(self, company_id: int, tiff: bytes) -> Kept:
        """Keep received pages as a PDF. Raises Invalid, TooLarge, Unavailable."""
        made = await self._tools().from_fax(tiff)
        preview = await self._tools().fax_preview(tiff)
        pdf_id, preview_id = await asyncio.gather(
            self._keep(company_id, "fax.pdf", made.pdf, PDF),
            self._keep(company_id, "fax.png", preview.content, preview.mimetype),
        )
        return Kept(file_id=pdf_id, preview_id=preview_id, pages=made.pages)

    async def _keep(self, company_id: int, name: str, content: bytes, mimetype: str) -> int:
        file = await self._files.create(company_id, name=name)
        stem, _, extension = name.partition(".")
        await self._files.upload(
            company_id,
            file.id,
            content=content,
            uploaded_name=f"{stem}{file.id % 10**6:06d}.{extension}",
            mimetype=mimetype,
        )
        return file.id

    def _tools(self) -> FaxDocuments:
        if self._documents is None:
            raise Unavailable("documents cannot be read here")
        return self._documents
