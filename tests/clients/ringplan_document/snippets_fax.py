"""Voicemail and fax: snippets 35 to 50."""

import base64
from typing import Any, Final

import msgspec

from tests.clients.ringplan_document.client import UNKNOWN, Document
from tests.clients.ringplan_document.objects import Destination, Fax, Voicemail
from tests.recordings import wav

NOT_A_FAX: Final = "+15005550013"
"""The sandbox's person who answers the telephone: the fax fails, and is not tried again (docs/fax.md)."""
OURS: Final = "8584375000"
"""A fax number of the company itself: what is sent to it comes in."""


def a_fax(d: Document, kind: str, **fields: Any) -> dict[str, Any]:
    """A fax that was sent or scheduled, as the document's own."""
    return dict(d.made(f"/fax/messages/{kind}", fax_body(d, **fields)))


def fax_body(d: Document, **fields: Any) -> dict[str, Any]:
    return {
        "emails": "bob@example.com",
        "file": {"id": d.file(b"Update my contact details.\n", "details.txt")["id"]},
        "from": "2052726012",
        "from_name": "Alice",
        "subject": "Update my contact details",
        "to": OURS,
        "to_name": "Bob",
        **fields,
    }


def listed(d: Document, kind: str, **query: Any) -> list[Fax]:
    return d.pages(d.requests.get(d.API_URL + "/fax/messages/" + kind, headers=d.headers, params=query), Fax)


def received(d: Document) -> str:
    """A fax that came in; gives its id."""
    url = d.API_URL + "/fax/messages/inbound"

    def ids() -> set[str]:
        return {one["id"] for one in d.requests.get(url, headers=d.headers, params={"per_page": 100}).json()}

    before = ids()
    a_fax(d, "outbound")
    return d.until(lambda: ids() - before).pop()


def failed(d: Document) -> str:
    """An outbound fax that has failed; gives its id. `status` is ours: the document shows no way to tell."""
    fax_id = str(a_fax(d, "outbound", to=NOT_A_FAX)["id"])
    url = d.API_URL + "/fax/messages/outbound"

    def state() -> bool:
        items = d.requests.get(url, headers=d.headers, params={"number": NOT_A_FAX}).json()
        return any(one["id"] == fax_id and one["status"] == "failed" for one in items)

    assert d.until(state)
    return fax_id


def snippet_35(d: Document) -> None:
    """Get the third page of voicemails from extensions 1001 to 1002."""
    recording = base64.b64encode(wav(0.2)).decode()
    company_id = d.company["company"]["ids"]["ringcentral"]
    for _ in range(3):
        body = {"extension": 1002, "from": "1001", "audio": recording}
        d.operate(f"/companies/{company_id}/voicemails", body)
    query = {"extension_source": 1001, "extension_destination": 1002, "page": 3}
    url = d.API_URL + "/voicemail/messages/"
    assert d.pages(d.requests.get(url, headers=d.headers, params=query), Voicemail, page=3) == []
    query = {**query, "per_page": 1}
    (voicemail,) = d.pages(d.requests.get(url, headers=d.headers, params=query), Voicemail, page=3, per_page=1)
    assert (voicemail.extension_source, voicemail.extension_destination) == (1001, 1002)
    assert voicemail.voicemail_file.duration == 0.2
    d.problem(d.requests.get(url, headers=d.headers, params={"extension_source": "x"}), 400)


def snippet_36(d: Document) -> None:
    """Create new destination."""
    body = {"emails": ["myfax@example.com"]}
    url = d.API_URL + "/fax/destinations"
    made = d.shows(d.requests.post(url, headers=d.headers, json=body), 201, Destination)
    assert d.shows(d.requests.post(url, headers=d.headers, json=body), 200, Destination) == made
    assert (made.emails, made.reprname) == (["myfax@example.com"], "myfax@example.com")


