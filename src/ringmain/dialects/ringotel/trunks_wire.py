"""Shapes of SMS trunks (specs/ringotel.md 3, group SMS and Objects)."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ringmain.core.ids import milliseconds_of
from ringmain.core.trunks.model import Reply, Trunk, TrunkChange
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.params import Id, Whole, Word
from ringmain.dialects.ringotel.params import read as read_params

Switch = Annotated[int, Meta(ge=0, le=1)] | bool
"""On or off, as clients write it."""


class AutoReply(msgspec.Struct, frozen=True):
    """`key` is answered with `value`."""

    key: Word
    value: Word


class OptOut(msgspec.Struct, frozen=True):
    """`keyword` is obeyed as STOP is; `autoreply` is the answer to both."""

    keyword: Word = Word()
    autoreply: Word = Word()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What createSMSTrunk and updateSMSTrunk set. What is absent stays."""

    name: Word | None = None
    service: Word | None = None
    users: list[Id] | None = None
    country: Word | None = None
    inboundFormat: Word | None = None  # noqa: N815 - the vendor's spelling, here and below
    outboundFormat: Word | None = None  # noqa: N815
    sendName: Switch | None = None  # noqa: N815
    groupmode: Switch | None = None
    sessionTimeout: Whole | None = None  # noqa: N815
    autoreply: list[AutoReply] | None = None
    optout: dict[str, Any] | list[Any] | None = None
    status: Whole | None = None


class NewTrunk(Settings, frozen=True, kw_only=True):
    """Of createSMSTrunk."""

    number: Word


class ChangedTrunk(Settings, frozen=True, kw_only=True):
    """Of updateSMSTrunk; `number` may be there, and cannot be another."""

    id: Id
    number: Word | None = None


class WireTrunk(msgspec.Struct, frozen=True, kw_only=True):
    """A trunk. `users` are ids of users; `sessionTimeout` is in seconds; `status` is 2 unless it was set."""

    id: str
    number: str
    created: int
    service: str
    name: str
    users: list[str]
    country: str
    inboundFormat: str  # noqa: N815
    outboundFormat: str  # noqa: N815
    sendName: bool  # noqa: N815
    groupmode: bool
    sessionTimeout: int  # noqa: N815
    autoreply: list[AutoReply]
    optout: OptOut
    status: int


def change_of(given: Settings) -> TrunkChange:
    """What is to change, in the core's words. Raises BadRequest, NotFound for a user that cannot be."""
    changes: dict[str, Any] = {
        "name": given.name,
        "service": given.service,
        "country": given.country,
        "inbound_format": given.inboundFormat,
        "outbound_format": given.outboundFormat,
        "send_name": None if given.sendName is None else bool(given.sendName),
        "group_mode": None if given.groupmode is None else bool(given.groupmode),
        "session_timeout": given.sessionTimeout,
        "status": given.status,
    }
    if given.users is not None:
        changes["extension_ids"] = list(dict.fromkeys(ids.decode(one, "user") for one in given.users))
    if given.autoreply is not None:
        changes["auto_replies"] = [Reply(keyword=one.key, text=one.value) for one in given.autoreply]
    if given.optout is not None:
        changes["opt_out"] = _opt_out(given.optout)
        return TrunkChange(**{name: value for name, value in changes.items() if value is not None or name == "opt_out"})
    return TrunkChange(**{name: value for name, value in changes.items() if value is not None})


def _opt_out(given: dict[str, Any] | list[Any]) -> Reply | None:
    """PHP writes an empty object as an empty list: nothing but STOP."""
    if isinstance(given, list):
        if given:
            raise BadRequest("optout: must be an object")
        return None
    wanted = read_params(given, OptOut)
    return Reply(keyword=wanted.keyword, text=wanted.autoreply) if wanted.keyword or wanted.autoreply else None


def wire(trunk: Trunk) -> WireTrunk:
    """As clients see it."""
    opt_out = trunk.opt_out
    return WireTrunk(
        id=ids.encode(trunk.id),
        number=trunk.number,
        created=milliseconds_of(trunk.id),
        service=trunk.service,
        name=trunk.name,
        users=[ids.encode(one) for one in trunk.extension_ids],
        country=trunk.country,
        inboundFormat=trunk.inbound_format,
        outboundFormat=trunk.outbound_format,
        sendName=trunk.send_name,
        groupmode=trunk.group_mode,
        sessionTimeout=trunk.session_timeout,
        autoreply=[AutoReply(Word(one.keyword), Word(one.text)) for one in trunk.auto_replies],
        optout=OptOut(Word(opt_out.keyword), Word(opt_out.text)) if opt_out else OptOut(),
        status=trunk.status,
    )
