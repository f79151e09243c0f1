import socket
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ringmain.cli import main
from ringmain.commands.webhooks import moment
from ringmain.core.system import Core
from tests.commands.server import Served, ringmain

FILE = """\
[[companies]]
key = "acme"
name = "Acme"
people = [{ email = "ann@acme.example", owner = true }]

[[companies.api_keys]]
dialect = "ringplan"
name = "CRM"

[[companies.webhooks]]
face = "ringmain"
url = "https://acme.example/hook"
events = ["message.created"]
"""


async def test_the_embedded_database_without_a_server(tmp_path: Path) -> None:
    """Each command starts the database for itself, and ends it."""
    (tmp_path / "acme.toml").write_text(FILE)
    dry = await ringmain(tmp_path, "apply", "acme.toml", "--dry-run")
    assert dry.code == 0, dry.err
    assert msgspec.json.decode(dry.out)["changed"] is True
    first = msgspec.json.decode((await ringmain(tmp_path, "apply", "acme.toml")).out)
    assert first["companies"][0]["api_keys"][0]["secret"]
    second = msgspec.json.decode((await ringmain(tmp_path, "apply", "acme.toml")).out)
    assert second["changed"] is False
    assert second["companies"][0]["company"]["ids"] == first["companies"][0]["company"]["ids"]
    assert (await ringmain(tmp_path, "migrate")).out == "nothing to do\n"


async def test_beside_a_running_server(tmp_path: Path) -> None:
    async with Served(tmp_path) as server:
        ended = await ringmain(tmp_path, "demo")
        assert ended.code == 0, ended.err
        assert msgspec.json.decode(ended.out)["companies"][0]["company"]["key"] == "demo"
        token = (await ringmain(tmp_path, "token", "ops")).out.strip()
        assert len(token) == 43
        assert server.url


async def test_errors_are_one_line(tmp_path: Path, dsn: str) -> None:
    (tmp_path / "bad.toml").write_text(FILE + "colour = 1\n")
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    for arguments, message in (
        (["apply", "bad.toml"], "bad.toml, line 14, companies[0].webhooks[0].colour: there is no such key"),
        (["apply", "none.toml"], "none.toml: No such file or directory"),
        (["apply", "latin.toml"], "latin.toml: is not UTF-8"),
        (["webhooks", "endpoints"], "--company: there is none yet"),
        (["token", " "], "name: must not be empty"),
    ):
        ended = await ringmain(tmp_path, *arguments, database_url=dsn)
        assert ended.code == 1
        assert ended.err.startswith(f"ringmain: {message}")
        assert ended.err.count("\n") == 1


async def test_settings_are_printed_without_secrets(tmp_path: Path, dsn: str) -> None:
    ended = await ringmain(
        tmp_path, "settings", database_url="postgresql://u:hunter2@h/d", operator_token="hunter2" * 5, prot="1"
    )
    assert ended.code == 0
    assert "DATABASE_URL=postgresql://u:***@h/d\n" in ended.out
    assert "RINGMAIN_PORT=8000\n" in ended.out
    assert "RINGMAIN_PROT: there is no such setting" in ended.out
    assert "hunter2" not in ended.out
    wrong = await ringmain(tmp_path, "settings", port="http")
    assert (wrong.code, wrong.err[:24]) == (1, "ringmain: RINGMAIN_PORT:")


@pytest.mark.parametrize("arguments", [[], ["pony"], ["apply"], ["webhooks", "recover"], ["webhooks", "attempts", "x"]])
def test_commands_that_do_not_read(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: ringmain" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "moment_of_it"),
    [
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T08:00", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21T08:00+02:00", datetime(2026, 11, 21, 6, tzinfo=UTC)),
        ("2026-11-21T08:00Z", datetime(2026, 11, 21, 8, tzinfo=UTC)),
    ],
)
def test_moments(text: str, moment_of_it: datetime) -> None:
    assert moment(text) == moment_of_it


def test_how_long_ago() -> None:
    for text, seconds in (("90s", 90), ("2h", 7200), ("7d", 604800)):
        assert abs((datetime.now(UTC) - moment(text)).total_seconds() - seconds) < 5
    for wrong in ("", "2x", "yesterday", "-2h"):
        with pytest.raises(ValueError, match="isoformat"):
            moment(wrong)


async def test_webhooks(tmp_path: Path, dsn: str, core: Core) -> None:
    (tmp_path / "acme.toml").write_text(FILE)
    applied = msgspec.json.decode((await ringmain(tmp_path, "apply", "acme.toml", database_url=dsn)).out)
    company_id = applied["companies"][0]["company"]["ids"]["ringcentral"]

    async def webhooks(*arguments: str) -> str:
        ended = await ringmain(tmp_path, "webhooks", *arguments, database_url=dsn)
        assert ended.code == 0, ended.err
        return ended.out

    table = await webhooks("endpoints")
    assert table.splitlines()[0].split()[:4] == ["id", "face", "name", "url"]
    assert "https://acme.example/hook" in table
    (endpoint,) = msgspec.json.decode(await webhooks("--company", "acme", "--json", "endpoints"))
    assert str(endpoint["company_id"]) == company_id
    assert await webhooks("deliveries") == "(none)\n"
    tested = msgspec.json.decode(await webhooks("--company", company_id, "test", str(endpoint["id"])))
    assert tested["event_type"] == "webhook.test"
    (listed,) = msgspec.json.decode(await webhooks("--json", "deliveries", "--state", "pending"))
    assert listed["event_id"] == tested["event_id"]
    event, subscription = str(tested["event_id"]), str(tested["subscription_id"])
    assert await webhooks("attempts", event, subscription) == "(none)\n"
    assert msgspec.json.decode(await webhooks("resend", event, subscription))["state"] == "pending"
    assert msgspec.json.decode(await webhooks("recover", "--since", "2h")) == {"deliveries": 0}
    assert msgspec.json.decode(await webhooks("replay-missing", "--since", "2026-01-01")) == {"deliveries": 0}
    unknown = await ringmain(tmp_path, "webhooks", "--company", "other", "endpoints", database_url=dsn)
    assert (unknown.code, unknown.err) == (1, "ringmain: company other not found\n")


async def test_listen_at_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await ringmain(tmp_path, "listen", "--port", str(port))
    assert ended.code == 1
    assert ended.err == f"ringmain: --port: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
