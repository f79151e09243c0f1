"""What `ringmain serve --demo` adds: the example company, and commands to try it with.

Its secrets are kept in `<data dir>/demo.json`, readable by the owner only, so that a second start prints them again.
"""

import asyncio
import os
import secrets
import sys
from pathlib import Path
from typing import Final

import msgspec

from ringmain.app import Ringmain
from ringmain.commands.apply import demo_document
from ringmain.commands.listen import PORT
from ringmain.core.system import Core
from ringmain.dialects.ringplan import ids as ringplan
from ringmain.settings import Settings
from ringmain.setup.apply import apply
from ringmain.setup.report import Entry

NUMBER: Final = "+12025550143"
STRANGER: Final = "+12025550178"
ECHO: Final = "+15005550008"
EXTENSION: Final = "1001"


class Secrets(msgspec.Struct, frozen=True):
    """What is kept in demo.json."""

    ringplan_key: str = ""
    operator_token: str = ""
    passwords: dict[str, str] = {}
    ringrx_token: str = ""
    ringrx_secret: str = ""
    ringotel_key: str = ""


def allow_listener(settings: Settings) -> Settings:
    """The demo's webhook goes to this machine, which is refused otherwise."""
    return msgspec.structs.replace(settings, egress_allow=[*settings.egress_allow, f"127.0.0.1:{PORT}"])


async def present(ringmain: Ringmain) -> None:
    """Apply the demo and print what can be done with it."""
    file = ringmain.settings.data_dir / "demo.json"
    kept = await _prepare(ringmain, file)
    company = await ringmain.core.companies.find_by_key("demo")
    assert company is not None  # noqa: S101  (applied just now)
    contact, _ = await ringmain.core.texting.create_contact(company.id, number=ECHO)
    conversation, _ = await ringmain.core.texting.open_conversation(company.id, number=NUMBER, contact_ids=[contact.id])
    sys.stdout.write(_guide(ringmain.settings.base_url, kept, company.domain, ringplan.encode(conversation.id), file))
    sys.stdout.flush()


async def _prepare(ringmain: Ringmain, file: Path) -> Secrets:
    core = ringmain.core
    report, channels = await apply(ringmain.database, demo_document(), seal=ringmain.seal)
    for channel in channels:
        ringmain.wakeups.wake(channel)
    made = report.companies[0]
    old = await asyncio.to_thread(_read, file)
    passwords = {person["email"]: person["password"] for person in made.people if "password" in person}
    token = old.operator_token or secrets.token_urlsafe(32)
    company_id = int(made.company["ids"]["ringcentral"])
    keys = {entry["dialect"]: entry for entry in made.api_keys}
    _, ringplan_key = await _usable(core, company_id, keys["ringplan"], old.ringplan_key)
    ringrx_token, ringrx_secret = await _usable(core, company_id, keys["ringrx"], old.ringrx_secret)
    ringotel_key = await _usable_of_account(core, company_id, keys["ringotel"], old.ringotel_key)
    core.credentials.accept_operator_token("demo", token)
    kept = Secrets(
        ringplan_key=ringplan_key,
        operator_token=token,
        passwords={**old.passwords, **passwords},
        ringrx_token=ringrx_token,
        ringrx_secret=ringrx_secret,
        ringotel_key=ringotel_key,
    )
    await asyncio.to_thread(_write, file, kept)
    return kept


async def _usable(core: Core, company_id: int, entry: Entry, old_secret: str) -> tuple[str, str]:
    """Token and secret of a key of the report, whose secret is shown there only if it was made just now."""
    key_id, secret = int(entry["ids"]["ringcentral"]), entry.get("secret", old_secret)
    if await core.credentials.has_secret(company_id, key_id, secret):
        return entry["token"], secret
    # The file was lost, or belongs to another database: a new key.
    old = await core.credentials.revoke_api_key(company_id, key_id)
    made = await core.credentials.create_api_key(company_id, old.dialect, old.name)
    return made.key.token, made.secret


async def _usable_of_account(core: Core, company_id: int, entry: Entry, old_secret: str) -> str:
    """The same of a key of the company's account."""
    account_id = (await core.companies.get(company_id)).account_id
    key_id, secret = int(entry["ids"]["ringcentral"]), entry.get("secret", old_secret)
    if await core.accounts.has_secret(account_id, key_id, secret):
        return str(secret)
    return (await core.accounts.rotate_key(account_id, key_id)).secret


def _read(file: Path) -> Secrets:
    return msgspec.json.decode(file.read_bytes(), type=Secrets) if file.exists() else Secrets()


def _write(file: Path, kept: Secrets) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(msgspec.json.format(msgspec.json.encode(kept), indent=2))
    fresh.replace(file)


def _guide(url: str, kept: Secrets, domain: str, conversation_id: str, file: Path) -> str:
    people = "\n".join(f"  {email}  {password}" for email, password in kept.passwords.items())
    ringmain = Path(sys.argv[0]) if Path(sys.argv[0]).name == "ringmain" else Path("ringmain")
    return f"""
Ringmain is ready: {url}        (secrets of this demo: {file})

RingPlan API key   {kept.ringplan_key}
RingRx API key     token {kept.ringrx_token}  secret {kept.ringrx_secret}
Ringotel API key   {kept.ringotel_key}
Operator token     {kept.operator_token}
People and passwords
{people}

See webhooks of all three and realtime events arrive (in another terminal):
  {ringmain} listen --url {url} --key {kept.ringplan_key}

Text a number that answers with the same text, as three vendors' clients do:

  # RingPlan
  curl -sS -H 'Authorization: Bearer {kept.ringplan_key}' -H 'X-User-Id: primary' \\
    -H 'Content-Type: application/json' -d '{{"text": "Hello from RingPlan"}}' \\
    {url}/texting/conversations/{conversation_id}/messages/publish

  # RingRx (a person's e-mail as username, and password, give a token as well)
  TOKEN=$(curl -sS -d token={kept.ringrx_token} -d secret={kept.ringrx_secret} {url}/auth/token |
    grep -o '"access_token":"[^"]*' | cut -d '"' -f 4)
  curl -sS -H "Authorization: Bearer $TOKEN" -d to={ECHO} -d message='Hello from RingRx' {url}/messaging/send_message

  # Ringotel (its clients bring texts that they carried themselves: it is kept as sent, and nobody answers)
  curl -sS -H 'Authorization: Bearer {kept.ringotel_key}' -H 'Content-Type: application/json' \\
    -d '{{"method": "message", "params": {{"domain": "{domain}", "from": "{EXTENSION}", "to": "{ECHO}",
         "content": "Hello from Ringotel"}}}}' {url}/api

It is one conversation. Read all of it, as RingPlan:
  curl -sS -H 'Authorization: Bearer {kept.ringplan_key}' -H 'X-User-Id: primary' \\
    {url}/texting/conversations/{conversation_id}/messages

Let a text come in:
  curl -sS -H 'Authorization: Bearer {kept.operator_token}' -H 'Content-Type: application/json' \\
    -d '{{"from": "{STRANGER}", "to": "{NUMBER}", "text": "Can I come on Monday?"}}' \\
    {url}/ringmain/v1/inbound-texts

"""
