"""What users are made and changed by: parameters, and what they say of extensions (specs/ringotel.md 3, group User)."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ringmain.core.errors import Invalid
from ringmain.core.extensions.model import Activation, ExtensionChange
from ringmain.core.people.model import Person
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel.params import Id, Word

NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
SHOWN: Final = ("mobile", "phone", "company", "position", "note")
LONGEST: Final = 1000


class Button(msgspec.Struct, frozen=True):
    """A BLF indicator, or a speed dial."""

    number: Word
    title: Word = Word()
    gsm: bool | None = None


class Options(msgspec.Struct, frozen=True):
    """A user's buttons; those that are absent stay."""

    blfs: list[Button] | None = None
    speeddial: list[Button] | None = None


class UserFields(msgspec.Struct, frozen=True, kw_only=True):
    """What can be said of a user. What is absent stays."""

    name: Word | None = None
    extension: Word | None = None
    username: Word | None = None
    authname: Word | None = None
    password: Word | None = None
    email: Word | None = None
    mobile: Word | None = None
    phone: Word | None = None
    company: Word | None = None
    position: Word | None = None
    note: Word | None = None
    custom: dict[str, Any] | list[Any] | None = None
    options: Options | None = None
    noemail: bool = True


class Known(msgspec.Struct, frozen=True):
    """A user by `id`."""

    id: Id


def number_of(fields: UserFields) -> int | None:
    """The extension's number, None where it is not given. Raises BadRequest."""
    if fields.extension is None:
        return None
    text = fields.extension.strip()
    if not NUMBER.fullmatch(text):
        raise BadRequest("extension: must be a number from 1 to 999999999, without zeros before it")
    return int(text)


def change_of(
    fields: UserFields, *, number: int | None = None, activation: Activation | None = None, person: Person | None = None
) -> ExtensionChange:
    """What shall be written. Raises BadRequest, Invalid."""
    given: dict[str, Any] = {}
    if number is not None:
        given["number"] = number
    if fields.name is not None:
        given["name"] = " ".join(fields.name.split())
    if activation is not None:
        given["activation"] = activation
    if person is not None:
        given["person_id"] = person.id
    elif fields.email is not None and not fields.email.strip():
        given["person_id"] = None
    return ExtensionChange(**given, data=_data(fields), profile=_profile(fields))


def _data(fields: UserFields) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if fields.password:
        data["secret"] = fields.password
    if fields.username:
        data["user"] = fields.username.strip()
    if fields.email is not None and not fields.email.strip():
        data["voicemail_email"] = ""
    return data


def _profile(fields: UserFields) -> dict[str, Any]:
    """Keys of a user's profile; None takes one away."""
    profile: dict[str, Any] = {}
    for key in (*SHOWN, "authname"):
        text = getattr(fields, key)
        if text is not None:
            if len(text) > LONGEST:
                raise Invalid(key, f"must not be longer than {LONGEST} characters")
            profile[key] = text.strip() or None
    if fields.custom is not None:
        profile["custom"] = object_of("custom", fields.custom) or None
    if fields.options is not None:
        profile |= _without_nulls(fields.options)
    return profile


def object_of(field: str, given: Mapping[str, Any] | list[Any]) -> dict[str, Any]:
    """PHP writes an empty object as an empty list. Raises Invalid for other lists."""
    if isinstance(given, Mapping):
        return dict(given)
    if given:
        raise Invalid(field, "must be an object")
    return {}


def _without_nulls(options: Options) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(options)
    return {
        name: [{key: value for key, value in one.items() if value is not None} for one in buttons]
        for name, buttons in plain.items()
        if buttons is not None
    }
