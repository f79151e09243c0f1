"""Fax: rows 36 to 50 of specs/ringplan.md and its ambiguities of section 6."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.core.faxes.model import Fax
from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.faxes.transport import InboundFax
from ringmain.dialects.ringplan import ids
from ringmain.documents.fax import to_fax
from ringmain.fax import sandbox
from ringmain.fax.dispatch import FaxDispatcher
from ringmain.fax.sandbox import FaxSandbox
from tests.conditions import eventually
from tests.dialects.ringplan.conftest import Caller, World, counts
from tests.documents.papers import paper, saying
from tests.faxes import FAX_NUMBER, document_file, fax_number

INBOUND, OUTBOUND, SCHEDULED = (f"/fax/messages/{name}" for name in ("inbound", "outbound", "scheduled"))
NOBODY: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}
FIELDS = {
    "id", "company", "created_at", "file", "from", "from_name", "is_read", "pages", "subject", "to", "to_name",
    "send_at", "status", "attempts", "error_code", "error_text", "hidden", "pages_done",
}  # fmt: skip
UNKNOWN = ("a8f3260b07657b92121973fc", "79951a6-4f51-5019-a897-0e7624828abf", "0" * 24, "x")
LATER = "2100-11-15T09:00:00"
Come = Callable[..., Awaitable[Fax]]


class Desk:
    """Acme's fax number and an uploaded letter of two pages."""

    def __init__(self, world: World, file: str) -> None:
        self.world = world
        self.call = world.acme
        self.file = file

    def body(self, **fields: Any) -> dict[str, Any]:
        """The reference's own example."""
        return {
            "emails": "bob@example.com",
            "file": {"id": self.file},
            "from": "2052726012",
            "from_name": "Alice",
            "subject": "Update my contact details",
            "to": "8584375000",
            "to_name": "Bob",
        } | fields

    async def send(self, **fields: Any) -> Any:
        reply = await self.call("POST", OUTBOUND, json=self.body(**fields))
        assert reply.status == 201, reply.body
        return reply.json()

    async def schedule(self, **fields: Any) -> Any:
        reply = await self.call("POST", SCHEDULED, json=self.body(**({"send_at": LATER} | fields)))
        assert reply.status == 201, reply.body
        return reply.json()

    async def set_state(self, fax: Any, state: str) -> None:
        statement = "UPDATE faxes SET state = $1, due_at = NULL, error_code = 'busy' WHERE id = $2"
        await self.world.core.database.execute(statement, state, ids.decode(fax["id"], "fax"))


@pytest.fixture
async def desk(world: World) -> Desk:
    await fax_number(world.core, world.acme.office.company_id)
    return Desk(world, ids.encode(await document_file(world.core, world.acme.office.company_id)))


@pytest.fixture
async def come(desk: Desk) -> Come:
    """Let a fax come in for Acme."""
    tiff = (await to_fax(paper(saying("Hello")), "application/pdf")).tiff

    async def receive(**fields: Any) -> Fax:
        given = {"recipient": FAX_NUMBER, "tiff": tiff, "sender": "+13215551234"} | fields
        return await desk.world.core.faxes.receive(InboundFax(**given))

    return receive


@pytest.fixture
async def sending(world: World) -> FaxDispatcher:
    """A node that sends; to be started and stopped by the test."""
    queue = FaxQueue(world.core.database, world.core.wakeups, world.core.mails)
    transport = FaxSandbox(world.core.faxes, page_seconds=0.01, retry_seconds=0)
    return FaxDispatcher(queue, world.core.wakeups, world.core.files, transport)


async def listed(caller: Caller, path: str, query: str = "") -> list[str]:
    reply = await caller("GET", f"{path}?{query}")
    assert reply.status == 200, reply.body
    assert reply.headers["X-Pagination-Total-Count"] == str(len(reply.json()))
    return [one["id"] for one in reply.json()]


