"""The sandbox: its magic numbers (docs/fax.md), and faxes between the system's own numbers."""

from pathlib import Path

import pytest

from ringmain.core.faxes.model import Fax, FaxChange
from ringmain.core.system import Core
from ringmain.fax import sandbox
from tests.conditions import eventually
from tests.conftest import furnish
from tests.core.faxes.conftest import Faxing
from tests.documents.papers import paper, saying
from tests.fax.conftest import Make, reaches
from tests.faxes import FAX_NUMBER, document_file, fax_number


@pytest.mark.parametrize(
    ("number", "state", "code", "pages_done", "attempts"),
    [
        ("+18584375000", "sent", None, 2, 1),
        (sandbox.BUSY, "failed", "busy", 0, 3),
        (sandbox.NO_ANSWER, "failed", "no_answer", 0, 3),
        (sandbox.NOT_A_FAX, "failed", "not_a_fax", 0, 1),
        (sandbox.BUSY_ONCE, "sent", None, 2, 2),
        (sandbox.SLOW, "sent", None, 2, 1),
        (f"{sandbox.FAILS_AT}1", "failed", "disconnected", 0, 3),
        (f"{sandbox.FAILS_AT}2", "failed", "disconnected", 1, 3),
        (f"{sandbox.FAILS_AT}3", "sent", None, 2, 1),  # it has no third page
        ("+12025550123", "failed", "not_a_fax", 0, 1),  # a number of ours that takes no faxes
    ],
)
async def test_what_numbers_act_out(
    faxing: Faxing, node: Make, number: str, state: str, code: str | None, pages_done: int, attempts: int
) -> None:
    await node().start()
    fax = await reaches(faxing, await faxing.send(recipient=number), "sent", "failed")
    assert (fax.state, fax.error_code, fax.pages_done, fax.attempts) == (state, code, pages_done, attempts)
    assert bool(fax.error_text) == (state == "failed")


async def test_a_failed_fax_is_corrected_and_sent_again(faxing: Faxing, core: Core, node: Make) -> None:
    await node().start()
    fax = await reaches(faxing, await faxing.send(recipient=sandbox.NOT_A_FAX), "failed")
    await core.faxes.change_failed(faxing.company_id, fax.id, FaxChange(recipient="+18584375001"))
    await core.faxes.retry(faxing.company_id, fax.id)
    assert (await reaches(faxing, fax, "sent")).attempts == 2


async def test_a_fax_comes_in_at_the_other_companys_number(faxing: Faxing, core: Core, node: Make) -> None:
    globex = (await furnish(core, name="Globex", number="+12025550145")).company_id
    await fax_number(core, globex, "+12025550146", "boss@globex.example")
    await node().start()
    longer = await document_file(core, faxing.company_id, paper(*[saying("x")] * 5))
    sent = await faxing.send(recipient="+12025550146", file_id=longer, sender_name="ACME", subject="Hi")
    await reaches(faxing, sent, "sent")
    (came,) = (await core.faxes.page(globex, "inbound", page=1, per_page=10)).items
    assert (came.sender, came.sender_name, came.subject, came.pages) == (FAX_NUMBER, "ACME", "Hi", 5)
    assert (await core.files.read(globex, came.file.id)).startswith(b"%PDF-")
    (mail,) = await core.mails.page(globex)
    assert mail.recipients == ["boss@globex.example"]
    assert (await core.faxes.statistics(faxing.company_id)).inbound == 0


async def test_a_fax_to_oneself_is_sent_and_received(faxing: Faxing, core: Core, node: Make) -> None:
    await node().start()
    await reaches(faxing, await faxing.send(recipient=FAX_NUMBER), "sent")
    found = await core.faxes.statistics(faxing.company_id)
    assert (found.inbound, found.outbound) == (1, 1)


async def test_a_fax_sent_twice_comes_in_once_but_again_when_asked_to(faxing: Faxing, core: Core, node: Make) -> None:
    """A try that was recorded by nobody, and one that somebody asked for."""
    dispatcher = node()
    await dispatcher.start()
    sent = await faxing.send(recipient=FAX_NUMBER)
    await reaches(faxing, sent, "sent")
    unrecorded = "UPDATE faxes SET state = 'sending', due_at = now() - interval '1 s' WHERE id = $1"
    await core.database.execute(unrecorded, sent.id)

    async def again() -> Fax | None:
        found = await faxing.get(sent)
        return found if found.attempts == 2 and found.state == "sent" else None

    await eventually(again)
    assert (await core.faxes.statistics(faxing.company_id)).inbound == 1
    await core.database.execute("UPDATE faxes SET state = 'failed' WHERE id = $1", sent.id)
    await core.faxes.retry(faxing.company_id, sent.id)
    await reaches(faxing, sent, "sent")
    assert (await core.faxes.statistics(faxing.company_id)).inbound == 2


def test_every_magic_number_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "fax.md").read_text(encoding="utf-8")
    for number, meaning in sandbox.MEANING.items():
        assert f"| `{number}` | {meaning} |" in text
