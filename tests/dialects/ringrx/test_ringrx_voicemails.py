"""The mailbox: rows 5 to 8 of specs/ringrx.md 2, and the message object of 2.1."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.faxes.model import Fax, NewFax
from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.faxes.transport import Failed, Sent
from ringmain.core.system import Core
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.dialects.ringrx import app, ids
from ringmain.front import Front
from tests import statements
from tests.dialects.ringrx.conftest import FAX_NUMBER, WAV, Account, Caller, World, counts, token_of
from tests.faxes import document_file
from tests.realtime.conftest import serving

FIELDS = {
    "id", "mailbox", "caller", "called", "caller_name", "created_at", "duration", "message_type", "message_folder",
    "status", "voicemail", "fax", "transcription", "message", "pages",
}  # fmt: skip
UNKNOWN = ("01951a6f-8800-7000-8000-000000000000", "79951a64-5f51-5019-a897-0e7624828abf", "7", "x", "%00", "fax")


async def listed(user: Caller, folder: str = "") -> list[str]:
    """The ids of a folder."""
    shown = await user.read(f"/voicemails?message_folder={folder}" if folder else "/voicemails")
    assert isinstance(shown, list)
    for one in shown:
        check_types(one)
        assert one["message_folder"] == (folder or "inbox")
    return [one["id"] for one in shown]


def check_types(message: dict[str, Any]) -> None:
    """The rules of 2.1 that break the vendor's own client when they are violated."""
    assert set(message) == FIELDS
    for name in FIELDS - {"duration", "pages"}:
        assert isinstance(message[name], str), name
    assert str(uuid.UUID(message["id"])) == message["id"]
    assert type(message["duration"]) is int
    assert type(message["pages"]) is int
    assert message["message_type"] in ("voicemail", "fax")
    stem, dot, ending = message[message["message_type"]].rpartition(".")
    assert stem and dot and ending
    assert datetime.fromisoformat(message["created_at"]).utcoffset() == timedelta(0)


async def events(core: Core, subject_id: int) -> list[str]:
    rows = await core.database.fetch("SELECT type FROM events WHERE subject_id = $1 ORDER BY id", subject_id)
    return [row["type"] for row in rows]


async def send(account: Account, **fields: Any) -> int:
    file_id = await document_file(account.core, account.id)
    given: dict[str, Any] = {"file_id": file_id, "sender": FAX_NUMBER, "recipient": "+13105550100"}
    new = NewFax(**(given | fields))
    return (await account.core.faxes.send(account.id, new)).id


async def test_row_5_the_message_object_of_a_voicemail(acme: Caller, account: Account) -> None:
    left = await account.leave(
        received_at=datetime(2019, 2, 15, 23, 48, 54, 123456, UTC), source_name="Dr Smith", transcription="Call me back"
    )
    (shown,) = await acme.read("/voicemails?message_folder=inbox")
    check_types(shown)
    assert shown == {
        "id": ids.encode(left.id),
        "mailbox": "101",
        "caller": "18185551234",
        "called": "101",
        "caller_name": "Dr Smith",
        "created_at": "2019-02-15T23:48:54+00:00",
        "duration": 500,
        "message_type": "voicemail",
        "message_folder": "inbox",
        "status": "new",
        "voicemail": left.file.name,
        "fax": "",
        "transcription": "Call me back",
        "message": "",
        "pages": 0,
    }


async def test_row_5_the_message_object_of_a_fax(acme: Caller, account: Account) -> None:
    await account.add_fax_number(FAX_NUMBER, "pat@acme.example")
    fax = await account.come()
    (shown,) = await acme.read("/voicemails")
    check_types(shown)
    assert (shown["id"], shown["message_type"], shown["fax"]) == (ids.encode(fax.id), "fax", fax.file.name)
    assert (shown["caller"], shown["called"], shown["pages"]) == ("18185551234", "18885550123", 1)
    assert (shown["status"], shown["duration"], shown["voicemail"], shown["transcription"]) == ("new", 0, "", "")


