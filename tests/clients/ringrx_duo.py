"""What the web client Duo does on the wire (specs/ringrx.md 1, 2 and 2.1).

It logs in by query with a JSON type and no body, and again on 401 or 403. Its numbers are the last ten digits, its
durations milliseconds.
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from tests.clients.ringrx_wire import Answer, Connection

JSON = {"Content-Type": "application/json"}


class Item(msgspec.Struct):
    """A line of its inbox."""

    id: str
    number: str
    name: str
    at: datetime
    seconds: float
    unread: bool
    kind: str


class Duo:
    """A session; `logins` is how often it had to log in."""

    def __init__(self, base: str, token: str, secret: str) -> None:
        self._ask = Connection(base)
        self._query = f"token={quote(token)}&secret={quote(secret)}"
        self.access_token = ""
        self.logins = 0

    def inbox(self, folder: str = "inbox") -> list[Item]:
        """Its inbox, or the trash."""
        answer = self._call("GET", f"/voicemails?message_folder={folder}")
        if not isinstance(answer.parsed, list):
            raise TypeError("no list")
        return [_item(one) for one in answer.parsed]

    def move_to_trash(self, item: Item) -> bool:
        """Whether that worked."""
        return 200 <= self._call("DELETE", f"/voicemails/{item.id}").status < 300

    def text(self, to: str, message: str, *, escaped: bool = True) -> str:
        """Send a text; its id. One revision does not escape the number."""
        number = quote(to, safe="") if escaped else to
        answer = self._call("POST", f"/messaging/send_message?to={number}&message={quote(message)}")
        if answer.status != 200 or not answer.parsed["sms_id"]:
            raise RuntimeError(answer.body)
        return str(answer.parsed["sms_id"])

    def _call(self, method: str, path: str) -> Answer:
        answer = self._try(method, path)
        if answer.status in (401, 403):
            self._log_in()
            answer = self._try(method, path)
        return answer

    def _try(self, method: str, path: str) -> Answer:
        body = b"" if method == "POST" else None
        return self._ask(method, path, {**JSON, "Authorization": f"Bearer {self.access_token}"}, body)

    def _log_in(self) -> None:
        answer = self._ask("POST", f"/auth/token?{self._query}", JSON, b"")
        if answer.status != 200:
            raise PermissionError(answer.body)
        self.access_token = answer.parsed["access_token"]
        self.logins += 1


def _item(one: dict[str, Any]) -> Item:
    return Item(
        id=one["id"],
        number=one["caller"][-10:],
        name=one["caller_name"],
        at=datetime.fromisoformat(one["created_at"]),
        seconds=one["duration"] / 1000,
        unread=one["status"] == "new",
        kind=one["message_type"],
    )
