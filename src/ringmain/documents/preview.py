"""Previews: a small picture of an attached picture, for lists and chats."""

from typing import Final

import msgspec

from ringmain.core.errors import Invalid
from ringmain.documents.workshop import work

PREVIEWED: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Media types that a preview is made of."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of at most 320 x 320 pixels. `mimetype` is image/jpeg or image/png."""

    mimetype: str
    content: bytes


async def preview(content: bytes, mimetype: str) -> Preview:
    """Make the preview of a picture, in a limited process of its own.

    Raises Invalid("mimetype") for other media types, Invalid("content") for what is broken, has over 40 million
    pixels or takes too long, Unavailable when no process can be started.
    """
    if mimetype not in PREVIEWED:
        raise Invalid("mimetype", f"there is no preview of {mimetype}")
    made, small = await work("thumbnail", content)
    return Preview(mimetype=made, content=small)
