"""The pictures port: what makes small ones. `ringmain.documents.preview`, the module, is the adapter."""

from typing import Protocol


class Picture(Protocol):
    """A small picture."""

    @property
    def mimetype(self) -> str:
        """As in image/jpeg."""
        ...

    @property
    def content(self) -> bytes:
        """The picture."""
        ...


class PictureTools(Protocol):
    """Raises Invalid for what is no picture or broken, Unavailable when it cannot work."""

    async def preview(self, content: bytes, mimetype: str) -> Picture:
        """Make a small picture of a picture."""
        ...
