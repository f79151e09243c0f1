"""Every list of RingPlan over HTTP at 10 thousand and at 1 million rows of its table: each the other's reference.

`script/bench lists` runs all, `script/bench lists fax cdrs` some. Two databases of one PostgreSQL, each with one
company that has all the rows, and a server on each; their requests alternate, so that what else the machine does hits
both. PostgreSQL does not wait for the disk here: only reads are measured, and they find everything in memory.
"""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec

from bench import tables
from bench.ground import Company, Http, furnish, percentile, phone_system, postgres, ringmain, run
from bench.tables import Fill
from ringmain.database.migrate import migrate
from ringmain.dialects.ringplan.ids import encode

SIZES: Final = (10_000, 1_000_000)
WARM: Final = 8
"""Requests before measuring: PostgreSQL keeps a plan from the sixth on."""
ROUNDS: Final = 5
EACH: Final = 10
BUDGET: Final = 1.0
"""Seconds for one list at one size; a slow one is measured less often."""
LEAST: Final = 3
DEEP: Final = "page=100"
FLAT: Final = 2.0
"""A ratio over this is none of a flat list."""
FILLERS: Final = 2
"""Groups that are filled at once."""
SETTINGS: Final = {
    **dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit", "autovacuum"), "off"),
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "maintenance_work_mem": "512MB",
}
"""With the least WAL that there can be, building an index writes none."""


class Group(msgspec.Struct, frozen=True):
    """What is filled, and which lists are read then: a name and an address; `deep` ones at page 100 too."""

    fills: Sequence[Fill]
    deep: Mapping[str, str] = {}
    first: Mapping[str, str] = {}


