"""What two small public scripts do on the wire (specs/ringrx.md 1 and 2): a bot that faxes a page, a spreadsheet's."""

import json
import uuid
from typing import Any

from tests.clients.ringrx_wire import Answer, Connection


class FaxBot:
    """Logs in with JSON, shows its token without a scheme, faxes pictures."""

    def __init__(self, base: str, token: str, secret: str) -> None:
        self._ask = Connection(base)
        body = json.dumps({"token": token, "secret": secret}).encode()
        answer = self._ask("POST", "/auth/token", {"Content-Type": "application/json"}, body)
        assert answer.status == 200
        self._token = answer.parsed["access_token"]

    def fax(self, number: str, picture: bytes) -> Any:
        """What the server says of the fax."""
        boundary = uuid.uuid4().hex
        fields = {
            "called_number": number, "company_name": "Clinic", "contact_number": "2025550123", "subject": "Results",
            "comment": "",
        }  # fmt: skip
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="faxfiles[]"; filename="page.png"\r\n'
        parts += [f"{head}Content-Type: image/png\r\n\r\n".encode(), picture, f"\r\n--{boundary}--\r\n".encode()]
        headers = {"Authorization": self._token, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        answer = self._ask("POST", "/voicemails/fax", headers, b"".join(parts))
        if answer.status != 200:
            raise RuntimeError(answer.body)
        return answer.parsed


class Sheet:
    """Logs in by query with an empty form for a body; reads lists."""

    def __init__(self, base: str, username: str, password: str) -> None:
        self._ask = Connection(base)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._ask("POST", f"/auth/token?username={username}&password={password}", form, b"")
        assert answer.status == 200
        self._token = json.loads(answer.body)["access_token"]

    def get(self, path: str) -> Answer:
        """Ask for something."""
        return self._ask("GET", path, {"Authorization": f"Bearer {self._token}"})
