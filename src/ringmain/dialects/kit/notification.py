"""What a dialect's face makes of an event, and how patient most faces are (delivery/faces.py)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

import msgspec

JSON_HEADERS: Final[Mapping[str, str]] = MappingProxyType({"content-type": "application/json"})


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's HTTP request, the same on every try."""

    url: str
    body: bytes
    headers: Mapping[str, str] = JSON_HEADERS
    method: Literal["POST"] = "POST"


class PatientFace:
    """Tries by the system's own schedule, whatever the receiver answers."""

    def schedule(self, event_type: str) -> Sequence[float] | None:
        """Seconds before each try; None means the system's own schedule."""
        return None

    def is_final(self, status: int) -> bool:
        """Whether no further try will be made after this HTTP status."""
        return False
