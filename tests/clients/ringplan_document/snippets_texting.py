"""Texting: snippets 20 to 34."""

from tests.clients.ringplan_document.client import UNKNOWN, Document
from tests.clients.ringplan_document.objects import Conversation, Message, TextingContact, TextingNumber


def snippet_20(d: Document) -> None:
    """Get conversations. A quote is missing in the document."""
    d.message(d.conversation()["id"])
    answer = d.requests.get(d.API_URL + "/texting/conversations", headers=d.headers)
    first = d.pages(answer, Conversation)[0]
    assert first.unread_msg_count == first.countunreadmessages


def snippet_21(d: Document) -> None:
    """Search for text within conversations."""
    talk = d.conversation()
    d.message(talk["id"], "Development Talks at noon")
    d.message(talk["id"], "See you")
    query = {"text": "Development Talks"}
    answer = d.requests.get(d.API_URL + "/texting/conversations/search", headers=d.headers, params=query)
    found = {one.id: one for one in d.shows(answer, 200, list[Conversation])}
    match = found[talk["id"]].lastmessage
    assert match is not None
    assert match.text == "Development Talks at noon"


def snippet_22(d: Document) -> None:
    """Create a conversation."""
    body = {"contact_id": d.contact()["id"], "from_number": "1235551234"}
    url = d.API_URL + "/texting/conversations"
    # Trying without credentials in between makes nothing: the second answer is the first's conversation.
    made = d.shows(d.requests.post(url, headers=d.headers, json=body), 201, Conversation)
    again = d.shows(d.requests.post(url, headers=d.headers, json=body), 200, Conversation)
    assert (made.id, made.contact_id, made.from_number) == (again.id, body["contact_id"], body["from_number"])


def snippet_23(d: Document) -> None:
    """Delete a conversation. A quote is a backtick in the document."""
    conversation_id = d.conversation()["id"]
    url = d.API_URL + "/texting/conversations/" + conversation_id
    d.empty(d.requests.delete(url, headers=d.headers))
    d.problem(d.requests.delete(url, headers=d.headers), 404)


def snippet_24(d: Document) -> None:
    """Fetch the third page of messages from a conversation."""
    conversation_id = d.conversation()["id"]
    texts = [f"Message {n}" for n in range(41)]
    for text in texts:
        d.message(conversation_id, text)
    url = d.API_URL + "/texting/conversations/" + conversation_id + "/messages"
    answer = d.requests.get(url, headers=d.headers, params={"page": 3})
    (oldest,) = d.pages(answer, Message, page=3)
    assert oldest.text == texts[0]


def snippet_25(d: Document) -> None:
    """Mark a specific message in a conversation as seen."""
    contact = d.contact()
    conversation_id = d.conversation(contact)["id"]
    d.received(contact, "Are you there?")
    messages = d.API_URL + "/texting/conversations/" + conversation_id + "/messages"
    (message,) = d.pages(d.requests.get(messages, headers=d.headers), Message)
    assert (message.direction, message.is_read) == ("inbound", False)
    url = messages + "/" + message.id
    seen = d.shows(d.requests.patch(url, headers=d.headers, json={"is_read": True}), 200, Message)
    assert (seen.id, seen.is_read) == (message.id, True)
    d.problem(d.requests.patch(url, headers=d.headers, json={"is_read": "yes"}), 400)
    d.problem(d.requests.patch(messages + "/" + UNKNOWN, headers=d.headers, json={"is_read": True}), 404)


def snippet_26(d: Document) -> None:
    """Send a message."""
    conversation_id = d.conversation()["id"]
    body = {"text": "Hello world!"}
    url = d.API_URL + "/texting/conversations/" + conversation_id + "/messages/publish"
    message = d.shows(d.requests.post(url, headers=d.headers, json=body), 201, Message)
    assert (message.text, message.direction, message.success) == ("Hello world!", "outbound", True)
    assert (message.frm, message.conversation_id) == ("+19513360234", conversation_id)