def snippet_37(d: Document) -> None:
    """Get messages from a specific sender with a specific subject between certain dates, which end before they start.

    Faxes that come in have no subject but what somebody gave them."""
    fax_id = received(d)
    query = {
        "name": "Alyssa",
        "subject": "Payment Details",
        "start_date": "2021-11-01T18:00:00",
        "end_date": "2021-06-01T09:00:00",
    }
    assert listed(d, "inbound", **query) == []
    body = {"from_name": "Alyssa", "subject": "Payment Details"}
    d.requests.patch(d.API_URL + "/fax/messages/inbound/" + fax_id, headers=d.headers, json=body)
    query = {"name": "Alyssa", "subject": "Payment Details", "start_date": "2021-06-01T09:00:00"}
    assert fax_id in [fax.id for fax in listed(d, "inbound", **query)]
    bad = {"start_date": "yesterday"}
    d.problem(d.requests.get(d.API_URL + "/fax/messages/inbound", headers=d.headers, params=bad), 400)


def snippet_38(d: Document) -> None:
    """Delete an inbound message."""
    url = d.API_URL + "/fax/messages/inbound/" + received(d)
    d.empty(d.requests.delete(url, headers=d.headers))
    d.problem(d.requests.delete(url, headers=d.headers), 404)


def snippet_39(d: Document) -> None:
    """Partially update an inbound fax message."""
    body = {"to_name": "Alice"}
    url = d.API_URL + "/fax/messages/inbound/"
    fax_message_id = received(d)
    fax = d.shows(d.requests.patch(url + fax_message_id, headers=d.headers, json=body), 200, Fax)
    assert (fax.id, fax.to_name, fax.pages) == (fax_message_id, "Alice", 1)
    d.problem(d.requests.patch(url + fax_message_id, headers=d.headers, json={"is_read": "perhaps"}), 400)
    d.problem(d.requests.patch(url + UNKNOWN, headers=d.headers, json=body), 404)


def snippet_40(d: Document) -> None:
    """Get messages to a specific recipient with a specific subject between dates that end before they start."""
    query = {
        "name": "Bob",
        "subject": "Status Update",
        "start_date": "2021-11-01T18:00:00",
        "end_date": "2021-06-01T09:00:00",
    }
    assert listed(d, "outbound", **query) == []
    fax_id = a_fax(d, "outbound", subject="Status Update")["id"]
    query = {"name": "Bob", "subject": "Status Update", "start_date": "2021-06-01T09:00:00"}
    assert fax_id in [fax.id for fax in listed(d, "outbound", **query)]
    bad = {"page": "first"}
    d.problem(d.requests.get(d.API_URL + "/fax/messages/outbound", headers=d.headers, params=bad), 400)


def snippet_41(d: Document) -> None:
    """Create an outbound message."""
    body, url = fax_body(d), d.API_URL + "/fax/messages/outbound"
    fax = d.shows(d.requests.post(url, headers=d.headers, json=body), 201, Fax)
    assert (fax.from_name, fax.subject, fax.to_name) == ("Alice", "Update my contact details", "Bob")
    assert (fax.sender, fax.to, fax.company, fax.file.id) == ("2052726012", OURS, d.company_id, body["file"]["id"])
    d.problem(d.requests.post(url, headers=d.headers, json={**body, "file": {"id": UNKNOWN}}), 400)


def snippet_42(d: Document) -> None:
    """Delete an outbound message."""
    url = d.API_URL + "/fax/messages/outbound/" + failed(d)
    d.empty(d.requests.delete(url, headers=d.headers))
    d.problem(d.requests.delete(url, headers=d.headers), 404)


def snippet_43(d: Document) -> None:
    """Update an outbound message before it is resent."""
    body = {"to": "8584375001"}
    url = d.API_URL + "/fax/messages/outbound/"
    fax_message_id = failed(d)
    fax = d.shows(d.requests.put(url + fax_message_id, headers=d.headers, json=body), 200, Fax)
    assert (fax.id, fax.to) == (fax_message_id, "8584375001")
    d.problem(d.requests.put(url + fax_message_id, headers=d.headers, json={"to": "nobody"}), 400)
    d.problem(d.requests.put(url + UNKNOWN, headers=d.headers, json=body), 404)
    sent = a_fax(d, "outbound")["id"]
    d.problem(d.requests.put(url + sent, headers=d.headers, json=body), 406)


