"""RingRx: mailbox, fax, calls, texts, billing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.faxes.model import NewFax
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.dialects.ringrx import ids
from ringmain.settings import Settings
from tests.conditions import eventually
from tests.dialects.ringplan.conftest import Reply
from tests.differences.conftest import NUMBERS, Place, running
from tests.faxes import DOCUMENT, document_file
from tests.recordings import wav

BUSY = "+15005550013"
WAV = wav(0.5)


class Rx:
    """RingRx as the company's owner sees it; the owner has extension 101."""

    def __init__(self, place: Place, extension_id: int, token: str) -> None:
        self.place = place
        self.core = place.core
        self.company_id = place.acme.office.company_id
        self.extension_id = extension_id
        self.token = token

    async def __call__(self, method: str, path: str, *, token: str = "", base: str = "", **options: Any) -> Reply:
        """Call, as somebody else with another token."""
        headers = {"Authorization": token or self.token}
        url = f"{base or self.place.base}{path}"
        async with self.place.acme.http.request(method, url, headers=headers, **options) as response:
            return Reply(response.status, response.headers, await response.read())

    async def ids(self, path: str, **options: Any) -> list[str]:
        return [one["id"] for one in (await self("GET", path, **options)).json()]

    async def leave(self) -> str:
        made = await self.core.voicemails.receive(self.company_id, self.extension_id, NewVoicemail(audio=WAV))
        return ids.encode(made.id)

    async def fax_number(self) -> str:
        number = f"+1888556{next(NUMBERS)}"
        await self.core.numbers.create(self.company_id, number, sms=False, fax=True)
        return number

    async def another(self) -> str:
        """The token of another user, a plain one."""
        email = f"sam{next(NUMBERS)}@acme.example"
        person = await self.core.people.create(self.company_id, email=email)
        key = await self.core.credentials.create_api_key(self.company_id, "ringrx", email, person_id=person.id)
        return (await self.core.grants.by_key("ringrx", key.key.token, key.secret, address="127.0.0.1")).user_token

    async def call(self, **fields: Any) -> str:
        planned = PlannedCall(source="+18185551234", destination="101", **fields)
        return ids.encode((await self.core.sandbox_calls.place(self.company_id, planned)).id)


@pytest.fixture
async def rx(place: Place) -> Rx:
    core, office = place.core, place.acme.office
    instance = await core.instances.create(office.company_id, name="pbx", domain=f"{office.company_id}.example.com")
    change = ExtensionChange(number=101, name="Olive", person_id=office.owner_id)
    extension = await core.extensions.create(office.company_id, instance.id, change)
    key = await core.credentials.create_api_key(office.company_id, "ringrx", "test")
    tokens = await core.grants.by_key("ringrx", key.key.token, key.secret, address="127.0.0.1")
    return Rx(place, extension.id, tokens.user_token)


async def test_115_deleting_has_two_steps(rx: Rx) -> None:
    left = await rx.leave()
    for inbox, trash in (([left], []), ([], [left]), ([], [])):
        assert await rx.ids("/voicemails") == inbox
        assert await rx.ids("/voicemails?message_folder=trash") == trash
        assert len((await rx.place.acme("GET", "/voicemail/messages")).json()) == len(inbox)
        if inbox or trash:
            assert (await rx("DELETE", f"/voicemails/{left}")).status == 204
    assert (await rx("DELETE", f"/voicemails/{left}")).status == 404


async def test_116_one_message_can_be_read_and_changed(rx: Rx) -> None:
    path = f"/voicemails/{await rx.leave()}"
    assert (await rx("PUT", path, json={"status": "read"})).json()["status"] == "read"
    assert (await rx("PATCH", path, json={"message_folder": "trash"})).json()["message_folder"] == "trash"
    assert (await rx("PATCH", path, json={"message_folder": "sent"})).status == 400
    back = (await rx("PATCH", path, json={"message_folder": "inbox"})).json()
    assert (await rx("GET", path)).json() == back


async def test_117_a_fax_that_failed_is_in_the_outbox_and_a_hidden_one_nowhere(rx: Rx) -> None:
    sender, core = await rx.fax_number(), rx.core
    file_id = await document_file(core, rx.company_id)
    fax = await core.faxes.send(rx.company_id, NewFax(file_id=file_id, sender=sender, recipient=BUSY))

    async def failed() -> bool:
        return (await core.faxes.get(rx.company_id, fax.id)).state == "failed"

    await eventually(failed, timeout=30)
    (shown,) = (await rx("GET", "/voicemails?message_folder=outbox")).json()
    assert (shown["id"], shown["status"]) == (ids.encode(fax.id), "failed")
    new = NewFax(file_id=file_id, sender=sender, recipient=await rx.fax_number())
    await core.faxes.send(rx.company_id, new)

    async def came() -> bool:
        return len(await rx.ids("/voicemails")) == 1

    await eventually(came, timeout=30)
    (inbound,) = (await rx.place.acme("GET", "/fax/messages/inbound")).json()
    hide = await rx.place.acme("PATCH", f"/fax/messages/inbound/{inbound['id']}", json={"hidden": True})
    assert hide.status == 200
    assert await rx.ids("/voicemails") == []


