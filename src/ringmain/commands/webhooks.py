"""`ringmain webhooks ...`: endpoints, deliveries and attempts; resend, recover, replay, test."""

import argparse
import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec

from ringmain.commands.context import open_core
from ringmain.commands.options import command
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.subscriptions.model import DeliveryState
from ringmain.core.system import Core
from ringmain.settings import Settings

Verb = Callable[[Core, int, argparse.Namespace], Awaitable[Any]]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add(commands: Any) -> None:
    """Join the command line."""
    parser = command(commands, "webhooks", _run, "See and repair the delivery of webhooks.")
    parser.add_argument("--company", metavar="KEY", help="key or id; not needed while there is one company only")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Verb, summary: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
        made.set_defaults(verb=run)
        return made

    verb("endpoints", _endpoints, "Where notifications go and how it fares.")
    made = verb("deliveries", _deliveries, "Deliveries, newest first.")
    made.add_argument("--state", choices=get_args(DeliveryState))
    made.add_argument("--endpoint", type=int, metavar="ID")
    made.add_argument("--subscription", type=int, metavar="ID")
    made.add_argument("--before", type=int, metavar="EVENT", help="only of events before this one")
    made.add_argument("--limit", type=int, default=50)
    for name, run, summary in (
        ("attempts", _attempts, "Every try of one delivery."),
        ("resend", _resend, "Try one delivery again now."),
    ):
        made = verb(name, run, summary)
        made.add_argument("event", type=int)
        made.add_argument("subscription", type=int)
    made = verb("recover", _recover, "Try dead and cancelled deliveries again.")
    made.add_argument("--since", type=moment, required=True, help="as 2026-11-21T08:00, or 2h, 7d")
    made.add_argument("--endpoint", type=int, metavar="ID")
    made = verb("replay-missing", _replay_missing, "Deliver matching events that were never meant for a subscription.")
    made.add_argument("--since", type=moment, required=True, help="as 2026-11-21T08:00, or 2h, 7d")
    made.add_argument("--subscription", type=int, metavar="ID")
    made = verb("test", _test, "Send an endpoint a test event.")
    made.add_argument("endpoint", type=int)


def _run(arguments: argparse.Namespace, settings: Settings) -> None:
    result = asyncio.run(_call(settings, arguments))
    if arguments.json or not isinstance(result, list):
        print(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    else:
        print(table([msgspec.to_builtins(row) for row in result]))


async def _call(settings: Settings, arguments: argparse.Namespace) -> Any:
    async with open_core(settings) as core:
        return await arguments.verb(core, await _company_id(core, arguments.company), arguments)


async def _company_id(core: Core, name: str | None) -> int:
    if name is None:
        companies = await core.companies.list_all()
        if len(companies) != 1:
            raise Invalid("--company", f"must be one of {len(companies)} keys" if companies else "there is none yet")
        return companies[0].id
    company = await core.companies.find_by_key(name)
    if company is None and name.isdigit():
        company = await core.companies.get(int(name))
    if company is None:
        raise NotFound(f"company {name}")
    return company.id


async def _endpoints(core: Core, company_id: int, _: argparse.Namespace) -> Any:
    return await core.subscriptions.list_endpoints(company_id)


async def _deliveries(core: Core, company_id: int, given: argparse.Namespace) -> Any:
    return await core.subscriptions.deliveries(
        company_id,
        state=given.state,
        endpoint_id=given.endpoint,
        subscription_id=given.subscription,
        before=given.before,
        limit=given.limit,
    )


async def _attempts(core: Core, company_id: int, given: argparse.Namespace) -> Any:
    return await core.subscriptions.attempts(company_id, given.event, given.subscription)


async def _resend(core: Core, company_id: int, given: argparse.Namespace) -> Any:
    return await core.subscriptions.resend(company_id, given.event, given.subscription)


async def _recover(core: Core, company_id: int, given: argparse.Namespace) -> Any:
    count = await core.subscriptions.recover(company_id, since=given.since, endpoint_id=given.endpoint)
    return {"deliveries": count}


async def _replay_missing(core: Core, company_id: int, given: argparse.Namespace) -> Any:
    count = await core.subscriptions.replay_missing(company_id, since=given.since, subscription_id=given.subscription)
    return {"deliveries": count}


async def _test(core: Core, company_id: int, given: argparse.Namespace) -> Any:
    return await core.subscriptions.test_event(company_id, given.endpoint)


def moment(text: str) -> datetime:
    """An ISO 8601 moment (UTC where it names no zone), or how long ago: 90s, 30m, 2h, 7d."""
    ago = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if ago:
        return datetime.now(UTC) - timedelta(seconds=int(ago[1]) * UNITS[ago[2]])
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows with the same keys as aligned columns under their names."""
    if not rows:
        return "(none)"
    names = [name for name in rows[0] if name != "company_id"]
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    # A response may hold anything; a table has one line for it.
    return " ".join(str(value).split())[:80]
