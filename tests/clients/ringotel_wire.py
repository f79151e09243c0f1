"""What the re-implemented Ringotel clients share: plain HTTP/1.1, a JSON body, nothing helpful."""

import http.client
import json
from typing import Any, Final
from urllib.parse import urlsplit

SECRET: Final = "a-key-for-the-collection-of-requests"
"""The key in ringotel_collection/company.toml."""


class RpcError(Exception):
    """The server's own error: `code` and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Rpc:
    """One address and key. `mimetype` is how the client calls its JSON."""

    def __init__(self, url: str, key: str, *, mimetype: str = "application/json") -> None:
        parts = urlsplit(url)
        self._place, self._path = parts.netloc, parts.path or "/"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": mimetype, "Accept": "application/json"}

    def __call__(self, method: str, **params: Any) -> Any:
        """The result of a method. Without parameters none are sent. Raises RpcError."""
        call = {"method": method, "params": params} if params else {"method": method}
        answer = self.ask(json.dumps(call).encode())
        if "error" in answer:
            raise RpcError(answer["error"].get("code", 0), answer["error"]["message"])
        return answer["result"]

    def ask(self, body: bytes) -> dict[str, Any]:
        """The answer as JSON, whatever its status; redirects are not followed."""
        connection = http.client.HTTPConnection(self._place, timeout=20)
        try:
            connection.request("POST", self._path, body=body, headers=self._headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()
