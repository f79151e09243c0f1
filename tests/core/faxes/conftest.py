"""An office that faxes."""

from typing import Any

import msgspec
import pytest

from ringmain.core.faxes.model import Fax, FaxEvent, NewFax
from ringmain.core.system import Core
from tests.conftest import Office
from tests.faxes import FAX_NUMBER, document_file, fax_number


class Faxing(msgspec.Struct):
    """A company with a fax number, and a document of two pages."""

    core: Core
    company_id: int
    number: str
    file_id: int

    async def send(self, **fields: Any) -> Fax:
        given: dict[str, Any] = {"file_id": self.file_id, "sender": self.number, "recipient": "+18584375000"} | fields
        return await self.core.faxes.send(self.company_id, NewFax(**given), origin="test")

    async def get(self, fax: Fax) -> Fax:
        return await self.core.faxes.get(self.company_id, fax.id)

    async def events(self) -> list[tuple[str, Fax]]:
        rows = await self.core.database.fetch(
            "SELECT type, payload::text AS payload FROM events WHERE company_id = $1 AND type LIKE 'fax.%' ORDER BY id",
            self.company_id,
        )
        return [(row["type"], msgspec.json.decode(row["payload"], type=FaxEvent).fax) for row in rows]


@pytest.fixture
async def faxing(core: Core, office: Office) -> Faxing:
    await fax_number(core, office.company_id)
    return Faxing(core, office.company_id, FAX_NUMBER, await document_file(core, office.company_id))
