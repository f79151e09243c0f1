"""How users stand: active, blocked or attached to another; whether they take calls, and where those go instead
(specs/ringotel.md 3, group User).
"""

import re
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta

from ringmain.core.errors import Invalid, WrongState
from ringmain.core.extensions.model import Activation, Extension, ExtensionChange
from ringmain.core.instances.pbx import Forwarding
from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.branches import ORIGIN
from ringmain.dialects.ringotel.params import Flag, Id, Word
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.user_params import Known, object_of
from ringmain.dialects.ringotel.users import USER

PARTY: Final = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)
FILLING: Final = re.compile(r"[\s().-]")
RECORDED: Final = ("recording_in_external", "recording_in_internal", "recording_out_external", "recording_out_internal")
FORWARDS: Final = {"fwdall": "always", "fwdbusy": "busy", "fwdnreg": "unregistered", "fwdnans": "unanswered"}


class Pair(msgspec.Struct, frozen=True):
    """Of attachUser and detachUser: `id` is not activated, `userid` is the active user that it is beside."""

    id: Id
    userid: Id


class NewStatus(msgspec.Struct, frozen=True):
    """Of setUserStatus: 0 blocks, 1 lets in again."""

    id: Id
    status: Flag


class NewState(msgspec.Struct, frozen=True):
    """Of setUserState."""

    id: Id
    dnd: bool


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Of setUserSettings. What is absent stays."""

    id: Id
    fwdall: bool | None = None
    fwdallnumber: Word | None = None
    fwdbusy: bool | None = None
    fwdbusynumber: Word | None = None
    fwdnreg: bool | None = None
    fwdnregnumber: Word | None = None
    fwdnans: bool | None = None
    fwdnansnumber: Word | None = None
    fwdnanstime: Annotated[int, Meta(ge=1, le=600)] | None = None
    callwaiting: bool | None = None
    voicemail: bool | None = None
    recording: bool | None = None
    properties: dict[str, Any] | list[Any] | None = None


class UserStandingMethods:
    """Changes of one user each."""

    def __init__(self, core: Core) -> None:
        self._extensions = core.extensions
        self._presence = core.presence
        self.methods = [
            Method("deactivateUser", Known, self.deactivate, changes=True),
            Method("attachUser", Pair, self.attach, changes=True),
            Method("detachUser", Pair, self.detach, changes=True),
            Method("setUserStatus", NewStatus, self.set_status, changes=True),
            Method("setUserState", NewState, self.set_state, changes=True),
            Method("setUserSettings", Settings, self.set_settings, changes=True),
        ]

    async def deactivate(self, org: Org, given: Known) -> list[str]:
        """Leave them a phone and no app; answers their id, and those of users who were attached to them."""
        user = await self._get(org, given.id)
        attached = await self._extensions.all(org.company_id, attached_to=user.id)
        if user.activation != "inactive":
            await self._set(org, user, ExtensionChange(activation="inactive"))
        return [ids.encode(one.id) for one in (user, *attached)]

    async def attach(self, org: Org, given: Pair) -> None:
        """Put one beside another."""
        user, other = await self._get(org, given.id), await self._get(org, given.userid)
        if user.attached_to not in (None, other.id):
            raise WrongState("the user is attached to another")
        await self._set(org, user, ExtensionChange(attached_to=other.id))

    async def detach(self, org: Org, given: Pair) -> None:
        """Take one away from another."""
        user, other = await self._get(org, given.id), await self._get(org, given.userid)
        if user.attached_to != other.id:
            raise WrongState("the user is not attached to that one")
        await self._set(org, user, ExtensionChange(attached_to=None))

    async def set_status(self, org: Org, given: NewStatus) -> None:
        """Block an active user, or let them in again."""
        user = await self._get(org, given.id)
        if user.activation == "inactive":
            raise WrongState("the user is not activated")
        wanted: Activation = "active" if given.status else "blocked"
        if user.activation != wanted:
            await self._set(org, user, ExtensionChange(activation=wanted))

    async def set_state(self, org: Org, given: NewState) -> None:
        """Let them not be disturbed, or be disturbed again: of a user with a person it is that one's status."""
        user = await self._get(org, given.id)
        if user.person is None:
            await self._set(org, user, ExtensionChange(profile={"dnd": given.dnd or None}))
            return
        status = "do_not_disturb" if given.dnd else "available"
        await self._presence.set(org.company_id, user.person.id, status=status, origin=ORIGIN)

    async def set_settings(self, org: Org, given: Settings) -> None:
        """Change what is given; of `properties` the keys that are given."""
        user = await self._get(org, given.id)
        profile = {}
        if given.properties is not None:
            profile["properties"] = user.profile.get("properties", {}) | object_of("properties", given.properties)
        change = ExtensionChange(
            forwarding=_forwarding(user.forwarding, given), data=_features(given), profile=profile, number=UNSET
        )
        await self._set(org, user, change)

    async def _get(self, org: Org, userid: str) -> Extension:
        return await self._extensions.get(org.company_id, ids.decode(userid, USER))

    async def _set(self, org: Org, user: Extension, change: ExtensionChange) -> None:
        await self._extensions.update(org.company_id, user.instance_id, user.id, change, origin=ORIGIN)


def _features(given: Settings) -> dict[str, str]:
    """FreePBX's keys. RingPlan's clients see them too."""
    data = {}
    if given.callwaiting is not None:
        data["callwaiting_enable"] = "ENABLED" if given.callwaiting else "DISABLED"
    if given.voicemail is not None:
        data["voicemail_enable"] = "yes" if given.voicemail else "no"
    if given.recording is not None:
        data |= dict.fromkeys(RECORDED, "yes" if given.recording else "no")
    return data


def _forwarding(old: Forwarding, given: Settings) -> Forwarding:
    """Raises Invalid for one that is on and goes nowhere."""
    changes: dict[str, Any] = {}
    for key, name in FORWARDS.items():
        on, number = getattr(given, key), getattr(given, f"{key}number")
        if on is not None:
            changes[name] = on
        if number is not None:
            changes[f"{name}_to"] = _number(f"{key}number", number)
        if changes.get(name) and not changes.get(f"{name}_to", getattr(old, f"{name}_to")):
            raise Invalid(f"{key}number", "is required")
    if given.fwdnanstime is not None:
        changes["ring_s"] = given.fwdnanstime
    return msgspec.structs.replace(old, **changes)


def _number(field: str, text: str) -> str:
    number = FILLING.sub("", text)
    if number and not PARTY.fullmatch(number):
        raise Invalid(field, "must be a number that can be dialled")
    return number