async def test_reading_11_the_mailbox_of_a_fax_is_the_extension_of_its_number_or_empty(
    acme: Caller, account: Account
) -> None:
    await account.add_fax_number(FAX_NUMBER, "nobody@acme.example", "pat@acme.example", "owner@acme.example")
    await account.add_fax_number("+18885550124")
    for recipient in (FAX_NUMBER, "+18885550124"):
        await account.come(recipient)
    assert [one["mailbox"] for one in await acme.read("/voicemails")] == ["", "102"]


async def test_row_5_nothing_is_ever_null(acme: Caller, account: Account) -> None:
    await account.add_fax_number()
    await account.leave(source_number="", transcription=None)
    await account.come(sender="")
    for one in await acme.read("/voicemails"):
        check_types(one)
        assert (one["caller"], one["caller_name"], one["transcription"]) == ("", "", "")


async def test_reading_12_durations_are_whole_milliseconds_or_seconds_as_set(
    core: Core, acme: Caller, account: Account
) -> None:
    await account.leave()
    assert [one["duration"] for one in await acme.read("/voicemails")] == [500]
    await account.leave(audio=WAV, received_at=datetime(2019, 2, 15, tzinfo=UTC))
    async with serving(Front(app.build(core, acme.base, unit="s"))) as base:
        in_seconds = Caller(acme.http, base, account, acme.person_id, acme.token)
        shown = await in_seconds.read("/voicemails")
    assert [(type(one["duration"]), one["duration"]) for one in shown] == [(int, 0), (int, 0)]


async def test_row_5_newest_first_voicemail_and_fax_together(acme: Caller, account: Account) -> None:
    await account.add_fax_number()
    day = datetime(2026, 3, 1, tzinfo=UTC)
    made = [
        (await account.leave(received_at=day)).id,
        (await account.come(received_at=day + timedelta(hours=1))).id,
        (await account.leave(received_at=day + timedelta(hours=2))).id,
        (await account.come(received_at=day + timedelta(hours=3))).id,
    ]
    newest_first = [ids.encode(one) for one in reversed(made)]
    assert await listed(acme) == newest_first
    assert [one["id"] for one in await acme.read("/voicemails?limit=3")] == newest_first[:3]
    assert await listed(acme, "trash") == await listed(acme, "sent") == await listed(acme, "outbox") == []


async def test_row_5_absent_or_empty_is_the_inbox_and_all_of_it_is_answered(acme: Caller, account: Account) -> None:
    for _ in range(3):
        await account.leave()
    assert len(await listed(acme)) == 3
    for query in ("?message_folder=", "?message_folder=INBOX", "?limit=", "?unknown=1"):
        assert len(await acme.read(f"/voicemails{query}")) == 3


async def test_row_5_what_cannot_be_is_refused(acme: Caller) -> None:
    for query in ["message_folder=drafts", "message_folder=%00", "limit=0", "limit=-1", "limit=x"]:
        (await acme("GET", f"/voicemails?{query}")).error(400)


async def test_row_5_faxes_go_from_the_outbox_to_sent(acme: Caller, account: Account, core: Core) -> None:
    await account.add_fax_number()
    fax_id = await send(account)
    queue = FaxQueue(core.database, core.wakeups, core.mails)

    async def state() -> tuple[str, str]:
        shown = await acme.read(f"/voicemails/{ids.encode(fax_id)}")
        check_types(shown)
        assert await listed(acme, shown["message_folder"]) == [shown["id"]]
        return shown["message_folder"], shown["status"]

    assert await state() == ("outbox", "pending")
    (job,) = await queue.claim(1)
    assert await state() == ("outbox", "sending")
    await queue.record(job, Failed(code="busy", text="busy", retry_seconds=0))
    assert await state() == ("outbox", "pending")
    (job,) = await queue.claim(1)
    await queue.record(job, Failed(code="not_a_fax", text="a person"))
    assert await state() == ("outbox", "failed")
    await core.faxes.retry(account.id, fax_id)
    (job,) = await queue.claim(1)
    await queue.record(job, Sent())
    assert await state() == ("sent", "sent")
    assert await listed(acme, "outbox") == []