async def test_row_36_destinations(acme: Caller, globex: Caller) -> None:
    made = await acme("POST", "/fax/destinations", json={"emails": ["user1@company.org", "user2@company.org"]})
    assert made.status == 201
    assert made.json() == {
        "id": made.json()["id"],
        "company": acme.company,
        "emails": ["user1@company.org", "user2@company.org"],
        "reprname": "user1@company.org, user2@company.org",
    }
    for emails in (["user2@company.org", "USER1@company.org"], "user1@company.org, user2@company.org"):
        again = await acme("POST", "/fax/destinations/", json={"emails": emails})
        assert (again.status, again.json()) == (200, made.json())
    assert (await globex("POST", "/fax/destinations", json={"emails": ["user1@company.org"]})).status == 201
    body: object
    for body in ({}, {"emails": []}, {"emails": ""}, {"emails": [1]}, {"emails": "x"}, {"emails": None}, [], "a@b.c"):
        (await acme("POST", "/fax/destinations", json=body)).problem(400)


async def test_rows_37_and_50_the_fax_message_object(acme: Caller, desk: Desk, come: Come) -> None:
    made = await come(sender_name="Bob", subject="Test", received_at=datetime(2019, 6, 13, 14, 46, 24, 834000, UTC))
    (shown,) = (await acme("GET", f"{INBOUND}/")).json()
    assert set(shown) == FIELDS
    assert (shown["id"], shown["company"], shown["created_at"]) == (
        *(ids.encode(made.id), acme.company, "2019-06-13T14:46:24.834000Z"),
    )
    file = {"id": ids.encode(made.file.id), "internal_id": made.file.id, "preview_id": ids.encode(made.preview_id)}
    assert shown["file"] == file
    assert (shown["from"], shown["from_name"], shown["to"], shown["to_name"]) == ("3215551234", "Bob", "2052726012", "")
    assert (shown["is_read"], shown["pages"], shown["subject"], shown["status"]) == (False, 1, "Test", "received")
    assert (await acme("GET", "/fax/numbers")).json() == ["2052726012"]
    reply = await acme("POST", f"/conversion/files/{file['preview_id']}/representation", json={})
    assert reply.json()["original"]["preview"]["base64"].startswith("data:image/png;base64,")


async def test_the_preview_of_a_fax_is_its_first_page(acme: Caller, globex: Caller, desk: Desk, come: Come) -> None:
    """Web clients put it into an `img`, which shows no PDF; the file itself stays what it is."""
    came = await come()
    for fax in (ids.encode(came.file.id), (await desk.send())["file"]["id"]):
        path = f"/conversion/files/{fax}/representation"
        original = (await acme("POST", path, json={})).json()["original"]
        assert (original["id"], original["mimetype"]) == (fax, "application/pdf")
        assert original["preview"]["mimetype"] == "image/png"
        assert original["preview"]["base64"].startswith("data:image/png;base64,")
        (await globex("POST", path, json={})).problem(404)
    assert (await acme("DELETE", f"{INBOUND}/{ids.encode(came.id)}")).status == 204
    (await acme("POST", f"/conversion/files/{ids.encode(came.file.id)}/representation", json={})).problem(404)


async def test_row_37_filters_of_inbound_faxes(acme: Caller, come: Come) -> None:
    names = {
        ids.encode((await come(received_at=datetime(2021, 6, day, 9, tzinfo=UTC), **fields)).id): name
        for name, day, fields in (
            ("a", 1, {"sender_name": "Alyssa", "subject": "Payment Details"}),
            ("b", 2, {"sender_name": "ALYSSA", "subject": "Other", "sender": "+442079460000"}),
            ("c", 3, {"sender_name": "", "subject": "Payment details"}),
            ("d", 4, {"sender": "", "sender_name": "Alyssa", "subject": "x"}),
        )
    }
    read = next(one for one, name in names.items() if name == "b")
    assert (await acme("PATCH", f"{INBOUND}/{read}", json={"is_read": True})).status == 200
    for query, found in {
        "": "dcba",
        "name=alyssa": "dba",
        "subject=PAYMENT+DETAILS": "ca",
        "name=Alyssa&subject=Payment%20Details": "a",
        "number=3215551234": "ca",
        "number=%2B13215551234": "ca",
        "number=%2B44+20+7946+0000": "b",
        "number=2125550000": "",
        "is_read=true": "b",
        "is_read=false": "dca",
        "is_read=1": "b",
        "undefined=true": "dc",
        "undefined=false": "ba",
        "undefined=": "dcba",
        "undefined=true&is_read=true": "",
        "search=pay": "ca",
        "search=alyssa+other": "b",
        "search=321555": "ca",
        "search=": "dcba",
        "start_date=2021-06-02": "dcb",
        "end_date=2021-06-02": "ba",
        "start_date=2021-06-02&end_date=2021-06-03T08:59:59": "b",
        "start_date=2021-06-02T11:00:00%2B0200&end_date=2021-06-03T09:00:00Z": "cb",
        "nonsense=1": "dcba",
    }.items():
        assert "".join(names[one] for one in await listed(acme, INBOUND, query)) == found, query


