"""Mailboxes: voicemail and fax in one list, in folders, with a trash."""

from typing import Final, Literal, get_args

import msgspec

from ringmain.core.faxes.model import Fax
from ringmain.core.voicemail.model import Voicemail

Folder = Literal["inbox", "outbox", "sent", "trash"]
"""`outbox`: faxes that wait, are on the line, or have failed. Hidden faxes are in none but the trash."""
FOLDERS: Final[tuple[Folder, ...]] = get_args(Folder)

READABLE: Final = {"application/pdf": "pdf", "image/tiff": "tiff"}
"""What a fax is shown as, and how such a file's name ends."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The content of an entry: a recording, or a fax as PDF or TIFF. `name` has an ending."""

    file_id: int
    name: str
    mimetype: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A voicemail or a fax. `mailbox` is an extension's number: a fax number's is its owner's, None without any.

    `pages_id`: a file, a sent fax's pages as they go out.
    """

    item: Voicemail | Fax
    folder: Folder
    mailbox: int | None
    pages_id: int | None = None

    @property
    def shown(self) -> Shown:
        """What is played or read."""
        file = self.item.file
        if isinstance(self.item, Voicemail):
            return Shown(file_id=file.id, name=file.name, mimetype=file.mimetype)
        if self.pages_id is None or file.mimetype in READABLE:
            name = _ending(file.name, READABLE.get(file.mimetype, "bin"))
            return Shown(file_id=file.id, name=name, mimetype=file.mimetype)
        return Shown(file_id=self.pages_id, name=_ending(file.name, "tiff"), mimetype="image/tiff")


def _ending(name: str, ending: str) -> str:
    stem, dot, given = name.rpartition(".")
    same = {"tiff": {"tiff", "tif"}}.get(ending, {ending})
    return name if dot and stem and given.lower() in same else f"{stem or name}.{ending}"
