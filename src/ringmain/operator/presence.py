"""Operations on presence: what people's statuses are, and setting them."""

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from ringmain.core.presence.model import Presence
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import Body, Listed

ORIGIN: Final = "operator"

Word = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9_]{0,63}\Z", description="available, away, lunch, on_a_call, ...")]


class PresenceBody(Body, frozen=True, kw_only=True):
    """A person's status, and what they do beside it (null: nothing); what is absent stays."""

    status: Word | UnsetType = UNSET
    additional: Word | UnsetType | None = UNSET
    set_by: Word = "manual"


async def list_presences(call: Call) -> Listed[Presence]:
    """The statuses of the people of a company who have set one."""
    return Listed(items=await call.core.presence.get_many(call.company_id))


async def set_presence(call: Call) -> Presence:
    """Set a person's status, as if they had done it themselves."""
    body: PresenceBody = call.body
    return await call.core.presence.set(
        call.company_id,
        call.ids["person_id"],
        status=body.status,
        additional=body.additional,
        set_by=body.set_by,
        origin=ORIGIN,
    )


OPERATIONS: Final = (
    Operation(method="GET", path=f"{COMPANY}/presence", handler=list_presences, result=Listed[Presence]),
    Operation(
        method="PUT",
        path=f"{COMPANY}/people/{{person_id}}/presence",
        handler=set_presence,
        result=Presence,
        body=PresenceBody,
    ),
)
