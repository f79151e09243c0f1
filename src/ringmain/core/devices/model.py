"""Devices: the phones that register for an extension, as its PBX tells of them (migration 0017)."""

from datetime import datetime

import msgspec


class KnownDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A phone that is, or was, registered. `id` stays over its registrations; `reference` is the PBX's own.

    `push`: it sleeps, and is woken for calls. `registered_at`: the last time.
    """

    id: int
    extension_id: int
    reference: str
    user_agent: str
    address: str
    push: bool
    online: bool
    registered_at: datetime


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """From when until when a phone was registered; `unregistered_at` is None while it is."""

    id: int
    device_id: int
    user_agent: str
    address: str
    registered_at: datetime
    unregistered_at: datetime | None
