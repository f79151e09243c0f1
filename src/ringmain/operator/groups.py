"""Operations on groups: extensions that are rung together or in turn."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ringmain.core.errors import Invalid
from ringmain.core.groups.model import Group, GroupChange, Otherwise, Strategy
from ringmain.core.groups.service import MAX_MEMBERS, MAX_NAME, MAX_RING, MAX_TAGS
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import Body, Id, Listed

ORIGIN: Final = "operator"

Number = Annotated[int, Meta(ge=1, le=999_999_999)]
Called = Annotated[str, Meta(max_length=MAX_NAME)]
Seconds = Annotated[int, Meta(ge=1, le=MAX_RING, description="that each offer rings")]
Members = Annotated[list[Number], Meta(max_length=MAX_MEMBERS, description="extensions' numbers, in order of ringing")]
Target = Annotated[str, Meta(max_length=40, description="whose voicemail, or where to forward")]
Tags = Annotated[list[str], Meta(max_length=MAX_TAGS)]


class GroupChangeBody(Body, frozen=True, kw_only=True):
    """What to change of a group; what is left out stays."""

    number: Number | UnsetType = UNSET
    name: Called | UnsetType = UNSET
    strategy: Strategy | UnsetType = UNSET
    ring_s: Seconds | UnsetType = UNSET
    members: Members | UnsetType = UNSET
    otherwise: Otherwise | UnsetType = UNSET
    otherwise_to: Target | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET


class GroupBody(GroupChangeBody, frozen=True, kw_only=True):
    """A group. Its number is none of an extension or another group of its instance."""

    number: Number
    instance_id: Annotated[Id, Meta(description="needed where there are several")] | None = None


async def list_groups(call: Call) -> Listed[Group]:
    """The groups of a company, by instance and number."""
    return Listed(items=await call.core.groups.list(call.company_id))


async def create_group(call: Call) -> Group:
    """Make a group."""
    body: GroupBody = call.body
    return await call.core.groups.create(call.company_id, body.instance_id, _change(body), origin=ORIGIN)


async def get_group(call: Call) -> Group:
    """One group."""
    return await call.core.groups.get(call.company_id, call.ids["group_id"])


async def update_group(call: Call) -> Group:
    """Change a group."""
    change = _change(call.body)
    if change == GroupChange():
        raise Invalid("body", "has nothing to change")
    return await call.core.groups.update(call.company_id, call.ids["group_id"], change, origin=ORIGIN)


async def delete_group(call: Call) -> None:
    """Delete a group."""
    await call.core.groups.delete(call.company_id, call.ids["group_id"], origin=ORIGIN)


def _change(body: GroupChangeBody) -> GroupChange:
    given = msgspec.structs.asdict(body)
    return GroupChange(**{name: given[name] for name in GroupChange.__struct_fields__})


GROUPS: Final = f"{COMPANY}/groups"
GROUP: Final = f"{GROUPS}/{{group_id}}"

OPERATIONS: Final = (
    Operation(method="GET", path=GROUPS, handler=list_groups, result=Listed[Group]),
    Operation(method="POST", path=GROUPS, handler=create_group, result=Group, body=GroupBody, status=201),
    Operation(method="GET", path=GROUP, handler=get_group, result=Group),
    Operation(method="PATCH", path=GROUP, handler=update_group, result=Group, body=GroupChangeBody),
    Operation(method="DELETE", path=GROUP, handler=delete_group, result=None, status=204),
)
