"""Contacts: people outside whom users may call, and who of them is blocked (specs/ringotel.md 3, group Contacts)."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from ringmain.core.system import Core
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import contacts_wire as wire
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.branches import BRANCH
from ringmain.dialects.ringotel.newcomers import halves
from ringmain.dialects.ringotel.params import Id, NoParams, Word
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.user_params import object_of

CONTACT: Final = "contact"
MOST: Final = 10_000


class NewContact(msgspec.Struct, frozen=True, kw_only=True):
    """Of importContacts: `name`, or its halves."""

    name: Word | None = None
    firstname: Word = Word()
    lastname: Word = Word()
    info: dict[str, Any] | list[Any] = {}

    @property
    def names(self) -> tuple[str, str]:
        """First and last name."""
        return halves(self.name) if self.name else (self.firstname.strip(), self.lastname.strip())


class ChangedContact(NewContact, frozen=True, kw_only=True):
    """Of updateContacts."""

    id: Id


class NewContacts(msgspec.Struct, frozen=True, kw_only=True):
    """Of importContacts. `branchid`: whose users they are for; all of them without it."""

    list: Annotated[list[NewContact], Meta(max_length=MOST)]
    branchid: Id | None = None


class ChangedContacts(msgspec.Struct, frozen=True, kw_only=True):
    """Of updateContacts. A contact stays at its branch."""

    list: Annotated[list[ChangedContact], Meta(max_length=MOST)]
    branchid: Id | None = None


class KnownContacts(msgspec.Struct, frozen=True):
    """Of deleteContacts."""

    list: Annotated[list[Id], Meta(max_length=MOST)]


class Blocking(msgspec.Struct, frozen=True, kw_only=True):
    """Of setContactBlocked: whom, by `id` or by `phone`."""

    blocked: bool
    id: Id | None = None
    phone: Word | None = None
    branchid: Id | None = None
    about: Word | None = None


class ContactMethods:
    """The contacts of organizations."""

    def __init__(self, core: Core) -> None:
        self._contacts = core.contact_lists
        self._instances = core.instances
        self.methods = [
            Method("getContacts", NoParams, self.list_all),
            Method("getBlockedContacts", NoParams, self.list_blocked),
            Method("setContactBlocked", Blocking, self.set_blocked, changes=True),
            Method("importContacts", NewContacts, self.create, changes=True),
            Method("updateContacts", ChangedContacts, self.update, changes=True),
            Method("deleteContacts", KnownContacts, self.delete, changes=True),
        ]

    async def list_all(self, org: Org, _: NoParams) -> list[wire.WireContact]:
        """All of them, oldest first."""
        return [wire.contact(one, org) for one in await self._contacts.all(org.company_id)]

    async def list_blocked(self, org: Org, _: NoParams) -> list[wire.BlockedContact]:
        """Those who do not get through."""
        return [wire.blocked(one, org) for one in await self._contacts.all(org.company_id, blocked=True)]

    async def set_blocked(self, org: Org, given: Blocking) -> None:
        """Let somebody through no more, or again: their calls are refused, their texts are kept and nobody is told."""
        await self._branch(org, given.branchid)
        if given.id is not None:
            contact_id = ids.decode(given.id, CONTACT)
            await self._contacts.set_blocked(org.company_id, contact_id, blocked=given.blocked, about=given.about)
        elif given.phone:
            number = wire.called(given.phone, org)
            await self._contacts.set_number_blocked(org.company_id, number, blocked=given.blocked, about=given.about)
        else:
            raise BadRequest("id: is required, or a phone")

    async def create(self, org: Org, given: NewContacts) -> list[wire.ImportedContact]:
        """Add all of them, or none; answers what they were given, with their ids."""
        branch_id = await self._branch(org, given.branchid)
        said = [object_of("info", one.info) for one in given.list]
        news = [wire.new_contact(info, one.names, org, branch_id) for info, one in zip(said, given.list, strict=True)]
        made = await self._contacts.create(org.company_id, news)
        return [wire.imported(one, info) for one, info in zip(made, said, strict=True)]

    async def update(self, org: Org, given: ChangedContacts) -> None:
        """Write all of them anew, or none: what is not given is known no more."""
        branch_id = await self._branch(org, given.branchid)
        changed = {
            ids.decode(one.id, CONTACT): wire.new_contact(object_of("info", one.info), one.names, org, branch_id)
            for one in given.list
        }
        await self._contacts.replace(org.company_id, changed)

    async def delete(self, org: Org, given: KnownContacts) -> None:
        """Delete all of them, or none."""
        await self._contacts.delete(org.company_id, [ids.decode(one, CONTACT) for one in given.list])

    async def _branch(self, org: Org, branchid: str | None) -> int | None:
        if branchid is None:
            return None
        return (await self._instances.get(org.company_id, ids.decode(branchid, BRANCH))).id
