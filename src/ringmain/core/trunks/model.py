"""SMS trunks: numbers that text, with what is set of them and what answers for them by itself."""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

Format = Literal["", "national", "international", "e164"]
"""How numbers are spelled to those outside; "" as they are kept."""
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is this keyword and nothing else, in any case, is answered with this."""

    keyword: str
    text: str


class Trunk(msgspec.Struct, frozen=True, kw_only=True):
    """A number that texts. `id` and `created_at` are the number's.

    `extension_ids`: who texts from it. `session_timeout`: seconds for which a chat is its last author's alone.
    `opt_out` is obeyed beside STOP, and is the answer to both. `service`, `send_name`, `group_mode` and `status` are as
    they were set.
    """

    id: int
    company_id: int
    number: str
    name: str
    service: str
    country: str
    inbound_format: Format
    outbound_format: Format
    send_name: bool
    group_mode: bool
    session_timeout: int
    extension_ids: list[int]
    opt_out: Reply | None
    auto_replies: list[Reply]
    status: int
    created_at: datetime


class TrunkChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a trunk shall be; what is UNSET stays."""

    name: str | UnsetType = UNSET
    service: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    inbound_format: str | UnsetType = UNSET
    outbound_format: str | UnsetType = UNSET
    send_name: bool | UnsetType = UNSET
    group_mode: bool | UnsetType = UNSET
    session_timeout: int | UnsetType = UNSET
    extension_ids: list[int] | UnsetType = UNSET
    opt_out: Reply | UnsetType | None = UNSET
    auto_replies: list[Reply] | UnsetType = UNSET
    status: int | UnsetType = UNSET


class Spelling(msgspec.Struct, frozen=True, kw_only=True):
    """How a trunk spells numbers: theirs as `inbound`, its own as `outbound`; national ones are of `country`."""

    country: str
    inbound: Format
    outbound: Format
