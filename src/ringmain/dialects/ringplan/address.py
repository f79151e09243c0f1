"""Where somebody is: what users, companies and locations have in common (specs/ringplan.md 4, Address).

Fields are those of the reference; other keys are ignored (section 6, row 17). What is null is empty.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

Text = Annotated[str, Meta(max_length=1000)] | UnsetType | None
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)] | UnsetType | None
Flag = bool | UnsetType | None
HouseNumber = Annotated[int, Meta(ge=0, le=2**53 - 1)] | Annotated[str, Meta(max_length=1000)] | UnsetType | None


class Street(msgspec.Struct):
    """`number` is an integer in the reference; some houses are 23A."""

    name: Text = UNSET
    number: HouseNumber = UNSET
    type: Text = UNSET


class Address(msgspec.Struct):
    """Address."""

    address2: Text = UNSET
    city: Text = UNSET
    country: Text = UNSET
    number: HouseNumber = UNSET
    state: Text = UNSET
    street: Street | UnsetType | None = UNSET
    zip: Text = UNSET


def given_in(body: msgspec.Struct, *without: str) -> dict[str, Any]:
    """What the body says, at every depth, without these keys."""
    said: dict[str, Any] = msgspec.to_builtins(body)
    return {key: value for key, value in said.items() if key not in without}
