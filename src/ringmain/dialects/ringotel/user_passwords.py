"""Passwords of users: those of their SIP accounts (specs/ringotel.md 3; section 5, reading 23)."""

import secrets
from typing import Final, Literal

import msgspec

from ringmain.core.errors import Invalid
from ringmain.core.extensions.model import Extension, ExtensionChange
from ringmain.core.extensions.service import password_of
from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel import users_wire as wire
from ringmain.dialects.ringotel.branches import ORIGIN
from ringmain.dialects.ringotel.params import Id, Word
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.users import USER
from ringmain.dialects.ringotel.welcome import letter

PASSWORD_BYTES: Final = 12
LONGEST: Final = 128
PORTS: Final = {"sip": 5060, "sip-tcp": 5060, "sips": 5061}


class Reset(msgspec.Struct, frozen=True):
    """Of resetUserPassword."""

    id: Id
    noemail: bool = True


class NewPassword(msgspec.Struct, frozen=True):
    """Of setUserPassword."""

    userid: Id
    password: Word


class Wanted(msgspec.Struct, frozen=True):
    """Of getSIPCredentials. `termpass` is the password from now on."""

    userid: Id
    protocol: Literal["sip", "sips", "sip-tcp"] = "sip"
    termpass: Word | None = None


class WireReset(msgspec.Struct, frozen=True, kw_only=True):
    """A user with a new password."""

    id: str
    branchid: str
    orgid: str
    domain: str
    name: str
    extension: str
    username: str
    password: str
    packageid: int
    email: str


class WireCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone needs to register. `server` is host:port."""

    server: str
    username: str
    authname: str
    password: str


class UserPasswordMethods:
    """Reading and setting them. Passwords are plain text here: phones must be told them."""

    def __init__(self, core: Core) -> None:
        self._extensions = core.extensions
        self._instances = core.instances
        self._mails = core.mails
        self.methods = [
            Method("resetUserPassword", Reset, self.reset, changes=True),
            Method("setUserPassword", NewPassword, self.set, changes=True),
            Method("getSIPCredentials", Wanted, self.show),
        ]

    async def reset(self, org: Org, given: Reset) -> WireReset:
        """Make a new one."""
        old = await self._get(org, given.id)
        user = await self._set(org, old, secrets.token_urlsafe(PASSWORD_BYTES), mailed=not given.noemail)
        return WireReset(
            id=ids.encode(user.id),
            branchid=ids.encode(user.instance_id),
            orgid=org.id,
            domain=org.domain,
            name=wire.name_of(user),
            extension=str(user.number),
            username=wire.username_of(user),
            password=password_of(user),
            packageid=org.company.package_id,
            email=wire.email_of(user),
        )

    async def set(self, org: Org, given: NewPassword) -> None:
        """Set one."""
        await self._set(org, await self._get(org, given.userid), given.password)

    async def show(self, org: Org, given: Wanted) -> WireCredentials:
        """What to register with. The password stays unless one is given: phones are registered with it."""
        user = await self._get(org, given.userid)
        instance = await self._instances.get(org.company_id, user.instance_id)
        if given.termpass is not None:
            user = await self._set(org, user, given.termpass)
        server = instance.domain
        return WireCredentials(
            server=server if ":" in server else f"{server}:{PORTS[given.protocol]}",
            username=wire.username_of(user),
            authname=wire.authname_of(user),
            password=password_of(user),
        )

    async def _get(self, org: Org, userid: str) -> Extension:
        return await self._extensions.get(org.company_id, ids.decode(userid, USER))

    async def _set(self, org: Org, user: Extension, password: str, *, mailed: bool = False) -> Extension:
        if not 0 < len(password) <= LONGEST or not password.isprintable():
            raise Invalid("password", f"must have 1 to {LONGEST} characters that can be seen")
        beside = None
        if mailed:
            instance = await self._instances.get(org.company_id, user.instance_id)
            beside = letter(self._mails, org, [instance])
        change = ExtensionChange(data={"secret": password})
        changed = await self._extensions.update(
            org.company_id, user.instance_id, user.id, change, beside=beside, origin=ORIGIN
        )
        self._mails.wake()
        return changed
