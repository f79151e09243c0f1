"""Verbs on people that come at the same time."""

from typing import Final

from ringmain.core.errors import Forbidden, NotFound
from ringmain.core.people.model import Person
from ringmain.core.system import Core
from ringmain.database.pool import Connection
from tests.conftest import Office
from tests.overlapping import Queue, behind

LOCK: Final = "SELECT FROM people WHERE owner FOR UPDATE"


async def test_of_two_new_owners_at_once_one_is_the_owner(core: Core, office: Office) -> None:
    people = [
        await core.people.create(office.company_id, email=f"{name}@acme.example", first_name=name)
        for name in ("ann", "bob")
    ]
    async with behind(core.database, LOCK) as queue:
        for one in people:
            await queue.join(core.people.make_owner(office.company_id, one.id))
    answers = await queue.ended()
    assert [answer.id for answer in answers if isinstance(answer, Person)] == [one.id for one in people]
    assert (await core.people.owner(office.company_id)).id == people[1].id


async def test_those_who_make_several_people_wait_for_each_other_in_one_order(core: Core, office: Office) -> None:
    async def make(connection: Connection, company: str, name: str) -> None:
        email = f"{name}@{company}.example"
        await core.people.create(office.company_id, email=email, first_name=name, connection=connection)

    async def make_one() -> None:
        async with core.database.transaction() as connection:
            await make(connection, "b", "amy")

    async with core.database.transaction() as connection:
        await make(connection, "a", "zed")
        queue = Queue(connection)
        await queue.join(make_one())
        await make(connection, "a", "amy")
    assert await queue.ended() == [None]
    people, total = await core.people.page(office.company_id, first_name="amy", page=1, per_page=10)
    assert (len(people), total) == (2, 2)


NUMBER: Final = "+12025550123"


async def test_a_number_follows_two_changes_of_an_e_mail_at_once(core: Core, office: Office) -> None:
    company_id, number = office.company_id, NUMBER
    ann = await core.people.create(company_id, email="ann@acme.example")
    await core.numbers.set_owners(company_id, number, [ann.email])
    async with behind(core.database, "SELECT FROM people WHERE id = $1 FOR UPDATE", ann.id) as queue:
        await queue.join(core.people.update(company_id, ann.id, email="anna@acme.example"))
        await queue.join(core.people.update(company_id, ann.id, email="annabel@acme.example"))
    assert [one.email for one in await queue.ended()] == ["anna@acme.example", "annabel@acme.example"]
    assert (await core.numbers.get_by_number(company_id, number)).owner_emails == ["annabel@acme.example"]


async def test_a_number_forgets_who_is_deleted_while_their_e_mail_changes(core: Core, office: Office) -> None:
    company_id, number = office.company_id, NUMBER
    ann = await core.people.create(company_id, email="ann@acme.example")
    await core.numbers.set_owners(company_id, number, [ann.email])
    async with behind(core.database, "SELECT FROM people WHERE id = $1 FOR UPDATE", ann.id) as queue:
        await queue.join(core.people.update(company_id, ann.id, email="anna@acme.example"))
        await queue.join(core.people.delete(company_id, ann.id))
    await queue.ended()
    assert (await core.numbers.get_by_number(company_id, number)).owner_emails == []


async def test_who_becomes_the_owner_is_not_deactivated_at_once(core: Core, office: Office) -> None:
    ann = await core.people.create(office.company_id, email="ann@acme.example")
    async with behind(core.database, "SELECT FROM people WHERE id = $1 FOR UPDATE", ann.id) as queue:
        await queue.join(core.people.make_owner(office.company_id, ann.id))
        await queue.join(core.people.update(office.company_id, ann.id, active=False))
    _, deactivated = await queue.ended()
    assert isinstance(deactivated, Forbidden)
    owner = await core.people.owner(office.company_id)
    assert (owner.id, owner.active) == (ann.id, True)


async def test_who_is_deactivated_does_not_become_the_owner_at_once(core: Core, office: Office) -> None:
    ann = await core.people.create(office.company_id, email="ann@acme.example")
    async with behind(core.database, "SELECT FROM people WHERE id = $1 FOR UPDATE", ann.id) as queue:
        await queue.join(core.people.update(office.company_id, ann.id, active=False))
        await queue.join(core.people.make_owner(office.company_id, ann.id))
    _, made = await queue.ended()
    assert isinstance(made, NotFound)
    assert (await core.people.owner(office.company_id)).id == office.owner_id
