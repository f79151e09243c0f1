"""Shapes of users, which are extensions (specs/ringotel.md 3, Objects)."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

import msgspec

from ringmain.core.devices.model import KnownDevice
from ringmain.core.extensions.model import Extension
from ringmain.core.extensions.service import data_of, password_of, summary_of
from ringmain.core.ids import milliseconds_of
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.chat_users import State, state_of
from ringmain.dialects.ringotel.rpc import Org
from ringmain.dialects.ringotel.spans import milliseconds

UNREGISTERED: Final = "UNREGISTERED"
BUTTONS: Final = ("blfs", "speeddial")


class Status(IntEnum):
    """Whether a user may use the app."""

    UNACTIVATED = -1
    BLOCKED = 0
    ACTIVE = 1
    ATTACHED = 2


class WireDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device: `st` 0 is offline, 1 online, 2 woken by push; `ts` when it registered last."""

    id: str
    ua: str
    ip: str
    ts: int
    st: int


class WireAttached(msgspec.Struct, frozen=True, kw_only=True):
    """A user who is attached to another."""

    id: str
    extension: str
    trunkstate: int


class WireInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What else is known of a user."""

    phone: str
    mobile: str
    company: str
    position: str
    email: str
    custom: dict[str, Any]


class WireUser(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A user. `trunkstate` 1 is registered; `stime` is when it was changed last."""

    id: str
    branchid: str
    domain: str
    name: str
    extension: str
    username: str
    authname: str
    email: str
    created: int
    stime: int
    state: int
    status: int
    trunkstate: int
    trunkid: str
    note: str
    info: WireInfo
    devs: list[WireDevice]
    ext: list[WireAttached]
    options: dict[str, Any] | None = None


class MadeUser(msgspec.Struct, frozen=True, kw_only=True):
    """What createUser answers. The password is the SIP account's."""

    id: str
    extension: str
    username: str
    password: str
    domain: str
    name: str
    email: str
    mobile: str
    phone: str
    company: str
    position: str
    status: int
    httpsproxy: dict[str, Any] = {}


class ActivatedUser(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What updateUser answers to `status` 1. The password is there if the user was not active before."""

    id: str
    branchid: str
    trunkid: str
    domain: str
    extension: str
    username: str
    email: str
    mobile: str
    phone: str
    company: str
    position: str
    status: int
    password: str | None = None


def name_of(extension: Extension) -> str:
    """What the user is called: as the extension is, else as its person, else by its number."""
    person = extension.person
    by_person = f"{person.first_name} {person.last_name}".strip() if person else ""
    return extension.name or by_person or str(extension.number)


def username_of(extension: Extension) -> str:
    """The SIP username."""
    return str(data_of(extension)["user"])


def authname_of(extension: Extension) -> str:
    """What authenticates at the PBX."""
    return str(extension.profile.get("authname") or username_of(extension))


def status_of(extension: Extension) -> Status:
    """Whether the user may use the app."""
    if extension.attached_to is not None:
        return Status.ATTACHED
    return {"active": Status.ACTIVE, "blocked": Status.BLOCKED}.get(extension.activation, Status.UNACTIVATED)


def info_of(extension: Extension) -> WireInfo:
    """What else is known."""
    profile = extension.profile
    return WireInfo(
        **{key: profile.get(key, "") for key in ("phone", "mobile", "company", "position")},
        email=email_of(extension),
        custom=profile.get("custom", {}),
    )


def email_of(extension: Extension) -> str:
    """Its person's, else where its voicemail goes."""
    return extension.person.email if extension.person else str(data_of(extension)["voicemail_email"])


def user(
    extension: Extension,
    org: Org,
    *,
    presence: Mapping[int, str],
    devices: Sequence[KnownDevice],
    attached: Sequence[Extension],
) -> WireUser:
    """A user, with its own devices and those who are attached to it. `presence`: the statuses of people."""
    return WireUser(
        id=ids.encode(extension.id),
        branchid=ids.encode(extension.instance_id),
        domain=org.domain,
        name=name_of(extension),
        extension=str(extension.number),
        username=username_of(extension),
        authname=authname_of(extension),
        email=email_of(extension),
        created=milliseconds_of(extension.id),
        stime=milliseconds(extension.updated_at),
        state=_state(extension, presence),
        status=status_of(extension),
        trunkstate=_trunkstate(extension),
        trunkid=ids.encode(extension.id),
        note=extension.profile.get("note", ""),
        info=info_of(extension),
        devs=[device(one) for one in devices],
        ext=[
            WireAttached(id=ids.encode(one.id), extension=str(one.number), trunkstate=_trunkstate(one))
            for one in attached
        ],
        options={key: extension.profile[key] for key in BUTTONS if key in extension.profile} or None,
    )


def device(given: KnownDevice) -> WireDevice:
    """A device."""
    return WireDevice(
        id=ids.encode_stamp(given.id),
        ua=given.user_agent,
        ip=given.address,
        ts=milliseconds(given.registered_at),
        st=0 if not given.online else 2 if given.push else 1,
    )


def made(extension: Extension, org: Org) -> MadeUser:
    """A user as it was just made."""
    info = info_of(extension)
    return MadeUser(
        id=ids.encode(extension.id),
        extension=str(extension.number),
        username=username_of(extension),
        password=password_of(extension),
        domain=org.domain,
        name=name_of(extension),
        email=info.email,
        mobile=info.mobile,
        phone=info.phone,
        company=info.company,
        position=info.position,
        status=status_of(extension),
    )


def activated(extension: Extension, org: Org, *, newly: bool) -> ActivatedUser:
    """A user who is active now."""
    info = info_of(extension)
    return ActivatedUser(
        id=ids.encode(extension.id),
        branchid=ids.encode(extension.instance_id),
        trunkid=ids.encode(extension.id),
        domain=org.domain,
        extension=str(extension.number),
        username=username_of(extension),
        email=info.email,
        mobile=info.mobile,
        phone=info.phone,
        company=info.company,
        position=info.position,
        status=status_of(extension),
        password=password_of(extension) if newly else None,
    )


def _trunkstate(extension: Extension) -> int:
    return 0 if extension.subscriber_state == UNREGISTERED else 1


def _state(extension: Extension, presence: Mapping[int, str]) -> State:
    state = state_of(summary_of(extension), presence)
    return State.DO_NOT_DISTURB if state is State.ONLINE and extension.profile.get("dnd") else state
