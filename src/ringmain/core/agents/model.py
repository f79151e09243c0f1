"""Agents: machines that answer calls, each at an extension of its own."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """`number` and `name` are its extension's, `password` is that one's SIP password.

    `behaviour`: greeting, language, prompt and whatever else was said of what it shall do; nothing here reads it.
    """

    id: int
    company_id: int
    extension_id: int
    instance_id: int
    number: int
    name: str
    username: str
    auth_name: str
    password: str
    behaviour: dict[str, Any]
    created_at: datetime


class AgentChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent shall be; what is UNSET stays. `behaviour` is laid over the old one, key by key."""

    number: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    auth_name: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    behaviour: dict[str, Any] = {}
