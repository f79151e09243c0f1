"""Extensions: snippets 12 to 19."""

from typing import Any, Final

import msgspec

from tests.clients.ringplan_document.client import INSTANCE_UUID, UNKNOWN, Document
from tests.clients.ringplan_document.objects import Extension

BROKEN_UUID: Final = "79951a6-4f51-5019-a897-0e7624828abf"
"""As most of the document's snippets have it: a digit is missing, so it is nobody's."""
CANNOT_BE_PUT: Final = 5020
CANNOT_BE_DELETED: Final = 5021
"""Numbers for which the sandbox PBX fails (docs/pbx.md)."""


def bulks(d: Document, instance_uuid: str = INSTANCE_UUID) -> str:
    return d.API_URL + "/instances/" + instance_uuid + "/bulks/extensions"


def an_extension(d: Document, number: int, **fields: Any) -> Any:
    body = {"data": {"id": number, "name": "Test"}, **fields}
    return d.made(f"/instances/{INSTANCE_UUID}/bulks/extensions", body)


def snippet_12(d: Document) -> None:
    """Get the third page of an instance's softphone extensions, sorted by user names."""
    query: dict[str, str | int] = {"by_user": "on", "filter_by": "softphone", "page": 3}
    answer = d.requests.get(bulks(d), headers=d.headers, params=query)
    assert d.pages(answer, Extension, page=3) == []
    found = d.pages(d.requests.get(bulks(d), headers=d.headers, params={**query, "page": 1}), Extension)
    assert d.extension_ids[1001] in [extension.id for extension in found]
    assert {extension.purpose for extension in found} == {"softphone"}
    d.problem(d.requests.get(bulks(d, BROKEN_UUID), headers=d.headers, params=query), 404)


def snippet_13(d: Document) -> None:
    """Add a new extension to an instance. `null` is JSON's: in Python it is None."""
    body = {
        "data": {
            "id": 1123,
            "name": "Test",
            "description": None,
            "voicemail_email": "voice@example.com",
            "outboundcid": None,
        },
        "location_id": d.location_id,
        "purpose": "mobile-app",
    }
    answer = d.requests.post(bulks(d), headers=d.headers, json=body)
    extension = d.shows(answer, 201, Extension)
    assert (extension.data.id, extension.purpose, extension.location_id) == (1123, "mobile-app", d.location_id)
    d.problem(d.requests.post(bulks(d), headers=d.headers, json={"data": {"id": "x"}}), 400)
    d.problem(d.requests.post(bulks(d), headers=d.headers, json={"data": {"id": CANNOT_BE_PUT}}), 502)


def snippet_14(d: Document) -> None:
    """Get all softphone extensions assigned to a user."""
    query = {"purpose": "softphone"}
    answer = d.requests.get(d.API_URL + "/account/" + d.jane_id + "/extensions", headers=d.headers, params=query)
    (extension,) = d.shows(answer, 200, list[Extension])
    assert extension.user is not None
    assert (extension.id, extension.user.id) == (d.extension_ids[1001], d.jane_id)
    url = d.API_URL + "/account/" + UNKNOWN + "/extensions"
    d.problem(d.requests.get(url, headers=d.headers, params=query), 404)


def snippet_15(d: Document) -> None:
    """Find the fifth page of unassigned extensions on an instance."""
    query: dict[str, str | int] = {"filter_by": "unassigned", "page": 5}
    url = d.API_URL + "/instances/" + INSTANCE_UUID + "/extensions"
    assert d.pages(d.requests.get(url, headers=d.headers, params=query), Extension, page=5) == []
    found = d.pages(d.requests.get(url, headers=d.headers, params={**query, "page": 1}), Extension)
    assert d.extension_ids[1003] in [extension.id for extension in found]
    url = d.API_URL + "/instances/" + BROKEN_UUID + "/extensions"
    d.problem(d.requests.get(url, headers=d.headers, params=query), 404)


def snippet_16(d: Document) -> None:
    """Check for duplicate extensions on a given user."""
    body = {"email": "john@example.com", "id": 1099}
    answer = d.requests.post(bulks(d) + "/check", headers=d.headers, json=body)
    d.shows(answer, 200, dict[str, Any])
    taken = {"email": "john@example.com", "id": 1001}  # the document's own: 1001 is its sample extension
    d.problem(d.requests.post(bulks(d) + "/check", headers=d.headers, json=taken), 400)
    d.problem(d.requests.post(bulks(d) + "/check", headers=d.headers), 400)
    d.problem(d.requests.post(bulks(d, BROKEN_UUID) + "/check", headers=d.headers, json=body), 404)


def snippet_17(d: Document) -> None:
    """Replace an extension. The document's `new_extension` is defined nowhere: a whole extension, changed."""
    new_extension = an_extension(d, 1117, purpose="softphone")
    extension_id = new_extension["_id"]
    new_extension["data"]["name"] = "Replaced"
    new_extension["purpose"] = "ip-phone"
    answer = d.requests.put(bulks(d) + "/" + extension_id, headers=d.headers, json=new_extension)
    extension = d.shows(answer, 200, Extension)
    assert (extension.id, extension.data.name, extension.purpose) == (extension_id, "Replaced", "ip-phone")
    url = bulks(d) + "/" + extension_id
    d.problem(d.requests.put(url, headers=d.headers, json={"purpose": "fax"}), 400)
    d.problem(d.requests.put(bulks(d) + "/" + UNKNOWN, headers=d.headers, json=new_extension), 404)
    d.problem(d.requests.put(bulks(d, BROKEN_UUID) + "/" + extension_id, headers=d.headers, json={}), 404)
    d.problem(d.requests.put(url, headers=d.headers, json={"data": {"id": CANNOT_BE_PUT}}), 502)


def snippet_18(d: Document) -> None:
    """Delete an extension from a given instance."""
    extension_id = an_extension(d, 1118)["_id"]
    d.empty(d.requests.delete(bulks(d) + "/" + extension_id, headers=d.headers))
    d.problem(d.requests.delete(bulks(d) + "/" + extension_id, headers=d.headers), 404)
    d.problem(d.requests.delete(bulks(d, BROKEN_UUID) + "/" + extension_id, headers=d.headers), 404)
    stubborn = an_extension(d, CANNOT_BE_DELETED)["_id"]
    d.problem(d.requests.delete(bulks(d) + "/" + stubborn, headers=d.headers), 502)


class Configuration(msgspec.Struct):
    """The document does not show it (specs/ringplan.md 6, row 30)."""

    displayname: str
    outbound_server: str
    password: str
    server: str
    user: str


def snippet_19(d: Document) -> None:
    """Get extension configuration: of a user's own extension, as there is a password in it."""
    query = {"instance_uuid": INSTANCE_UUID, "extension_id": d.extension_ids[1001]}
    answer = d.requests.get(d.API_URL + "/phones/qr-config/advanced", headers=d.headers, params=query)
    configuration = d.shows(answer, 200, Configuration)
    assert (configuration.user, configuration.server) == ("1001", "foobar.testing.example.com")
    assert configuration.password
