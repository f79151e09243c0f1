"""Who calls, specs/ringplan.md section 1: keys, tokens, X-User-Id, and 401 for everything else."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
import pytest

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World

ABSENT = ids.encode(8192)


async def whoami(caller: Caller, **headers: str | None) -> str:
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = await caller("GET", "/system/account", headers=spelled)
    assert reply.status == 200, reply.body
    email = reply.json()["contacts"]["email"]
    assert isinstance(email, str)
    return email


async def refused(caller: Caller, **headers: str | None) -> None:
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    (await caller("GET", "/system/account", headers=spelled)).problem(401)


async def test_the_last_part_of_the_header_is_the_key(acme: Caller) -> None:
    for form in ("Bearer {}", "{}", "bearer: {}", "  Bearer   {} ", "Token {}"):
        assert await whoami(acme, Authorization=form.format(acme.key)) == "owner@acme.example"


async def test_primary_is_an_alias_of_the_owner(acme: Caller, world: World) -> None:
    assert await whoami(acme, X_User_Id=ids.encode(acme.office.owner_id)) == "owner@acme.example"
    person = await world.core.people.create(acme.office.company_id, email="sam@acme.example")
    assert await whoami(acme, X_User_Id=ids.encode(person.id)) == "sam@acme.example"


async def test_a_key_needs_a_user_of_its_company(acme: Caller, globex: Caller, world: World) -> None:
    gone = await world.core.people.create(acme.office.company_id, email="gone@acme.example", active=False)
    for user in (
        None,
        "",
        "Primary",
        ABSENT,
        ids.encode(gone.id),
        ids.encode(globex.office.owner_id),
        str(acme.office.owner_id),
        "79951a6-4f51-5019-a897-0e7624828abf",
    ):
        await refused(acme, X_User_Id=user)


async def test_unknown_keys(acme: Caller, world: World) -> None:
    foreign = await world.core.credentials.create_api_key(acme.office.company_id, "ringrx", "test")
    for authorization in (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {acme.key}x",
        acme.key.swapcase(),
        f"Bearer {foreign.secret}",
        "eyJ.x.y",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        "\xff\xfe",
    ):
        await refused(acme, Authorization=authorization)


async def test_a_revoked_key_ends(acme: Caller, world: World) -> None:
    await whoami(acme)
    (key,) = await world.core.credentials.list_api_keys(acme.office.company_id)
    await world.core.credentials.revoke_api_key(acme.office.company_id, key.id)
    await refused(acme)


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer: {}"])
async def test_a_user_token_says_who_and_x_user_id_is_ignored(acme: Caller, world: World, form: str) -> None:
    person = await world.core.people.create(acme.office.company_id, email="sam@acme.example")
    token = await world.core.credentials.issue_user_token(acme.office.company_id, person.id, 60)
    for user in (None, "primary", ABSENT):
        assert await whoami(acme, Authorization=form.format(token), X_User_Id=user) == "sam@acme.example"
    await refused(acme, Authorization=form.format(token[:-2]), X_User_Id="primary")
    old = await world.core.credentials.issue_user_token(acme.office.company_id, person.id, -1)
    await refused(acme, Authorization=form.format(old))


async def test_tokens_that_are_no_tokens(acme: Caller, world: World) -> None:
    """Their headers are anybody's JSON: none, of another kind, without or with another key, nested without end."""
    token = await world.core.credentials.issue_user_token(acme.office.company_id, acme.office.owner_id, 60)
    head, claims, signature = token.split(".")
    known = msgspec.json.decode(urlsafe_b64decode(f"{head}=="))
    nested = b'{"kid":"%s","alg":"HS256","x":%s%s}' % (known["kid"].encode(), b"[" * 5000, b"]" * 5000)
    forged = [b"{}", b"[]", b'"', nested, b"[" * 5000]
    forged += [msgspec.json.encode(known | changed) for changed in ({"alg": "none"}, {"alg": "HS512"}, {"crit": ["x"]})]
    forged += [msgspec.json.encode(known | {"kid": kid}) for kid in ("0", "-1", "x", "9" * 5000, 1, None)]
    for header in forged:
        changed = urlsafe_b64encode(header).decode().rstrip("=")
        for ending in (signature, ""):
            bearer = f"eyJ.{claims}.{ending}" if not changed.startswith("eyJ") else f"{changed}.{claims}.{ending}"
            await refused(acme, Authorization=bearer, X_User_Id=None)
    await refused(acme, Authorization=f"{head}.{claims}.", X_User_Id=None)
    assert await whoami(acme, Authorization=token, X_User_Id=None) == "owner@acme.example"


async def test_401_does_not_say_which_half_was_wrong(acme: Caller) -> None:
    bad_key = await acme("GET", "/system/account", headers={"Authorization": "Bearer nonsense"})
    bad_user = await acme("GET", "/system/account", headers={"X-User-Id": ABSENT})
    assert msgspec.json.decode(bad_key.body) == msgspec.json.decode(bad_user.body)
