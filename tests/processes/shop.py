"""A company for processes to work on: conversations, an SMPP carrier, a webhook; and what became of its messages."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Final

import msgspec

from ringmain.core.files.storage import open_storage
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import CHANNELS, NOTIFY, Wakeups
from ringmain.dialects.ringplan import ids
from tests.conftest import furnish
from tests.processes.inbound import Inbound
from tests.processes.load import Load
from tests.processes.receiver import Receiver

CARRIER: Final = "INSERT INTO carriers (name, kind, settings) VALUES ('smsc', 'smpp', $1::text::jsonb)"
ROUTE: Final = "UPDATE carrier_routes SET carrier = 'smsc' WHERE prefix = ''"
TOLD: Final = ("message.created", "message.updated")

# What is still to be done; all zero once everything has drained.
LEFT: Final = """
SELECT
    (SELECT count(*) FROM events e, relay_position p
     WHERE (e.transaction_id, e.id) > (p.transaction_id, p.event_id)) AS events,
    (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL) AS deliveries,
    (SELECT count(*) FROM submissions WHERE due_at IS NOT NULL) AS submissions
"""
MESSAGES: Final = "SELECT id, direction, text FROM messages WHERE company_id = $1"
SUBMISSIONS: Final = "SELECT id, message_id FROM submissions WHERE company_id = $1"
EVENTS: Final = "SELECT id, subject_id, type FROM events WHERE company_id = $1 AND type = ANY ($2::text[])"


class Shop(msgspec.Struct, frozen=True):
    """`conversations` are RingPlan ids, each with one contact; `number` is ours."""

    company_id: int
    key: str
    number: str
    conversations: list[str]


async def open_shop(
    database: Database, folder: Path, *, smsc_port: int, hook: str, response_timeout: float, conversations: int = 8
) -> Shop:
    """Make the company in a migrated database; servers that run hear of it.

    `response_timeout` of the carrier, in seconds, must be shorter than the servers' lease.
    """
    core = Core(database, Wakeups(database), open_storage(str(folder / "files")))
    office = await furnish(core)
    opened = [office.conversation.id]
    for number in range(1, conversations):
        contact, _ = await core.texting.create_contact(office.company_id, number=f"+1310555{number:04d}")
        conversation, _ = await core.texting.open_conversation(
            office.company_id, number=office.number, contact_ids=[contact.id]
        )
        opened.append(conversation.id)
    key = await core.credentials.create_api_key(office.company_id, "ringplan", "test")
    endpoint, _ = await core.subscriptions.create_endpoint(office.company_id, face="ringmain", url=hook)
    await core.subscriptions.subscribe(office.company_id, endpoint.id, name="all", event_types=list(TOLD))
    settings = {
        "host": "127.0.0.1",
        "port": smsc_port,
        "system_id": "ringmain",
        "password": "secret",
        "tps": 2000,
        "window": 100,
        "response_timeout": response_timeout,
        "resend_after": 0.5,
    }
    await database.execute(CARRIER, json.dumps(settings))
    await database.execute(ROUTE)
    await database.execute(NOTIFY, list(CHANNELS))
    return Shop(office.company_id, key.secret, office.number, [ids.encode(one) for one in opened])


async def left(database: Database) -> dict[str, int]:
    """What is still to be done."""
    row = await database.fetchrow(LEFT)
    assert row is not None
    return dict(row)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What became of acknowledged messages. `lost` and `duplicated` say which, and how.

    `accepted`: what the API acknowledged; `received`: what was acknowledged to the carrier.
    `resubmitted`: put on the wire more than once, under one reference; `repeated`: notifications that came again.
    """

    accepted: int
    received: int
    lost: list[str]
    duplicated: list[str]
    resubmitted: int
    notified: int
    repeated: int

    def __str__(self) -> str:
        return (
            f"accepted {self.accepted}, received {self.received}, "
            f"lost {len(self.lost)}, duplicated {len(self.duplicated)}, "
            f"resubmitted {self.resubmitted}, notified {self.notified}, repeated {self.repeated}"
        )


async def settle(
    database: Database, shop: Shop, load: Load, receiver: Receiver, smsc_log: Path, inbound: Inbound | None = None
) -> Account:
    """Hold what clients and the carrier were told against the database, the SMSC's log and the receiver's file."""
    lost: list[str] = []
    duplicated: list[str] = list(load.contradictions)
    messages: defaultdict[str, list[int]] = defaultdict(list)
    came_in: set[str] = set()
    for row in await database.fetch(MESSAGES, shop.company_id):
        stamp = row["text"].split(" ")[0]
        if row["direction"] == "outbound":
            messages[stamp].append(row["id"])
        else:
            came_in.add(stamp)
    taken_in = inbound.acknowledged if inbound else set()
    lost += [f"inbound {stamp}" for stamp in taken_in - came_in]
    for stamp, answered in load.acknowledged.items():
        if ids.decode(answered, "message") not in messages[stamp]:
            lost.append(f"message {stamp}")
    duplicated += [f"message {stamp}" for stamp, found in messages.items() if len(found) > 1]

    # The carrier: everything went out, under one reference.
    carried: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line in smsc_log.read_text().splitlines():
        submit = json.loads(line)
        carried[submit["reference"]][submit["udh"]] += 1
    of_message: defaultdict[int, list[str]] = defaultdict(list)
    for row in await database.fetch(SUBMISSIONS, shop.company_id):
        of_message[row["message_id"]].append(str(row["id"]))
    known = {reference for references in of_message.values() for reference in references}
    duplicated += [f"submit {reference}" for reference in carried if reference not in known]
    for stamp, found in messages.items():
        for message_id in found:
            references = of_message[message_id]
            if len(references) > 1:
                duplicated.append(f"submissions of {stamp}")
            lost += [f"submit {stamp}" for one in references if len(carried[one]) != load.parts[stamp]]
            if not references:
                lost.append(f"submission {stamp}")

    # Webhooks: every event came, under one webhook-id.
    received: defaultdict[int, list[str]] = defaultdict(list)
    for receipt in receiver.received():
        received[receipt.event_id].append(receipt.webhook_id)
    created: Counter[int] = Counter()
    for row in await database.fetch(EVENTS, shop.company_id, list(TOLD)):
        created[row["subject_id"]] += row["type"] == TOLD[0]
        webhook_ids = received[row["id"]]
        if not webhook_ids:
            lost.append(f"webhook {row['type']} {row['subject_id']}")
        elif len(set(webhook_ids)) > 1:
            duplicated.append(f"webhook {row['type']} {row['subject_id']}")
    for stamp, of_stamp in messages.items():
        for message_id in of_stamp:
            if created[message_id] != 1:
                (duplicated if created[message_id] else lost).append(f"event {stamp}")
    return Account(
        accepted=len(load.acknowledged),
        received=len(taken_in),
        lost=lost,
        duplicated=duplicated,
        resubmitted=sum(max(parts.values()) > 1 for parts in carried.values() if parts),
        notified=sum(bool(one) for one in received.values()),
        repeated=sum(max(0, len(one) - 1) for one in received.values()),
    )
