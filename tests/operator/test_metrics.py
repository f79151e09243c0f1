import re
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from ringmain.carriers.sandbox import Magic
from ringmain.core.mail.model import Mail
from ringmain.core.system import Core
from ringmain.front import Front
from ringmain.operator.app import build
from ringmain.operator.metrics import Metrics
from tests.conditions import eventually
from tests.conftest import furnish
from tests.operator.conftest import V1, World
from tests.realtime.conftest import serving


async def scrape(world: World) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    async with world.operator.http.get(f"{world.base}/metrics") as response:
        assert response.status == 200
        text = await response.text()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**given: str) -> frozenset[tuple[str, str]]:
    return frozenset(given.items())


async def test_requests_are_counted_by_template_and_never_by_id(world: World) -> None:
    operator = world.operator
    for _ in range(3):
        await operator("GET", world.company, 200)
    await operator("GET", f"{world.company}/", 200)
    await operator("GET", f"{V1}/companies/1", 404)
    await operator("GET", f"{V1}/a/b/c/123456", 404)
    async with operator.http.request("PROPFIND", f"{world.base}{world.company}"):
        pass
    seen = await scrape(world)
    template = f"{V1}/companies/{{company_id}}"

    def count(method: str, route: str, status: str) -> float:
        wanted = labels(dialect="operator", method=method, route=route, status=status)
        return seen[("ringmain_request_seconds_count", wanted)]

    assert count("GET", template, "200") == 4
    assert count("GET", template, "404") == 1
    assert count("GET", "unmatched", "404") == 1
    assert count("other", template, "405") == 1
    values = {value for _, pairs in seen for _, value in pairs}
    assert str(world.acme.company_id) not in " ".join(values)
    assert "123456" not in " ".join(values)


async def test_a_token_is_asked_for_where_one_is_set(core: Core) -> None:
    token = "a token of the Prometheus server"
    metrics = Metrics(core.database, carriers=list, sockets=lambda: 0)
    apps = build(core, metrics=metrics, version="0", roles=[], carriers=list, loops=dict, metrics_token=token)
    async with serving(Front(apps)) as base, aiohttp.ClientSession() as http:

        async def status(path: str, **headers: str) -> int:
            async with http.get(f"{base}{path}", headers=headers) as response:
                return response.status

        for wrong in ("", token, "Bearer", f"Bearer {token[:-1]}", f"Basic {token}", "Bearer \u00e9"):
            assert await status("/metrics", Authorization=wrong) == 401
        assert await status("/metrics") == 401
        assert await status("/metrics", Authorization=f"bearer {token}") == 200
        assert await status("/health") == 200


async def test_texts_are_counted_by_what_became_of_them(world: World) -> None:
    core = world.core
    for number in (Magic.DELIVERED, Magic.REJECTED):
        contact, _ = await core.texting.create_contact(world.acme.company_id, number=number)
        conversation, _ = await core.texting.open_conversation(
            world.acme.company_id, number=world.acme.number, contact_ids=[contact.id]
        )
        await core.texting.send(world.acme.company_id, conversation.id, text="Hi")

    async def counted() -> bool:
        seen = await scrape(world)
        wanted = {"accepted": 2.0, "sent": 1.0, "delivered": 1.0, "failed": 1.0}
        return all(
            seen.get(("ringmain_texts_total", labels(carrier="sandbox", outcome=outcome))) == value
            for outcome, value in wanted.items()
        )

    await eventually(counted)


