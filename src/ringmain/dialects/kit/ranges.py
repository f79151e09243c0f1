"""Range requests (RFC 9110, 14): players ask for parts of recordings."""

import re
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


def respond(request: Request, content: bytes, headers: Mapping[str, str]) -> Response:
    """The content, or the one range that is asked for (206); 416 where it has none of it.

    Several ranges at once, other units and what cannot be read are answered by the whole content, as is allowed.
    """
    size = len(content)
    common = {**headers, "Accept-Ranges": "bytes"}
    found = RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    # If-Range needs a validator that we do not send: it never matches, and the whole content is right.
    if found is None or found.group() == "bytes=-" or "if-range" in request.headers:
        return Response(content, headers=common)
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return Response(content, headers=common)
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Response(None, 416, {**headers, "Content-Range": f"bytes */{size}"})
    return Response(content[start : end + 1], 206, {**common, "Content-Range": f"bytes {start}-{end}/{size}"})
