"""No list does more than two statements, whatever it is asked for and however long it is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import asyncpg
import httpx
import pytest

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.instances.pbx import QueueStatus
from ringmain.core.system import Core
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.database.pool import Connection, Database
from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan.app import build, endpoints
from ringmain.front import Front
from ringmain.realtime.socketio import SocketServer
from tests.conftest import Office, furnish
from tests.dialects.ringplan.conftest import PUBLIC_URL
from tests.recordings import wav

MOST: Final = 2
EACH: Final = 3
"""How many there are of everything: a statement for each item shows."""

QUERIES: Final[dict[str, tuple[str, ...]]] = {
    "/system/company/contacts": ("first_name=Ann", "work_email=owner@acme.example", "page=9"),
    "/instances/{instance_uuid}/bulks/extensions": (
        "search=Ann",
        "by_user=on",
        "filter_by=softphone",
        "page=9",
        "search=Ann&by_user=on&filter_by=unassigned",
    ),
    "/instances/{instance_uuid}/extensions": ("search=Ann", "by_user=on", "filter_by=unassigned"),
    "/account/{contact_id}/extensions": ("purpose=softphone",),
    "/texting/conversations": ("page=2&per_page=1",),
    "/texting/conversations/search": ("text=hello",),
    "/texting/v2/conversations": (
        "search=hello",
        "sort=unread",
        "from_numbers=2025550123",
        "from_numbers=2025550123,2025550124&sort=unread&page=2&per_page=1",
        "contact_id={texting_contact_id}",
        "contact_id={texting_contact_id}&search=Jane&sort=unread",
    ),
    "/texting/conversations/{conversation_id}/messages": ("page=2&per_page=1",),
    "/texting/contacts": ("search=Jane", "search=310555", "search=Jane Doe"),
    "/texting/numbers": ("numformat=international",),
    "/voicemail/messages": (
        "from_date=2020-01-01&to_date=2030-01-01",
        "extension_destination=1001",
        "extension_source=1002&sort=-duration",
    ),
    "/fax/messages/inbound": ("search=x", "undefined=true&is_read=false", "number=2135550100&sort=subject"),
    "/fax/messages/outbound": ("start_date=2020-01-01&end_date=2030-01-01", "name=Bob"),
    "/fax/messages/scheduled": ("subject=x",),
    "/cdrs/v3/cdrs": (
        "extension=1001",
        "src=2135550100",
        "direction=IN&status=COMPLETED&network=OFF_NET",
        "from_date=2020-01-01&to_date=2030-01-01",
        "extension=1001&dst=1001",
    ),
    "/meet/v2/events": ("date_from=2020-01-01&date_to=2030-01-01",),
    "/statuses/v2/users": ("user_id={contact_id}",),
    "/company/directory/contacts": ("page=1",),
}
"""What lists are asked for besides all of it."""

NO_LISTS: Final = frozenset(
    (
        "/company",
        "/system/company",
        "/system/account",
        "/company/directory/contacts/options",
        "/company/directory/contacts/{directory_contact_id}",
        "/fax/statistics",
        "/meet/app/calendar",
        "/meet/app/calendar/events/get-link/{meeting_id}",
        "/meet/app/calendar/get-auth-url",
        "/meet/app/outlook/get-auth-url",
        "/pbx/queues/{queue_id}/status",
        "/pbx/queues/statuses",  # asks each PBX; that the sandbox's keeps its queues in the database is its own affair
        "/phones/qr-config/advanced",
        "/texting/contacts/{texting_contact_id}",
        "/webhooks/callbacks/url",
    )
)


FAXES: Final = """
INSERT INTO faxes (company_id, direction, state, own_number, own_name, party_number, party_name, subject, is_read,
    file_id, file, preview_id, pages)
SELECT $1, direction, state, '+12025550123', 'Acme', '+12135550100', 'Bob', 'x', false, 1,
    '{"id": 1, "name": "x", "mimetype": "application/pdf", "size": 1}', 1, 1
FROM generate_series(1, $2::int),
    (VALUES ('inbound', 'received'), ('outbound', 'sent'), ('outbound', 'scheduled')) AS k (direction, state)
"""
CALLS: Final = """
INSERT INTO calls (company_id, instance_id, instance_uuid, reference, direction, network, source, source_name,
    destination, destination_name, extension_number, started_at, ended_at, outcome)
SELECT $1, i.id, i.uuid, n::text, 'inbound', 'off_net', '+12135550100', 'Bob', '1001', 'Ann', 1001, now(), now(),
    'completed'
FROM generate_series(1, $2::int) AS n, (SELECT id, uuid FROM instances WHERE company_id = $1 LIMIT 1) AS i
"""

RECORDINGS: Final = """
WITH made AS (INSERT INTO files (company_id, name, uploaded_at) SELECT $1, 'x', now() FROM generate_series(1, $3::int)
    RETURNING id)