INSTANCE: Final = """
INSERT INTO instances (company_id, name, domain) VALUES ($1, 'pbx', 'pbx.bench.example') RETURNING uuid
"""
EXTENSIONS: Final = "/instances/{instance}/bulks/extensions?"
V2: Final = "/texting/v2/conversations?"
GROUPS: Final[dict[str, Group]] = {
    "users": Group(
        [Fill("people", tables.PEOPLE)],
        {"users": "/system/company/contacts?"},
        {
            "users, by first name": "/system/company/contacts?first_name=name7",
            "users, by e-mail": "/system/company/contacts?work_email=p77@bench.example",
        },
    ),
    "directory": Group(
        [Fill("directory_contacts", tables.DIRECTORY)], {"directory": "/company/directory/contacts?per_page=20&"}
    ),
    "locations": Group([Fill("locations", tables.LOCATIONS)], {}, {"locations": "/company/locations?"}),
    "extensions": Group(
        [Fill("extensions", tables.EXTENSIONS)],
        {
            "extensions": EXTENSIONS,
            "extensions, by user": f"{EXTENSIONS}by_user=on&",
            "extensions, softphones": f"{EXTENSIONS}filter_by=softphone&",
        },
        {
            "extensions, search": f"{EXTENSIONS}search=name7777x",
            "extensions, search two words": f"{EXTENSIONS}search=desk+name7777x",
            "extensions, search all": f"{EXTENSIONS}search=desk",
        },
    ),
    "texting": Group(
        [
            Fill("contacts", tables.CONTACTS),
            Fill("conversations", tables.CONVERSATIONS),
            Fill("messages", tables.MESSAGES),
            Fill("", tables.COUNT_MESSAGES),
        ],
        {
            "conversations": "/texting/conversations?",
            "messages": "/texting/conversations/{conversation}/messages?",
            "texting v2": V2,
            "texting v2, unread first": f"{V2}sort=unread&",
            "texting v2, of a number": f"{V2}from_numbers={{number}}&",
        },
        {
            "search, rare word": "/texting/conversations/search?text=word777x",
            "search, word of all": "/texting/conversations/search?text=message",
            "search, two words": "/texting/conversations/search?text=message+word777x",
            "texting v2, of a contact": f"{V2}contact_id={{contact}}",
            "texting v2, search a name": f"{V2}search=jane7777x",
            "texting v2, search all names": f"{V2}search=jane",
            "texting v2, search words": f"{V2}search=word777x",
            "texting v2, search two words": f"{V2}search=message+word777x",
            "texting v2, search word of all": f"{V2}search=message",
            "texting contacts (1000)": "/texting/contacts",
            "texting contacts, a name": "/texting/contacts?search=jane7777x",
            "texting contacts, all names": "/texting/contacts?search=jane",
            "texting contacts, digits": "/texting/contacts?search=2007777",
            "texting contacts, two digits": "/texting/contacts?search=77",
            "texting contacts, two digits of all": "/texting/contacts?search=20",
            "texting contacts, one digit": "/texting/contacts?search=7",
            "texting contacts, whole number": "/texting/contacts?search=%2B13102007777",
            "texting contacts, none": "/texting/contacts?search=zebra",
        },
    ),
    "voicemail": Group(
        [Fill("voicemails", tables.VOICEMAILS)],
        {
            "voicemail": "/voicemail/messages?",
            "voicemail, by duration": "/voicemail/messages?sort=-duration&",
            "voicemail, from a day on": "/voicemail/messages?from_date=2020-01-02T03:04:05&",
            "voicemail, two sorts": "/voicemail/messages?sort=duration,-extension_destination&",
            "voicemail, two other sorts": "/voicemail/messages?sort=listened,-duration&",
        },
        {
            "voicemail, of an extension": "/voicemail/messages?extension_destination=1001",
            "voicemail, by duration and listened": "/voicemail/messages?sort=duration,listened",
        },
    ),
    "fax": Group(
        [Fill("faxes", tables.FAXES)],
        {
            "fax inbound": "/fax/messages/inbound?",
            "fax outbound": "/fax/messages/outbound?",
            "fax scheduled": "/fax/messages/scheduled?",
            "fax outbound, by subject": "/fax/messages/outbound?sort=subject&",
            "fax inbound, two sorts": "/fax/messages/inbound?sort=pages,-created_at&",
            "fax inbound, two other sorts": "/fax/messages/inbound?sort=is_read,subject&",
        },
        {
            "fax inbound, unread": "/fax/messages/inbound?is_read=false",
            "fax inbound, of a number": "/fax/messages/inbound?number=%2B13102007770",
            "fax inbound, search": "/fax/messages/inbound?search=word7770x",
            "fax inbound, search two words": "/fax/messages/inbound?search=party+word7770x",
            "fax inbound, search all": "/fax/messages/inbound?search=party",
        },
    ),
    "cdrs": Group(
        [Fill("calls", tables.CALLS), Fill("call_extensions", tables.CALL_EXTENSIONS), Fill("", tables.COUNT_CALLS)],
        {
            "cdrs": "/cdrs/v3/cdrs?",
            "cdrs, of a direction": "/cdrs/v3/cdrs?direction=IN&",
            "cdrs, from a day on": "/cdrs/v3/cdrs?from_date=2020-01-02T03:04:05&",
        },
        {
            "cdrs, of an extension": "/cdrs/v3/cdrs?extension=1001",
            "cdrs, of a source": "/cdrs/v3/cdrs?src=%2B13102000777",
        },
    ),
    "meet": Group(
        [Fill("meetings", tables.MEETINGS)],
        {"meet events": "/meet/v2/events?", "meet events, from a day on": "/meet/v2/events?date_from=2020-01-02&"},
    ),
    "webhooks": Group(
        [Fill("endpoints", tables.ENDPOINTS), Fill("subscriptions", tables.SUBSCRIPTIONS)],
        {},
        {"webhooks": "/webhooks/callbacks"},
    ),
}


class Side(msgspec.Struct):
    """One size: its database, its company, and a connection to its server."""

    dsn: str
    rows: int
    company: Company
    instance: str
    headers: bytes
    port: int = 0

    async def ask(self, http: Http, path: str) -> tuple[float, bytes]:
        """Milliseconds until the answer is there, and its body."""
        values = {"instance": self.instance, "number": "%2B" + self.company.number[1:]}
        address = path.format(**values, conversation=encode(1), contact=encode(7))
        started = time.perf_counter()
        status, body = await http.request(f"GET {address} HTTP/1.1\r\n".encode() + self.headers)
        if status != 200:
            raise RuntimeError(f"{address}: {status} {body[:200]!r}")
        return (time.perf_counter() - started) * 1000, body

    async def length(self, path: str) -> int:
        """How many items the list answers."""
        http = await Http.open(self.port)
        _, body = await self.ask(http, path)
        http.close()
        answer = msgspec.json.decode(body or b"[]")
        return len(answer) if isinstance(answer, list) else 1


