"""The documents port: what makes fax pages. `ringmain.documents.fax`, the module, is the adapter."""

from typing import Protocol


class FaxPages(Protocol):
    """Pages ready to send."""

    @property
    def tiff(self) -> bytes:
        """A TIFF: Group 4, 1728 dots a row."""
        ...

    @property
    def pages(self) -> int:
        """How many."""
        ...


class ReadablePages(Protocol):
    """Pages to look at."""

    @property
    def pdf(self) -> bytes:
        """A PDF."""
        ...

    @property
    def pages(self) -> int:
        """How many."""
        ...


class Picture(Protocol):
    """A small picture of the first page."""

    @property
    def mimetype(self) -> str:
        """As in image/png."""
        ...

    @property
    def content(self) -> bytes:
        """The picture."""
        ...


class FaxDocuments(Protocol):
    """Each raises Invalid for what cannot be read, Unavailable when it cannot work."""

    async def to_fax(self, content: bytes, mimetype: str) -> FaxPages:
        """Make fax pages of a document."""
        ...

    async def from_fax(self, tiff: bytes) -> ReadablePages:
        """Make a PDF of received pages."""
        ...

    async def fax_preview(self, content: bytes) -> Picture:
        """Make a picture of the first page of a TIFF or PDF."""
        ...

    async def cover_page(
        self, *, to: str, from_: str, company: str, subject: str, comment: str, pages: int, date: str
    ) -> bytes:
        """Make a cover sheet, a PDF of one page. `pages` counts all, this one too."""
        ...

    def concatenate(self, *documents: FaxPages) -> FaxPages:
        """Join fax pages, the cover first. Raises Invalid when they are too many."""
        ...