async def test_row_5_scheduled_faxes_wait_in_the_outbox_and_hidden_ones_are_nowhere(
    acme: Caller, account: Account, core: Core
) -> None:
    await account.add_fax_number()
    later = await send(account, send_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert await listed(acme, "outbox") == [ids.encode(later)]
    hidden = await account.come()
    await core.database.execute("UPDATE faxes SET hidden = true WHERE id = $1", hidden.id)
    assert await listed(acme) == []


async def test_row_6_the_payload_is_the_recording(acme: Caller, account: Account) -> None:
    left = await account.leave()
    reply = await acme("GET", f"/voicemails/{ids.encode(left.id)}/voice_payload")
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, "audio/wav", WAV)
    assert left.file.name in reply.headers["content-disposition"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    part = await acme("GET", f"/voicemails/{ids.encode(left.id)}/voice_payload", headers={"Range": "bytes=0-3"})
    assert (part.status, part.body) == (206, b"RIFF")


async def test_row_7_the_payload_is_a_pdf_or_tiff_as_its_name_says(acme: Caller, account: Account, core: Core) -> None:
    await account.add_fax_number()
    text = await document_file(core, account.id, b"Dear all, this is a letter.", "text/plain")
    expected = {
        (await account.come()).id: ("application/pdf", ".pdf", b"%PDF-"),
        await send(account): ("application/pdf", ".pdf", b"%PDF-"),
        await send(account, file_id=text): ("image/tiff", ".tiff", b"II*\0"),
    }
    for fax_id, (mimetype, ending, start) in expected.items():
        shown = await acme.read(f"/voicemails/{ids.encode(fax_id)}")
        assert shown["fax"].endswith(ending)
        reply = await acme("GET", f"/voicemails/{ids.encode(fax_id)}/fax_payload")
        assert (reply.status, reply.headers["content-type"]) == (200, mimetype)
        assert reply.body.startswith(start)


async def test_payloads_are_of_their_own_kind(acme: Caller, account: Account) -> None:
    await account.add_fax_number()
    voicemail, fax = ids.encode((await account.leave()).id), ids.encode((await account.come()).id)
    (await acme("GET", f"/voicemails/{voicemail}/fax_payload")).error(404)
    (await acme("GET", f"/voicemails/{fax}/voice_payload")).error(404)


async def test_row_8_into_the_trash_and_out_of_it_for_good(acme: Caller, account: Account, core: Core) -> None:
    await account.add_fax_number()
    left, fax = await account.leave(), await account.come()
    for one, kind, payload in ((left, "voicemail", "voice_payload"), (fax, "fax", "fax_payload")):
        spelled = ids.encode(one.id)
        reply = await acme("DELETE", f"/voicemails/{spelled}")
        assert (reply.status, reply.body) == (204, b"")
        assert spelled in await listed(acme, "trash")
        assert spelled not in await listed(acme)
        # Payloads live as long as what lists them.
        assert (await acme("GET", f"/voicemails/{spelled}/{payload}")).status == 200
        assert (await acme("DELETE", f"/voicemails/{spelled}")).status == 204
        assert spelled not in await listed(acme, "trash")
        for path in ("", f"/{payload}"):
            (await acme("GET", f"/voicemails/{spelled}{path}")).error(404)
        (await acme("DELETE", f"/voicemails/{spelled}")).error(404)
        created = "voicemail.created" if kind == "voicemail" else "fax.received"
        assert await events(core, one.id) == [created, f"{kind}.deleted"]
    assert await core.database.fetchval("SELECT count(*) FROM files WHERE company_id = $1", account.id) == 0


async def test_row_8_the_trash_is_deleted_for_everybody_else(acme: Caller, account: Account, core: Core) -> None:
    await account.add_fax_number()
    left, fax, sent = await account.leave(), await account.come(), await send(account)
    for one in (left.id, fax.id, sent):
        assert (await acme("DELETE", f"/voicemails/{ids.encode(one)}")).status == 204
    assert (await core.voicemails.page(account.id, page=1, per_page=10)).total == 0
    statistics = await core.faxes.statistics(account.id)
    assert (statistics.inbound, statistics.outbound) == (0, 0)
    for one, folder in ((left.id, "inbox"), (fax.id, "inbox"), (sent, "outbox")):
        reply = await acme("PUT", f"/voicemails/{ids.encode(one)}", json={"message_folder": folder})
        assert (reply.status, reply.json()["message_folder"]) == (200, folder)
    assert (await core.voicemails.page(account.id, page=1, per_page=10)).total == 1
    statistics = await core.faxes.statistics(account.id)
    assert (statistics.inbound, statistics.outbound) == (1, 1)


async def test_row_8_a_fax_in_the_trash_is_not_sent(acme: Caller, account: Account, core: Core) -> None:
    await account.add_fax_number()
    queue = FaxQueue(core.database, core.wakeups, core.mails)
    waiting = ids.encode(await send(account))
    assert (await acme("DELETE", f"/voicemails/{waiting}")).status == 204
    assert await queue.claim(1) == []
    (shown,) = await acme.read("/voicemails?message_folder=trash")
    assert shown["status"] == "failed"
    back = (await acme("PATCH", f"/voicemails/{waiting}", json={"message_folder": "outbox"})).json()
    assert (back["message_folder"], back["status"]) == ("outbox", "failed")
    assert await queue.claim(1) == []
    # Somebody has to ask for it.
    await core.faxes.retry(account.id, ids.decode(waiting, "fax"))
    (job,) = await queue.claim(1)
    assert (await acme("DELETE", f"/voicemails/{waiting}")).status == 204
    assert not await queue.attend(job, 1)
    assert await queue.record(job, Sent()) is None


async def test_what_was_deleted_elsewhere_is_in_no_folder(acme: Caller, account: Account, core: Core) -> None:
    left = await account.leave()
    await core.voicemails.delete(account.id, [left.id])
    assert await listed(acme) == await listed(acme, "trash") == []
    (await acme("GET", f"/voicemails/{ids.encode(left.id)}")).error(404)


async def test_get_put_and_patch_of_one_message(acme: Caller, account: Account, core: Core) -> None:
    await account.add_fax_number()
    for one in (await account.leave(), await account.come()):
        path = f"/voicemails/{ids.encode(one.id)}"
        assert (await acme.read(path))["status"] == "new"
        for method, options, status in (
            ("PUT", {"json": {"status": "read"}}, "read"),
            ("PATCH", {"data": {"status": "new"}}, "new"),
            ("PUT", {"params": {"status": "read"}}, "read"),
        ):
            reply = await acme(method, path, **options)
            assert reply.status == 200, reply.body
            assert reply.json()["status"] == status == (await acme.read(path))["status"]
        both = await acme("PUT", path, json={"status": "new", "message_folder": "trash"})
        assert (both.json()["status"], both.json()["message_folder"]) == ("new", "trash")
        (await acme("PUT", path, json={"status": "read"})).error(409)
        back = await acme("PUT", path, json={"status": "read", "message_folder": "inbox"})
        assert (back.json()["status"], back.json()["message_folder"]) == ("read", "inbox")
        same = await acme("PUT", path, json={"message_folder": "inbox"})
        assert same.json() == back.json()
        kind = "fax" if isinstance(one, Fax) else "voicemail"
        assert (await events(core, one.id))[-2:] == [f"{kind}.updated"] * 2


async def test_changes_that_cannot_be_are_refused(acme: Caller, account: Account, core: Core) -> None:
    bodies: list[Any] = [
        {},
        {"status": "old"},
        {"status": 1},
        {"status": []},
        {"message_folder": "sent"},
        {"message_folder": "x"},
        [],
        "x",
    ]
    path = f"/voicemails/{ids.encode((await account.leave()).id)}"
    before = await counts(core.database)
    for body in bodies:
        (await acme("PUT", path, json=body)).error(400)
    assert await counts(core.database) == before


async def test_what_was_sent_cannot_be_marked(acme: Caller, account: Account) -> None:
    await account.add_fax_number()
    (await acme("PUT", f"/voicemails/{ids.encode(await send(account))}", json={"status": "read"})).error(409)


async def test_unknown_messages(acme: Caller, core: Core) -> None:
    before = await counts(core.database)
    for unknown, (method, path) in ((one, route) for one in UNKNOWN for route in _routes(one)):
        reply = await acme(method, path, json={"status": "read"} if method in ("PUT", "PATCH") else None)
        reply.error(405 if unknown == "fax" and path.endswith("/fax") else 404)
    assert await counts(core.database) == before


async def test_others_messages_are_as_unknown(globex: Caller, pat: Caller, account: Account, core: Core) -> None:
    await account.add_fax_number(FAX_NUMBER, "owner@acme.example")
    for one in (await account.leave(), await account.come()):
        before = await counts(core.database)
        for user in (globex, pat):
            nobody = await user("GET", f"/voicemails/{UNKNOWN[0]}")
            for method, path in _routes(ids.encode(one.id)):
                reply = await user(method, path, json={"status": "read"} if method in ("PUT", "PATCH") else None)
                assert (reply.status, reply.body) == (404, nobody.body)
            for folder in ("inbox", "outbox", "sent", "trash"):
                assert await user.read(f"/voicemails?message_folder={folder}") == []
        assert await counts(core.database) == before


def _routes(message: str) -> list[tuple[str, str]]:
    path = f"/voicemails/{message}"
    methods = [(method, path) for method in ("GET", "PUT", "PATCH", "DELETE")]
    return [*methods, ("GET", f"{path}/voice_payload"), ("GET", f"{path}/fax_payload")]


async def test_plain_users_see_their_own_mailboxes_and_managers_all(
    acme: Caller, pat: Caller, account: Account, core: Core
) -> None:
    await account.add_fax_number("+18885550124", "pat@acme.example")
    await account.add_fax_number(FAX_NUMBER)
    pats = [(await account.leave(102)).id, (await account.come("+18885550124")).id]
    await account.leave(101)
    await account.come()
    assert await listed(pat) == [ids.encode(one) for one in reversed(pats)]
    assert len(await listed(acme)) == 4
    sent = await send(account, author_id=pat.person_id)
    await send(account, author_id=acme.person_id)
    assert await listed(pat, "outbox") == [ids.encode(sent)]
    for one in (*pats, sent):
        assert (await pat("DELETE", f"/voicemails/{ids.encode(one)}")).status == 204
    assert len(await listed(pat, "trash")) == 3
    await core.database.execute("UPDATE people SET admin = true WHERE id = $1", pat.person_id)
    admin = Caller(pat.http, pat.base, account, pat.person_id, await token_of(core, account.id, pat.person_id, "later"))
    assert len(await listed(admin)) == 2


async def test_of_two_with_one_extension_number_each_sees_their_own(core: Core, world: World, account: Account) -> None:
    """Another instance of the company has an extension 102 as well, somebody else's."""
    second = await core.instances.create(account.id, name="branch", domain="branch.acme.example")
    change = ExtensionChange(number=102, name="Elsewhere", person_id=world.acme.person_id)
    made = await core.extensions.create(account.id, second.id, change)
    await core.voicemails.receive(account.id, made.id, NewVoicemail(audio=WAV))
    assert await listed(world.pat) == []
    assert len(await listed(world.acme)) == 1


async def test_a_list_takes_one_query_beside_the_tokens_however_long_it_is(
    acme: Caller, account: Account, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.add_fax_number()
    for _ in range(2):
        await account.leave()
        await account.come()
    await acme.read("/voicemails")
    asked = statements.of_requests(core.database, monkeypatch)
    for folder in ("inbox", "outbox", "sent", "trash"):
        await acme.read(f"/voicemails?message_folder={folder}")
        assert len(asked) == 2
        asked.clear()
