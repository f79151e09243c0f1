"""Cross-origin calls: web clients send their key in a header and never a cookie, so every origin may call."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

RawHeaders = list[tuple[bytes, bytes]]


class Cors:
    """The headers of one dialect's answers. `exposed`: response headers that scripts may read."""

    def __init__(self, exposed: Sequence[str]) -> None:
        self._headers: RawHeaders = [
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", ", ".join(exposed).encode()),
        ]

    def dress(self, response: Response) -> Response:
        """Let scripts of any origin read this answer."""
        response.raw_headers.extend(self._headers)
        return response

    def options(self, request: Request, methods: Sequence[str]) -> Response:
        """Answer OPTIONS: which methods there are, and yes to a browser's preflight question."""
        allowed = ", ".join(methods)
        headers = {"Allow": allowed}
        if "access-control-request-method" in request.headers:
            headers["Access-Control-Allow-Methods"] = allowed
            headers["Access-Control-Allow-Headers"] = request.headers.get("access-control-request-headers", "*")
            headers["Access-Control-Max-Age"] = "86400"
            headers["Vary"] = "Access-Control-Request-Headers"
        return self.dress(Response(None, 204, headers))