async def furnished(dsn: str, rows: int) -> Side:
    """A migrated database of its own with a company."""
    name = f"lists_{rows}"
    admin = await asyncpg.connect(dsn)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    await admin.close()
    own = urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))
    connection = await asyncpg.connect(own, timeout=30)
    await migrate(connection)
    await connection.execute("VACUUM ANALYZE", timeout=tables.TIMEOUT)
    await connection.close()
    async with phone_system(own, 2) as core:
        company = await furnish(core, 0)
        instance = await core.database.fetchval(INSTANCE, company.id)
    headers = f"Host: bench\r\nAuthorization: Bearer {company.key}\r\nX-User-Id: primary\r\n\r\n".encode()
    return Side(own, rows, company, str(instance), headers)


async def fill(sides: Sequence[Side], groups: Sequence[Group]) -> None:
    """Fill all tables of the groups at all sizes, some groups at once."""
    places = asyncio.Semaphore(FILLERS)

    async def one(side: Side, group: Group) -> None:
        async with places:
            started = time.perf_counter()
            connection = await asyncpg.connect(side.dsn, timeout=30)
            await tables.fill(connection, group.fills, side.company.id, side.rows)
            await connection.close()
        names = ", ".join(its.table for its in group.fills if its.table)
        print(f"{side.rows:,} rows of {names}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)

    async with asyncio.TaskGroup() as tasks:
        for side in sides:
            for group in groups:
                tasks.create_task(one(side, group))


async def compare(sides: Sequence[Side], name: str, path: str) -> float:
    """Print p50 at both sizes; gives the ratio. The answers must be as long at both."""
    lengths = [await one.length(path) for one in sides]
    taken: list[list[float]] = [[] for _ in sides]
    for one in sides:
        await some(one, path, WARM, [])
    for _ in range(ROUNDS):
        for one, its in zip(sides, taken, strict=True):
            await some(one, path, EACH, its)
    small, large = (percentile(its, 50) for its in taken)
    mark = "" if large / small <= FLAT else " not flat"
    if lengths[0] != lengths[1]:
        mark += f" {lengths[0]} items, and {lengths[1]}"
    print(f"| {name:40} | {small:6.2f} | {large:6.2f} | {large / small:.2f}{mark} |", flush=True)
    return large / small


async def some(one: Side, path: str, count: int, taken: list[float]) -> None:
    """So many requests more, unless they already took long enough. The server ends connections that wait."""
    http = await Http.open(one.port)
    for _ in range(count):
        if sum(taken) < BUDGET * 1000 or len(taken) < LEAST:
            taken.append((await one.ask(http, path))[0])
    http.close()


async def measure(sides: Sequence[Side], group: Group) -> dict[str, float]:
    """All lists of a group; gives their ratios."""
    paths: dict[str, str] = {}
    for name, path in group.deep.items():
        paths |= {name: path, f"{name}, page 100": f"{path}{DEEP}"}
    return {name: await compare(sides, name, path) for name, path in (paths | dict(group.first)).items()}


async def main() -> None:
    chosen = sys.argv[1:] or list(GROUPS)
    unknown = [name for name in chosen if name not in GROUPS]
    if unknown:
        sys.exit(f"no list is called {', '.join(unknown)}: there are {', '.join(GROUPS)}")
    started = time.perf_counter()
    ratios: dict[str, float] = {}
    async with postgres(**SETTINGS) as dsn:
        sides = [await furnished(dsn, rows) for rows in SIZES]
        await fill(sides, [GROUPS[name] for name in chosen])
        print(f"| List | {SIZES[0]:,} rows, ms | {SIZES[1]:,} rows, ms | Ratio |\n|---|---|---|---|")
        async with ringmain(sides[0].dsn) as small, ringmain(sides[1].dsn) as large:
            sides[0].port, sides[1].port = small[0], large[0]
            for name in chosen:
                ratios |= await measure(sides, GROUPS[name])
    worst = max(ratios, key=lambda name: ratios[name])
    steep = sum(ratio > FLAT for ratio in ratios.values())
    print(f"{len(ratios)} lists, {steep} of them not flat; worst ratio {ratios[worst]:.2f}: {worst}")
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    run(main)
