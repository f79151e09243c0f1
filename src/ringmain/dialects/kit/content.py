"""Contents of files, as browsers and other clients get them."""

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from ringmain.core.files.model import File

SHOWN: Final = ("audio/", "video/", "image/png", "image/jpeg", "image/gif", "image/webp")
"""Types that browsers may show; the others, which could hold scripts, are saved."""


def respond(file: File, content: bytes) -> Response:
    """The content under its name, in a way that no browser runs it."""
    mimetype = file.mimetype or "application/octet-stream"
    shown = "inline" if mimetype.startswith(SHOWN) else "attachment"
    headers = {
        "Content-Type": mimetype,
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(file.uploaded_name or file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
        "Cache-Control": "private, max-age=3600",
    }
    return Response(content, headers=headers)
