"""What the re-implemented RingRx clients share: plain HTTP/1.1, headers as they spell them, nothing helpful."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec


class Answer(msgspec.Struct):
    """What came back."""

    status: int
    mimetype: str
    body: bytes

    @property
    def parsed(self) -> Any:
        """As HTTParty has it: by content type alone; what is no JSON is nothing."""
        return json.loads(self.body) if self.mimetype == "application/json" else None


class Connection:
    """One server."""

    def __init__(self, base: str) -> None:
        self._place = urlsplit(base).netloc

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Ask once; redirects are not followed."""
        connection = http.client.HTTPConnection(self._place, timeout=20)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            mimetype = (response.getheader("content-type") or "").partition(";")[0]
            return Answer(response.status, mimetype, response.read())
        finally:
            connection.close()
