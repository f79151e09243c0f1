import logging
from collections.abc import Iterator

import asyncpg
import msgspec
import pytest
import structlog

from ringmain import logs


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in capsys.readouterr().err.splitlines()]


def test_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    structlog.get_logger().info("ready", port=1)
    structlog.get_logger().debug("not shown")
    logging.getLogger("some.library").warning("from %s", "elsewhere")
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["port"], ours["level"]) == ("ready", 1, "info")
    assert str(ours["timestamp"]).endswith("Z")
    assert (theirs["event"], theirs["level"]) == ("from elsewhere", "warning")


def test_the_request_id_is_on_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger().info("a")
        logging.getLogger("some.library").error("b")
    assert [line["request_id"] for line in lines(capsys)] == ["r1", "r1"]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2hunter2",
        "authorization: bearer hunter2==",
        "Basic hunter2Zm9v==",
        "postgresql://user:hunter2@db/x",
        "GET /auth/token?username=x&password=hunter2&x=1",
        "GET /f?signature=hunter2",
        "whsec_hunter2+/=",
        "eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.hunter2",
        "duplicate key\nDETAIL:  Key (text)=(hunter2)\n\nhunter2 again",
    ],
)
def test_secrets_and_rows_are_taken_out_of_values(capsys: pytest.CaptureFixture[str], text: str) -> None:
    logs.configure("info", "json")
    structlog.get_logger().warning("odd", error=text)
    logging.getLogger("some.library").warning(text)
    assert "hunter2" not in capsys.readouterr().err


def test_secrets_are_taken_out_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    structlog.get_logger().info(
        "x", authorization="a", password="b", secret="c", access_token="d", dsn="e", tokens=3, keyword="stays"
    )
    (line,) = lines(capsys)
    assert {line[name] for name in ("authorization", "password", "secret", "access_token", "dsn")} == {"***"}
    assert (line["tokens"], line["keyword"]) == (3, "stays")


def test_tracebacks_hold_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    error = asyncpg.UniqueViolationError("duplicate key value")
    error.detail = "Failing row contains (hunter2)."
    try:
        raise error
    except asyncpg.UniqueViolationError:
        structlog.get_logger().exception("failed")
        logging.getLogger("some.library").exception("failed")
    shown = capsys.readouterr().err
    assert "duplicate key value" in shown
    assert "hunter2" not in shown


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "console")
    structlog.get_logger().info("ready", port=1)
    assert "ready" in capsys.readouterr().err
