"""What a set-up file may say (`ringmain apply FILE.toml`), and its errors by file, line and key."""

import re
import tomllib
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ringmain.core.companies.service import check_timezone
from ringmain.core.errors import Invalid
from ringmain.core.events import TYPES
from ringmain.core.extensions.model import Purpose
from ringmain.core.groups.model import Otherwise, Strategy
from ringmain.core.groups.service import MAX_RING
from ringmain.core.instances.service import MAX_NUMBER
from ringmain.core.numbers.normalise import normalise
from ringmain.core.people.service import check_email
from ringmain.dialects.ringplan.events import WEBHOOK_TYPES
from ringmain.setup.lines import Path, find_line

Text = Annotated[str, Meta(min_length=1)]
Dialect = Literal["ringplan", "ringrx", "ringotel", "ringcentral"]

UUID: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
AT: Final = re.compile(r"(.*) - at `\$(.*)`", re.DOTALL)
STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\.\.\.\]")
FIELD: Final = re.compile(r"unknown field `([^`]+)`")


class SetupError(Exception):
    """The file cannot be applied; the text names file, line and key."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file. What is left out keeps its value, or gets the default of what is made."""


class PersonPart(Part, frozen=True, kw_only=True):
    """[[companies.people]], known by e-mail. Without a password, one is made with the person and shown once.

    `login`: a name to log in by, beside the e-mail. `admin`: manages the company like its owner.
    """

    email: str
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    login: str | UnsetType = UNSET
    owner: bool = False
    admin: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    password: Annotated[str, Meta(min_length=8, max_length=1024)] | UnsetType = UNSET
    profile: dict[str, Any] = {}


class LocationPart(Part, frozen=True, kw_only=True):
    """[[companies.locations]], known by name."""

    name: Text
    profile: dict[str, Any] = {}


class NumberPart(Part, frozen=True, kw_only=True):
    """[[companies.numbers]], known by number. `owners` are e-mails of the company's people.

    `carrier` takes all texts from this number; "" for none: then they go by the recipient's route.
    """

    number: str
    sms: bool | UnsetType = UNSET
    mms: bool | UnsetType = UNSET
    fax: bool | UnsetType = UNSET
    voice: bool | UnsetType = UNSET
    carrier: str | UnsetType = UNSET
    owners: list[str] | UnsetType = UNSET


class InstancePart(Part, frozen=True, kw_only=True):
    """[[companies.instances]]: a PBX, known by name. `domain` is where its phones register."""

    name: Text
    domain: Text
    uuid: Annotated[str, Meta(pattern=UUID)] | UnsetType = UNSET
    adapter: Text = "sandbox"
    outbound_proxy: str | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    profile: dict[str, Any] = {}


class CallerIdPart(Part, frozen=True, kw_only=True):
    """What called parties outside see of an extension."""

    number: Text
    name: str = ""


class ExtensionPart(Part, frozen=True, kw_only=True):
    """[[companies.extensions]], known by number in its instance, which must be named if there are several.

    `user` is an e-mail of the company's people, `location` a location's name, `data` FreePBX's keys. Its SIP password
    is made with it and shown once, unless `data` has it as `secret`.
    """

    number: Annotated[int, Meta(ge=1, le=MAX_NUMBER)]
    instance: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    purpose: Purpose | UnsetType = UNSET
    user: str | UnsetType = UNSET
    location: str | UnsetType = UNSET
    caller_id: CallerIdPart | UnsetType = UNSET
    data: dict[str, Any] = {}


class GroupPart(Part, frozen=True, kw_only=True):
    """[[companies.groups]], known by number in its instance, which must be named if there are several.

    `members` are numbers of the instance's extensions, in the order of ringing. When none of them answers, `otherwise`
    is done, with the extension or number in `otherwise_to`.
    """

    number: Annotated[int, Meta(ge=1, le=MAX_NUMBER)]
    instance: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    strategy: Strategy | UnsetType = UNSET
    ring_seconds: Annotated[int, Meta(ge=1, le=MAX_RING)] | UnsetType = UNSET
    members: list[int] | UnsetType = UNSET
    otherwise: Otherwise | UnsetType = UNSET
    otherwise_to: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET


class ApiKeyPart(Part, frozen=True, kw_only=True):
    """[[companies.api_keys]], known by dialect and name. `person` (e-mail) is whom the key is bound to.

    Of dialect ringotel it is a key of the company's account, and `webhook` the address where it is told of everything
    in the account's companies; empty: of nothing.
    """

    dialect: Dialect
    name: Text
    secret: Annotated[str, Meta(min_length=24)] | UnsetType = UNSET
    person: str | UnsetType = UNSET
    webhook: str | UnsetType = UNSET


class WebhookPart(Part, frozen=True, kw_only=True):
    """[[companies.webhooks]]: of face ringplan one a company, of face ringmain known by URL.

    `events` are the vendor's names for ringplan, the core's for ringmain.
    """

    face: Literal["ringmain", "ringplan"]
    url: Text
    events: Annotated[list[str], Meta(min_length=1)]
    secret: str | UnsetType = UNSET


class ContactPart(Part, frozen=True, kw_only=True):
    """[[companies.contacts]]: somebody texted with, known by number."""

    number: str
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET


class OutreachProfilePart(Part, frozen=True, kw_only=True):
    """[[companies.outreach_profiles]], known by name. `settings` are those of core/outreach/model.py.

    What TOML has no null for is said by "": `quiet_from = ""` with `quiet_until = ""` is no quiet hours.
    """

    name: Text
    settings: dict[str, Any] = {}


class CallbackPart(Part, frozen=True, kw_only=True):
    """[[companies.callbacks]]: a RingRx callback, known by name. `url` and `headers` may have tokens.

    `bound`: the telephone or fax numbers, mailboxes, outreach profile (by name) or group (by number) that it is for.
    """

    name: Text
    type: Text
    url: Text
    bound: list[str] = []
    headers: str = ""
    username: str = ""
    password: str = ""


class CompanyPart(Part, frozen=True, kw_only=True):
    """[[companies]], known by key. Those with the same `account` are one's: its keys open all of them.

    `domain` is a label that no other company has; without it, it is made from the key.
    """

    key: Text
    name: Text
    account: Text | UnsetType = UNSET
    domain: Text | UnsetType = UNSET
    country: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    profile: dict[str, Any] = {}
    people: list[PersonPart] = []
    locations: list[LocationPart] = []
    numbers: list[NumberPart] = []
    instances: list[InstancePart] = []
    extensions: list[ExtensionPart] = []
    groups: list[GroupPart] = []
    api_keys: list[ApiKeyPart] = []
    webhooks: list[WebhookPart] = []
    contacts: list[ContactPart] = []
    outreach_profiles: list[OutreachProfilePart] = []
    callbacks: list[CallbackPart] = []


class CarrierPart(Part, frozen=True, kw_only=True):
    """[[carriers]], known by name. `settings`: see carriers/<kind>."""

    name: Text
    kind: Literal["sandbox", "smpp", "relayed"]
    settings: dict[str, Any] = {}


class RoutePart(Part, frozen=True, kw_only=True):
    """[[carrier_routes]], known by prefix: "+44", "+1", "" for all. The longest prefix of the recipient wins."""

    prefix: Annotated[str, Meta(pattern=r"^(\+[0-9]*)?$")]
    carrier: Text


class Content(Part, frozen=True, kw_only=True):
    """The whole file."""

    companies: list[CompanyPart] = []
    carriers: list[CarrierPart] = []
    carrier_routes: list[RoutePart] = []


