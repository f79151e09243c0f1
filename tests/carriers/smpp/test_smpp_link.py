import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from ringmain.carriers.smpp import pdu as p
from ringmain.carriers.smpp.inbound import Inbound, OnDeliver
from ringmain.carriers.smpp.link import Link, LinkConfig
from ringmain.carriers.smpp.rate import Pace
from ringmain.carriers.smpp.session import BindParameters, SessionLimits
from ringmain.carriers.smpp.status import NotBound, OutcomeUnknown, Refused
from ringmain.carriers.smpp.submit import build
from tests.clients.smsc import Smsc

US = BindParameters(system_id="ringmain", password="secret")


async def ignored(pdu: Inbound) -> int:
    return 0


def config(port: int, *, bind: BindParameters = US, **values: Any) -> LinkConfig:
    values = {"tps": 50_000.0, "drain": 1.0, **values}
    return LinkConfig(name="test", host="127.0.0.1", port=port, bind=bind, **values)


@asynccontextmanager
async def linked(
    smsc: Smsc, on_deliver: OnDeliver = ignored, *, wait: bool = True, **values: Any
) -> AsyncIterator[Link]:
    link = Link(config(smsc.port, **values), on_deliver)
    await link.start()
    try:
        if wait:
            await link.wait_for("bound")
        yield link
    finally:
        await link.stop()


def text(reference: int = 1, destination: str = "+15550199") -> p.SubmitSm:
    return build(source="+15550100", destination=destination, text="hello", reference=reference)[0]


async def test_it_binds_submits_and_stops() -> None:
    async with Smsc(receipts="none") as smsc:
        async with linked(smsc) as link:
            assert await link.submit(text()) == "00000001"
            status = link.status()
            assert (status.state, status.last_error, status.submitted, status.in_flight) == ("bound", None, 1, 0)
            assert link.appetite() == 200
        assert link.status().state == "stopped"
        with pytest.raises(NotBound):
            await link.submit(text())
        await smsc.event("unbound")


async def test_stopping_drains_what_is_in_flight() -> None:
    async with Smsc(receipts="none") as smsc, linked(smsc) as link:
        tasks = [asyncio.create_task(link.submit(text(number))) for number in range(30)]
        await smsc.event("submit")
        await link.stop()
        assert len(set(await asyncio.gather(*tasks))) == 30


async def test_several_binds_share_the_load_and_cover_for_each_other() -> None:
    limits = SessionLimits(window=5)
    async with Smsc(receipts="none") as smsc, linked(smsc, binds=3, limits=limits, retry_least=5.0) as link:
        assert len(link.status().binds) == 3
        await asyncio.gather(*(link.submit(text(number)) for number in range(60)))
        assert len({submit["session"] for submit in smsc.submits}) == 3
        assert link.appetite() == 60


async def test_wrong_credentials_show_as_refused_and_are_not_hammered() -> None:
    bind = BindParameters(system_id="ringmain", password="wrong")
    async with Smsc() as smsc, linked(smsc, bind=bind, wait=False) as link:
        status = await link.wait_for("refused")
        assert status.state == "refused"
        assert "ESME_RINVPASWD" in (status.last_error or "")
        with pytest.raises(NotBound, match="refused"):
            await link.submit(text())
        assert link.appetite() == 0
        await asyncio.sleep(0.4)
        assert sum(event["event"] == "bind_refused" for event in smsc.events) == 1


async def test_mended_credentials_are_found_by_the_slow_retry() -> None:
    async with (
        Smsc(bind_status=0x0F) as smsc,
        linked(smsc, wait=False, refused_least=0.1, refused_most=0.2) as link,
    ):
        await link.wait_for("refused")
        await smsc.configure(bind_status=0)
        await link.wait_for("bound")


async def test_another_bind_error_is_retried_soon() -> None:
    async with Smsc(bind_status=0x05) as smsc, linked(smsc, wait=False) as link:
        status = await link.wait_for("retrying")
        assert "ESME_RALYBND" in (status.last_error or "")
        await smsc.configure(bind_status=0)
        await link.wait_for("bound")


async def test_a_killed_smsc_leaves_outcomes_unknown_and_is_found_again() -> None:
    async with Smsc(silent="submit", destinations={"15550199": {"silent": True}}) as smsc, linked(smsc) as link:
        tasks = [asyncio.create_task(link.submit(text(number))) for number in range(50)]
        await smsc.wait(lambda: len(smsc.submits) == 50)
        await smsc.kill()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {OutcomeUnknown}
        status = await link.wait_for("retrying")
        assert status.last_error
        with pytest.raises(NotBound):
            await link.submit(text())
        smsc.configuration = {"receipts": "none"}
        await smsc.start()
        await link.wait_for("bound")
        assert await link.submit(text())


async def test_a_peer_that_hangs_up_after_each_bind_is_backed_off_from() -> None:
    loop = asyncio.get_running_loop()
    async with Smsc() as smsc, linked(smsc, retry_least=0.05) as link:
        began = loop.time()
        for _ in range(4):
            await smsc.command("disconnect")
            await link.wait_for("retrying")
            await link.wait_for("bound")
        # 0.05 + 0.1 + 0.2 + 0.4 seconds, of which the jitter may take half.
        assert loop.time() - began > 0.375
        assert "closed" in (link.status().last_error or "")


