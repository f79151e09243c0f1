"""Users: extensions, with the person who has their e-mail (specs/ringotel.md 3, group User)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ringmain.core.devices.model import KnownDevice
from ringmain.core.errors import WrongState
from ringmain.core.extensions.model import Activation, Extension
from ringmain.core.extensions.newcomer import NewExtension
from ringmain.core.instances.model import Instance
from ringmain.core.system import Core
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel import users_wire as wire
from ringmain.dialects.ringotel.branches import BRANCH, ORIGIN
from ringmain.dialects.ringotel.newcomers import Newcomers
from ringmain.dialects.ringotel.params import Flag, Id
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.user_params import Known, UserFields, change_of, number_of
from ringmain.dialects.ringotel.welcome import letter

USER: Final = "user"
MOST: Final = 1000


class Listed(msgspec.Struct, frozen=True):
    """Of getUsers: all, or one branch's."""

    branchid: Id | None = None


class NewUser(UserFields, frozen=True, kw_only=True):
    """Of createUsers: one of them. `status` 0, as without it, is not activated."""

    status: Flag = 0


class NewUserIn(NewUser, frozen=True, kw_only=True):
    """Of createUser."""

    branchid: Id


class NewUsers(msgspec.Struct, frozen=True):
    """Of createUsers."""

    branchid: Id
    users: Annotated[list[NewUser], Meta(max_length=MOST)]


class Recovered(UserFields, frozen=True, kw_only=True):
    """Of recoverDeletedUser: whom, by `extension`, and what they are to be."""


class UserChange(UserFields, frozen=True, kw_only=True):
    """Of updateUser. `status` may only be 1; `branchid` moves the user."""

    id: Id
    branchid: Id | None = None
    status: Annotated[int, Meta(ge=1, le=1)] | None = None


class Several(msgspec.Struct, frozen=True):
    """Users by their ids."""

    users: Annotated[list[Id], Meta(max_length=MOST)]


class Updated(msgspec.Struct, frozen=True, kw_only=True):
    """What updateUser answers, unless it activates."""

    id: str
    domain: str
    username: str


