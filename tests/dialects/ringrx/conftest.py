"""A running server with RingRx and RingPlan, two accounts with phones, and RingRx clients of their people."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
import pytest

from ringmain.core.calls.model import Call
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.faxes.model import Fax
from ringmain.core.faxes.transport import InboundFax
from ringmain.core.people.model import Person
from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.model import Message
from ringmain.core.voicemail.model import NewVoicemail, Voicemail
from ringmain.database.pool import Database
from ringmain.dialects.ringplan import app as ringplan
from ringmain.dialects.ringplan.realtime import RingPlanRealtime
from ringmain.dialects.ringrx import app as ringrx
from ringmain.documents.fax import to_fax
from ringmain.front import Front, merge
from ringmain.realtime.follower import Follower
from ringmain.realtime.socketio import SocketServer
from tests.conftest import Office, furnish
from tests.documents.papers import paper, saying
from tests.realtime.conftest import serving
from tests.recordings import wav

PUBLIC_URL = "https://phone.example.com"
PASSWORD = "correct horse battery"
WAV = wav(0.5)
FAX_NUMBER = "+18885550123"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Reply(msgspec.Struct):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return msgspec.json.decode(self.body)

    def error(self, status: int) -> str:
        """Check that this is RingRx's own error of this status; returns what it says."""
        assert self.status == status, self.body
        body = self.json()
        assert list(body) == ["error"]
        assert body["error"]
        assert self.headers["access-control-allow-origin"] == "*"
        return str(body["error"])


_tiffs: list[bytes] = []


async def tiff() -> bytes:
    """A fax of one page; made once, as that takes a while."""
    if not _tiffs:
        _tiffs.append((await to_fax(paper(saying("Hello")), "application/pdf")).tiff)
    return _tiffs[0]


class Account:
    """A company with an owner (extension 101) and a plain user (102)."""

    def __init__(self, core: Core, office: Office, instance_id: int, pat_id: int) -> None:
        self.core = core
        self.office = office
        self.id = office.company_id
        self.instance_id = instance_id
        self.pat_id = pat_id

    async def leave(self, number: int = 101, **fields: Any) -> Voicemail:
        """A caller leaves a voicemail."""
        extension_id = await self.core.voicemails.find_extension(self.id, number=number, instance_id=self.instance_id)
        given = NewVoicemail(**({"audio": WAV, "source_number": "+18185551234"} | fields))
        return await self.core.voicemails.receive(self.id, extension_id, given)

    async def add_fax_number(self, number: str = FAX_NUMBER, *owners: str) -> None:
        await self.core.numbers.create(self.id, number, sms=False, fax=True, owner_emails=owners)

    async def come(self, recipient: str = FAX_NUMBER, **fields: Any) -> Fax:
        """A fax comes in."""
        given = InboundFax(**({"recipient": recipient, "tiff": await tiff(), "sender": "+18185551234"} | fields))
        return await self.core.faxes.receive(given)

    async def call(self, source: str, destination: str, **fields: Any) -> Call:
        """A call is over."""
        planned = PlannedCall(source=source, destination=destination, **({"started_at": NOON} | fields))
        return await self.core.sandbox_calls.place(self.id, planned)

    async def receive(self, text: str = "Hi there") -> Message:
        """A text comes in from the office's contact."""
        office = self.office
        return await self.core.texting.receive(
            InboundText(carrier="sandbox", sender=office.contact.number, recipient=office.number, text=text)
        )


class Caller:
    """Calls as one person of a company."""

    def __init__(self, http: aiohttp.ClientSession, base: str, account: Account, person_id: int, token: str) -> None:
        self.http = http
        self.base = base
        self.account = account
        self.person_id = person_id
        self.token = token

    async def __call__(
        self, method: str, path: str, *, headers: Mapping[str, str | None] | None = None, **options: Any
    ) -> Reply:
        """Call as this person; a header of None is left out."""
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        sent = {name: value for name, value in given.items() if value is not None}
        options.setdefault("allow_redirects", False)
        async with self.http.request(method, f"{self.base}{path}", headers=sent, **options) as response:
            return Reply(response.status, response.headers, await response.read())

    async def read(self, path: str, **options: Any) -> Any:
        """What a GET answers."""
        reply = await self("GET", path, **options)
        assert reply.status == 200, reply.body
        return reply.json()

    @property
    def office(self) -> Office:
        return self.account.office

    @property
    def company_id(self) -> int:
        return self.account.id

    def acting(self, token: str) -> "Caller":
        """The same company, somebody else."""
        return Caller(self.http, self.base, self.account, 0, token)


