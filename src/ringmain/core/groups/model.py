"""Groups: extensions that are rung together or one after the other. Also the shape that events carry."""

from datetime import datetime

import msgspec


class OfferedUser(msgspec.Struct, frozen=True, kw_only=True):
    """Who is about to be rung. `name` and `email` are empty for an extension that is nobody's."""

    extension_number: int
    name: str
    email: str


class CallOffered(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of call.offered: the group is about to offer a call to these users, written before they are rung.

    `originally_dialed` and `caller_number`: E.164 with +, an extension's number, or empty when withheld; `dialed`: the
    group's own number. `began_at`: when the call came.
    """

    call_id: int
    group_id: int
    began_at: datetime
    originally_dialed: str
    dialed: str
    caller_number: str
    caller_name: str
    tags: list[str]
    users: list[OfferedUser]
