"""The people who are behind users: found by their e-mail, or made with the user, in one transaction."""

from ringmain.core.errors import AlreadyExists
from ringmain.core.extensions.newcomer import MakeUser
from ringmain.core.people.model import Person
from ringmain.core.people.service import People
from ringmain.database.pool import Connection
from ringmain.dialects.ringotel.branches import ORIGIN
from ringmain.dialects.ringotel.welcome import checked_email


def halves(name: str) -> tuple[str, str]:
    """First and last name."""
    first, _, last = " ".join(name.split()).partition(" ")
    return first, last


class Newcomers:
    """Of one call: two users of it may have the same e-mail."""

    def __init__(self, people: People, company_id: int) -> None:
        self._people = people
        self._company_id = company_id
        self._made: dict[str, int] = {}

    async def find(self, email: str | None) -> Person | None:
        """Who has this e-mail. Raises Invalid for what is none."""
        if not email:
            return None
        return await self._people.find_by_email(self._company_id, checked_email(email))

    def maker(self, email: str, name: str) -> MakeUser:
        """Makes whoever has this e-mail. Call `announce` after the commit."""

        async def make(connection: Connection) -> int:
            key = email.lower()
            if key not in self._made:
                first, last = halves(name)
                person = await self._people.create(
                    self._company_id,
                    email=email,
                    first_name=first,
                    last_name=last,
                    connection=connection,
                    origin=ORIGIN,
                )
                self._made[key] = person.id
            return self._made[key]

        return make

    def changer(self, person: Person, *, email: str | None, name: str | None) -> MakeUser:
        """Changes who they are. Raises AlreadyExists (the e-mail is somebody else's since)."""

        async def change(connection: Connection) -> int:
            first, last = halves(name) if name is not None else (None, None)
            try:
                await self._people.update(
                    self._company_id,
                    person.id,
                    email=email,
                    first_name=first,
                    last_name=last,
                    connection=connection,
                    origin=ORIGIN,
                )
            except AlreadyExists:
                raise AlreadyExists("somebody else has this e-mail") from None
            return person.id

        return change
