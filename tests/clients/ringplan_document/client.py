"""What the snippets share: the document's constants, the client, and how an answer is held against the document."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import httpx
import msgspec

from tests.clients.ringplan_document.objects import Problem

API_KEY: Final = "secret_string_of_the_document"
OPERATOR_TOKEN: Final = "operator_token_of_the_document"
INSTANCE_UUID: Final = "279951a6-4f51-5019-a897-0e7624828abf"
UNKNOWN: Final = "60190ce750fe88ed1a544a7a"
"""The document's own sample id: nobody here has it."""
PAGING: Final = ("Total-Count", "Page-Count", "Current-Page", "Per-Page")
PATIENCE: Final = 30.0
"""Seconds; only a broken server takes that long."""

Shape = TypeVar("Shape")
Found = TypeVar("Found")


class Document:
    """`requests` is the HTTP client, used as the document uses the library of this name.

    `headers` are those of Jane, an ordinary user; `primary` those of the company's owner. `report` is what
    `ringmain apply` said of company.toml.
    """

    def __init__(self, api_url: str, report: dict[str, Any]) -> None:
        self.API_URL = api_url
        self.requests = httpx.Client(timeout=PATIENCE)
        self.company = report["companies"][0]
        self.company_id: str = self.company["company"]["ids"]["ringplan"]
        self.owner_id, self.jane_id, self.sales_id = (one["ids"]["ringplan"] for one in self.company["people"])
        self.location_id: str = self.company["locations"][0]["ids"]["ringplan"]
        self.extension_ids = {one["number"]: one["ids"]["ringplan"] for one in self.company["extensions"]}
        self.headers = self.acting(self.jane_id)
        self.primary = self.acting("primary")
        self._names = 0

    def close(self) -> None:
        self.requests.close()

    @staticmethod
    def acting(user_id: str) -> dict[str, str]:
        """The headers of somebody. The document's own lack a comma."""
        return {"Accept": "application/json", "Authorization": "Bearer " + API_KEY, "X-User-Id": user_id}

    # Answers

    def shows(self, answer: httpx.Response, status: int, shape: type[Shape]) -> Shape:
        """The answer has this status and this body; nobody gets it without credentials."""
        assert answer.status_code == status, (answer.status_code, answer.text)
        assert answer.headers["content-type"].startswith("application/json")
        self._unauthorized(answer)
        return msgspec.json.decode(answer.content, type=shape)

    def pages(self, answer: httpx.Response, shape: type[Shape], *, page: int = 1, per_page: int = 20) -> list[Shape]:
        """The answer is a page of such objects, and has the four documented headers."""
        items = self.shows(answer, 200, list[shape])  # type: ignore[valid-type]
        total, pages, current, size = (int(answer.headers[f"X-Pagination-{name}"]) for name in PAGING)
        assert (current, size) == (page, per_page)
        assert pages == -(-total // per_page)
        assert len(items) == min(max(total - (page - 1) * per_page, 0), per_page)
        return items

    def empty(self, answer: httpx.Response, status: int = 204) -> None:
        """The answer has no body: the document's .json() would raise."""
        assert (answer.status_code, answer.content) == (status, b""), (answer.status_code, answer.text)
        self._unauthorized(answer)

    def problem(self, answer: httpx.Response, status: int) -> None:
        """The answer is an error in the format that all errors have."""
        assert answer.status_code == status, (answer.status_code, answer.text)
        body = msgspec.json.decode(answer.content, type=Problem)
        assert (body.status, body.type) == (status, "about:blank")

    def _unauthorized(self, answer: httpx.Response) -> None:
        """The same request is refused with another key, and without a user."""
        sent = answer.request
        for header, value in (("Authorization", "Bearer nonsense"), ("X-User-Id", "")):
            headers = {**sent.headers, header.lower(): value}
            self.problem(self.requests.request(sent.method, sent.url, headers=headers, content=sent.content), 401)

    # What snippets need to be there

    def name(self, prefix: str) -> str:
        """A name that nothing has yet."""
        self._names += 1
        return f"{prefix}{self._names}x{time.time_ns() % 10**9}"

    def number(self) -> str:
        """A telephone number that no contact has yet."""
        self._names += 1
        return f"+1310{(time.time_ns() // 1000 * 7 + self._names) % 10_000_000:07d}"

    def made(self, path: str, body: object, **options: Any) -> Any:
        """POST and give what was created."""
        answer = self.requests.post(self.API_URL + path, headers=self.primary, json=body, **options)
        assert answer.status_code == 201, (path, answer.status_code, answer.text)
        return answer.json()

    def contact(self, first_name: str = "John") -> Any:
        """A texting contact."""
        return self.made("/texting/contacts", {"number": self.number(), "first_name": first_name})

    def conversation(self, contact: Any = None) -> Any:
        """A conversation with a contact."""
        body = {"contact_id": (contact or self.contact())["id"], "from_number": "9513360234"}
        return self.made("/texting/conversations", body)

    def message(self, conversation_id: str, text: str = "Hello") -> Any:
        """A message that was sent."""
        return self.made(f"/texting/conversations/{conversation_id}/messages/publish", {"text": text})

    def received(self, contact: Any, text: str) -> None:
        """A message comes in from this contact."""
        body = {"from": contact["number"], "to": "+19513360234", "text": text}
        self.operate("/inbound-texts", body)

    def operate(self, path: str, body: object) -> Any:
        """The operator's API: plays what is outside of the document."""
        headers = {"Authorization": "Bearer " + OPERATOR_TOKEN}
        answer = self.requests.post(f"{self.API_URL}/ringmain/v1{path}", headers=headers, json=body)
        assert answer.status_code in (200, 201), (path, answer.status_code, answer.text)
        return answer.json()

    def file(self, content: bytes, name: str) -> Any:
        """An uploaded file. The document names no way to upload; these are what the vendor's web clients call."""
        file = self.made("/files", {"name": name, "company_id": self.company_id})
        path = f"{self.API_URL}/files/{file['id']}/upload"
        answer = self.requests.post(path, headers=self.primary, files={"upfile": (name, content)})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, look: Callable[[], Found | None]) -> Found:
        """Wait for what happens by itself."""
        for found in self._looks(look):
            if found:
                return found
        raise AssertionError("it did not happen")

    @staticmethod
    def _looks(look: Callable[[], Found | None]) -> Iterator[Found | None]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            yield look()
            time.sleep(0.05)