async def test_118_duration_is_milliseconds_or_seconds(rx: Rx, settings: Settings) -> None:
    await rx.leave()
    (shown,) = (await rx("GET", "/voicemails")).json()
    assert shown["duration"] == 500
    async with running(msgspec.structs.replace(settings, ringrx_duration="s", roles=["api"])) as (_, base):
        (shown,) = (await rx("GET", "/voicemails", base=base)).json()
    assert shown["duration"] == 0


async def test_119_plain_users_see_their_own(rx: Rx) -> None:
    await rx.leave()
    await rx.call()
    plain = await rx.another()
    for path in ("/voicemails", "/cdrs"):
        assert (len(await rx.ids(path)), await rx.ids(path, token=plain)) == (1, [])


def form(*, files: int, **fields: str) -> aiohttp.FormData:
    made = aiohttp.FormData({"called_number": "3105550100", **fields}, default_to_multipart=True)
    for _ in range(files):
        made.add_field("faxfiles[]", DOCUMENT, filename="letter.pdf", content_type="application/pdf")
    return made


async def test_120_several_files_make_one_fax_with_a_cover_sheet(rx: Rx) -> None:
    await rx.fax_number()
    cases: list[tuple[dict[str, str], int]] = [
        ({}, 4),
        ({"subject": "Results"}, 5),
        ({"subject": "Results", "cover": "false"}, 4),
    ]
    for fields, pages in cases:
        reply = await rx("POST", "/voicemails/fax", data=form(files=2, **fields))
        assert (reply.status, reply.json()["pages"]) == (200, pages)


async def test_121_a_page_of_calls_or_all(rx: Rx) -> None:
    now = datetime.now(UTC)
    calls = [await rx.call(started_at=now - timedelta(days=n, minutes=5)) for n in (0, 1, 20)]
    assert await rx.ids("/cdrs?limit=1") == calls[:1]
    assert await rx.ids("/cdrs?limit=1&page=2") == calls[1:2]
    assert await rx.ids("/cdrs?limit=1&getAll=true") == calls[:2]
    day = now - timedelta(days=20, minutes=5)
    for spelling in ("%d-%m-%Y", "%Y-%m-%d"):
        assert await rx.ids(f"/cdrs?startDate={day:{spelling}}&endDate={day:{spelling}}") == calls[2:]
    assert (await rx("GET", f"/cdrs/{calls[0]}")).json()["id"] == calls[0]


async def test_122_everything_in_a_call_record_is_text_or_null(rx: Rx) -> None:
    await rx.call(recording=WAV)
    (shown,) = (await rx("GET", "/cdrs")).json()
    assert all(value is None or isinstance(value, str) for value in shown.values())
    assert shown["domain_name"] == "acme.ringrx.com"
    assert (shown["recorded"], shown["recording_key"].rpartition(".")[2]) == ("true", "wav")


async def test_123_from_and_uuid_of_a_text(rx: Rx) -> None:
    given = {"to": "3105550177", "message": "Hello", "uuid": "one"}
    first, second = [(await rx("POST", "/messaging/send_message", json=given)).json() for _ in range(2)]
    assert first["sms_id"] == second["sms_id"]
    assert (await rx("POST", "/messaging/send_message", json=given | {"message": "Bye"})).status == 409
    own = f"+1202557{next(NUMBERS)}"
    await rx.core.numbers.create(rx.company_id, own, owner_emails=["owner@acme.example"])
    del given["uuid"]
    assert (await rx("POST", "/messaging/send_message", json=given)).json()["from"] == own.removeprefix("+1")
    chosen = given | {"from": rx.place.acme.office.number}
    sent = (await rx("POST", "/messaging/send_message", json=chosen)).json()
    assert sent["from"] == rx.place.acme.office.number.removeprefix("+1")


async def test_124_billing_is_what_was_used_and_for_managers(rx: Rx) -> None:
    await rx("POST", "/messaging/send_message", json={"to": "3105550177", "message": "Hello"})
    assert (await rx("GET", "/billing")).json()["messages_sent"] == 1
    assert (await rx("GET", "/billing", token=await rx.another())).status == 403