INSERT INTO meeting_recordings (company_id, room, file_id) SELECT $1, $2, id FROM made
"""


class Counting(Database):
    """Writes down every statement that goes through the pool."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, size=8)
        self.statements: list[str] = []

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with super().connection() as connection:
            with connection.query_logger(self._note):
                yield connection

    def _note(self, record: asyncpg.connection.LoggedQuery) -> None:
        self.statements.append(record.query)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Counting]:
    """In the place of the database that the core has."""
    database = Counting(dsn)
    yield database
    await database.close()


async def fill(core: Core, office: Office) -> dict[str, str]:
    """Some of everything; gives the ids that paths and queries name."""
    company_id = office.company_id
    for n in range(EACH):
        contact, _ = await core.texting.create_contact(company_id, number=f"+1310555020{n}", first_name="Jane")
        conversation, _ = await core.texting.open_conversation(
            company_id, number=office.number, contact_ids=[contact.id]
        )
        await core.texting.send(company_id, conversation.id, text="hello")
        await core.texting.send(company_id, office.conversation.id, text="hello")
        person = await core.people.create(company_id, email=f"ann{n}@acme.example", first_name="Ann")
        await core.presence.set(company_id, person.id, status="away")
        await core.locations.create(company_id, name=f"Site {n}")
        await core.directory.create(company_id, first_name=f"Kim {n}")
    instances = [await core.instances.create(company_id, name=f"pbx{n}", domain="pbx.example.com") for n in range(EACH)]
    for instance in instances:
        await core.instances.act_queue(company_id, instance.id, QueueStatus(number=700))
    for n in range(EACH):
        change = ExtensionChange(number=1001 + n, name="Ann", purpose="softphone", person_id=person.id)
        extension = await core.extensions.create(company_id, instances[0].id, change)
        await core.voicemails.receive(company_id, extension.id, NewVoicemail(audio=wav(0.1), source_number="1002"))
    endpoint, _ = await core.subscriptions.create_endpoint(company_id, face="ringplan", url="https://example.com")
    for name in ("texting.message.inbound", "call.action.hangup", "dial.action.started"):
        await core.subscriptions.subscribe(company_id, endpoint.id, name=name, event_types=["message.created"])
    await core.database.execute(FAXES, company_id, EACH)
    await core.database.execute(CALLS, company_id, EACH)
    return {
        "contact_id": ids.encode(person.id),
        "conversation_id": ids.encode(office.conversation.id),
        "instance_uuid": str(instances[0].uuid),
        "texting_contact_id": ids.encode(office.contact.id),
    }


def lists(core: Core) -> list[str]:
    """Every GET that answers a list, as a path with its query."""
    found = []
    for endpoint in endpoints(core, PUBLIC_URL):
        if endpoint.method == "GET" and not endpoint.public and endpoint.path not in NO_LISTS:
            found += [endpoint.path, *(f"{endpoint.path}?{query}" for query in QUERIES.get(endpoint.path, ()))]
    return found


async def test_no_list_does_more_than_two_statements(core: Core, database: Counting) -> None:
    office = await furnish(core)
    values = await fill(core, office)
    key = await core.credentials.create_api_key(office.company_id, "ringplan", "test")
    headers = {"Authorization": f"Bearer {key.secret}", "X-User-Id": "primary"}
    transport = httpx.ASGITransport(Front(build(core, PUBLIC_URL, SocketServer())))
    done: dict[str, list[str]] = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://ringmain", headers=headers) as client:
        for _ in range(EACH):
            (meeting,) = (await client.post("/meet/v2/events", json={})).json()
        values["room_id"] = meeting["jitsi_meeting_room_id"]
        await database.execute(RECORDINGS, office.company_id, values["room_id"], EACH)
        for path in lists(core):
            address = path.format(**values)
            answer = await client.get(address)  # the first time the caller is looked up; then they are known
            assert answer.status_code in (200, 204), (address, answer.text)
            await asyncio.sleep(0)  # connections call their loggers a step later
            database.statements.clear()
            assert (await client.get(address)).status_code == answer.status_code
            await asyncio.sleep(0)
            done[path] = list(database.statements)
    assert len(done) > 40
    # Nothing asked for finds nothing, without asking the database.
    assert [path for path, statements in done.items() if not statements] == ["/texting/conversations/search"]
    assert {path: len(statements) for path, statements in done.items() if len(statements) > MOST} == {}


def test_every_query_is_of_a_list(core: Core) -> None:
    paths = {endpoint.path for endpoint in endpoints(core, PUBLIC_URL)}
    assert paths >= NO_LISTS
    assert paths >= QUERIES.keys()
