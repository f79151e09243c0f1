"""Users' statuses, specs/ringplan.md section 5."""

from typing import Any

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts


async def change(caller: Caller, **body: Any) -> Any:
    reply = await caller("PATCH", "/status/v2/current-user", json=body)
    assert reply.status == 200, reply.body
    return reply.json()


NOTHING = {"status": None, "action_type": "manual"}


async def test_both_statuses_are_answered(acme: Caller) -> None:
    """Both are objects, whatever is set: web clients read `status` of either. They do not touch each other."""
    answer = await change(acme, main_status={"status": "away"})
    away = {"status": "away", "action_type": "manual"}
    assert answer == {"main_status": away, "additional_status": NOTHING}
    answer = await change(acme, additional_status={"status": "lunch", "action": "set", "action_type": "manual"})
    assert answer == {"main_status": away, "additional_status": {"status": "lunch", "action_type": "manual"}}
    answer = await change(acme, main_status={"status": "do_not_disturb"})
    assert (answer["main_status"]["status"], answer["additional_status"]["status"]) == ("do_not_disturb", "lunch")
    answer = await change(acme, additional_status={"status": None, "action": "set", "action_type": "manual"})
    assert (answer["main_status"]["status"], answer["additional_status"]) == ("do_not_disturb", NOTHING)
    answer = await change(acme, main_status={"status": "away"}, additional_status={"status": "afk"})
    assert (answer["main_status"]["status"], answer["additional_status"]["status"]) == ("away", "afk")
    answer = await change(acme, additional_status={"action": "unset"})
    assert (answer["main_status"]["status"], answer["additional_status"]) == ("away", NOTHING)


async def test_every_status_that_clients_have(acme: Caller) -> None:
    for status in ("available", "away", "do_not_disturb"):
        assert (await change(acme, main_status={"status": status}))["main_status"]["status"] == status
    for status in ("in_a_meeting", "on_a_call", "lunch", "holiday", "afk"):
        answer = await change(acme, additional_status={"status": status, "action": "set", "action_type": "manual"})
        assert answer["additional_status"]["status"] == status
        assert answer["main_status"]["status"] == "do_not_disturb"


async def test_the_first_additional_status_is_of_somebody_available(acme: Caller) -> None:
    answer = await change(acme, additional_status={"status": "lunch", "action": "set", "action_type": "automatic"})
    assert answer["main_status"]["status"] == "available"
    assert answer["additional_status"] == {"status": "lunch", "action_type": "automatic"}


async def test_words_set_elsewhere_show_as_additional(acme: Caller, world: World) -> None:
    await world.core.presence.set(acme.office.company_id, acme.office.owner_id, status="on_vacation")
    (seen,) = (await acme("GET", "/statuses/v2/users")).json()
    assert (seen["main_status"]["status"], seen["additional_status"]["status"]) == ("available", "on_vacation")


async def test_who_never_set_one_is_available(acme: Caller, globex: Caller) -> None:
    owner = ids.encode(acme.office.owner_id)
    (seen,) = (await acme("GET", f"/statuses/v2/users?user_id={owner}")).json()
    assert (seen["user_id"], seen["user_email"]) == (owner, "owner@acme.example")
    assert (seen["main_status"]["status"], seen["additional_status"]) == ("available", NOTHING)
    assert (await globex("GET", f"/statuses/v2/users?user_id={owner}")).json() == []


async def test_everybodys_statuses(acme: Caller, globex: Caller, world: World) -> None:
    person = await world.core.people.create(acme.office.company_id, email="sam@acme.example")
    assert (await acme("GET", "/statuses/v2/users")).json() == []
    await change(acme, main_status={"status": "away"})
    await change(globex, main_status={"status": "away"})
    acme.headers["X-User-Id"] = ids.encode(person.id)
    await change(acme, additional_status={"status": "in_a_meeting"})
    first, second = (await acme("GET", "/statuses/v2/users")).json()
    assert set(first) == {
        "company_id", "user_id", "user_email", "status", "id", "created_at", "updated_at", "deleted_at",
        "main_status", "additional_status",
    }  # fmt: skip
    assert (first["user_email"], second["user_email"]) == ("owner@acme.example", "sam@acme.example")
    assert second["status"] == {"status": "in_a_meeting", "action_type": "manual"}
    for query in (f"user_id={ids.encode(person.id)}", f"user_id=x,{ids.encode(person.id)}"):
        assert (await acme("GET", f"/statuses/v2/users?{query}")).json() == [second]
    for query in ("user_id=x", f"user_id={ids.encode(globex.office.owner_id)}"):
        assert (await acme("GET", f"/statuses/v2/users?{query}")).json() == []


async def test_changes_that_are_refused(acme: Caller, world: World) -> None:
    before = await counts(world.core.database)
    body: object
    for body in (
        {},
        {"main_status": None},
        {"main_status": {}},
        {"main_status": {"status": ""}},
        {"main_status": {"status": "Not A Word!"}},
        {"main_status": {"status": "x" * 65}},
        {"main_status": "away"},
        {"additional_status": {}},
        {"additional_status": {"status": "lunch", "action_type": "\r\n"}},
        [],
    ):
        (await acme("PATCH", "/status/v2/current-user", json=body)).problem(400)
    assert await counts(world.core.database) == before
