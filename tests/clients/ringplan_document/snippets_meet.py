"""Meet and webhooks: snippets 51 to 61."""

from urllib.parse import parse_qs, urlsplit

import msgspec

from tests.clients.ringplan_document.client import UNKNOWN, Document
from tests.clients.ringplan_document.objects import Url, WebhookEvent, WebhookUrl


class AuthUrl(msgspec.Struct):
    auth_url: Url


class Link(msgspec.Struct):
    full_link: Url


class Result(msgspec.Struct):
    result: bool


def snippet_51(d: Document) -> None:
    """Get calendar. Nobody here has connected one: what is shown then, tests/dialects/ringplan shows."""
    d.problem(d.requests.get(d.API_URL + "/meet/app/calendar", headers=d.headers), 404)


def snippet_52(d: Document) -> None:
    """Get URL for specified meeting."""
    (meeting,) = d.made("/meet/v2/events", {})
    url = d.API_URL + "/meet/app/calendar/events/get-link/"
    link = d.shows(d.requests.get(url + meeting["id"], headers=d.primary), 200, Link)
    assert meeting["jitsi_meeting_room_id"] in link.full_link
    d.problem(d.requests.get(url + "214824405", headers=d.headers), 404)


def snippet_53(d: Document) -> None:
    """Get Google Calendar OAuth2 link."""
    answer = d.requests.get(d.API_URL + "/meet/app/calendar/get-auth-url", headers=d.headers)
    address = urlsplit(d.shows(answer, 200, AuthUrl).auth_url)
    assert (address.netloc, parse_qs(address.query)["client_id"]) == ("accounts.google.com", ["ringmain"])


def snippet_54(d: Document) -> None:
    """Get Outlook Calendar OAuth2 link."""
    answer = d.requests.get(d.API_URL + "/meet/app/outlook/get-auth-url", headers=d.headers)
    auth_url = d.shows(answer, 200, AuthUrl).auth_url
    assert auth_url.startswith("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?")


def snippet_55(d: Document) -> None:
    """Revoke Google Calendar authentication, of which there is none. A quote is missing in the document."""
    body = {"calendar": "example@gmail.com"}
    answer = d.requests.post(d.API_URL + "/meet/google/revoke", headers=d.headers, json=body)
    assert d.shows(answer, 400, Result).result is False


def snippet_56(d: Document) -> None:
    """Revoke Outlook Calendar authentication, of which there is none. A quote is missing in the document."""
    body = {"calendar": "example@outlook.com"}
    answer = d.requests.post(d.API_URL + "/meet/outlook/revoke", headers=d.headers, json=body)
    assert d.shows(answer, 400, Result).result is False


def snippet_57(d: Document) -> None:
    """Get webhook callback URL."""
    answer = d.requests.get(d.API_URL + "/webhooks/callbacks/url", headers=d.headers)
    assert d.shows(answer, 200, WebhookUrl).company_id == d.company_id


def snippet_58(d: Document) -> None:
    """Update callback URL of a webhook."""
    body = {"url": "https://www.example.com"}
    answer = d.requests.put(d.API_URL + "/webhooks/callbacks/url", headers=d.headers, json=body)
    made = d.shows(answer, 200, WebhookUrl)
    assert made.url == "https://www.example.com"
    answer = d.requests.get(d.API_URL + "/webhooks/callbacks/url", headers=d.headers)
    assert d.shows(answer, 200, WebhookUrl) == made


def snippet_59(d: Document) -> None:
    """Get webhook callback events."""
    made = d.made("/webhooks/callbacks", {"type": "dial.action.completed"})
    answer = d.requests.get(d.API_URL + "/webhooks/callbacks", headers=d.headers)
    assert made["id"] in [one.id for one in d.shows(answer, 200, list[WebhookEvent])]


def snippet_60(d: Document) -> None:
    """Subscribe to a webhook event: each of the four."""
    url = d.API_URL + "/webhooks/callbacks"
    for kind in ("texting.message.inbound", "dial.action.started", "dial.action.completed", "call.action.hangup"):
        body = {"type": kind}
        assert d.shows(d.requests.post(url, headers=d.headers, json=body), 201, WebhookEvent).type == kind


def snippet_61(d: Document) -> None:
    """Delete a subscribed webhook event."""
    webhook_event_id = d.made("/webhooks/callbacks", {"type": "call.action.hangup"})["id"]
    answer = d.requests.delete(d.API_URL + "/webhooks/callbacks/" + webhook_event_id, headers=d.headers)
    assert d.shows(answer, 200, WebhookEvent).id == webhook_event_id
    d.problem(d.requests.delete(d.API_URL + "/webhooks/callbacks/" + UNKNOWN, headers=d.headers), 404)