def snippet_44(d: Document) -> None:
    """Resend outbound message."""
    url = d.API_URL + "/fax/messages/outbound/"
    fax_message_id = failed(d)
    answer = d.requests.post(url + fax_message_id + "/retry", headers=d.headers)
    assert d.shows(answer, 202, Fax).id == fax_message_id
    d.problem(d.requests.post(url + UNKNOWN + "/retry", headers=d.headers), 404)
    sent = a_fax(d, "outbound")["id"]
    d.problem(d.requests.post(url + sent + "/retry", headers=d.headers), 406)


def snippet_45(d: Document) -> None:
    """Get scheduled messages to a specific number created before a certain date."""
    query = {"number": "3215551234", "end_date": "2021-06-01T09:00:00"}
    assert listed(d, "scheduled", **query) == []
    fax_id = a_fax(d, "scheduled", to="3215551234", send_at="2099-11-15T09:00:00")["id"]
    query = {"number": "3215551234", "end_date": "2099-06-01T09:00:00"}
    assert fax_id in [fax.id for fax in listed(d, "scheduled", **query)]
    bad = {"end_date": "2021-13-01"}
    d.problem(d.requests.get(d.API_URL + "/fax/messages/scheduled", headers=d.headers, params=bad), 400)


def snippet_46(d: Document) -> None:
    """Create new message to be sent at a given date. The document's has passed, and then means now."""
    body = fax_body(d, subject="Remember to update my contact details", send_at="2021-11-15T09:00:00")
    url = d.API_URL + "/fax/messages/scheduled"
    fax = d.shows(d.requests.post(url, headers=d.headers, json=body), 201, Fax)
    assert fax.subject == "Remember to update my contact details"
    later = {**body, "send_at": "2099-11-15T09:00:00"}
    fax = d.shows(d.requests.post(url, headers=d.headers, json=later), 201, Fax)
    assert fax.id in [one.id for one in listed(d, "scheduled", number=OURS)]
    d.problem(d.requests.post(url, headers=d.headers, json={**body, "send_at": "soon"}), 400)


def snippet_47(d: Document) -> None:
    """Delete a scheduled message."""
    url = d.API_URL + "/fax/messages/scheduled/" + a_fax(d, "scheduled", send_at="2099-11-15T09:00:00")["id"]
    d.empty(d.requests.delete(url, headers=d.headers))
    d.problem(d.requests.delete(url, headers=d.headers), 404)


def snippet_48(d: Document) -> None:
    """Update a message before it can be sent."""
    body = {"subject": "Update my contact details (important!)"}
    url = d.API_URL + "/fax/messages/scheduled/"
    fax_message_id = a_fax(d, "scheduled", send_at="2099-11-15T09:00:00")["id"]
    fax = d.shows(d.requests.put(url + fax_message_id, headers=d.headers, json=body), 200, Fax)
    assert (fax.id, fax.subject) == (fax_message_id, "Update my contact details (important!)")
    d.problem(d.requests.put(url + fax_message_id, headers=d.headers, json={"send_at": "soon"}), 400)
    d.problem(d.requests.put(url + UNKNOWN, headers=d.headers, json=body), 404)


class Statistics(msgspec.Struct):
    inbound: int
    inbound_hidden: int
    outbound: int


def snippet_49(d: Document) -> None:
    """Get fax message statistics for the company."""
    url = d.API_URL + "/fax/statistics"
    before = d.shows(d.requests.get(url, headers=d.headers), 200, Statistics)
    a_fax(d, "outbound", to=NOT_A_FAX)
    after = d.shows(d.requests.get(url, headers=d.headers), 200, Statistics)
    assert after.outbound == before.outbound + 1


def snippet_50(d: Document) -> None:
    """Get all fax numbers."""
    answer = d.requests.get(d.API_URL + "/fax/numbers", headers=d.headers)
    assert sorted(d.shows(answer, 200, list[str])) == ["2052726012", "8584375000"]