async def test_ambiguity_15_dates_that_cross_find_nothing(acme: Caller, come: Come) -> None:
    await come(received_at=datetime(2021, 8, 1, tzinfo=UTC))
    crossed = "start_date=2021-11-01T18:00:00&end_date=2021-06-01T09:00:00"
    for path in (INBOUND, OUTBOUND, SCHEDULED):
        assert await listed(acme, path, crossed) == []


@pytest.mark.parametrize("path", [INBOUND, OUTBOUND, SCHEDULED])
async def test_rows_37_40_45_what_cannot_be_read_is_400(acme: Caller, path: str) -> None:
    for query in (
        "page=0", "per_page=x", "start_date=yesterday", "end_date=2021-13-01", "number=abc", "number=911",
        "sort=nonsense", "sort=created_at,--id", "search=%00", "name=%00", "number=%2B1(555", "start_date=%00",
    ):  # fmt: skip
        (await acme("GET", f"{path}?{query}")).problem(400)
    flags = ("is_read=maybe", "undefined=2", "hidden=x")
    for query in flags:
        reply = await acme("GET", f"{path}?{query}")
        assert reply.status == (400 if path == INBOUND else 200)


async def test_rows_37_40_45_pages(acme: Caller, desk: Desk, come: Come) -> None:
    made = {
        INBOUND: [ids.encode((await come()).id) for _ in range(3)],
        OUTBOUND: [(await desk.send())["id"] for _ in range(3)],
        SCHEDULED: [(await desk.schedule())["id"] for _ in range(3)],
    }
    for path, known in made.items():
        reply = await acme("GET", f"{path}?page=2&per_page=2")
        assert [one["id"] for one in reply.json()] == [known[0]]
        names = ("Total-Count", "Page-Count", "Current-Page", "Per-Page")
        assert [reply.headers[f"X-Pagination-{name}"] for name in names] == ["3", "2", "2", "2"]
        beyond = await acme("GET", f"{path}?page=9")
        assert (beyond.status, beyond.json()) == (200, [])
        assert await listed(acme, path) == known[::-1]


async def test_ambiguity_16_sorting(acme: Caller, desk: Desk, come: Come) -> None:
    one = (await desk.send(to="2125550003", to_name="b", subject="B"))["id"]
    two = (await desk.send(to="2125550002", to_name="A", subject="a"))["id"]
    three = (await desk.send(to="2125550001", to_name="c", subject="B"))["id"]
    for query, expected in {
        "": [three, two, one],
        "sort=created_at": [one, two, three],
        "sort=-created_at": [three, two, one],
        "sort=to": [three, two, one],
        "sort=to_name": [two, one, three],
        "sort=subject,created_at": [two, one, three],
        "sort=subject&sort=-created_at": [two, three, one],
        "sort[]=-subject&sort[]=created_at": [one, three, two],
        "sort=status,from,from_name,is_read,pages,send_at,id": [one, two, three],
    }.items():
        assert await listed(acme, OUTBOUND, query) == expected, query
    first, second = ids.encode((await come(sender_name="Z")).id), ids.encode((await come(sender_name="y")).id)
    assert await listed(acme, INBOUND, "sort=from_name") == [second, first]
    assert await listed(acme, INBOUND, "sort=to,from,-created_at") == [second, first]


