"""What the vendor's archiver of call records and recordings does on the wire (specs/ringrx.md 1, 2 and 2.2).

Its token has no scheme. Values are put into text one by one, null as nothing; a number ends the run.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date

from tests.clients.ringrx_wire import Answer, Connection

COLUMNS = (
    "id", "responsible_party", "start_time", "hangup_cause", "calling_party", "called_party", "caller_id_number",
    "caller_id_name", "duration", "bill_duration", "direction", "mailbox", "aleg_holdtime", "bleg_holdtime", "recorded",
    "tags",
)  # fmt: skip


class Archiver:
    """Archives the days between two into `files`, by name; `logins` is how often it had to log in."""

    def __init__(self, base: str, username: str, password: str) -> None:
        self._ask = Connection(base)
        self._credentials = {"username": username, "password": password}
        self.token = ""
        self.logins = 0
        self.files: dict[str, bytes] = {}

    def log_in(self) -> None:
        """Get a token, in the words of the vendor's e-mail login."""
        body = json.dumps(self._credentials).encode()
        answer = self._ask("POST", "/auth/token", {"Content-Type": "application/json"}, body)
        if answer.status != 200:
            raise PermissionError(answer.body)
        self.token = answer.parsed["access_token"]
        self.logins += 1

    def run(self, first: date, last: date) -> None:
        """Write a CSV file a day, and the recordings."""
        days = f"startDate={first:%d-%m-%Y}&endDate={last:%d-%m-%Y}"
        answer = self._ask("GET", f"/cdrs?getAll=true&{days}", {"Authorization": self.token})
        if answer.status != 200:
            raise PermissionError(answer.body)
        for record in self._records(answer):
            row = [_plain(record[column]) for column in COLUMNS]
            name = f"{record['start_time'].split(' ')[0]}.csv"
            assert ":" not in name
            line = io.StringIO()
            csv.writer(line).writerow(row)
            self.files[name] = self.files.get(name, b"") + line.getvalue().encode()
            if record["recorded"]:
                ending = record["recording_key"].removesuffix(".enc").rpartition(".")[2]
                self.files[f"{record['id']}.{ending}"] = self._recording(record["id"])

    def _records(self, answer: Answer) -> Iterator[dict[str, str]]:
        for record in answer.parsed:
            yield record | {"recorded": "yes" if record["recording_key"] else ""}

    def _recording(self, call: str) -> bytes:
        answer = self._ask("GET", f"/cdrs/{call}/recording", {"Authorization": self.token})
        if answer.status == 401:
            self.log_in()
            answer = self._ask("GET", f"/cdrs/{call}/recording", {"Authorization": self.token})
        assert answer.status == 200
        return answer.body


def _plain(value: str | None) -> str:
    return "" if value is None else re.sub(r"[\r\n]+", " ", value)
