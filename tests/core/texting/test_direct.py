import asyncio

import pytest

from ringmain.core.errors import Invalid, NotFound, OptedOut, ReferenceReused
from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from tests.conftest import Office, furnish

THEIRS = "+13105550177"


async def conversations(core: Core, office: Office) -> int:
    return (await core.texting.page_conversations(office.company_id, page=1, per_page=1)).total


async def test_the_first_text_opens_a_conversation_and_the_next_goes_into_it(core: Core, office: Office) -> None:
    send = core.direct_texting.send
    first = await send(office.company_id, sender=office.number, recipient=THEIRS, text="one", origin="ringrx")
    second = await send(office.company_id, sender=office.number, recipient=THEIRS, text="two")
    assert first.conversation_id == second.conversation_id != office.conversation.id
    known = await send(office.company_id, sender=office.number, recipient=office.contact.number, text="three")
    assert known.conversation_id == office.conversation.id
    rows = await core.database.fetch("SELECT type, origin FROM events WHERE origin = 'ringrx' ORDER BY id")
    assert [tuple(row) for row in rows] == [("conversation.created", "ringrx"), ("message.created", "ringrx")]


async def test_many_first_texts_at_once_are_in_one_conversation(core: Core, office: Office) -> None:
    sent = await asyncio.gather(
        *(
            core.direct_texting.send(office.company_id, sender=office.number, recipient=THEIRS, text=str(n))
            for n in range(8)
        )
    )
    assert len({one.conversation_id for one in sent}) == 1
    assert await conversations(core, office) == 2


async def test_the_same_reference_is_the_same_message(core: Core, office: Office) -> None:
    async def send(text: str, recipient: str = THEIRS) -> int:
        message = await core.direct_texting.send(
            office.company_id, sender=office.number, recipient=recipient, text=text, reference="r1"
        )
        return message.id

    assert await send("once") == await send("once")
    with pytest.raises(ReferenceReused):
        await send("other")
    with pytest.raises(ReferenceReused):
        await send("once", "+13105550178")
    assert await conversations(core, office) == 2


async def test_what_is_refused_opens_nothing(core: Core, office: Office) -> None:
    globex = await furnish(core, name="Globex", number="+12025550145")
    stop = InboundText(carrier="sandbox", sender=THEIRS, recipient=office.number, text="STOP")
    message = await core.texting.receive(stop)
    await core.texting.delete_conversation(office.company_id, message.conversation_id)
    for sender, recipient, text, refusal in (
        (office.number, THEIRS, "hello", OptedOut),
        (globex.number, THEIRS, "hello", NotFound),
        ("+12025559999", THEIRS, "hello", NotFound),
        (office.number, "13105550178", "hello", Invalid),
        (office.number, "", "hello", Invalid),
        (office.number, "+13105550178", "", Invalid),
        (office.number, "+13105550178", "\0", Invalid),
        (office.number, office.number, "hello", Invalid),
    ):
        with pytest.raises(refusal):
            await core.direct_texting.send(office.company_id, sender=sender, recipient=recipient, text=text)
    assert await conversations(core, office) == 1
    assert await core.texting.search_contacts(office.company_id, search="+13105550178") == []
