"""Shapes of contacts, which are those of the company's directory (specs/ringotel.md 3, Objects).

The core keeps what all dialects show where RingPlan has it too: one telephone number, one e-mail, one fax number, the
organization and the job. The lists are kept beside them as they were given.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ringmain.core.directory.model import DirectoryContact, NewContact
from ringmain.core.directory.service import check_phone
from ringmain.core.errors import Invalid
from ringmain.core.ids import milliseconds_of
from ringmain.core.numbers.normalise import normalise
from ringmain.core.people.service import check_email
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.rpc import Org
from ringmain.dialects.ringotel.spans import milliseconds

LISTS: Final = ("phone", "mobile", "email", "fax", "sip")
NUMBERS: Final = ("phone", "mobile")
TEXTS: Final = {
    "organization": ("organization_details", "organization"),
    "position": ("job_details", "position"),
    "department": ("job_details", "department"),
}
ADDED: Final = 4
"""The status of contacts that were added."""
LONGEST: Final = 1000
MOST: Final = 50


class WireContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact. `ownerid` and `createdby`: the branch that it is for, or else the organization."""

    id: str
    ownerid: str
    createdby: str
    created: int
    name: str
    imgdate: int
    consent: int
    status: int
    info: dict[str, Any]


class BlockedContact(WireContact, frozen=True, kw_only=True):
    """One who is blocked: since when, by whom. `usinfo`: the numbers, and what was said when it was blocked."""

    blocked: int
    blockby: str
    usinfo: dict[str, Any]


class ImportedContact(msgspec.Struct, frozen=True, kw_only=True):
    """One that was just added, its `info` as it was given."""

    id: str
    name: str
    status: int
    info: dict[str, Any]


def contact(given: DirectoryContact, org: Org) -> WireContact:
    """A contact."""
    return WireContact(**_shared(given, org))


def blocked(given: DirectoryContact, org: Org) -> BlockedContact:
    """A contact who is blocked."""
    shown = info(given)
    usinfo: dict[str, Any] = {key: shown[key] for key in ("phone", "mobile", "about") if key in shown}
    since = given.blocked_at or given.updated_at
    return BlockedContact(**_shared(given, org), blocked=milliseconds(since), blockby=org.id, usinfo=usinfo)


def imported(given: DirectoryContact, said: Mapping[str, Any]) -> ImportedContact:
    """A contact that was just added."""
    return ImportedContact(id=ids.encode(given.id), name=name_of(given), status=ADDED, info=dict(said))


def name_of(given: DirectoryContact) -> str:
    """The whole name."""
    return f"{given.first_name} {given.last_name}".strip()


def info(given: DirectoryContact) -> dict[str, Any]:
    """What is known, without what is empty. What was changed elsewhere since comes first."""
    lists = given.profile.get("lists") or {}
    shown: dict[str, list[str]] = {key: list(lists.get(key, [])) for key in LISTS}
    if given.phone and given.phone != given.profile.get("listed_phone"):
        shown["phone"].insert(0, given.phone)
    if given.email and given.email.lower() not in {one.lower() for one in shown["email"]}:
        shown["email"].insert(0, given.email)
    fax = given.profile.get("fax")
    if fax and fax not in shown["fax"]:
        shown["fax"].insert(0, fax)
    texts = {key: (given.profile.get(place) or {}).get(name) for key, (place, name) in TEXTS.items()}
    known = {**shown, **texts, "about": given.profile.get("about")}
    return {key: value for key, value in known.items() if value}


def new_contact(said: Mapping[str, Any], names: tuple[str, str], org: Org, instance_id: int | None) -> NewContact:
    """What shall be kept of `info`. Raises BadRequest."""
    lists = {key: _texts(key, said.get(key)) for key in LISTS}
    texts = {key: _text(key, said.get(key)) for key in (*TEXTS, "about")}
    numbers = list(dict.fromkeys(found for key in NUMBERS for one in lists[key] if (found := _called(one, org))))
    emails = [one for one in lists["email"] if _is_email(one)]
    profile: dict[str, Any] = {
        "lists": lists,
        "listed_phone": next(iter(numbers), None),
        "fax": next(iter(lists["fax"]), None),
        "about": texts["about"] or None,
    }
    for key, (place, name) in TEXTS.items():
        profile.setdefault(place, {})[name] = texts[key] or None
    return NewContact(
        first_name=names[0],
        last_name=names[1],
        phone=next(iter(numbers), ""),
        email=next(iter(emails), ""),
        profile=profile,
        other_numbers=numbers[1:],
        instance_id=instance_id,
    )


def called(text: str, org: Org) -> str:
    """The number in E.164, or a short one. Raises Invalid."""
    found = _called(text, org)
    if found is None:
        raise Invalid("phone", "is not a telephone number")
    return found


def _shared(given: DirectoryContact, org: Org) -> dict[str, Any]:
    owner = org.id if given.instance_id is None else ids.encode(given.instance_id)
    return {
        "id": ids.encode(given.id),
        "ownerid": owner,
        "createdby": owner,
        "created": milliseconds_of(given.id),
        "name": name_of(given),
        "imgdate": 0,
        "consent": 0,
        "status": ADDED,
        "info": info(given),
    }


def _called(text: str, org: Org) -> str | None:
    plain = text.strip()
    try:
        return normalise(plain, org.country)
    except Invalid:
        try:
            check_phone(plain)
        except Invalid:
            return None
    return plain


def _texts(field: str, value: object) -> list[str]:
    """A list of texts; one text is a list too."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    if len(values) > MOST:
        raise BadRequest(f"info.{field}: must not have more than {MOST} entries")
    return [text for one in values if (text := _text(field, one))]


def _text(field: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > LONGEST:
        raise BadRequest(f"info.{field}: must be a text of at most {LONGEST} characters")
    return str(value).strip()


def _is_email(text: str) -> bool:
    try:
        check_email(text)
    except Invalid:
        return False
    return True
