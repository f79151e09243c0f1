"""Verbs on people that come at the same time."""

from typing import Final

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