async def test_row_38_delete_an_inbound_fax(acme: Caller, globex: Caller, desk: Desk, come: Come) -> None:
    made, sent = ids.encode((await come()).id), (await desk.send())["id"]
    (await globex("DELETE", f"{INBOUND}/{made}")).problem(404)
    (await acme("DELETE", f"{OUTBOUND}/{made}")).problem(404)
    reply = await acme("DELETE", f"{INBOUND}/{made}")
    assert (reply.status, reply.body) == (204, b"")
    assert await listed(acme, INBOUND) == []
    for gone in (made, sent, *UNKNOWN):
        (await acme("DELETE", f"{INBOUND}/{gone}")).problem(404)
    assert await listed(acme, OUTBOUND) == [sent]


async def test_row_39_update_an_inbound_fax(acme: Caller, globex: Caller, desk: Desk, come: Come) -> None:
    made = ids.encode((await come(sender_name="Bob")).id)
    path = f"{INBOUND}/{made}"
    reply = await acme("PATCH", path, json={"to_name": "Alice"})
    assert (reply.status, reply.json()["to_name"], reply.json()["from_name"]) == (200, "Alice", "Bob")
    whole = reply.json() | {"is_read": True, "subject": "Bill", "pages": 99, "from": "x", "to": None, "company": 5}
    changed = (await acme("PATCH", path, json=whole)).json()
    assert changed == reply.json() | {"is_read": True, "subject": "Bill"}
    assert (await acme("GET", INBOUND)).json() == [changed]
    assert (await acme("PATCH", path, json={"is_read": False, "from_name": None})).json()["from_name"] == ""
    refused: list[object] = [{"is_read": "yes"}, {"is_read": None}, {"subject": 5}, {"to_name": "x" * 201}, [], 5]
    for body in refused:
        (await acme("PATCH", path, json=body)).problem(400)
    (await globex("PATCH", path, json={"is_read": True})).problem(404)
    for unknown in ((await desk.send())["id"], *UNKNOWN):
        (await acme("PATCH", f"{INBOUND}/{unknown}", json={"is_read": True})).problem(404)


async def test_row_40_filters_of_outbound_faxes(acme: Caller, desk: Desk) -> None:
    one = (await desk.send(to_name="Bob", subject="Status Update", to="3215551234"))["id"]
    two = (await desk.send(to_name="Carol", subject="Status update", to="+442079460000"))["id"]
    await desk.schedule(to_name="Bob")
    for query, expected in {
        "": [two, one],
        "name=bob&subject=Status%20Update": [one],
        "number=3215551234": [one],
        "number=%2B442079460000": [two],
        "search=stat+car": [two],
        "search=alice": [two, one],
        "name=alice": [],
        "is_read=false&undefined=true": [two, one],  # not filters of this list
        "end_date=2021-06-01": [],
    }.items():
        assert await listed(acme, OUTBOUND, query) == expected, query


async def test_row_41_send_a_fax(acme: Caller, desk: Desk) -> None:
    made = await desk.send()
    assert set(made) == FIELDS
    assert made["file"]["id"] == desk.file
    assert made["file"]["internal_id"] == ids.decode(desk.file, "file")
    assert (made["from"], made["from_name"], made["to"], made["to_name"]) == (
        "2052726012",
        "Alice",
        "8584375000",
        "Bob",
    )
    assert (made["subject"], made["pages"], made["send_at"]) == ("Update my contact details", 2, None)
    assert (made["status"], made["attempts"], made["error_code"]) == ("queued", 0, None)
    assert made["created_at"].endswith("Z")
    assert (await acme("GET", OUTBOUND)).json() == [made]
    bare = await acme("POST", OUTBOUND, json={"file": {"id": desk.file}, "from": "+12052726012", "to": "+442079460000"})
    assert (bare.status, bare.json()["to"], bare.json()["subject"]) == (201, "+442079460000", "")


