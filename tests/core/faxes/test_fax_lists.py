"""Lists of faxes against a model of them in Python."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest

from ringmain.core.errors import Invalid
from ringmain.core.faxes.model import SORTS, Fax, FaxFilter, Folder
from ringmain.core.system import Core
from tests.conftest import Office, furnish

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FOLDERS: tuple[Folder, ...] = get_args(Folder)
FILL = """
INSERT INTO faxes (company_id, direction, state, own_number, own_name, party_number, party_name, subject, is_read,
    hidden, file_id, file, preview_id, pages, send_at, created_at, deleted_at)
SELECT $1, direction, state, '+12052726012', own_name, party_number, party_name, subject, is_read, hidden, 1,
    '{"id": 1, "name": "a.pdf", "mimetype": "application/pdf", "size": 5}', 2, pages, send_at, created_at, deleted_at
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::bool[], $10::int[],
    $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
    AS t (direction, state, own_name, party_number, party_name, subject, is_read, hidden, pages, send_at, created_at,
        deleted_at)
"""
SUBJECTS = ("Payment Details", "payment details", "Status Update", "", "re: e-mail from acme.example")


def drawn(random: random.Random) -> tuple[Any, ...]:
    direction = random.choice(("inbound", "outbound"))
    state = "received" if direction == "inbound" else random.choice(("scheduled", "queued", "sent", "failed"))
    created_at = NOON + timedelta(hours=random.randrange(-80, 80), microseconds=random.randrange(3))
    return (
        direction,
        state,
        random.choice(("", "Alice", "alice", "Zoë")),
        random.choice(("", "+13105550100", "+13105550101", "+442079460000")),
        random.choice(("", "Bob", "BOB", "Carol Doe")),
        random.choice(SUBJECTS),
        random.random() < 0.5,
        direction == "inbound" and random.random() < 0.2,
        random.randrange(1, 4),
        created_at + timedelta(days=1) if state == "scheduled" else None,
        created_at,
        created_at if random.random() < 0.1 else None,
    )


@pytest.fixture
async def faxes(core: Core, office: Office) -> list[Fax]:
    """Some hundred faxes, changed and deleted after they came, so that the counters must follow."""
    rows = [drawn(random.Random(n)) for n in range(400)]
    other = await furnish(core, name="Globex", number="+12025550145")
    for company_id in (office.company_id, other.company_id):
        await core.database.execute(FILL, company_id, *(list(column) for column in zip(*rows, strict=True)))
    ids = [row[0] for row in await core.database.fetch("SELECT id FROM faxes WHERE company_id = $1", office.company_id)]
    await core.database.execute("UPDATE faxes SET is_read = NOT is_read WHERE id = ANY ($1)", ids[::7])
    await core.database.execute("UPDATE faxes SET deleted_at = now() WHERE id = ANY ($1)", ids[::11])
    await core.database.execute("UPDATE faxes SET state = 'sent' WHERE state = 'queued' AND id = ANY ($1)", ids)
    await core.database.execute(
        "UPDATE faxes SET hidden = NOT hidden WHERE direction = 'inbound' AND id = ANY ($1)", ids[::5]
    )
    await core.database.execute("DELETE FROM faxes WHERE id = ANY ($1)", ids[::13])
    found = []
    for one in await core.database.fetch(
        "SELECT fax_json(f)::text FROM faxes f WHERE company_id = $1 AND deleted_at IS NULL", office.company_id
    ):
        found.append(decoded(one[0]))
    return found


def decoded(text: str) -> Fax:
    return msgspec.json.decode(text, type=Fax)


def party(fax: Fax) -> tuple[str, str]:
    return (fax.sender, fax.sender_name) if fax.direction == "inbound" else (fax.recipient, fax.recipient_name)


def own(fax: Fax) -> tuple[str, str]:
    return (fax.recipient, fax.recipient_name) if fax.direction == "inbound" else (fax.sender, fax.sender_name)


KEYS: dict[str, Any] = {
    "id": lambda one: one.id,
    "created_at": lambda one: one.created_at,
    "own_number": lambda one: own(one)[0],
    "own_name": lambda one: own(one)[1].lower(),
    "party_number": lambda one: party(one)[0],
    "party_name": lambda one: party(one)[1].lower(),
    "subject": lambda one: one.subject.lower(),
    "pages": lambda one: one.pages,
    "is_read": lambda one: one.is_read,
    "state": lambda one: one.state,
    "send_at": lambda one: one.send_at or datetime.max.replace(tzinfo=UTC),
}


def matches(fax: Fax, wanted: FaxFilter) -> bool:
    number, name = party(fax)
    return (
        (wanted.since is None or fax.created_at >= wanted.since)
        and (wanted.until is None or fax.created_at <= wanted.until)
        and (wanted.number is None or number == wanted.number)
        and (wanted.name is None or name.lower() == wanted.name.lower())
        and (wanted.subject is None or fax.subject.lower() == wanted.subject.lower())
        and (wanted.is_read is None or fax.is_read == wanted.is_read)
        and (wanted.nameless is None or (not number or not name) == wanted.nameless)
    )


FILTERS = [
    FaxFilter(),
    FaxFilter(since=NOON),
    FaxFilter(until=NOON),
    FaxFilter(since=NOON - timedelta(days=1), until=NOON + timedelta(days=1)),
    FaxFilter(since=NOON, until=NOON + timedelta(hours=3)),
    FaxFilter(since=NOON, until=NOON + timedelta(hours=3), is_read=True, nameless=False),
    FaxFilter(since=NOON, until=NOON - timedelta(days=5)),
    FaxFilter(since=datetime.min.replace(tzinfo=UTC), until=datetime.max.replace(tzinfo=UTC)),
    FaxFilter(is_read=True),
    FaxFilter(is_read=False, since=NOON - timedelta(days=2)),
    FaxFilter(nameless=True),
    FaxFilter(nameless=False, is_read=True, until=NOON),
    FaxFilter(number="+13105550100"),
    FaxFilter(number="+13105550100", is_read=True, since=NOON),
    FaxFilter(name="bob"),
    FaxFilter(name="BOB", subject="PAYMENT DETAILS"),
    FaxFilter(subject="Payment Details", until=NOON),
    FaxFilter(subject="Payment"),
    FaxFilter(name="' OR true --"),
]


@pytest.fixture
async def office_id(office: Office) -> int:
    return office.company_id


async def test_every_filter_finds_and_counts_what_it_should(core: Core, faxes: list[Fax], office_id: int) -> None:
    for folder in FOLDERS:
        for wanted in FILTERS:
            expected = [one for one in faxes if one.folder == folder and matches(one, wanted)]
            expected.sort(key=lambda one: (one.created_at, one.id), reverse=True)
            found = await core.faxes.page(office_id, folder, wanted=wanted, page=1, per_page=50)
            assert (found.total, found.items) == (len(expected), expected[:50]), (folder, wanted)


async def test_every_order_is_total_and_pages_fit_together(core: Core, faxes: list[Fax], office_id: int) -> None:
    for name in SORTS:
        for down in (False, True):
            for folder in FOLDERS:
                there = [one for one in faxes if one.folder == folder]
                ordered = sorted(there, key=lambda one: (KEYS[name](one), one.created_at, one.id), reverse=down)
                found = []
                for page in range(1, 6):
                    found += (
                        await core.faxes.page(office_id, folder, sort=[(name, down)], page=page, per_page=40)
                    ).items
                if name == "id":
                    ordered = sorted(there, key=lambda one: one.id, reverse=down)
                assert [one.id for one in found] == [one.id for one in ordered][:200], (name, down, folder)


async def test_orders_may_be_mixed(core: Core, faxes: list[Fax], office_id: int) -> None:
    there = sorted((one for one in faxes if one.folder == "inbound"), key=lambda one: (one.created_at, one.id))
    there.sort(key=lambda one: one.subject.lower(), reverse=True)
    order = [("subject", True), ("created_at", False)]
    found = await core.faxes.page(office_id, "inbound", sort=order, page=1, per_page=100)
    assert found.items == there[:100]
    with pytest.raises(Invalid):
        await core.faxes.page(office_id, "inbound", sort=[("own_number; DROP TABLE", True)], page=1, per_page=1)


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("payment", lambda one: "payment" in one.subject.lower()),
        ("PAY det", lambda one: "payment" in one.subject.lower()),
        ("alice", lambda one: own(one)[1].lower() == "alice"),
        ("carol stat", lambda one: party(one)[1] == "Carol Doe" and one.subject == "Status Update"),
        ("zoë", lambda one: own(one)[1] == "Zoë"),
        ("acme.example", lambda one: "acme" in one.subject),
        ("mail", lambda one: "mail" in one.subject),
        ("(310) 555-0100", lambda one: party(one)[0] == "+13105550100"),
        ("+1 310 555", lambda one: party(one)[0].startswith("+1310555")),
        ("442079", lambda one: party(one)[0] == "+442079460000"),
        ("ayment", lambda one: False),
        ("'); DROP TABLE faxes; --", lambda one: False),
        ("!!!", lambda one: False),
        ("x" * 3000, lambda one: False),
        ("\U0001d518" * 600 + " é" * 900, lambda one: False),
        ("company", lambda one: False),
        ("a & !b | c:*", lambda one: False),
    ],
)
async def test_searches_find_beginnings_of_words(
    core: Core, faxes: list[Fax], office_id: int, text: str, test: Any
) -> None:
    for folder in FOLDERS:
        expected = {one.id for one in faxes if one.folder == folder and test(one)}
        found = await core.faxes.page(office_id, folder, wanted=FaxFilter(search=text), page=1, per_page=400)
        assert ({one.id for one in found.items}, found.total) == (expected, len(expected)), folder


MANY = """
INSERT INTO faxes (company_id, direction, state, own_number, own_name, party_number, party_name, subject, is_read,
    file_id, file, preview_id, pages, created_at)