class Document:
    """A file that was read and found sound by itself."""

    def __init__(self, name: str, text: str) -> None:
        """Raises SetupError."""
        self.name = name
        self._text = text
        try:
            self._raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SetupError(f"{name}: {error}") from None
        try:
            self.content = msgspec.convert(self._raw, Content)
        except msgspec.ValidationError as error:
            raise self._refused(str(error)) from None
        self._check()

    def error(self, path: Path, reason: str) -> SetupError:
        """An error at a place of this file."""
        key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        return SetupError(f"{self.name}, line {find_line(self._text, path)}, {key or 'file'}: {reason}")

    def _refused(self, message: str) -> SetupError:
        found = AT.fullmatch(message)
        reason, place = (found[1], found[2]) if found else (message, "")
        path: Path = ()
        for name, index in STEP.findall(place):
            path = (*path, int(index) if index else name)
        unknown = FIELD.search(reason)
        if unknown:
            path, reason = (*path, unknown[1]), "there is no such key"
        return self.error(path, reason.replace("Object", "the table").replace("field", "key"))

    def _check(self) -> None:
        """What types cannot say: values that cannot be, and things named twice."""
        content = self.content
        self._unique(("companies",), [company.key for company in content.companies], "key")
        self._unique(("carriers",), [carrier.name for carrier in content.carriers], "name")
        self._unique(("carrier_routes",), [route.prefix for route in content.carrier_routes], "prefix")
        numbers: list[tuple[Path, str]] = []
        for index, company in enumerate(content.companies):
            self._check_company(("companies", index), company)
            numbers += self._numbers(("companies", index), company)
        seen: dict[str, Path] = {}
        for path, number in numbers:
            if number in seen:
                raise self.error(path, f"{number} stands here a second time")
            seen[number] = path

    def _check_company(self, path: Path, company: CompanyPart) -> None:
        country = company.country or "US"
        if company.timezone:
            self._valid((*path, "timezone"), check_timezone, company.timezone)
        owners = [index for index, person in enumerate(company.people) if person.owner]
        if len(owners) > 1:
            raise self.error((*path, "people", owners[1], "owner"), "a company has one owner")
        for index, key in enumerate(company.api_keys):
            if key.webhook is not UNSET and key.dialect != "ringotel":
                raise self.error((*path, "api_keys", index, "webhook"), "only keys of ringotel have webhooks")
        for index, person in enumerate(company.people):
            self._valid((*path, "people", index, "email"), check_email, person.email)
            if person.timezone:
                self._valid((*path, "people", index, "timezone"), check_timezone, person.timezone)
        for index, webhook in enumerate(company.webhooks):
            known: Iterable[str] = WEBHOOK_TYPES if webhook.face == "ringplan" else TYPES
            for number, event in enumerate(webhook.events):
                if event not in known:
                    place = (*path, "webhooks", index, "events", number)
                    raise self.error(place, f"{event!r} is none of {', '.join(sorted(known))}")
        for index, contact in enumerate(company.contacts):
            if not contact.number.isdigit() or len(contact.number) > 8:  # not a short code
                self._valid((*path, "contacts", index, "number"), normalise, contact.number, country)
        self._unique((*path, "people"), [person.email.lower() for person in company.people], "email")
        self._unique((*path, "locations"), [location.name for location in company.locations], "name")
        self._unique((*path, "instances"), [instance.name for instance in company.instances], "name")
        only = company.instances[0].name if len(company.instances) == 1 else ""
        extensions = [(only if one.instance is UNSET else one.instance, one.number) for one in company.extensions]
        self._unique((*path, "extensions"), extensions, "number")
        groups = [(only if one.instance is UNSET else one.instance, one.number) for one in company.groups]
        self._unique((*path, "groups"), groups, "number")
        for index, group in enumerate(groups):
            if group in extensions:
                raise self.error((*path, "groups", index, "number"), "is an extension's already")
        self._unique((*path, "api_keys"), [(key.dialect, key.name) for key in company.api_keys], "name")
        self._unique((*path, "webhooks"), [_webhook_identity(webhook) for webhook in company.webhooks], "url")
        profiles = [profile.name.lower() for profile in company.outreach_profiles]
        self._unique((*path, "outreach_profiles"), profiles, "name")
        self._unique((*path, "callbacks"), [callback.name for callback in company.callbacks], "name")
        self._unique((*path, "contacts"), [contact.number for contact in company.contacts], "number")

    def _numbers(self, path: Path, company: CompanyPart) -> Iterator[tuple[Path, str]]:
        for index, part in enumerate(company.numbers):
            place = (*path, "numbers", index, "number")
            yield place, self._valid(place, normalise, part.number, company.country or "US")

    def _valid(self, path: Path, check: Callable[..., Any], *values: object) -> Any:
        try:
            return check(*values)
        except Invalid as error:
            raise self.error(path, error.reason) from None

    def _unique(self, path: Path, names: Iterable[Hashable], key: str) -> None:
        seen = set()
        for index, name in enumerate(names):
            if name in seen:
                raise self.error((*path, index, key), "stands here a second time")
            seen.add(name)


def _webhook_identity(webhook: WebhookPart) -> tuple[str, str]:
    return (webhook.face, "" if webhook.face == "ringplan" else webhook.url)