async def test_backlogs_are_read_when_asked(world: World) -> None:
    core, company_id = world.core, world.acme.company_id
    contact, _ = await core.texting.create_contact(company_id, number="+13105550177")
    conversation, _ = await core.texting.open_conversation(
        company_id, number=world.acme.number, contact_ids=[contact.id]
    )
    await core.database.execute("INSERT INTO carriers (name, kind) VALUES ('slow', 'smpp')")
    await core.database.execute("UPDATE carrier_routes SET carrier = 'slow'")
    await core.texting.send(company_id, conversation.id, text="waits for ever")
    endpoint, _ = await core.subscriptions.create_endpoint(company_id, face="ringmain", url="https://example.com/")
    await core.subscriptions.test_event(company_id, endpoint.id)
    seen = await scrape(world)
    assert seen[("ringmain_database_up", labels())] == 1
    assert seen[("ringmain_submissions_backlog", labels(carrier="slow"))] == 1
    assert 0 <= seen[("ringmain_submissions_oldest_seconds", labels(carrier="slow"))] < 60
    assert seen[("ringmain_deliveries_backlog", labels())] == 1
    assert 0 <= seen[("ringmain_deliveries_oldest_seconds", labels())] < 60
    # Nobody relays here.
    assert 0 < seen[("ringmain_event_log_lag_seconds", labels())] < 60
    assert seen[("ringmain_sockets_connected", labels())] == 3
    assert seen[("ringmain_carrier_state", labels(carrier="sandbox", kind="sandbox", state="ready"))] == 1
    assert 0 <= seen[("ringmain_database_connections_used", labels())] <= 8
    assert seen[("ringmain_database_connections_limit", labels())] == 8


async def test_mail_that_waits_is_counted_and_mail_that_is_over_is_not(world: World) -> None:
    core, company_id = world.core, world.acme.company_id
    for subject in ("old", "new", "over"):
        await core.mails.queue(None, company_id, Mail(to=["jane@example.com"], subject=subject, text=""))
    age = "UPDATE mails SET created_at = now() - $2::float8 * interval '1 minute' WHERE subject = $1"
    await core.database.execute(age, "old", 10.0)
    await core.database.execute(age, "over", 90.0)
    await core.database.execute("UPDATE mails SET due_at = NULL, state = 'dead' WHERE subject = 'over'")
    seen = await scrape(world)
    assert seen[("ringmain_mails_backlog", labels())] == 2
    assert 600 <= seen[("ringmain_mails_oldest_seconds", labels())] < 660


WAITING_FAX = """
INSERT INTO faxes (company_id, direction, state, own_number, own_name, party_number, party_name, subject, is_read,
    file_id, file, preview_id, pages, created_at, updated_at, send_at, due_at, round)
SELECT $1, 'outbound', $2, '+12052726012', '', '+13105550100', '', '', true, 1, '{}', 2, 1,
    now() + $3 * interval '1 minute', now() + $4 * interval '1 minute', now() + $5 * interval '1 minute',
    now() + $6 * interval '1 minute', $7
"""


async def test_faxes_wait_from_when_they_are_due(world: World) -> None:
    core, company_id = world.core, world.acme.company_id
    faxes = [
        # state, then minutes from now: created, updated, to be sent at, due; and how often it was asked for again
        ("queued", -5.0, -5.0, None, -5.0, 0),
        ("sending", -4.0, -3.0, None, 0.5, 0),
        ("scheduled", -90.0, -90.0, -2.0, -2.0, 0),
        ("queued", -5000.0, -1.0, None, -1.0, 1),
        # These wait for nobody.
        ("scheduled", -90.0, -90.0, 60.0, 60.0, 0),
        ("failed", -90.0, -90.0, None, None, 0),
    ]
    for fax in faxes:
        await core.database.execute(WAITING_FAX, company_id, *fax)
    seen = await scrape(world)
    assert seen[("ringmain_faxes_backlog", labels())] == 4
    assert 300 <= seen[("ringmain_faxes_oldest_seconds", labels())] < 360


async def test_an_empty_system_has_no_backlog(world: World) -> None:
    await world.core.database.execute("DELETE FROM events")
    seen = await scrape(world)
    for name in ("deliveries", "mails", "faxes"):
        assert seen[(f"ringmain_{name}_backlog", labels())] == 0
        assert seen[(f"ringmain_{name}_oldest_seconds", labels())] == 0
    assert seen[("ringmain_event_log_lag_seconds", labels())] == 0


async def test_every_metric_is_documented_and_none_is_invented(world: World) -> None:
    await furnish(world.core, name="Third", number="+12025550199")
    world.metrics.count_text("sandbox", "sent")
    world.metrics.count_delivery("delivered")
    async with world.operator.http.get(f"{world.base}/metrics") as response:
        families = {family.name for family in text_string_to_metric_families(await response.text())}
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    documented = {name.removesuffix("_total") for name in re.findall(r"`(ringmain_\w+)`", page)}
    assert families | {"ringmain_submissions_backlog", "ringmain_submissions_oldest_seconds"} == documented