class UserMethods:
    """The users of organizations."""

    def __init__(self, core: Core) -> None:
        self._extensions = core.extensions
        self._instances = core.instances
        self._people = core.people
        self._presence = core.presence
        self._devices = core.devices
        self._mails = core.mails
        self.methods = [
            Method("getUser", Known, self.show),
            Method("getUsers", Listed, self.list_all),
            Method("createUser", NewUserIn, self.create, changes=True),
            Method("createUsers", NewUsers, self.create_all, changes=True),
            Method("recoverDeletedUser", Recovered, self.recover, changes=True),
            Method("updateUser", UserChange, self.update, changes=True),
            Method("deleteUser", Known, self.delete, changes=True),
            Method("deleteUsers", Several, self.delete_all, changes=True),
        ]

    async def show(self, org: Org, given: Known) -> wire.WireUser:
        """One (section 5, reading 17)."""
        extension = await self._get(org, given.id)
        attached = await self._extensions.all(org.company_id, attached_to=extension.id)
        devices = await self._devices.list(org.company_id, extension_id=extension.id)
        presence = await self._presence.get_many(org.company_id, [extension.person.id] if extension.person else [])
        statuses = {one.person_id: one.status for one in presence}
        return wire.user(extension, org, presence=statuses, devices=devices, attached=attached)

    async def list_all(self, org: Org, given: Listed) -> list[wire.WireUser]:
        """All of the organization or of one branch, oldest first."""
        branch = None if given.branchid is None else await self._branch(org, given.branchid)
        extensions = await self._extensions.all(org.company_id)
        attached: dict[int, list[Extension]] = defaultdict(list)
        for one in extensions:
            if one.attached_to is not None:
                attached[one.attached_to].append(one)
        devices: dict[int, list[KnownDevice]] = defaultdict(list)
        for device in await self._devices.list(org.company_id):
            devices[device.extension_id].append(device)
        presence = {one.person_id: one.status for one in await self._presence.get_many(org.company_id)}
        return [
            wire.user(one, org, presence=presence, devices=devices[one.id], attached=attached[one.id])
            for one in extensions
            if branch is None or one.instance_id == branch.id
        ]

    async def create(self, org: Org, given: NewUserIn) -> wire.MadeUser:
        """Make one; another extension of the branch with the number is 409 (section 5, reading 25)."""
        (made,) = await self._create(org, given.branchid, [given])
        return made

    async def create_all(self, org: Org, given: NewUsers) -> list[wire.MadeUser]:
        """Make all of them, or none."""
        return await self._create(org, given.branchid, given.users)

    async def _create(self, org: Org, branchid: str, users: list[NewUser]) -> list[wire.MadeUser]:
        branch = await self._branch(org, branchid)
        newcomers = Newcomers(self._people, org.company_id)
        news = [await self._new(org, [branch], newcomers, one, "active" if one.status else "inactive") for one in users]
        made = await self._extensions.create_all(org.company_id, branch.id, news, origin=ORIGIN)
        self._announce()
        return [wire.made(one, org) for one in made]

    async def recover(self, org: Org, given: Recovered) -> wire.MadeUser:
        """Have a user back who was deleted within a day, with the same id and voicemail, as an active one."""
        number = _needed(number_of(given))
        branches = await self._instances.list(org.company_id)
        new = await self._new(org, branches, Newcomers(self._people, org.company_id), given, "active")
        made = await self._extensions.recover(org.company_id, number, new, origin=ORIGIN)
        self._announce()
        return wire.made(made, org)

    async def _new(
        self, org: Org, branches: Sequence[Instance], newcomers: Newcomers, given: UserFields, activation: Activation
    ) -> NewExtension:
        number, email = _needed(number_of(given)), (given.email or "").strip()
        person = await newcomers.find(email)
        return NewExtension(
            change_of(given, number=number, activation=activation, person=person),
            user=newcomers.maker(email, given.name or "") if email and person is None else None,
            beside=None if given.noemail else letter(self._mails, org, branches),
        )

    async def update(self, org: Org, given: UserChange) -> wire.ActivatedUser | Updated:
        """Change what is given. Whoever is called as their person is, or has a new e-mail, is so as a person too."""
        old = await self._get(org, given.id)
        home = await self._branch(org, given.branchid or ids.encode(old.instance_id))
        if given.status and old.activation == "blocked":
            raise WrongState("the user is blocked: setUserStatus lets them in again")
        newcomers = Newcomers(self._people, org.company_id)
        email = (given.email or "").strip()
        person, maker = await newcomers.find(email), None
        if email and person is None:
            maker = newcomers.maker(email, given.name or wire.name_of(old))
            if old.person is not None:
                maker = newcomers.changer(old.person, email=email, name=_renamed(old, given))
        elif old.person is not None and (email or given.email is None):
            name = _renamed(old, given) if person is None or person.id == old.person.id else None
            if name is not None:
                maker = newcomers.changer(old.person, email=None, name=name)
        newly = bool(given.status) and old.activation != "active"
        change = change_of(given, number=number_of(given), activation="active" if newly else None, person=person)
        new = await self._extensions.update(
            org.company_id,
            old.instance_id,
            old.id,
            change,
            to_instance_id=home.id,
            user=maker,
            beside=letter(self._mails, org, [home]) if newly and not given.noemail else None,
            origin=ORIGIN,
        )
        self._announce()
        if given.status:
            return wire.activated(new, org, newly=newly)
        return Updated(id=ids.encode(new.id), domain=org.domain, username=wire.username_of(new))

    async def delete(self, org: Org, given: Known) -> list[str]:
        """Delete one; answers its id. Its person stays."""
        return await self.delete_all(org, Several([given.id]))

    async def delete_all(self, org: Org, given: Several) -> list[str]:
        """Delete these; answers their ids. If one is unknown all stay."""
        extensions = [await self._get(org, one) for one in dict.fromkeys(given.users)]
        for one in extensions:
            await self._extensions.delete(org.company_id, one.instance_id, one.id, origin=ORIGIN)
        return [ids.encode(one.id) for one in extensions]

    async def _get(self, org: Org, userid: str) -> Extension:
        return await self._extensions.get(org.company_id, ids.decode(userid, USER))

    async def _branch(self, org: Org, branchid: str) -> Instance:
        return await self._instances.get(org.company_id, ids.decode(branchid, BRANCH))

    def _announce(self) -> None:
        self._people.announce()
        self._mails.wake()


def _needed(number: int | None) -> int:
    if number is None:
        raise BadRequest("extension: is required")
    return number


def _renamed(old: Extension, given: UserFields) -> str | None:
    """What a person is called from now on, who was called as the extension, or not at all."""
    assert old.person is not None  # noqa: S101 - asked of those only
    name = " ".join((given.name or "").split())
    called = f"{old.person.first_name} {old.person.last_name}".strip()
    return name if name and name != called and called in ("", old.name) else None
