"""KNOWN_DIFFERENCES.md 70 to 80: fax."""

from typing import Any

import pytest

from ringmain.core.faxes.transport import InboundFax
from ringmain.dialects.ringplan import ids
from ringmain.documents.fax import to_fax
from ringmain.fax.sandbox import BUSY, NOT_A_FAX
from tests.conditions import eventually
from tests.dialects.ringplan.conftest import Caller, Reply
from tests.differences.conftest import NUMBERS, Place
from tests.documents.papers import paper, saying
from tests.faxes import document_file, fax_number

INBOUND, OUTBOUND, SCHEDULED = (f"/fax/messages/{name}" for name in ("inbound", "outbound", "scheduled"))
LATER = "2100-11-15T09:00:00"
MAILED = "SELECT recipients FROM mails WHERE company_id = $1 ORDER BY id"


class Desk:
    """The company's fax number, and a letter of two pages."""

    def __init__(self, place: Place, number: str, file: str) -> None:
        self.place = place
        self.call = place.acme
        self.number = number
        self.file = file

    async def post(self, path: str, **fields: Any) -> Reply:
        body = {"file": {"id": self.file}, "from": self.number[2:], "to": "8584375000"}
        return await self.call("POST", path, json=body | fields)

    async def send(self, path: str = OUTBOUND, **fields: Any) -> Any:
        reply = await self.post(path, **fields)
        assert reply.status == 201, reply.body
        return reply.json()

    async def reaches(self, fax: Any, status: str) -> Any:
        """The fax, once it is outbound and has this status."""

        async def look() -> Any:
            shown = {one["id"]: one for one in (await self.call("GET", OUTBOUND)).json()}
            return shown[fax["id"]] if shown.get(fax["id"], {}).get("status") == status else None

        return await eventually(look)

    async def receive(self, **fields: Any) -> str:
        tiff = (await to_fax(paper(saying("Hello")), "application/pdf")).tiff
        given = {"recipient": self.number, "tiff": tiff, "sender": "+13215551234"} | fields
        return ids.encode((await self.place.core.faxes.receive(InboundFax(**given))).id)

    async def mailed(self) -> list[list[str]]:
        rows = await self.place.core.database.fetch(MAILED, self.call.office.company_id)
        return [row["recipients"] for row in rows]


@pytest.fixture
async def desk(place: Place) -> Desk:
    company_id, number = place.acme.office.company_id, f"+1205272{next(NUMBERS)}"
    await fax_number(place.core, company_id, number, "owner@number.example")
    return Desk(place, number, ids.encode(await document_file(place.core, company_id)))


async def listed(caller: Caller, path: str) -> list[str]:
    reply = await caller("GET", path)
    assert reply.status == 200, reply.body
    return [one["id"] for one in reply.json()]


async def test_70_every_destination_gets_every_fax(acme: Caller, desk: Desk) -> None:
    for emails in (["a@b.example", "c@d.example"], ["e@f.example"]):
        assert (await acme("POST", "/fax/destinations", json={"emails": emails})).status == 201
    same = await acme("POST", "/fax/destinations", json={"emails": "C@d.example, a@b.example"})
    assert (same.status, same.json()["reprname"]) == (200, "a@b.example, c@d.example")
    await desk.receive()
    groups = sorted(await desk.mailed())
    assert groups == [["a@b.example", "c@d.example"], ["e@f.example"], ["owner@number.example"]]


async def test_71_emails_are_told_what_became_of_it(desk: Desk) -> None:
    for emails in ("a@b.example, c@d.example", ["a@b.example", "c@d.example"]):
        await desk.reaches(await desk.send(emails=emails), "sent")

    async def told() -> bool:
        return await desk.mailed() == [["a@b.example", "c@d.example"]] * 2

    await eventually(told)


async def test_72_a_fax_has_a_status_and_more(desk: Desk) -> None:
    made = await desk.send()
    ours = {"status", "send_at", "attempts", "error_code", "error_text", "hidden", "pages_done"}
    assert ours <= set(made)
    assert made["status"] in ("queued", "sending", "sent")
    assert "preview_id" in made["file"]
    failed = await desk.reaches(await desk.send(to=NOT_A_FAX), "failed")
    assert (failed["error_code"], failed["attempts"], failed["pages_done"]) == ("not_a_fax", 1, 0)
    assert failed["error_text"]


async def test_73_documents_are_read_when_faxes_are_accepted(desk: Desk) -> None:
    made = await desk.send(SCHEDULED, send_at=LATER)
    assert (made["pages"], made["file"]["internal_id"]) == (2, ids.decode(made["file"]["id"], "file"))
    company_id = desk.call.office.company_id
    broken = await document_file(desk.place.core, company_id, b"%PDF-1.7 nonsense")
    detail = (await desk.post(OUTBOUND, file={"id": ids.encode(broken)})).problem(400)
    assert "file" in detail
    (await desk.post(OUTBOUND, file={"id": "0" * 24})).problem(400)


async def test_74_from_is_a_fax_number_of_ones_own(acme: Caller, desk: Desk) -> None:
    (await desk.post(OUTBOUND, **{"from": acme.office.number})).problem(400)
    (await desk.post(OUTBOUND, **{"from": "2052720000"})).problem(400)
    assert (await desk.send(**{"from": desk.number}))["from"] == desk.number[2:]
    assert (await acme("GET", "/fax/numbers")).json() == [desk.number[2:]]


