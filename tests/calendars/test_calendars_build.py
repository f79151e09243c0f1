"""What the settings make of calendars: the vendors' own endpoints, the key in the data folder."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ringmain.calendars.build import GOOGLE, connecting
from ringmain.core.seal import Seal, Unreadable
from ringmain.core.seal_key import NAME, read_key
from ringmain.settings import Settings


def test_without_a_client_there_is_nothing_and_no_key(tmp_path: Path) -> None:
    assert connecting(Settings(data_dir=tmp_path), Seal.passing()) is None
    assert list(tmp_path.iterdir()) == []


async def test_the_vendors_endpoints_need_no_discovery(tmp_path: Path) -> None:
    made = connecting(Settings(data_dir=tmp_path, google_client_id="g", outlook_client_id="o"), Seal.passing())
    assert made is not None
    urls = [
        await made.providers[name].authorization_url(
            redirect_url="https://phone.example.com/back", state="s", verifier="v" * 43, nonce="n"
        )
        for name in ("google", "outlook")
    ]
    assert urls[0].startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert urls[1].startswith("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?")
    await made.providers["outlook"].revoke("nobody is told: there is no endpoint")


def test_a_client_is_shown_without_its_secret() -> None:
    assert "secret" not in repr(GOOGLE)


def test_the_key_is_made_once_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: read_key("", folder), range(32)))
    assert len(keys) == 1
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600
    assert read_key("x" * 24, folder) == b"x" * 24


def test_keys_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="24"):
        read_key("short", tmp_path)
    (tmp_path / NAME).write_bytes(b"")
    with pytest.raises(ValueError, match=NAME):
        read_key("", tmp_path)


async def test_what_is_sealed_opens_under_its_key_alone() -> None:
    sealed = Seal(b"one").close("tökén")
    assert Seal(b"one").open(sealed) == "tökén"
    assert Seal(b"one").close("tökén") != sealed
    for key, text in ((b"two", sealed), (b"one", sealed[:-4] + "AAAA"), (b"one", "x"), (b"one", "")):
        with pytest.raises(Unreadable):
            await asyncio.to_thread(Seal(key).open, text)