def snippet_27(d: Document) -> None:
    """Get the ten latest messages in a conversation."""
    conversation_id = d.conversation()["id"]
    texts = [f"Message {n}" for n in range(12)]
    for text in texts:
        d.message(conversation_id, text)
    query = {"per_page": 10, "page": 1}
    url = d.API_URL + "/texting/conversations/" + conversation_id + "/messages"
    found = d.pages(d.requests.get(url, headers=d.headers, params=query), Message, per_page=10)
    assert [message.text for message in found] == texts[:1:-1]
    url = d.API_URL + "/texting/conversations/" + UNKNOWN + "/messages"
    d.problem(d.requests.get(url, headers=d.headers, params=query), 404)


def snippet_28(d: Document) -> None:
    """Delete two specific messages in a conversation. The document makes its query, but does not send it."""
    conversation_id = d.conversation()["id"]
    messages = [d.message(conversation_id)["id"] for _ in range(3)]
    query = {"ids": messages[:2]}
    url = d.API_URL + "/texting/conversations/" + conversation_id + "/messages"
    d.empty(d.requests.delete(url, headers=d.headers))  # as the document sends it: nothing is deleted
    assert len(d.pages(d.requests.get(url, headers=d.headers), Message)) == 3
    d.empty(d.requests.delete(url, headers=d.headers, params=query))
    assert [one.id for one in d.pages(d.requests.get(url, headers=d.headers), Message)] == messages[2:]
    d.problem(d.requests.delete(url, headers=d.headers, params=query), 404)


def snippet_29(d: Document) -> None:
    """Create a new contact for texting."""
    body = {"number": "+12340009999"}
    made = d.shows(d.requests.post(d.API_URL + "/texting/contacts", headers=d.headers, json=body), 201, TextingContact)
    again = d.shows(d.requests.post(d.API_URL + "/texting/contacts", headers=d.headers, json=body), 200, TextingContact)
    assert (made, made.number, made.company_id) == (again, "+12340009999", d.company_id)


def snippet_30(d: Document) -> None:
    """Find texting contacts named Jane."""
    jane = d.contact("Jane")["id"]
    d.contact("Bob")
    query = {"search": "Jane"}
    answer = d.requests.get(d.API_URL + "/texting/contacts", headers=d.headers, params=query)
    found = d.shows(answer, 200, list[TextingContact])
    assert jane in [contact.id for contact in found]
    assert {contact.first_name for contact in found} == {"Jane"}


def snippet_31(d: Document) -> None:
    """Get a texting contact."""
    texting_contact_id = d.contact()["id"]
    url = d.API_URL + "/texting/contacts/"
    assert (
        d.shows(d.requests.get(url + texting_contact_id, headers=d.headers), 200, TextingContact).first_name == "John"
    )
    d.problem(d.requests.get(url + UNKNOWN, headers=d.headers), 404)


def snippet_32(d: Document) -> None:
    """Replace a texting contact."""
    texting_contact_id = d.contact()["id"]
    body = {"number": "11235554321"}
    url = d.API_URL + "/texting/contacts/"
    answer = d.requests.put(url + texting_contact_id, headers=d.headers, json=body)
    assert d.shows(answer, 200, TextingContact).number == "+11235554321"
    d.problem(d.requests.put(url + UNKNOWN, headers=d.headers, json=body), 404)


def snippet_33(d: Document) -> None:
    """Get available texting numbers: those of the current user."""
    query = {"numformat": "international"}
    answer = d.requests.get(d.API_URL + "/texting/numbers", headers=d.headers, params=query)
    found = d.shows(answer, 200, list[TextingNumber])
    assert "+19513360234" in [number.number for number in found]
    assert all("janedoe@example.com" in number.ownership for number in found)
    query = {"numformat": "national"}
    answer = d.requests.get(d.API_URL + "/texting/numbers", headers=d.headers, params=query)
    assert "9513360234" in [number.number for number in d.shows(answer, 200, list[TextingNumber])]


def snippet_34(d: Document) -> None:
    """Assign two email addresses to a texting number."""
    number = "3215551234"
    body = ["janedoe@example.com", "johnsmith@example.com"]
    answer = d.requests.put(d.API_URL + "/texting/numbers/" + number, headers=d.headers, json=body)
    assert d.shows(answer, 200, TextingNumber).ownership == body
    d.problem(d.requests.put(d.API_URL + "/texting/numbers/3215550000", headers=d.headers, json=body), 404)