class World:
    """The server, the owners of its two companies, and `pat`, a plain user of Acme."""

    def __init__(self, core: Core, base: str, acme: Caller, globex: Caller, pat: Caller) -> None:
        self.core = core
        self.base = base
        self.acme = acme
        self.globex = globex
        self.pat = pat

    async def user(self, email: str = "sam@acme.example", *, admin: bool = False) -> tuple[Person, Caller]:
        """Another person of Acme, and who calls as they."""
        person = await self.core.people.create(self.acme.company_id, email=email, admin=admin, password=PASSWORD)
        tokens = await self.core.grants.by_password("ringrx", email, PASSWORD, address="127.0.0.1")
        return person, self.acme.acting(tokens.user_token)


async def open_account(core: Core, name: str, number: str) -> Account:
    """Make an account with phones."""
    office = await furnish(core, name=name, number=number)
    company_id = office.company_id
    pat = await core.people.create(company_id, email=f"pat@{name.lower()}.example", first_name="Pat", last_name="Plain")
    instance = await core.instances.create(company_id, name="pbx", domain=f"pbx.{name.lower()}.example")
    for extension, person_id in ((101, office.owner_id), (102, pat.id)):
        change = ExtensionChange(number=extension, name=f"N{extension}", person_id=person_id)
        await core.extensions.create(company_id, instance.id, change)
    return Account(core, office, instance.id, pat.id)


async def token_of(core: Core, company_id: int, person_id: int, name: str = "test") -> str:
    """An access token from a key of this person's."""
    key = await core.credentials.create_api_key(company_id, "ringrx", f"{name} {person_id}", person_id=person_id)
    tokens = await core.grants.by_key("ringrx", key.key.token, key.secret, address="127.0.0.1")
    return tokens.user_token


@pytest.fixture
async def world(core: Core) -> AsyncIterator[World]:
    sockets = SocketServer()
    follower = Follower(core.database, core.wakeups)
    follower.subscribe(RingPlanRealtime(core, sockets).push)
    acme = await open_account(core, "Acme", "+12025550123")
    globex = await open_account(core, "Globex", "+12025550145")
    who = [(acme, acme.office.owner_id), (globex, globex.office.owner_id), (acme, acme.pat_id)]
    tokens = [await token_of(core, account.id, person_id) for account, person_id in who]
    await follower.start()
    apps = merge([ringplan.build(core, PUBLIC_URL, sockets), ringrx.build(core, PUBLIC_URL)])
    async with serving(Front(apps)) as base, aiohttp.ClientSession() as http:
        yield World(core, base, *(Caller(http, base, *one, token) for one, token in zip(who, tokens, strict=True)))
        await sockets.close()
    await follower.stop()


@pytest.fixture
def acme(world: World) -> Caller:
    return world.acme


@pytest.fixture
def globex(world: World) -> Caller:
    return world.globex


@pytest.fixture
def pat(world: World) -> Caller:
    return world.pat


@pytest.fixture
def account(world: World) -> Account:
    return world.acme.account


async def counts(database: Database) -> dict[str, int]:
    """How many rows every table has, and how many changes they went through, but for logins' own."""
    tables = await database.fetch(
        "SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        " AND NOT relispartition AND relname NOT IN ('login_tries', 'signing_keys', 'migrations') ORDER BY relname"
    )
    result = {}
    for (table,) in tables:
        seen = await database.fetchrow(f"SELECT count(*) AS n, coalesce(max(xmin::text::bigint), 0) AS x FROM {table}")
        assert seen is not None
        result[table], result[f"{table} changed by"] = seen["n"], seen["x"]
    return result
