"""Devices of users, and their registrations (specs/ringotel.md 3, group User)."""

import msgspec

from ringmain.core.devices.model import Registration
from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.branches import ORIGIN
from ringmain.dialects.ringotel.params import Id
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.spans import Span, milliseconds
from ringmain.dialects.ringotel.users import USER

DEVICE = "device"


class Device(msgspec.Struct, frozen=True):
    """A device of a user: `termid` is its id in getUsers."""

    userid: Id
    termid: Id


class UserSpan(Span, frozen=True, kw_only=True):
    """Of getUserRegistrationsHistory."""

    userid: Id


class WireRegistration(msgspec.Struct, frozen=True, kw_only=True):
    """From `treg` until `tunreg`, which is 0 while it is registered; `rid` is its own."""

    tunreg: int
    treg: int
    devinfo: str
    rid: str
    iaddr: str


class DeviceMethods:
    """What a PBX tells of phones, and is told to do with them."""

    def __init__(self, core: Core) -> None:
        self._devices = core.devices
        self._extensions = core.extensions
        self.methods = [
            Method("deleteDevice", Device, self.delete, changes=True),
            Method("resyncSIPDevice", Device, self.resync),
            Method("getUserRegistrationsHistory", UserSpan, self.list_registrations),
        ]

    async def delete(self, org: Org, given: Device) -> None:
        """Log it out, and forget it."""
        await self._devices.forget(org.company_id, *_ids(given), origin=ORIGIN)

    async def resync(self, org: Org, given: Device) -> None:
        """Have it fetch its settings again."""
        await self._devices.resync(org.company_id, *_ids(given))

    async def list_registrations(self, org: Org, given: UserSpan) -> list[WireRegistration]:
        """Registrations of a span of time, the latest first, at most 10,000."""
        since, until = given.moments
        user = await self._extensions.get(org.company_id, ids.decode(given.userid, USER))
        found = await self._devices.history(org.company_id, user.id, since=since, until=until)
        return [registration(one) for one in found]


def registration(given: Registration) -> WireRegistration:
    """As the history shows it."""
    ended = given.unregistered_at
    return WireRegistration(
        tunreg=0 if ended is None else milliseconds(ended),
        treg=milliseconds(given.registered_at),
        devinfo=given.user_agent,
        rid=f"{given.id:x}",
        iaddr=given.address,
    )


def _ids(given: Device) -> tuple[int, int]:
    return ids.decode(given.userid, USER), ids.decode_stamp(given.termid, DEVICE)
