"""Extensions: numbers inside a PBX instance, each with its phone's credentials and, mostly, its user."""

from datetime import datetime
from typing import Any, Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from ringmain.core.instances.pbx import Forwarding
from ringmain.core.locations.model import Location
from ringmain.core.people.model import Person

Purpose = Literal["ip-phone", "mobile-app", "softphone", "unassigned"]
PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)

Activation = Literal["active", "inactive", "blocked"]
"""Whether its user may use an app: `inactive` ones have none, and only a phone; `blocked` ones neither."""
ACTIVATIONS: Final[tuple[str, ...]] = get_args(Activation)

ANONYMOUS: Final = "anonymous"
"""The caller's number of whoever withholds it."""


class CallerId(msgspec.Struct, frozen=True, kw_only=True):
    """What called parties outside see."""

    name: str = ""
    number: str = ""

    @property
    def text(self) -> str:
        """As SIP has it: `"Name" <number>`, without what is empty."""
        return f'"{self.name}" <{self.number}>' if self.name else self.number


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """`data` is what was set of FreePBX's keys: template.py has the rest. `secret`: the SIP password that we made.

    `attached_to`: the id of the extension whose user has this one beside it. `profile`: what dialects show.
    """

    id: int
    company_id: int
    instance_id: int
    number: int
    name: str
    purpose: Purpose
    caller_id: CallerId | None
    data: dict[str, Any]
    reserved: dict[str, Any] | None
    secret: str
    subscriber_state: str
    call_status: str
    created_at: datetime
    updated_at: datetime
    person: Person | None
    location: Location | None
    activation: Activation = "active"
    attached_to: int | None = None
    forwarding: Forwarding = Forwarding()
    profile: dict[str, Any] = {}


class ExtensionPage(msgspec.Struct, frozen=True, kw_only=True):
    """`total` extensions match; `in_instance` are there at all."""

    items: list[Extension]
    total: int
    in_instance: int


class ExtensionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an extension shall be; what is UNSET stays, key by key in `data`.

    `person_id` and `location_id`: None for nobody and nowhere. An e-mail in `data["voicemail_email"]` names the user
    too, unless `person_id` does. `caller_id` and `data["outboundcid"]` are one fact: the former wins. `attached_to`
    makes it inactive, and any other `activation` detaches it.
    """

    number: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    purpose: Purpose | UnsetType = UNSET
    person_id: int | UnsetType | None = UNSET
    location_id: int | UnsetType | None = UNSET
    caller_id: CallerId | UnsetType | None = UNSET
    data: dict[str, Any] = {}
    reserved: dict[str, Any] | UnsetType | None = UNSET
    activation: Activation | UnsetType = UNSET
    attached_to: int | UnsetType | None = UNSET
    forwarding: Forwarding | UnsetType = UNSET
    profile: dict[str, Any] = {}


class ExtensionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An extension without its secrets: what events carry."""

    id: int
    company_id: int
    instance_id: int
    number: int
    name: str
    purpose: Purpose
    person_id: int | None
    location_id: int | None
    caller_name: str | None
    caller_number: str | None
    subscriber_state: str
    call_status: str
    created_at: datetime
    updated_at: datetime


class ExtensionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of extension.created, extension.updated and extension.deleted."""

    extension: ExtensionSummary
