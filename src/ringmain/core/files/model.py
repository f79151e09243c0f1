"""Uploaded files: attachments of messages, fax documents, audio."""

from datetime import datetime

import msgspec


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file is made first (name) and uploaded then (content, mimetype, size); `uploaded_at` is None in between."""

    id: int
    company_id: int
    name: str
    uploaded_name: str | None
    mimetype: str | None
    size: int | None
    uploaded_by: int | None
    description: str
    created_at: datetime
    uploaded_at: datetime | None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a file: its whole content under its own name, or a smaller picture of it under another."""

    file: File
    name: str
    mimetype: str
    content: bytes
