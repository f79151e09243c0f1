"""What holds for every method: keys, tenancy, blocked organizations, parameters that are missing or cannot be."""

from typing import Any

import msgspec
from msgspec import inspect

from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.app import methods
from ringmain.dialects.ringotel.rpc import Method
from tests.dialects.ringotel.conftest import FETCH, PUBLIC_URL, Caller, World, counts

JUNK: tuple[Any, ...] = ({"x": [None]}, [], ["x", {}], True, 10**30, -1, "")


def table(world: World) -> list[Method]:
    return methods(world.core, PUBLIC_URL, FETCH)


def sample(kind: inspect.Type) -> Any:
    """Something that a parameter of this type takes."""
    match kind:
        case inspect.IntType():
            return 1
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.DictType():
            return {}
        case inspect.ListType():
            return []
        case inspect.UnionType():
            return sample(kind.types[0])
        case inspect.StructType():
            return required(kind)
        case _:
            return "1"


def required(shape: inspect.StructType) -> dict[str, Any]:
    return {field.encode_name: sample(field.type) for field in shape.fields if field.required}


def given(method: Method) -> dict[str, Any]:
    """The least parameters of a method, without its organization."""
    shape = inspect.type_info(method.params)
    assert isinstance(shape, inspect.StructType)
    return required(shape)


async def test_methods_have_names_of_their_own(world: World) -> None:
    names = [method.name for method in table(world)]
    assert len(names) == len(set(names))


async def test_nothing_without_a_key(world: World) -> None:
    other = await world.core.credentials.create_api_key(world.acme.office.company_id, "ringplan", "other")
    after = await counts(world.core.database)
    for method in table(world):
        call = {"method": method.name, "params": {**given(method), method.org_key: world.acme.orgid}}
        for key in ("", "wrong", other.secret):
            (await world.acme.post(call, key=key)).error(401, 401)
    assert await counts(world.core.database) == after


async def test_a_foreign_organization_is_unknown(world: World, acme: Caller, globex: Caller) -> None:
    domain = (await globex("getOrganization", id=globex.orgid)).result()["domain"]
    before = await counts(world.core.database)
    for method in table(world):
        if method.account_level:
            continue
        params = given(method)
        unknown = (await acme(method.name, **{**params, method.org_key: ids.encode(1 << 30)})).error(404)
        for orgid in (globex.orgid, int(globex.orgid), "x"):
            assert (await acme(method.name, **{**params, method.org_key: orgid})).error(404) == unknown, method.name
        if method.org_key == "orgid":
            by_domain = {**params, "domain": domain}
            assert (await acme(method.name, **by_domain)).error(404) == unknown, method.name
    assert await counts(world.core.database) == before


async def test_the_organization_is_required(world: World, acme: Caller) -> None:
    for method in table(world):
        if not method.account_level:
            params = {name: value for name, value in given(method).items() if name not in ("domain", method.org_key)}
            message = (await acme(method.name, **params)).error(400)
            assert method.org_key in message or "domain" in message, method.name


async def test_a_blocked_organization_answers_its_owner_only(world: World, acme: Caller) -> None:
    (await acme("setOrganizationStatus", id=acme.orgid, status=0)).void()
    after = await counts(world.core.database)
    for method in table(world):
        if not method.account_level and not method.blocked_too:
            (await acme(method.name, **{**given(method), method.org_key: acme.orgid})).error(401, 401)
    assert await counts(world.core.database) == after


async def test_required_parameters_are_named(world: World, acme: Caller) -> None:
    for method in table(world):
        least = given(method)
        for name in least:
            left = {key: value for key, value in least.items() if key != name}
            if name not in ("domain", "orgid", method.org_key):
                message = (await acme(method.name, **{**left, method.org_key: acme.orgid})).error(400)
                assert name in message, (method.name, name)


async def test_parameters_that_cannot_be_are_errors_of_their_own(world: World, acme: Caller) -> None:
    for method in table(world):
        shape = inspect.type_info(method.params)
        assert isinstance(shape, inspect.StructType)
        for turn, field in enumerate(shape.fields):
            for junk in JUNK[turn % 3 :: 3]:
                params = {**given(method), method.org_key: acme.orgid, field.encode_name: junk}
                reply = await acme(method.name, **params)
                body = reply.json()
                assert reply.status in (200, 401), (method.name, field.name, junk, reply.body)
                if "error" in body:
                    assert 400 <= body["error"]["code"] < 500, (method.name, field.name, junk, body)


async def test_null_is_as_absent(world: World, acme: Caller) -> None:
    for method in table(world):
        shape = inspect.type_info(method.params)
        assert isinstance(shape, inspect.StructType)
        empty = {field.encode_name: None for field in shape.fields if not field.required}
        if empty and method.name.startswith("get"):
            params = {**given(method), method.org_key: acme.orgid}
            with_nulls = await acme(method.name, **{**empty, **params})
            without = await acme(method.name, **params)
            assert msgspec.json.decode(with_nulls.body) == msgspec.json.decode(without.body), method.name