async def test_75_a_time_that_has_passed_means_now(desk: Desk) -> None:
    made = await desk.send(SCHEDULED, send_at="2021-11-15T09:00:00")
    assert made["status"] == "scheduled"
    await desk.reaches(made, "sent")
    (await desk.post(SCHEDULED)).problem(400)


async def test_76_scheduled_faxes_become_outbound_ones(acme: Caller, desk: Desk) -> None:
    made = await desk.send(SCHEDULED, send_at=LATER)
    path = f"{SCHEDULED}/{made['id']}"
    assert (await listed(acme, OUTBOUND), await listed(acme, SCHEDULED)) == ([], [made["id"]])
    statistics = {"inbound": 0, "inbound_hidden": 0, "outbound": 0}
    assert (await acme("GET", "/fax/statistics")).json() == statistics
    (await acme("PUT", f"{OUTBOUND}/{made['id']}", json={})).problem(404)
    assert (await acme("PUT", path, json={"send_at": "2021-11-15"})).status == 200
    await desk.reaches(made, "sent")
    assert (await acme("GET", "/fax/statistics")).json() == statistics | {"outbound": 1}
    assert await listed(acme, SCHEDULED) == []
    for method in ("PUT", "DELETE"):
        (await acme(method, path, json={})).problem(404)


async def test_77_failed_faxes_wait_to_be_sent_again(acme: Caller, desk: Desk) -> None:
    sent = await desk.reaches(await desk.send(), "sent")
    for method, path in (("PUT", ""), ("POST", "/retry")):
        (await acme(method, f"{OUTBOUND}/{sent['id']}{path}", json={})).problem(406)
    failed = await desk.reaches(await desk.send(to=NOT_A_FAX), "failed")
    changed = await acme("PUT", f"{OUTBOUND}/{failed['id']}", json={"to": "8584375001"})
    assert (changed.status, changed.json()["status"], changed.json()["attempts"]) == (200, "failed", 1)
    again = await acme("POST", f"{OUTBOUND}/{failed['id']}/retry")
    assert (again.status, again.json()["id"], again.json()["error_code"]) == (202, failed["id"], None)
    assert (await desk.reaches(failed, "sent"))["attempts"] == 2
    busy = await desk.reaches(await desk.send(to=BUSY), "failed")
    assert (busy["error_code"], busy["attempts"]) == ("busy", 3)


async def test_78_what_of_an_inbound_fax_can_be_changed(acme: Caller, desk: Desk) -> None:
    fax = await desk.receive()
    body = {"to_name": "Alice", "is_read": True, "from": "2125550000", "to": "x", "pages": 99, "file": None}
    changed = (await acme("PATCH", f"{INBOUND}/{fax}", json=body)).json()
    assert (changed["to_name"], changed["is_read"], changed["from"], changed["pages"]) == (
        *("Alice", True),
        *("3215551234", 1),
    )
    assert (await acme("PATCH", f"{INBOUND}/{fax}", json={"hidden": True})).json()["hidden"] is True
    assert (await listed(acme, INBOUND), await listed(acme, f"{INBOUND}?hidden=true")) == ([], [fax])
    assert (await acme("GET", "/fax/statistics")).json()["inbound_hidden"] == 1


async def test_79_filters_and_orders_of_fax_lists(acme: Caller, desk: Desk) -> None:
    named = await desk.receive(sender_name="Alyssa", subject="Payment Details")
    withheld = await desk.receive(sender="")
    for query, found in {
        "name=ALYSSA": [named],
        "name=Alys": [],
        "subject=payment%20details": [named],
        "search=pay": [named],
        "search=ayment": [],
        "number=(321)%20555-1234": [named],
        "undefined=true": [withheld],
        "undefined=false": [named],
        "start_date=2021-11-01T18:00:00&end_date=2021-06-01T09:00:00": [],
        "sort=created_at": [named, withheld],
        "sort=-subject": [named, withheld],
        "": [withheld, named],
    }.items():
        assert await listed(acme, f"{INBOUND}?{query}") == found, query
    assert (await acme("GET", INBOUND)).json()[0]["from"] == ""
    for query in ("sort=colour", "number=nobody", "undefined=maybe", "start_date=soon", "page=0"):
        (await acme("GET", f"{INBOUND}?{query}")).problem(400)


async def test_80_everybody_faxes(place: Place, desk: Desk) -> None:
    person = await place.core.people.create(place.acme.office.company_id, email="sam@acme.example")
    sam: dict[str, str | None] = {"X-User-Id": ids.encode(person.id)}
    fax = await desk.receive()
    (shown,) = (await place.acme("GET", INBOUND, headers=sam)).json()
    assert shown["id"] == fax
    body = {"file": {"id": desk.file}, "from": desk.number, "to": "8584375000", "send_at": LATER}
    made = await place.acme("POST", SCHEDULED, json=body, headers=sam)
    assert made.status == 201
    assert (await place.acme("DELETE", f"{SCHEDULED}/{made.json()['id']}")).status == 204
