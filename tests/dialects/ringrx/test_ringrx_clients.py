"""The public clients of RingRx, re-implemented from the facts in specs/ringrx.md, against a real server."""

import asyncio
from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest

from ringmain.core.credentials.model import NewApiKey
from ringmain.core.system import Core
from tests.clients.ringrx_archiver import Archiver
from tests.clients.ringrx_duo import Duo
from tests.clients.ringrx_fetcher import Fetcher
from tests.clients.ringrx_scripts import FaxBot, Sheet
from tests.dialects.ringrx.conftest import PASSWORD, WAV, Account, World
from tests.dialects.ringrx.test_ringrx_faxes import picture

MOMENT = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
EMAIL = "owner@acme.example"


@pytest.fixture
async def key(core: Core, account: Account) -> NewApiKey:
    return await core.credentials.create_api_key(account.id, "ringrx", "clients")


@pytest.fixture
async def password(core: Core, account: Account) -> str:
    await core.credentials.set_password(account.id, account.office.owner_id, PASSWORD)
    return PASSWORD


async def test_the_fetcher_fetches_every_voicemail_and_fax(world: World, account: Account, key: NewApiKey) -> None:
    await account.add_fax_number()
    voicemail = await account.leave(received_at=MOMENT, transcription="Call me")
    await account.leave(received_at=MOMENT, source_number="")
    fax = await account.come(received_at=MOMENT)
    credentials = {"token": key.key.token, "secret": key.secret}
    for folder in ("inbox", None):
        fetcher = Fetcher(world.base, credentials, folder=folder)
        await asyncio.to_thread(fetcher.run)
        assert fetcher.failures == []
        stamp = "2026-03-04T23:30:00+00:00"
        name = f"{stamp}_101_18185551234_101_{voicemail.file.name}"
        assert (fetcher.files[name], fetcher.files[f"{name}.txt"]) == (WAV, b"Call me")
        assert fetcher.files[f"{stamp}__18185551234_18885550123_{fax.file.name}"].startswith(b"%PDF-")
        assert len(fetcher.files) == 6


async def test_the_fetcher_empties_a_folder_into_the_trash_and_the_trash(
    world: World, account: Account, key: NewApiKey
) -> None:
    for _ in range(2):
        await account.leave()
    credentials = {"token": key.key.token, "secret": key.secret}
    for folder, fetched in (("inbox", 4), ("inbox", 0), ("trash", 4), ("trash", 0)):
        fetcher = Fetcher(world.base, credentials, folder=folder, delete=True)
        await asyncio.to_thread(fetcher.run)
        assert (len(fetcher.files), fetcher.failures) == (fetched, [])


async def test_the_fetcher_with_a_wrong_secret(world: World, key: NewApiKey) -> None:
    fetcher = Fetcher(world.base, {"token": key.key.token, "secret": "wrong"}, folder="inbox")
    with pytest.raises(PermissionError, match="Not Authenticated"):
        await asyncio.to_thread(fetcher.run)


async def test_the_archiver_archives_records_and_recordings(world: World, account: Account, password: str) -> None:
    recorded = await account.call("+18185551234", "101", started_at=MOMENT, recording=WAV, source_name="Dr Smith")
    await account.call("102", "+18185551234", started_at=MOMENT, outcome="busy")
    await account.call("102", "+18185551234", started_at=datetime(2026, 3, 6, tzinfo=UTC))
    archiver = Archiver(world.base, EMAIL, password)
    await asyncio.to_thread(archiver.log_in)
    await asyncio.to_thread(archiver.run, date(2026, 3, 4), date(2026, 3, 5))
    (sheet,) = [name for name in archiver.files if name.endswith(".csv")]
    assert sheet == "2026-03-04.csv"
    busy, answered = sorted(archiver.files[sheet].decode().splitlines(), key=lambda line: "Dr Smith" in line)
    assert busy.split(",")[1:] == [
        "102", "2026-03-04 23:30:00 UTC", "USER_BUSY", "102", "18185551234", "102", "N102", "5", "0", "outbound",
        "", "", "", "", "",
    ]  # fmt: skip
    assert answered.split(",")[7:] == ["Dr Smith", "65", "60", "inbound", "", "", "", "yes", ""]
    (sound,) = [name for name in archiver.files if name.endswith(".wav")]
    assert archiver.files[sound] == WAV
    assert recorded.recording is not None
    assert archiver.logins == 1


async def test_the_archiver_logs_in_again_when_its_token_ends_between_recordings(
    world: World, core: Core, account: Account, password: str
) -> None:
    await account.call("+18185551234", "101", started_at=MOMENT, recording=WAV)
    archiver = Archiver(world.base, EMAIL, password)
    await asyncio.to_thread(archiver.log_in)
    ask, lists = archiver._ask, 0

    def ending(method: str, path: str, *rest: object) -> object:
        nonlocal lists
        answer = ask(method, path, *rest)  # type: ignore[arg-type]
        if path.startswith("/cdrs?"):
            lists += 1
            archiver.token = "ended"
        return answer

    archiver._ask = ending  # type: ignore[assignment]
    await asyncio.to_thread(archiver.run, date(2026, 3, 4), date(2026, 3, 4))
    assert (archiver.logins, lists, len(archiver.files)) == (2, 1, 2)


async def test_duo_shows_deletes_and_texts(world: World, core: Core, account: Account, key: NewApiKey) -> None:
    await account.leave(received_at=MOMENT, source_name="Dr Smith")
    duo = Duo(world.base, key.key.token, key.secret)
    (item,) = await asyncio.to_thread(duo.inbox)
    assert (item.number, item.name, item.at, item.seconds) == ("8185551234", "Dr Smith", MOMENT, 0.5)
    assert (item.unread, item.kind) == (True, "voicemail")
    assert await asyncio.to_thread(duo.move_to_trash, item)
    assert await asyncio.to_thread(duo.inbox) == []
    (gone,) = await asyncio.to_thread(duo.inbox, "trash")
    assert gone.id == item.id
    # Not even a token that is no token makes it fail.
    duo.access_token = "nonsense"
    assert await asyncio.to_thread(duo.text, "+1 (818) 555-1234", "Hello & welcome")
    assert await asyncio.to_thread(lambda: duo.text("+1(818)555-1234", "Again", escaped=False))
    assert duo.logins == 2
    rows = await core.database.fetch("SELECT text, recipients FROM messages ORDER BY id")
    assert [(row["text"], row["recipients"]) for row in rows] == [
        ("Hello & welcome", ["+18185551234"]),
        ("Again", ["+18185551234"]),
    ]


async def test_the_bot_faxes_a_page(world: World, account: Account, key: NewApiKey) -> None:
    await account.add_fax_number()
    bot = await asyncio.to_thread(FaxBot, world.base, key.key.token, key.secret)
    sent = await asyncio.to_thread(bot.fax, "3105550100", picture())
    assert (sent["called"], sent["pages"], sent["message_folder"]) == ("13105550100", 2, "outbox")


async def test_the_spreadsheet_reads_callbacks_and_billing(world: World, account: Account, password: str) -> None:
    sheet = await asyncio.to_thread(Sheet, world.base, quote(EMAIL), quote(password))
    callbacks, billing = [await asyncio.to_thread(sheet.get, path) for path in ("/pbxcallbacks", "/billing")]
    assert (callbacks.status, callbacks.parsed) == (200, [])
    assert billing.status == 200
    assert isinstance(billing.parsed, dict)