async def test_throttling_slows_the_link_and_loses_nothing() -> None:
    async with Smsc(throttle=100, quiet=True) as smsc, linked(smsc, tps=400.0, throttle_patience=30.0) as link:
        tasks = [asyncio.create_task(link.submit(text(number))) for number in range(250)]
        done = asyncio.gather(*tasks)
        while link.status().state != "throttled":
            await asyncio.sleep(0.01)
        slowed = link.status()
        assert slowed.rate < 400
        assert slowed.throttled > 0
        assert len(set(await done)) == 250
        stats = await smsc.stats()
        assert stats["accepted"] == 250
        # A naive retry draws twenty refusals a message.
        assert stats["throttled"] < 250


async def test_throttled_without_end_is_refused_after_patience() -> None:
    async with (
        Smsc(submit_status=0x14, quiet=True) as smsc,
        linked(smsc, throttle_patience=0.3) as link,
    ):
        with pytest.raises(Refused, match="ESME_RMSGQFUL") as refused:
            await link.submit(text())
        assert refused.value.temporary
        assert link.status().throttled >= 2


async def test_other_refusals_are_told_at_once() -> None:
    async with Smsc(submit_status=0x0A) as smsc, linked(smsc) as link:
        with pytest.raises(Refused, match="ESME_RINVSRCADR"):
            await link.submit(text())
        assert link.status().state == "bound"


async def test_the_contracted_rate_is_kept() -> None:
    loop = asyncio.get_running_loop()
    async with Smsc(quiet=True) as smsc, linked(smsc, tps=100.0) as link:
        began = loop.time()
        await asyncio.gather(*(link.submit(text(number)) for number in range(60)))
        # Ten may go at once, fifty at a hundredth of a second each.
        assert loop.time() - began > 0.45


async def test_inbound_through_the_link() -> None:
    got: list[Inbound] = []

    async def store(pdu: Inbound) -> int:
        got.append(pdu)
        return 0

    async with Smsc() as smsc, linked(smsc, store):
        assert await smsc.deliver("hello", source="15550100", destination="15550199") == [0]
        assert len(got) == 1


async def test_unacknowledged_messages_come_again_over_the_next_bind() -> None:
    calls = 0
    first = asyncio.Event()

    async def store(pdu: Inbound) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            first.set()
            await asyncio.sleep(60)
        return 0

    async with Smsc() as smsc, linked(smsc, store) as link:
        delivery = asyncio.create_task(smsc.deliver("hello", source="15550100", destination="15550199"))
        await first.wait()
        session = link._binds[0].session
        assert session is not None
        stuck = set(session._inbound.handlers)
        await smsc.command("disconnect")
        assert await delivery == [0]
        assert calls == 2
        for task in stuck:
            task.cancel()


async def test_the_smscs_journal_survives_its_death(tmp_path: Path) -> None:
    journal = tmp_path / "accepted.jsonl"
    async with Smsc(log=str(journal), quiet=True) as smsc, linked(smsc) as link:
        ids = await asyncio.gather(*(link.submit(text(number)) for number in range(100)))
        await smsc.restart()
        await link.wait_for("bound")
        ids.append(await link.submit(text(100)))
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [line["message_id"] for line in lines] == ids
    assert sorted(int(line["reference"]) for line in lines) == list(range(101))
    assert len(set(ids)) == 101


async def test_no_smsc_at_all() -> None:
    async with Smsc() as smsc:
        port = smsc.port
    link = Link(config(port), ignored)
    await link.start()
    status = await link.wait_for("retrying")
    assert status.state == "retrying"
    await link.stop()
    assert link.status().state == "stopped"


async def test_a_pace_falls_once_per_hold_and_recovers() -> None:
    pace = Pace(100.0)
    for _ in range(50):
        pace.slow_down()
    assert pace.rate == pytest.approx(70.0)
    assert pace.slowed_since is not None
    begun = monotonic()
    await pace.turn()
    assert monotonic() - begun > 0.2
    pace._rated_at -= 10
    assert pace.rate == 100.0
    assert pace.slowed_since is None


async def test_every_outcome_is_true_while_the_smsc_is_killed_again_and_again(tmp_path: Path) -> None:
    journal = tmp_path / "accepted.jsonl"
    outcomes: dict[int, str] = {}
    references = iter(range(1, 1_000_000))
    dying = asyncio.Event()

    async def sender(link: Link) -> None:
        while not dying.is_set():
            reference = next(references)
            try:
                await link.submit(text(reference))
                outcomes[reference] = "accepted"
            except OutcomeUnknown:
                outcomes[reference] = "unknown"
            except NotBound:
                outcomes[reference] = "unsent"
                await asyncio.sleep(0.01)

    async with Smsc(log=str(journal), quiet=True) as smsc, linked(smsc, retry_least=0.05, tps=3000.0) as link:
        senders = [asyncio.create_task(sender(link)) for _ in range(20)]
        for _ in range(3):
            before = link.status().submitted
            while link.status().submitted < before + 200:
                await asyncio.sleep(0.01)
            await smsc.restart()
            await link.wait_for("bound", timeout=60)
        dying.set()
        await asyncio.gather(*senders)
    taken = [int(json.loads(line)["reference"]) for line in journal.read_text().splitlines()]
    assert len(set(taken)) == len(taken)
    by_outcome = {word: {key for key, value in outcomes.items() if value == word} for word in set(outcomes.values())}
    assert by_outcome["accepted"] <= set(taken)
    assert not by_outcome["unsent"] & set(taken)
    assert set(taken) <= by_outcome["accepted"] | by_outcome["unknown"]
