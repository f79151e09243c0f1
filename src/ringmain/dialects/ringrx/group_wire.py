"""Groups over the wire. Vendors' documents name groups and show none (specs/ringrx.md 3): this is ours."""

import re
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from ringmain.core.groups.model import Group, GroupChange, Otherwise, Strategy
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.reasons import reason
from ringmain.dialects.ringrx import dates, ids

EXTENSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
NAMES: Final = {"number": "extension", "ring_s": "ring_seconds"}
"""What the core's fields are called here, where that differs."""

Several = list[str | int] | str | int


class WireGroup(msgspec.Struct, kw_only=True):
    """A group: `members` are rung by `strategy`, each for `ring_seconds`; then `otherwise` is done.

    `extension`, `members` and `otherwise_to` are numbers as text. `instance_id`: the PBX that has its extensions.
    """

    id: str
    instance_id: str
    name: str
    extension: str
    strategy: Strategy
    ring_seconds: int
    members: list[str]
    otherwise: Otherwise
    otherwise_to: str
    tags: list[str]
    created_at: str
    updated_at: str


class GivenGroup(msgspec.Struct, kw_only=True):
    """What a request says of a group; None is what it does not say. A form has lists with commas."""

    instance_id: str | None = None
    name: str | None = None
    extension: str | int | None = None
    strategy: Strategy | None = None
    ring_seconds: int | None = None
    members: Several | None = None
    otherwise: Otherwise | None = None
    otherwise_to: str | int | None = None
    tags: Several | None = None


def group(found: Group) -> WireGroup:
    """A group as it is shown."""
    return WireGroup(
        id=ids.encode(found.id),
        instance_id=ids.encode(found.instance_id),
        name=found.name,
        extension=str(found.number),
        strategy=found.strategy,
        ring_seconds=found.ring_s,
        members=[str(number) for number in found.members],
        otherwise=found.otherwise,
        otherwise_to=found.otherwise_to,
        tags=found.tags,
        created_at=dates.stamp(found.created_at),
        updated_at=dates.stamp(found.updated_at),
    )


def read(values: dict[str, Any]) -> GivenGroup:
    """Parameters as a group. Raises BadRequest."""
    try:
        return msgspec.convert(values, GivenGroup, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(reason(error, GivenGroup)) from error


def change(given: GivenGroup) -> GroupChange:
    """Raises BadRequest."""
    members = _several(given.members)
    return GroupChange(
        number=UNSET if given.extension is None else _extension("extension", str(given.extension)),
        name=_said(given.name),
        strategy=_said(given.strategy),
        ring_s=_said(given.ring_seconds),
        members=UNSET if members is UNSET else [_extension("members", one) for one in members],
        otherwise=_said(given.otherwise),
        otherwise_to=UNSET if given.otherwise_to is None else str(given.otherwise_to).strip(),
        tags=_several(given.tags),
    )


def _said(value: Any) -> Any:
    return UNSET if value is None else value


def _several(given: Several | None) -> list[str] | UnsetType:
    if given is None:
        return UNSET
    several = given if isinstance(given, list) else str(given).split(",") if given != "" else []
    return [str(one).strip() for one in several]


def _extension(field: str, text: str) -> int:
    if not EXTENSION.fullmatch(text.strip()):
        raise BadRequest(f"{field} must be extensions' numbers" if field == "members" else f"{field} must be a number")
    return int(text)
