"""KNOWN_DIFFERENCES.md 94 to 99: logging in, and invitations."""

import re
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, Reply
from tests.differences.conftest import Place

PASSWORD = "correct horse battery"
NOBODY: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}
MAILS = "SELECT text FROM mails WHERE company_id = $1 ORDER BY id"


class User(msgspec.Struct):
    """Somebody with a password; the database is shared, so nobody else has their e-mail."""

    place: Place
    email: str

    async def log_in(self, password: str = PASSWORD) -> Reply:
        body = {"email": self.email, "password": password}
        return await self.place.acme("POST", "/login", json=body, headers=NOBODY)

    async def refresh(self, token: str) -> Reply:
        body = {"access_token": "", "refresh_token": token}
        return await self.place.acme("POST", "/refresh-token", json=body, headers=NOBODY)


@pytest.fixture
async def user(place: Place) -> User:
    email = f"sam-{uuid.uuid4().hex}@acme.example"
    await place.core.people.create(place.acme.office.company_id, email=email, password=PASSWORD)
    return User(place, email)


async def invited(place: Place, email: str) -> tuple[Any, list[str]]:
    """A new user, and the addresses in the mails so far."""
    user = (await place.acme("POST", "/company/contacts", json={"contacts": {"email": email}})).json()
    return user, await mailed(place)


async def mailed(place: Place) -> list[str]:
    rows = await place.core.database.fetch(MAILS, place.acme.office.company_id)
    return [re.sub(r"^https?://[^/]+", "", re.findall(r"https?://\S+", row["text"])[0]) for row in rows]


async def accept(acme: Caller, link: str, password: str = PASSWORD) -> Reply:
    path, _, token = link.partition("?token=")
    return await acme("POST", path, json={"token": token, "password": password}, headers=NOBODY)


async def test_94_logging_in(user: User) -> None:
    tokens = (await user.log_in()).json()
    assert set(tokens) == {"id_token", "access_token", "refresh_token", "token_type", "expires_in"}
    assert tokens["id_token"] == tokens["access_token"]
    assert tokens["expires_in"] == 3600
    headers = {"Authorization": tokens["id_token"], "X-User-Id": None}
    account = (await user.place.acme("GET", "/system/account", headers=headers)).json()
    assert account["contacts"]["email"] == user.email
    # The same e-mail in another company: the password says which.
    other = await user.place.core.companies.create(name="Initech")
    await user.place.core.people.create(other.id, email=user.email, password="another password")
    theirs = (await user.log_in("another password")).json()
    headers["Authorization"] = theirs["id_token"]
    account = (await user.place.acme("GET", "/system/account", headers=headers)).json()
    assert account["company_id"] == ids.encode(other.id)
    (await user.log_in("wrong horse")).problem(401)


async def test_95_refresh_tokens_are_replaced(user: User) -> None:
    first = (await user.log_in()).json()["refresh_token"]
    second = (await user.refresh(first)).json()["refresh_token"]
    assert second != first
    # The answer may have been lost: the old one works until the new one was used, and a minute longer.
    assert (await user.refresh(first)).status == 200
    assert (await user.refresh(second)).status == 200
    assert (await user.refresh(first)).status == 200
    gone = await user.place.acme("POST", "/logout", json={"refresh_token": second}, headers=NOBODY)
    assert (gone.status, gone.body) == (204, b"")
    (await user.refresh(second)).problem(401)


async def test_96_the_page_leads_back_here_only(user: User) -> None:
    acme, base = user.place.acme, user.place.base
    settled = user.place.ringmain.settings.base_url
    page = await acme("GET", f"/login?back={settled}/app", headers=NOBODY)
    assert (page.status, b"<form" in page.body) == (200, True)
    form = {"back": f"{settled}/app", "email": user.email, "password": PASSWORD}
    async with acme.http.post(f"{base}/login", data=form, allow_redirects=False) as reply:
        assert reply.status == 303
        back = urlsplit(reply.headers["Location"])
    assert (back.path, back.query) == ("/app", "")
    assert parse_qs(back.fragment)["id_token"]
    for other in ("https://evil.example/", f"{settled}.evil.example/", "javascript:alert(1)", ""):
        (await acme("GET", f"/login?back={other}", headers=NOBODY)).problem(400)


async def test_97_guesses_are_counted(user: User) -> None:
    for _ in range(5):
        (await user.log_in("wrong horse")).problem(401)
    reply = await user.log_in()
    reply.problem(429)
    assert 0 < int(reply.headers["Retry-After"]) <= 900


async def test_98_invitations_are_accepted_at_an_address_of_ours(place: Place) -> None:
    email = f"jane-{uuid.uuid4().hex}@acme.example"
    user, (link,) = await invited(place, email)
    assert link.startswith(f"/company/contacts/{user['id']}/invitation/accept?token=")
    assert b"<form" in (await place.acme("GET", link, headers=NOBODY)).body
    (await accept(place.acme, link, "short")).problem(400)
    accepted = await accept(place.acme, link)
    assert (accepted.status, accepted.json()["invitation"]["status"]) == (200, "accepted")
    (await accept(place.acme, link)).problem(404)
    assert (await User(place, email).log_in()).status == 200


async def test_99_invitations_end_and_are_issued_again(place: Place) -> None:
    user, (first,) = await invited(place, f"jane-{uuid.uuid4().hex}@acme.example")
    again = f"/company/contacts/{user['id']}/invitation"
    sam = await place.core.people.create(place.acme.office.company_id, email="sam@acme.example")
    (await place.acme("POST", again, headers={"X-User-Id": ids.encode(sam.id)})).problem(403)
    renewed = await place.acme("POST", again)
    assert (renewed.status, renewed.json()["invitation"]["status"]) == (200, "pending")
    (await accept(place.acme, first)).problem(404)
    second = (await mailed(place))[-1]
    expire = "UPDATE people SET invitation_expires_at = now() WHERE id = $1"
    await place.core.database.execute(expire, ids.decode(user["id"], "user"))
    assert "expired" in (await accept(place.acme, second)).problem(400)
    await place.acme("POST", again)
    assert (await accept(place.acme, (await mailed(place))[-1])).status == 200
    (await place.acme("POST", again)).problem(400)
