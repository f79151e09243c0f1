"""Mail in the composed application: a voicemail comes in, a letter lies in the outbox or goes to a mail server."""

import base64
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ringmain.app import Ringmain
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.system import Core
from ringmain.settings import SettingError, Settings
from tests.conditions import eventually
from tests.conftest import furnish
from tests.mail.server import mail_server
from tests.realtime.conftest import serving
from tests.recordings import wav

TOKEN = "a token of the operator's environment"


def settings(dsn: str, tmp_path: Path, **others: Any) -> Settings:
    return Settings(data_dir=tmp_path, database_url=dsn, operator_token=TOKEN, pool_size=6, **others)


async def leave_voicemail(core: Core, base: str) -> None:
    office = await furnish(core)
    instance = await core.instances.create(office.company_id, name="pbx", domain="pbx.acme.example")
    change = ExtensionChange(number=1001, data={"voicemail_email": "jane@example.com"})
    await core.extensions.create(office.company_id, instance.id, change)
    path = f"{base}/ringmain/v1/companies/{office.company_id}/voicemails"
    body = {"extension": 1001, "from": "+13105550100", "audio": base64.b64encode(wav()).decode()}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        async with http.post(path, json=body) as response:
            assert response.status == 201, await response.text()
        async with http.get(f"{base}/ready") as response:
            assert response.status == 200, await response.text()


async def test_a_letter_lies_in_the_outbox(dsn: str, tmp_path: Path) -> None:
    ringmain = Ringmain(settings(dsn, tmp_path))
    await ringmain.start()
    try:
        async with serving(ringmain.app) as base:
            await leave_voicemail(ringmain.core, base)

            async def look() -> list[Path]:
                return list((tmp_path / "outbox").glob("*.eml"))

            (file,) = await eventually(look)
    finally:
        await ringmain.stop()
    message = message_from_bytes(file.read_bytes(), policy=SMTP)
    assert (message["To"], message["From"]) == ("jane@example.com", "Ringmain <ringmain@localhost>")
    assert message["Subject"] == "Voicemail from Jane Doe (+13105550100)"
    (attachment,) = message.iter_attachments()
    assert (attachment.get_content_type(), attachment.get_content()) == ("audio/wav", wav())


async def test_a_letter_goes_to_the_mail_server(dsn: str, tmp_path: Path) -> None:
    async with mail_server() as inbox:
        url = f"smtp://127.0.0.1:{inbox.port}"
        ringmain = Ringmain(settings(dsn, tmp_path, smtp_url=url, mail_from="Phone <phone@acme.example>"))
        await ringmain.start()
        try:
            async with serving(ringmain.app) as base:
                await leave_voicemail(ringmain.core, base)

                async def arrived() -> bool:
                    return bool(inbox.letters)

                await eventually(arrived)
        finally:
            await ringmain.stop()
    assert inbox.letters[0].mail_from == "phone@acme.example"
    assert inbox.letters[0].rcpt_tos == ["jane@example.com"]
    assert not (tmp_path / "outbox").exists()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"smtp_url": "http://user:hidden@mail.example"}, "RINGMAIN_SMTP_URL"),
        ({"smtp_url": "smtp://user:hidden@mail.example:port"}, "RINGMAIN_SMTP_URL"),
        ({"smtp_url": "smtp://user:hidden@mail.example?ca=/nonexistent.pem"}, "RINGMAIN_SMTP_URL"),
        ({"mail_from": "nobody"}, "RINGMAIN_MAIL_FROM"),
        ({"mail_from": "a@b.example\r\nBcc: c@d.example"}, "RINGMAIN_MAIL_FROM"),
    ],
)
async def test_settings_that_cannot_be(dsn: str, tmp_path: Path, given: dict[str, str], named: str) -> None:
    with pytest.raises(SettingError, match=named) as caught:
        await Ringmain(settings(dsn, tmp_path, **given)).start()
    assert "hidden" not in str(caught.value)


async def test_a_node_without_the_role_sends_none(dsn: str, tmp_path: Path) -> None:
    ringmain = Ringmain(settings(dsn, tmp_path, roles=["api"]))
    await ringmain.start()
    assert ringmain.mail is None
    await ringmain.stop()
    assert not (tmp_path / "outbox").exists()
