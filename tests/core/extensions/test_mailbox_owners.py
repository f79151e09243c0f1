"""People and extensions with one e-mail find each other, whichever of them came first."""

import msgspec
import pytest

from ringmain.core.errors import AlreadyExists
from ringmain.core.extensions.model import Extension, ExtensionChange, ExtensionEvent
from ringmain.core.people.model import Person
from ringmain.core.system import Core
from tests.conftest import Office, furnish

JANE = "Jane@Example.com"


class Pbx(msgspec.Struct):
    """A company with a PBX."""

    core: Core
    company_id: int
    instance_id: int

    async def extension(self, number: int = 1001, email: str = "jane@example.com", **fields: object) -> Extension:
        change = ExtensionChange(number=number, data={"voicemail_email": email}, **fields)  # type: ignore[arg-type]
        return await self.core.extensions.create(self.company_id, self.instance_id, change)

    async def change(self, extension: Extension, change: ExtensionChange) -> Extension:
        return await self.core.extensions.update(self.company_id, self.instance_id, extension.id, change)

    async def person(self, email: str = JANE) -> Person:
        return await self.core.people.create(self.company_id, email=email, first_name="Jane", origin="test")

    async def user_of(self, extension: Extension) -> int | None:
        found = await self.core.extensions.get(self.company_id, extension.id)
        return found.person.id if found.person else None

    async def updates(self) -> list[tuple[str, int, int | None]]:
        """Origin, number and user of each extension that was told of as changed."""
        rows = await self.core.database.fetch(
            "SELECT origin, payload::text AS payload FROM events WHERE type = 'extension.updated' ORDER BY id"
        )
        events = [(row["origin"], msgspec.json.decode(row["payload"], type=ExtensionEvent).extension) for row in rows]
        return [(origin, one.number, one.person_id) for origin, one in events]


async def make_pbx(core: Core, office: Office) -> Pbx:
    instance = await core.instances.create(office.company_id, name=f"pbx{office.company_id}", domain="pbx.example")
    return Pbx(core, office.company_id, instance.id)


@pytest.fixture
async def pbx(core: Core, office: Office) -> Pbx:
    return await make_pbx(core, office)


async def test_a_person_who_comes_later_gets_their_extensions(pbx: Pbx, core: Core) -> None:
    first, second = await pbx.extension(1002), await pbx.extension(1001)
    others = await pbx.extension(1003, "joe@example.com")
    jane = await pbx.person()
    assert jane.extension is not None
    assert jane.extension.number == 1001
    assert [await pbx.user_of(one) for one in (first, second, others)] == [jane.id, jane.id, None]
    assert sorted(await pbx.updates()) == [("test", 1001, jane.id), ("test", 1002, jane.id)]
    found = await core.extensions.page(
        pbx.company_id, pbx.instance_id, page=1, per_page=10, with_user=True, search="jane"
    )
    assert (found.total, {one.id for one in found.items}) == (2, {first.id, second.id})
    assert await core.people.get(pbx.company_id, jane.id) == jane


async def test_an_extension_that_comes_later_gets_its_user(pbx: Pbx) -> None:
    jane = await pbx.person()
    made = await pbx.extension()
    assert await pbx.user_of(made) == jane.id
    late = await pbx.extension(1002, "")
    assert await pbx.user_of(late) is None
    changed = await pbx.change(late, ExtensionChange(data={"voicemail_email": JANE}))
    assert changed.person is not None
    assert changed.person.id == jane.id


async def test_a_new_e_mail_brings_extensions_and_takes_none(pbx: Pbx, core: Core) -> None:
    old, new = await pbx.extension(1001), await pbx.extension(1002, "jane@new.example")
    jane = await pbx.person()
    changed = await core.people.update(pbx.company_id, jane.id, email="JANE@new.example", origin="test")
    assert changed.extension is not None
    assert changed.extension.number == 1001
    assert [await pbx.user_of(one) for one in (old, new)] == [jane.id, jane.id]
    assert (await pbx.updates())[-1] == ("test", 1002, jane.id)
    assert await core.database.fetchval("SELECT count(*) FROM extensions WHERE user_email = 'jane@new.example'") == 2


async def test_whom_somebody_took_an_extension_from_does_not_get_it_back(pbx: Pbx, core: Core) -> None:
    jane = await pbx.person()
    made = await pbx.extension()
    await pbx.change(made, ExtensionChange(person_id=None))
    before = await pbx.updates()
    for email in (None, JANE, JANE.lower()):
        await core.people.update(pbx.company_id, jane.id, first_name="Janet", email=email)
    assert await pbx.user_of(made) is None
    assert await pbx.updates() == before


async def test_what_has_a_user_keeps_it(pbx: Pbx, core: Core, office: Office) -> None:
    made = await pbx.extension(person_id=office.owner_id)
    jane = await pbx.person()
    assert (jane.extension, await pbx.user_of(made)) == (None, office.owner_id)
    assert await pbx.updates() == []


async def test_another_companys_extensions_stay_alone(pbx: Pbx, core: Core) -> None:
    other = await make_pbx(core, await furnish(core, name="Globex", number="+12025550145"))
    theirs = await other.extension()
    jane = await pbx.person()
    assert (jane.extension, await other.user_of(theirs)) == (None, None)


async def test_a_person_who_is_not_made_gets_nothing(pbx: Pbx, core: Core, office: Office) -> None:
    made = await pbx.extension()
    with pytest.raises(AlreadyExists, match="owner"):
        await core.people.create(pbx.company_id, email=JANE, owner=True)
    assert await pbx.user_of(made) is None
    assert await pbx.updates() == []
