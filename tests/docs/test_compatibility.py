"""The generator of COMPATIBILITY.md sees what is served and tested, and what is not."""

import ast
import sys
from pathlib import Path

import pytest

from docs import compatibility


def test_paths_are_compared_without_their_variable_parts() -> None:
    assert compatibility.blanked("/texting/contacts/{texting_contact_id}/") == "/texting/contacts/{}"
    assert compatibility.blanked("/files/{}?x=1") == "/files/{}"


def test_what_a_test_names() -> None:
    source = """
async def test_x(acme):
    await acme("GET", f"/files/{name}/content?x={y}", json={"text": "hi"})
    await ear.wait_for("texting.chat.new")
    await acme(method, "/company")
"""
    said = set(compatibility.said(ast.parse(source)))
    assert {"GET /files/{}/content", "texting.chat.new"} <= said
    assert not [word for word in said if word.endswith(" /company")]


def test_what_ringplan_serves() -> None:
    served = compatibility.ringplan_served()
    assert "POST /texting/conversations/{}/messages/publish" in served
    assert "texting.message.new" in served
    assert "POST /no/such/route" not in served


def test_a_dialect_that_is_not_asked_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compatibility, "SERVED", {})
    with pytest.raises(KeyError, match="ringplan"):
        compatibility.document()


def test_the_check_fails_when_the_file_is_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "COMPATIBILITY.md"
    monkeypatch.setattr(compatibility, "TARGET", target)
    monkeypatch.setattr(sys, "argv", ["compatibility", "--check"])
    assert compatibility.main() == 1
    assert "out of date" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["compatibility"])
    assert compatibility.main() == 0
    monkeypatch.setattr(sys, "argv", ["compatibility", "--check"])
    assert compatibility.main() == 0
    target.write_text(target.read_text(encoding="utf-8").replace("served", "not yet", 1), encoding="utf-8")
    assert compatibility.main() == 1


def test_every_operation_that_is_served_is_named_by_a_test() -> None:
    assert "no test names it" not in compatibility.document()