SELECT $1, 'inbound', 'received', '+1205272601' || n % 3, 'Own ' || n % 3, '+13105550100', 'Bob',
    'common ' || CASE n % 500 WHEN 7 THEN 'rare' ELSE 'other' END || CASE WHEN n % 2 = 0 THEN ' even' ELSE '' END,
    n > 1500, 1, '{"id": 1, "name": "a.pdf", "mimetype": "application/pdf", "size": 5}', 2, n % 9,
    $2::timestamptz - n % 700 * interval '1 hour'
FROM generate_series(1, 3000) AS n
"""
PAIRS = [
    ("pages", "created_at"),
    ("pages", "id"),
    ("pages", "is_read"),
    ("is_read", "created_at"),
    ("is_read", "subject"),
    ("own_number", "own_name"),
    ("own_name", "pages"),
    ("state", "pages"),
]


@pytest.fixture
async def many(core: Core, office: Office) -> list[Fax]:
    """More than are looked at for a page in an order that no index has; numbers and names go together."""
    await core.database.execute(MANY, office.company_id, NOON)
    await core.database.execute("ANALYZE faxes")
    rows = await core.database.fetch("SELECT fax_json(f)::text FROM faxes f WHERE company_id = $1", office.company_id)
    return [decoded(row[0]) for row in rows]


@pytest.mark.parametrize("down", [(False, True), (True, False), (True, True)])
async def test_orders_of_two_fields_among_many(
    core: Core, many: list[Fax], office_id: int, down: tuple[bool, bool]
) -> None:
    for pair in PAIRS:
        order = list(zip(pair, down, strict=True))
        for wanted in (FaxFilter(), FaxFilter(is_read=True, since=NOON - timedelta(hours=9))):
            expected = [one for one in many if matches(one, wanted)]
            for name, descending in reversed([*order, ("created_at", down[1]), ("id", down[1])]):
                expected.sort(key=KEYS[name], reverse=descending)
            for page, per_page in ((1, 20), (4, 100), (200, 20)):
                found = await core.faxes.page(
                    office_id, "inbound", wanted=wanted, sort=order, page=page, per_page=per_page
                )
                start = (page - 1) * per_page
                its = [one.id for one in expected[start : start + per_page]]
                assert ([one.id for one in found.items], found.total) == (its, len(expected)), (order, wanted, page)


async def test_common_words_are_found_as_rare_ones_are(core: Core, many: list[Fax], office_id: int) -> None:
    counts = {"common": 3000, "even": 1500, "rare": 6, "common rare": 6, "even rare": 0, "rare 12052726011": 2}
    for text, count in counts.items():
        found = await core.faxes.page(office_id, "inbound", wanted=FaxFilter(search=text), page=1, per_page=100)
        assert (found.total, len(found.items)) == (count, min(count, 100)), text
        assert found.items == sorted(found.items, key=lambda one: (one.created_at, one.id), reverse=True)


async def test_statistics_follow(core: Core, faxes: list[Fax], office_id: int) -> None:
    found = await core.faxes.statistics(office_id)
    counts = [sum(one.folder == folder for one in faxes) for folder in ("inbound", "hidden", "outbound", "scheduled")]
    assert [found.inbound, found.inbound_hidden, found.outbound, found.scheduled] == counts
