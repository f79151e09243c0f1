"""The outreach callback, from the route that makes an event to the receiver (specs/ringrx.md 4)."""

from tests.delivery.receiver import receiving
from tests.dialects.ringrx.conftest import World
from tests.dialects.ringrx.test_callbacks import Line, delivering
from tests.dialects.ringrx.test_ringrx_outreach import event, profile

KEYS = {
    "id",
    "name",
    "phonenumber",
    "email_address",
    "call_state",
    "sms_state",
    "email_state",
    "confirmed",
    "cancelled",
    "reminder_date",
    "attempt",
    "voice",
    "sms",
    "email",
    "event_log",
}


async def test_outreach_callback_tells_of_creation_change_and_disposition(world: World) -> None:
    async with receiving() as receiver, delivering(world):
        line = Line(world.acme, receiver)
        visits, others = await profile(world.acme), await profile(world.acme, name="Others")
        tokens = "?id={id}&confirmed={confirmed}&sms={sms}&state={sms_state}&log={event_log}"
        await line.add("outreach", outreach_profile=visits["id"], query=tokens)
        await event(world.acme, others["id"], name="Somebody else's", phonenumber="3105550199")

        made = await event(world.acme, visits["id"])
        body = (await line.post(1)).json
        assert set(body) == KEYS
        assert body == {key: made[key] for key in KEYS}

        path = f"/outreach/events/{made['id']}"
        assert (await world.acme("PATCH", path, json={"name": "Jim Doe"})).status == 200
        assert (await line.post(2)).json["name"] == "Jim Doe"

        assert (await world.acme("POST", f"{path}/confirm")).status == 200
        post = await line.post(3)
        assert (post.json["confirmed"], post.json["cancelled"]) == (True, False)
        assert [entry["event"] for entry in post.json["event_log"]][-1] == "confirmed"
        assert post.query.startswith(f"id={made['id']}&confirmed=true&sms=true&state=pending&log=[{{")
        assert '"event":"confirmed"' in post.query
