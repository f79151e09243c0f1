"""What the vendor's fax and voicemail fetcher does on the wire, from the facts in specs/ringrx.md 1, 2 and 2.1.

As in the original, a value of a wrong type ends the item with a TypeError and it goes on with the next, payloads are
written down whatever their status says, and what DELETE answers is of no interest.
"""

import json

from tests.clients.ringrx_wire import Answer, Connection

PAYLOADS = {"voicemail": "voice_payload", "fax": "fax_payload"}


class Fetcher:
    """Fetches all of a folder into `files`, by name; `failures` are items that it could not work with."""

    def __init__(self, base: str, credentials: dict[str, str], *, folder: str | None, delete: bool = False) -> None:
        self._ask = Connection(base)
        self._credentials = credentials
        self._folder = folder
        self._delete = delete
        self._token = ""
        self.files: dict[str, bytes] = {}
        self.failures: list[str] = []

    def run(self) -> None:
        """Log in, list, fetch, and delete if it shall."""
        body = json.dumps(self._credentials).encode()
        answer = self._ask("POST", "/auth/token", {"Content-Type": "application/json"}, body)
        if answer.status != 200:
            raise PermissionError(answer.body)
        self._token = answer.parsed["access_token"]
        query = "" if self._folder is None else f"?message_folder={self._folder}"
        messages = self._get(f"/voicemails{query}").parsed
        for message in messages or []:
            try:
                self._fetch(message)
            except TypeError as error:
                self.failures.append(str(error))

    def _fetch(self, message: dict[str, str]) -> None:
        kind = message["message_type"]
        path = "/voicemails/" + message["id"]
        # Text is put together with +: a number or null ends it.
        name = message["created_at"] + "_" + message["mailbox"] + "_" + message["caller"] + "_" + message["called"]
        if kind not in PAYLOADS:
            return
        name += "_" + message[kind]
        self.files[name] = self._get(path + "/" + PAYLOADS[kind]).body
        self.files[name + ".txt"] = ("" + message["transcription"]).encode()
        if self._delete:
            self._ask("DELETE", path, self._headers())

    def _get(self, path: str) -> Answer:
        return self._ask("GET", path, self._headers())

    def _headers(self) -> dict[str, str]:
        # The original has "Authorization: Bearer" for the header's name.
        return {"authorization": f"bearer: {self._token}"}