async def test_row_41_what_cannot_be_sent(acme: Caller, globex: Caller, desk: Desk, world: World) -> None:
    company_id = acme.office.company_id
    foreign = ids.encode(await document_file(world.core, globex.office.company_id))
    broken = ids.encode(await document_file(world.core, company_id, b"%PDF-1.7 nonsense"))
    recording = ids.encode(await document_file(world.core, company_id, b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"))
    empty = (await acme("POST", "/files", json={"name": "x"})).json()["id"]
    before = await counts(world.core.database)
    details = set()
    for file in (foreign, empty, ids.encode(8192), *UNKNOWN):
        details.add((await acme("POST", OUTBOUND, json=desk.body(file={"id": file}))).problem(400))
    assert len(details) == 1
    wrong: list[dict[str, Any]] = [
        {"file": {"id": broken}}, {"file": {"id": recording}}, {"file": None}, {"file": desk.file}, {"file": {}},
        {"from": "2025550123"}, {"from": "2125550000"}, {"from": ""}, {"from": None}, {"from": 5},
        {"to": "911"}, {"to": "abc"}, {"to": ""}, {"to": None}, {"to": 8584375000}, {"to": "8584375000 ext. 5"},
        {"emails": "nonsense"}, {"emails": ["a@b.example", 5]}, {"emails": {"a": 1}}, {"emails": ["a\nb@c.example"]},
        {"subject": "x" * 501}, {"subject": 5}, {"to_name": "x" * 201}, {"from_name": ["x"]},
    ]  # fmt: skip
    for fields in wrong:
        (await acme("POST", OUTBOUND, json=desk.body(**fields))).problem(400)
    for missing in ("file", "from", "to"):
        body = desk.body()
        del body[missing]
        (await acme("POST", OUTBOUND, json=body)).problem(400)
    assert await counts(world.core.database) == before
    assert "file" in (await acme("POST", OUTBOUND, json=desk.body(file={"id": broken}))).problem(400)


@pytest.mark.parametrize(
    ("emails", "kept"),
    [
        ("bob@example.com", ["bob@example.com"]),
        ("bob@example.com, carol@example.com,", ["bob@example.com", "carol@example.com"]),
        (["bob@example.com", "BOB@example.com"], ["bob@example.com"]),
        ([], []),
        ("", []),
        (None, []),
    ],
)
async def test_ambiguity_23_emails_are_a_text_or_a_list(desk: Desk, world: World, emails: Any, kept: Any) -> None:
    await desk.send(emails=emails)
    assert await world.core.database.fetchval("SELECT emails FROM faxes") == kept


async def test_row_42_and_ambiguity_28_delete_an_outbound_fax(
    acme: Caller, globex: Caller, desk: Desk, come: Come, world: World
) -> None:
    made, received, later = (await desk.send())["id"], ids.encode((await come()).id), (await desk.schedule())["id"]
    on_the_line = await desk.send()
    (await globex("DELETE", f"{OUTBOUND}/{made}")).problem(404)
    await desk.set_state(on_the_line, "sending")
    for one in (made, on_the_line["id"]):
        reply = await acme("DELETE", f"{OUTBOUND}/{one}")
        assert (reply.status, reply.body) == (204, b"")
    for gone in (made, received, later, *UNKNOWN):
        (await acme("DELETE", f"{OUTBOUND}/{gone}")).problem(404)
    assert await world.core.database.fetchval("SELECT count(*) FROM faxes WHERE due_at <= now()") == 0


async def test_row_43_and_ambiguity_24_only_failed_faxes_are_updated(acme: Caller, globex: Caller, desk: Desk) -> None:
    made = await desk.send()
    path = f"{OUTBOUND}/{made['id']}"
    for state in ("queued", "sending", "sent"):
        await desk.set_state(made, state)
        (await acme("PUT", path, json={"to": "8584375001"})).problem(406)
    await desk.set_state(made, "failed")
    (await globex("PUT", path, json={"to": "8584375001"})).problem(404)
    reply = await acme("PUT", path, json={"to": "8584375001"})
    assert (reply.status, reply.json()["to"], reply.json()["to_name"]) == (200, "8584375001", "Bob")
    whole = reply.json() | {
        "subject": None,
        "emails": ["c@d.example"],
        "send_at": "nonsense",
        "pages": 99,
        "is_read": 5,
    }
    changed = await acme("PUT", path, json=whole)
    assert changed.json() == reply.json() | {"subject": ""}
    assert changed.json()["status"] == "failed"
    body: object
    for body in ({"to": "x"}, {"from": "2025550123"}, {"file": {"id": "x"}}, {"file": {"id": ids.encode(8192)}}, [], 5):
        (await acme("PUT", path, json=body)).problem(400)
    for unknown in ((await desk.schedule())["id"], *UNKNOWN):
        (await acme("PUT", f"{OUTBOUND}/{unknown}", json={"to": "8584375001"})).problem(404)


async def test_row_44_and_ambiguity_24_only_failed_faxes_are_retried(
    acme: Caller, globex: Caller, desk: Desk, come: Come
) -> None:
    made = await desk.send()
    path = f"{OUTBOUND}/{made['id']}/retry"
    for state in ("queued", "sending", "sent"):
        await desk.set_state(made, state)
        (await acme("POST", path)).problem(406)
    await desk.set_state(made, "failed")
    (await globex("POST", path)).problem(404)
    reply = await acme("POST", path)
    assert (reply.status, reply.json()["id"], reply.json()["status"]) == (202, made["id"], "queued")
    assert reply.json()["error_code"] is None
    (await acme("POST", path)).problem(406)
    for unknown in ((await desk.schedule())["id"], ids.encode((await come()).id), *UNKNOWN):
        (await acme("POST", f"{OUTBOUND}/{unknown}/retry")).problem(404)


async def test_row_44_from_failure_to_success(acme: Caller, desk: Desk, sending: FaxDispatcher) -> None:
    await sending.start()

    async def reaches(fax: str, status: str) -> Any:
        async def look() -> Any:
            shown = {one["id"]: one for one in (await acme("GET", OUTBOUND)).json()}[fax]
            return shown if shown["status"] == status else None

        return await eventually(look)

    made = await desk.send(to=f"{sandbox.FAILS_AT}2")
    failed = await reaches(made["id"], "failed")
    assert (failed["error_code"], failed["pages_done"], failed["attempts"]) == ("disconnected", 1, 3)
    assert failed["error_text"] == "the line broke at page 2"
    assert (await acme("PUT", f"{OUTBOUND}/{made['id']}", json={"to": "8584375000"})).status == 200
    assert (await acme("POST", f"{OUTBOUND}/{made['id']}/retry")).status == 202
    sent = await reaches(made["id"], "sent")
    assert (sent["error_code"], sent["pages_done"], sent["attempts"]) == (None, 2, 4)
    await sending.stop()


async def test_row_45_scheduled_faxes(acme: Caller, desk: Desk, world: World) -> None:
    one = (await desk.schedule(to="3215551234"))["id"]
    two = (await desk.schedule(to_name="Carol", send_at="2099-01-01"))["id"]
    await world.core.database.execute(
        "UPDATE faxes SET created_at = '2021-05-01' WHERE id = $1", ids.decode(one, "fax")
    )
    for query, expected in {
        "": [two, one],
        "number=3215551234&end_date=2021-06-01T09:00:00": [one],
        "number=3215551234&start_date=2021-06-01T09:00:00": [],
        "name=carol": [two],
        "sort=send_at": [two, one],
        "search=upd": [two, one],
    }.items():
        assert await listed(acme, SCHEDULED, query) == expected, query
    assert await listed(acme, OUTBOUND) == []


async def test_row_46_and_ambiguity_14_schedule_a_fax(acme: Caller, desk: Desk) -> None:
    for send_at, shown in {
        LATER: "2100-11-15T09:00:00.000000Z",
        "2100-11-15T09:00:00+0200": "2100-11-15T07:00:00.000000Z",
        "2100-11-15T09:00:00.5Z": "2100-11-15T09:00:00.500000Z",
        "2100-11-15": "2100-11-15T00:00:00.000000Z",
        "2021-11-15T09:00:00": "2021-11-15T09:00:00.000000Z",
    }.items():
        made = await desk.schedule(send_at=send_at)
        assert (set(made), made["send_at"], made["status"]) == (FIELDS, shown, "scheduled")
    for wrong in ("", None, "tomorrow", 5, "2100-13-01", "9999-01-01", "1900-01-01"):
        (await acme("POST", SCHEDULED, json=desk.body(send_at=wrong))).problem(400)
    (await acme("POST", SCHEDULED, json=desk.body())).problem(400)
    (await acme("POST", SCHEDULED, json=desk.body(send_at=LATER, to="x"))).problem(400)
    assert len((await acme("GET", SCHEDULED)).json()) == 5


async def test_row_46_a_scheduled_fax_is_sent_at_its_time(acme: Caller, desk: Desk, sending: FaxDispatcher) -> None:
    await sending.start()
    made = await desk.schedule()
    send_at = datetime.now(UTC) + timedelta(seconds=1.5)
    reply = await acme("PUT", f"{SCHEDULED}/{made['id']}", json={"send_at": send_at.isoformat()})
    assert (reply.status, reply.json()["status"]) == (200, "scheduled")

    async def sent() -> bool:
        return [(one["id"], one["status"]) for one in (await acme("GET", OUTBOUND)).json()] == [(made["id"], "sent")]

    await eventually(sent)
    assert datetime.now(UTC) >= send_at
    assert await listed(acme, SCHEDULED) == []
    await sending.stop()


async def test_row_47_cancel_a_scheduled_fax(acme: Caller, globex: Caller, desk: Desk, world: World) -> None:
    made, sent = (await desk.schedule())["id"], (await desk.send())["id"]
    (await globex("DELETE", f"{SCHEDULED}/{made}")).problem(404)
    reply = await acme("DELETE", f"{SCHEDULED}/{made}")
    assert (reply.status, reply.body) == (204, b"")
    for gone in (made, sent, *UNKNOWN):
        (await acme("DELETE", f"{SCHEDULED}/{gone}")).problem(404)
    assert await world.core.database.fetchval("SELECT due_at FROM faxes WHERE deleted_at IS NOT NULL") is None


async def test_row_48_update_a_scheduled_fax(acme: Caller, globex: Caller, desk: Desk, world: World) -> None:
    made = await desk.schedule()
    path = f"{SCHEDULED}/{made['id']}"
    reply = await acme("PUT", path, json={"subject": "Update my contact details (important!)"})
    assert (reply.status, reply.json()) == (200, made | {"subject": "Update my contact details (important!)"})
    longer = await document_file(world.core, acme.office.company_id, paper(*[saying("x")] * 3))
    changed = await acme("PUT", path, json={"file": {"id": ids.encode(longer)}, "send_at": "2099-01-01"})
    assert (changed.json()["pages"], changed.json()["send_at"]) == (3, "2099-01-01T00:00:00.000000Z")
    assert (await acme("PUT", path, json=changed.json())).json() == changed.json()
    body: object
    for body in ({"send_at": ""}, {"send_at": None}, {"send_at": "x"}, {"to": "x"}, {"file": {"id": "x"}}, [], 5):
        (await acme("PUT", path, json=body)).problem(400)
    assert (await acme("GET", SCHEDULED)).json() == [changed.json()]
    (await globex("PUT", path, json={"subject": "x"})).problem(404)
    await desk.set_state(made, "sending")  # its time has come
    for unknown in (made["id"], *UNKNOWN):
        (await acme("PUT", f"{SCHEDULED}/{unknown}", json={"subject": "x"})).problem(404)


async def test_row_49_and_ambiguity_27_statistics(acme: Caller, globex: Caller, desk: Desk, come: Come) -> None:
    hidden = ids.encode((await come()).id)
    await asyncio.gather(come(), come(), desk.send(), desk.schedule())
    reply = await acme("PATCH", f"{INBOUND}/{hidden}", json={"hidden": True})
    assert reply.json()["hidden"] is True
    assert (await acme("GET", "/fax/statistics")).json() == {"inbound": 2, "inbound_hidden": 1, "outbound": 1}
    assert (await globex("GET", "/fax/statistics")).json() == {"inbound": 0, "inbound_hidden": 0, "outbound": 0}
    assert hidden not in await listed(acme, INBOUND)
    assert await listed(acme, INBOUND, "hidden=true") == [hidden]
    assert (await acme("PATCH", f"{INBOUND}/{hidden}", json={"hidden": False})).status == 200
    assert len(await listed(acme, INBOUND)) == 3


async def test_row_50_fax_numbers(acme: Caller, globex: Caller, world: World) -> None:
    assert (await acme("GET", "/fax/numbers")).json() == []
    for number in (FAX_NUMBER, "+442079460000"):
        await fax_number(world.core, acme.office.company_id, number)
    reply = await acme("GET", "/fax/numbers/")
    assert (reply.status, reply.json()) == (200, ["2052726012", "+442079460000"])
    assert (await globex("GET", "/fax/numbers")).json() == []


async def test_ambiguity_25_the_company_is_called_company(acme: Caller, desk: Desk) -> None:
    made = await desk.send()
    destination = (await acme("POST", "/fax/destinations", json={"emails": ["a@b.example"]})).json()
    for shown in (made, destination):
        assert (shown["company"], "company_id" in shown) == (acme.company, False)


async def test_ambiguity_26_undefined_senders(acme: Caller, come: Come) -> None:
    known = ids.encode((await come(sender_name="Bob")).id)
    no_name = ids.encode((await come()).id)
    no_number = ids.encode((await come(sender="", sender_name="Bob")).id)
    assert await listed(acme, INBOUND, "undefined=true") == [no_number, no_name]
    assert await listed(acme, INBOUND, "undefined=false") == [known]
    assert await listed(acme, INBOUND) == [no_number, no_name, known]


async def test_received_faxes_are_told_of_by_mail(acme: Caller, come: Come, world: World) -> None:
    await acme("POST", "/fax/destinations", json={"emails": ["a@b.example"]})
    await come()
    (mail,) = await world.core.mails.page(acme.office.company_id)
    assert mail.recipients == ["a@b.example"]


async def test_every_change_is_an_event_of_this_dialect(acme: Caller, desk: Desk, come: Come, world: World) -> None:
    sent, later, received = await desk.send(), await desk.schedule(), await come()
    await desk.set_state(sent, "failed")
    await acme("PUT", f"{OUTBOUND}/{sent['id']}", json={"subject": "x"})
    await acme("POST", f"{OUTBOUND}/{sent['id']}/retry")
    await acme("PUT", f"{SCHEDULED}/{later['id']}", json={"subject": "x"})
    await acme("PATCH", f"{INBOUND}/{ids.encode(received.id)}", json={"is_read": True})
    for path, one in ((OUTBOUND, sent["id"]), (SCHEDULED, later["id"]), (INBOUND, ids.encode(received.id))):
        assert (await acme("DELETE", f"{path}/{one}")).status == 204
    rows = await world.core.database.fetch("SELECT type, origin FROM events WHERE type LIKE 'fax.%' ORDER BY id")
    assert [(row["type"], row["origin"]) for row in rows] == [
        ("fax.created", "ringplan"), ("fax.created", "ringplan"), ("fax.received", ""), ("fax.updated", "ringplan"),
        ("fax.updated", "ringplan"), ("fax.updated", "ringplan"), ("fax.updated", "ringplan"),
        ("fax.deleted", "ringplan"), ("fax.deleted", "ringplan"), ("fax.deleted", "ringplan"),
    ]  # fmt: skip


async def test_who_may_call(acme: Caller) -> None:
    for method, path in (("GET", INBOUND), ("POST", OUTBOUND), ("GET", "/fax/statistics"), ("GET", "/fax/numbers")):
        (await acme(method, path, headers=NOBODY, json={})).problem(401)
    for method, path in (("PUT", INBOUND), ("PATCH", f"{OUTBOUND}/x"), ("GET", f"{OUTBOUND}/x/retry")):
        (await acme(method, path)).problem(405)
