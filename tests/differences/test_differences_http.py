"""KNOWN_DIFFERENCES.md 1 to 12: credentials, every route, lists, company and users."""

import io

from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place

ALONE: dict[str, str | None] = {"X-User-Id": None}


async def test_01_authorization_without_bearer(acme: Caller) -> None:
    for form in ("Bearer {}", "{}", "bearer: {}"):
        reply = await acme("GET", "/system/company", headers={"Authorization": form.format(acme.key)})
        assert reply.status == 200
    (await acme("GET", "/system/company", headers={"Authorization": f"{acme.key} Bearer"})).problem(401)


async def test_02_user_token_without_x_user_id(place: Place) -> None:
    acme = place.acme
    token = await place.core.credentials.issue_user_token(acme.office.company_id, acme.office.owner_id, 60)
    assert (await acme("GET", "/system/company", headers={**ALONE, "Authorization": token})).status == 200
    (await acme("GET", "/system/company", headers=ALONE)).problem(401)


async def test_03_trailing_slash(acme: Caller) -> None:
    reply = await acme("GET", "/texting/conversations/", allow_redirects=False)
    assert reply.status == 200
    assert reply.body == (await acme("GET", "/texting/conversations")).body


async def test_04_unknown_keys_are_ignored(acme: Caller) -> None:
    body = {"number": "+12135550100", "company_id": 7, "emergency_contact_number": "15554441234"}
    assert (await acme("POST", "/texting/contacts", json=body)).status == 201
    assert (await acme("GET", "/texting/contacts?search=2135550100&colour=green")).status == 200


async def test_05_limits_of_bodies(acme: Caller) -> None:
    body = io.BytesIO(b'{"number": "+12135550100", "x": "' + b"x" * (1 << 20) + b'"}')
    (await acme("POST", "/texting/contacts", data=body)).problem(413)
    (await acme("POST", "/texting/contacts", json={"number": "+12135550100", "first_name": "a\0"})).problem(400)
    assert len((await acme("GET", "/texting/contacts")).json()) == 1


async def test_06_every_origin(acme: Caller) -> None:
    reply = await acme("GET", "/texting/conversations", headers={"Origin": "https://phone.example"})
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Pagination-Total-Count" in reply.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in reply.headers


async def test_07_size_of_pages(acme: Caller) -> None:
    assert (await acme("GET", "/texting/conversations")).headers["X-Pagination-Per-Page"] == "20"
    reply = await acme("GET", "/texting/conversations?per_page=5000")
    assert reply.headers["X-Pagination-Per-Page"] == "100"


async def test_08_names_of_the_page_size(acme: Caller) -> None:
    for path in ("/texting/conversations", "/system/company/contacts", acme.messages):
        for name in ("per_page", "page_size", "items_per_page"):
            await acme.publish()
            assert (await acme("GET", f"{path}?{name}=1")).headers["X-Pagination-Per-Page"] == "1"


async def test_09_page_numbers_that_are_none(acme: Caller) -> None:
    for page in ("0", "-1", "x"):
        reply = await acme("GET", f"/texting/conversations?page={page}")
        assert (reply.status, reply.headers["X-Pagination-Current-Page"]) == (200, "1")
        (await acme("GET", f"/system/company/contacts?page={page}")).problem(400)


async def test_10_headers_on_every_list(acme: Caller) -> None:
    for path in (
        "/texting/contacts",
        "/texting/numbers",
        "/texting/conversations/search",
        "/webhooks/callbacks",
        "/system/company/contacts",
    ):
        headers = (await acme("GET", path)).headers
        for name in ("Total-Count", "Page-Count", "Current-Page", "Per-Page"):
            assert f"X-Pagination-{name}" in headers
    await acme("POST", "/texting/contacts", json={"number": "+12135550100"})
    assert len((await acme("GET", "/texting/contacts?per_page=1&page=2")).json()) == 1


async def test_11_both_prefixes(acme: Caller) -> None:
    for path in ("/company", "/company/contacts"):
        assert (await acme("GET", path)).body == (await acme("GET", f"/system{path}")).body


async def test_12_work_email(acme: Caller) -> None:
    (user,) = (await acme("GET", "/system/company/contacts?work_email=OWNER@acme.example")).json()
    assert user["contacts"]["email"] == "owner@acme.example"
    assert (await acme("GET", "/system/company/contacts?work_email=owner@acme")).status == 204
