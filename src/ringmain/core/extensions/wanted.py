"""From what an extension is and what shall change to what it will be."""

import re
from typing import Any, Final

import msgspec
from msgspec import UNSET

from ringmain.core.errors import AlreadyExists, Invalid, NotFound, WrongState
from ringmain.core.extensions import store
from ringmain.core.extensions.model import ACTIVATIONS, ANONYMOUS, PURPOSES, CallerId, Extension, ExtensionChange
from ringmain.core.extensions.template import caller_id_of, check_data, integer, laid_over, template
from ringmain.core.instances.pbx import Forwarding, Line
from ringmain.core.instances.service import MAX_NUMBER
from ringmain.database.pool import Connection

MAX_NAME: Final = 200
MAX_PROFILE: Final = 65_536
CALLER_NUMBER: Final = re.compile(r"\+?[0-9]{3,15}")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An extension as it will be. `secret`: the SIP password that we made."""

    number: int
    name: str
    purpose: str
    person_id: int | None
    location_id: int | None
    caller_id: CallerId | None
    data: dict[str, Any]
    reserved: dict[str, Any] | None
    secret: str
    activation: str
    attached_to: int | None
    forwarding: Forwarding
    profile: dict[str, Any]

    def columns(self) -> tuple[object, ...]:
        """In the order of the statements, from `number` to `profile`."""
        return (
            self.number,
            self.name,
            self.purpose,
            self.person_id,
            self.location_id,
            self.caller_id.name if self.caller_id else None,
            self.caller_id.number if self.caller_id else None,
            msgspec.json.encode(self.data).decode(),
            None if self.reserved is None else msgspec.json.encode(self.reserved).decode(),
            self.activation,
            self.attached_to,
            msgspec.json.encode(self.forwarding).decode(),
            msgspec.json.encode(self.profile).decode(),
        )

    def line(self) -> Line:
        """What the PBX must know."""
        data = laid_over(self.number, self.name, self.caller_id, self.data)
        return Line(
            number=self.number,
            name=self.name,
            secret=self.data.get("secret") or self.secret,
            data=data,
            enabled=self.activation != "blocked",
            forwarding=self.forwarding,
        )


async def wanted(
    connection: Connection,
    company_id: int,
    instance_id: int,
    change: ExtensionChange,
    *,
    old: Extension | None,
    secret: str,
) -> Wanted:
    """Raises Invalid, AlreadyExists (another extension of the instance has the number), NotFound("instance")."""
    given = check_data(change.data)
    number = old.number if old else 0
    if change.number is not UNSET:
        number = integer("number", change.number, lowest=1, highest=MAX_NUMBER)
    name = _name(change.name if change.name is not UNSET else old.name if old else "")
    caller_id = _caller_id(change, given, old)
    attached_to, activation = _standing(change, old)
    result = Wanted(
        number=number,
        name=name,
        purpose=_purpose(change.purpose if change.purpose is not UNSET else old.purpose if old else "unassigned"),
        person_id=await _person_id(connection, company_id, change, given, old),
        location_id=change.location_id if change.location_id is not UNSET else _id_of(old and old.location),
        caller_id=caller_id,
        data=_data(change, given, old, template(number, name, caller_id)),
        reserved=change.reserved if change.reserved is not UNSET else old.reserved if old else None,
        secret=secret,
        activation=activation,
        attached_to=attached_to,
        forwarding=change.forwarding if change.forwarding is not UNSET else old.forwarding if old else Forwarding(),
        profile=_profile(change, old),
    )
    places = (number, old.id if old else None, result.person_id, result.location_id, attached_to)
    row = await connection.fetchrow(store.POSSIBLE, company_id, instance_id, *places)
    assert row is not None  # noqa: S101 - the statement always answers one row
    if not row["instance_there"]:
        raise NotFound("instance")
    if row["number_taken"]:
        raise AlreadyExists("another extension of this instance has the number")
    if not row["person_known"]:
        raise Invalid("user", "is nobody of this company")
    if not row["location_known"]:
        raise Invalid("location_id", "is no location of this company")
    if not row["attachable"]:
        raise WrongState("it can be attached to another extension only, whose user is active")
    return result


def _standing(change: ExtensionChange, old: Extension | None) -> tuple[int | None, str]:
    """What it is attached to, and its activation. Raises Invalid, WrongState (an active one cannot be attached)."""
    activation = change.activation if change.activation is not UNSET else old.activation if old else "active"
    if activation not in ACTIVATIONS:
        raise Invalid("activation", f"must be one of {', '.join(ACTIVATIONS)}")
    if change.attached_to is not UNSET and change.attached_to is not None:
        if activation != "inactive":
            raise WrongState("only an extension whose user is not active can be attached")
        return change.attached_to, activation
    kept = old is not None and change.attached_to is UNSET and change.activation is UNSET
    return old.attached_to if old and kept else None, activation


def _profile(change: ExtensionChange, old: Extension | None) -> dict[str, Any]:
    """Merged key by key; None takes a key away."""
    profile = {
        key: value for key, value in {**(old.profile if old else {}), **change.profile}.items() if value is not None
    }
    if len(msgspec.json.encode(profile)) > MAX_PROFILE:
        raise Invalid("profile", f"must not be longer than {MAX_PROFILE} octets of JSON")
    return profile


def _data(
    change: ExtensionChange, given: dict[str, Any], old: Extension | None, usual: dict[str, Any]
) -> dict[str, Any]:
    data = dict(old.data) if old else {}
    shown = laid_over(old.number, old.name, old.caller_id, old.data) if old else {}
    for key, value in given.items():
        # Clients send back the whole object with one key changed: what they were shown says nothing.
        if old and value == shown.get(key):
            continue
        # What is as usual is not kept, or it would not follow when the name or the number is changed.
        if value == usual[key]:
            data.pop(key, None)
        else:
            data[key] = value
    if change.caller_id is not UNSET:
        data.pop("outboundcid", None)
    return data


def _caller_id(change: ExtensionChange, given: dict[str, Any], old: Extension | None) -> CallerId | None:
    if change.caller_id is not UNSET:
        caller_id = change.caller_id
        if caller_id is None or not caller_id.number:
            return None
        if not _can_be_shown(caller_id.number):
            raise Invalid("outbound_callerid", "its number must have 3 to 15 digits, or be anonymous")
        if '"' in caller_id.name or len(caller_id.name) > MAX_NAME:
            raise Invalid("outbound_callerid", f"its name must have at most {MAX_NAME} characters and no quotes")
        return caller_id
    if "outboundcid" in given:
        caller_id = caller_id_of(given["outboundcid"])
        # Whatever else FreePBX is told to show is kept as it is in `data` alone.
        return caller_id if caller_id and _can_be_shown(caller_id.number) else None
    return old.caller_id if old else None


def _can_be_shown(number: str) -> bool:
    return number == ANONYMOUS or CALLER_NUMBER.fullmatch(number) is not None


async def _person_id(
    connection: Connection, company_id: int, change: ExtensionChange, given: dict[str, Any], old: Extension | None
) -> int | None:
    if change.person_id is not UNSET:
        return change.person_id
    email = given.get("voicemail_email")
    if email is None or (old and email.lower() == str(old.data.get("voicemail_email", "")).lower()):
        return _id_of(old and old.person)
    found: int | None = await connection.fetchval(store.PERSON_BY_EMAIL, company_id, email)
    return found


def _id_of(thing: Any) -> int | None:
    return None if thing is None else int(thing.id)


def _name(name: str) -> str:
    if len(name) > MAX_NAME:
        raise Invalid("name", f"must not be longer than {MAX_NAME} characters")
    return name


def _purpose(purpose: str) -> str:
    if purpose not in PURPOSES:
        raise Invalid("purpose", f"must be one of {', '.join(PURPOSES)}")
    return purpose
