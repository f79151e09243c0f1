"""An organization whose users chat, and what tests of chats ask of the core."""

import msgspec

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.system import Core
from ringmain.core.texting.model import Conversation, Message
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller

OUTSIDE = "3105550199"
OUTSIDE_E164 = "+13105550199"


class Users(msgspec.Struct, frozen=True):
    """Extensions 501, of the company's owner, and 502, of nobody, by their ids as Ringotel spells them."""

    olive: str
    nobody: str
    owner_id: int


async def users_of(core: Core, caller: Caller) -> Users:
    office = caller.office
    instance = await core.instances.create(office.company_id, name="pbx", domain="pbx.example.com")
    made = [
        await core.extensions.create(
            office.company_id, instance.id, ExtensionChange(number=number, name=name, person_id=person_id)
        )
        for number, name, person_id in ((501, "Olive", office.owner_id), (502, "Desk", None))
    ]
    return Users(ids.encode(made[0].id), ids.encode(made[1].id), office.owner_id)


async def messages_of(core: Core, caller: Caller, sessionid: str) -> list[Message]:
    """Oldest first."""
    conversation_id = ids.decode_stamp(sessionid, "session")
    page = await core.texting.page_messages(caller.office.company_id, conversation_id, page=1, per_page=100)
    return page.items[::-1]


async def session_of(core: Core, caller: Caller, sessionid: str) -> Conversation:
    return await core.texting.get_conversation(caller.office.company_id, ids.decode_stamp(sessionid, "session"))
