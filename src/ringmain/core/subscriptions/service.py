"""Verbs on endpoints and subscriptions, and what their owners can see and do about deliveries."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import msgspec

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.events import MESSAGE_CREATED, TYPES, WEBHOOK_TEST
from ringmain.core.ids import first_id_at
from ringmain.core.subscriptions import store
from ringmain.core.subscriptions.model import (
    Attempt,
    Delivery,
    DeliveryState,
    Destination,
    Endpoint,
    EndpointState,
    Subscription,
    Wanted,
)
from ringmain.core.subscriptions.secret import check_secret, new_secret
from ringmain.database.pool import Connection, Database
from ringmain.database.wakeup import DELIVERIES, EVENTS, Wakeups

URL_LIMIT: Final = 2048  # characters
PAGE_LIMIT: Final = 1000
NO_SUBSCRIPTION: Final = 0
"""The subscription id of a test event's delivery: it goes to the endpoint whatever is subscribed to."""
BULK_SECONDS: Final = 600
"""How long one statement over a whole time range may take."""


class Subscriptions:
    """Who wants to hear of which events, where, and how the telling went."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    # Endpoints

    async def create_endpoint(
        self,
        company_id: int,
        *,
        face: str,
        url: str,
        secret: str | None = None,
        name: str = "",
        options: Mapping[str, Any] | None = None,
        wanted: Sequence[Wanted] = (),
    ) -> tuple[Endpoint, str]:
        """Make an endpoint with these subscriptions; returns it and its secret, made here unless given.

        `options`: the face's own. Where `url` leads is not looked at: that is decided at each dialling. Raises
        NotFound("company"), Invalid, and AlreadyExists where a face has one endpoint a company.
        """
        _check_url(url)
        secret = _secret_or_new(secret)
        encoded = _encoded("options", options)
        try:
            async with self._database.transaction() as connection:
                row = await connection.fetchrow(store.CREATE_ENDPOINT, company_id, face, url, secret, name, encoded)
                endpoint = store.endpoint_of(_found(row, "company"))
                await _arrange(connection, company_id, endpoint.id, wanted)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists(f"the company has an endpoint for {face} already") from error
        return endpoint, secret

    async def set_endpoint(
        self, company_id: int, *, face: str, url: str, secret: str | None = None
    ) -> tuple[Endpoint, str]:
        """Make the face's endpoint, or give the one that there is this address and make it active again.

        Its secret stays unless given. Returns the endpoint and its secret. Raises NotFound("company"), Invalid.
        """
        _check_url(url)
        if secret is not None:
            check_secret(secret)
        async with self._database.transaction() as connection:
            _found(await connection.fetchrow(store.LOCK_COMPANY, company_id), "company")
            row = await connection.fetchrow(store.GET_ENDPOINT_OF_FACE, company_id, face)
            if row is None:
                row = await connection.fetchrow(
                    store.CREATE_ENDPOINT, company_id, face, url, _secret_or_new(secret), "", "{}"
                )
            else:
                row = await connection.fetchrow(
                    store.UPDATE_ENDPOINT, company_id, row["id"], url, "active", secret, None, None
                )
        self._wakeups.wake(DELIVERIES)
        row = _found(row, "endpoint")
        return store.endpoint_of(row), row["secret"]

    async def get_endpoint(self, company_id: int, endpoint_id: int) -> Endpoint:
        """Raises NotFound("endpoint")."""
        row = await self._database.fetchrow(store.GET_ENDPOINT, company_id, endpoint_id)
        return store.endpoint_of(_found(row, "endpoint"))

    async def get_endpoint_of_face(self, company_id: int, face: str) -> Endpoint | None:
        """The face's endpoint, the oldest where there are several."""
        row = await self._database.fetchrow(store.GET_ENDPOINT_OF_FACE, company_id, face)
        return store.endpoint_of(row) if row else None

    async def list_endpoints(self, company_id: int | None) -> list[Endpoint]:
        """A company's endpoints, oldest first; with None everybody's, for operators."""
        return [store.endpoint_of(row) for row in await self._database.fetch(store.LIST_ENDPOINTS, company_id)]

    async def get_destination(self, company_id: int, endpoint_id: int, *, face: str) -> Destination:
        """The endpoint with its options, for the dialect whose face it has. Raises NotFound("endpoint")."""
        row = await self._database.fetchrow(store.GET_ENDPOINT, company_id, endpoint_id)
        row = _found(row, "endpoint")
        return store.destination_of(_found(row if row["face"] == face else None, "endpoint"))

    async def list_destinations(self, company_id: int, *, face: str) -> list[Destination]:
        """The company's endpoints of a face with their options, oldest first."""
        rows = await self._database.fetch(store.LIST_ENDPOINTS_OF_FACE, company_id, face)
        return [store.destination_of(row) for row in rows]

    async def update_endpoint(
        self,
        company_id: int,
        endpoint_id: int,
        *,
        url: str | None = None,
        state: EndpointState | None = None,
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
        wanted: Sequence[Wanted] | None = None,
    ) -> Endpoint:
        """Change what is given; `options` key by key, the subscriptions that are `wanted` as `arrange` does.

        `paused` keeps what is pending and gets nothing new, `gone` cancels what is pending.

        Raises NotFound("endpoint"), Invalid.
        """
        if url is not None:
            _check_url(url)
        if state not in (None, "active", "paused", "gone"):
            raise Invalid("state", "must be active, paused or gone")
        async with self._database.transaction() as connection:
            encoded = None if options is None else _encoded("options", options)
            row = await connection.fetchrow(
                store.UPDATE_ENDPOINT, company_id, endpoint_id, url, state, None, name, encoded
            )
            if row is not None and state == "gone":
                await connection.execute(store.CANCEL, company_id, endpoint_id, None, timeout=BULK_SECONDS)
            if row is not None and wanted is not None:
                await _arrange(connection, company_id, endpoint_id, wanted)
        self._wakeups.wake(DELIVERIES)
        return store.endpoint_of(_found(row, "endpoint"))

    async def delete_endpoint(self, company_id: int, endpoint_id: int) -> None:
        """Delete it with its subscriptions; what is pending is cancelled. Raises NotFound("endpoint")."""
        async with self._database.transaction() as connection:
            _found(await connection.fetchrow(store.DELETE_ENDPOINT, company_id, endpoint_id), "endpoint")
            await connection.execute(store.CANCEL, company_id, endpoint_id, None, timeout=BULK_SECONDS)

    # Subscriptions

    async def subscribe(
        self,
        company_id: int,
        endpoint_id: int,
        *,
        name: str,
        event_types: Sequence[str],
        filter: Mapping[str, Any] | None = None,  # noqa: A002 (the field's name)
        options: Mapping[str, Any] | None = None,
        ordered: bool = False,
        expires_at: datetime | None = None,
    ) -> Subscription:
        """Send the endpoint every event of these types, from now on, whose payload contains `filter` (as JSON).

        `ordered`: one at a time for each conversation or call, in the order of events. Raises NotFound("endpoint"),
        Invalid.
        """
        _check_types(event_types)
        if expires_at is not None and (expires_at.tzinfo is None or expires_at <= datetime.now(UTC)):
            raise Invalid("expires_at", "must be a moment in the future, with its time zone")
        row = await self._database.fetchrow(
            store.SUBSCRIBE,
            company_id,
            endpoint_id,
            name,
            list(dict.fromkeys(event_types)),
            _encoded("filter", filter),
            _encoded("options", options),
            ordered,
            expires_at,
        )
        return store.subscription_of(_found(row, "endpoint"))

    async def arrange(self, company_id: int, endpoint_id: int, wanted: Sequence[Wanted]) -> list[Subscription]:
        """Let the endpoint have just these subscriptions, in one transaction; returns them.

        One that there is already stays as it is, with what is pending for it. What is pending for one that is wanted
        no more is cancelled. Raises NotFound("endpoint"), Invalid.
        """
        async with self._database.transaction() as connection:
            _found(await connection.fetchrow(store.LOCK_ENDPOINT, company_id, endpoint_id), "endpoint")
            return await _arrange(connection, company_id, endpoint_id, wanted)

    async def get(self, company_id: int, subscription_id: int) -> Subscription:
        """Raises NotFound("subscription")."""
        row = await self._database.fetchrow(store.GET_SUBSCRIPTION, company_id, subscription_id)
        return store.subscription_of(_found(row, "subscription"))

    async def list_subscriptions(self, company_id: int, *, face: str | None = None) -> list[Subscription]:
        """A company's subscriptions, oldest first, those of one face where it is given."""
        rows = await self._database.fetch(store.LIST_SUBSCRIPTIONS, company_id, face)
        return [store.subscription_of(row) for row in rows]

    async def tells_of_sent(self, company_id: int) -> bool:
        """Whether any endpoint of the company is told of messages that are sent."""
        return bool(await self._database.fetchval(store.TELLS_OF_SENT, company_id, MESSAGE_CREATED))

    async def unsubscribe(self, company_id: int, subscription_id: int) -> Subscription:
        """Delete it; what is pending is cancelled. Returns what it was. Raises NotFound("subscription")."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(store.UNSUBSCRIBE, company_id, subscription_id)
            subscription = store.subscription_of(_found(row, "subscription"))
            await connection.execute(
                store.CANCEL, company_id, subscription.endpoint_id, subscription_id, timeout=BULK_SECONDS
            )
        return subscription

    # Deliveries

    async def deliveries(
        self,
        company_id: int,
        *,
        state: DeliveryState | None = None,
        endpoint_id: int | None = None,
        subscription_id: int | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Delivery]:
        """Deliveries, newest event first, of events before the id `before`.

        `limit` is at most 1000; some more may come, because the last event's are not parted. The next page is
        before the last one's event id.
        """
        if not 1 <= limit <= PAGE_LIMIT:
            raise Invalid("limit", f"must be from 1 to {PAGE_LIMIT}")
        rows = await self._database.fetch(
            store.DELIVERIES, company_id, state, endpoint_id, subscription_id, before, limit
        )
        return [store.delivery_of(row) for row in rows]

    async def attempts(self, company_id: int, event_id: int, subscription_id: int) -> list[Attempt]:
        """Every try of one delivery, oldest first. Raises NotFound("delivery")."""
        await self._delivery(company_id, event_id, subscription_id)
        rows = await self._database.fetch(store.ATTEMPTS, event_id, subscription_id)
        return [store.attempt_of(row) for row in rows]

    async def resend(self, company_id: int, event_id: int, subscription_id: int) -> Delivery:
        """Try this delivery now, whatever became of it; one that is being tried at this moment is left alone.

        Raises NotFound("delivery"), and Invalid while its endpoint is gone.
        """
        delivery = await self._delivery(company_id, event_id, subscription_id)
        endpoint = await self.get_endpoint(company_id, delivery.endpoint_id)
        if endpoint.state == "gone":
            raise Invalid("state", "the endpoint is gone: make it active first")
        row = await self._database.fetchrow(store.RESEND, company_id, event_id, subscription_id)
        if row is None:
            return await self._delivery(company_id, event_id, subscription_id)
        self._wakeups.wake(DELIVERIES)
        return store.delivery_of(row)

    async def recover(self, company_id: int, *, since: datetime, endpoint_id: int | None = None) -> int:
        """Try again every dead or cancelled delivery of an event since then; returns how many.

        Left out is what has no subscription any more, or an endpoint that is gone. Raises NotFound("endpoint").
        """
        if endpoint_id is not None:
            await self.get_endpoint(company_id, endpoint_id)
        return await self._bulk(store.RECOVER, company_id, first_id_at(since), endpoint_id)

    async def replay_missing(self, company_id: int, *, since: datetime, subscription_id: int | None = None) -> int:
        """Deliver matching events since then that were never meant for their subscriptions, for instance because
        these are younger; returns how many.

        Raises NotFound("subscription").
        """
        if subscription_id is not None:
            await self.get(company_id, subscription_id)
        return await self._bulk(store.REPLAY_MISSING, company_id, first_id_at(since), subscription_id)

    async def test_event(self, company_id: int, endpoint_id: int) -> Delivery:
        """Send the endpoint a `webhook.test`; it is delivered, tried again and logged like any event.

        Raises NotFound("endpoint").
        """
        payload = msgspec.json.encode({"endpoint_id": endpoint_id}).decode()
        row = await self._database.fetchrow(store.TEST, company_id, endpoint_id, NO_SUBSCRIPTION, WEBHOOK_TEST, payload)
        delivery = store.delivery_of(_found(row, "endpoint"))
        self._wakeups.wake(EVENTS)
        self._wakeups.wake(DELIVERIES)
        return delivery

    async def _delivery(self, company_id: int, event_id: int, subscription_id: int) -> Delivery:
        row = await self._database.fetchrow(store.DELIVERY, company_id, event_id, subscription_id)
        return store.delivery_of(_found(row, "delivery"))

    async def _bulk(self, statement: str, *arguments: object) -> int:
        async with self._database.connection() as connection:
            count: int = await connection.fetchval(statement, *arguments, timeout=BULK_SECONDS)
        if count:
            self._wakeups.wake(DELIVERIES)
        return count


async def _arrange(
    connection: Connection, company_id: int, endpoint_id: int, wanted: Sequence[Wanted]
) -> list[Subscription]:
    """In a transaction that has the endpoint's row. Raises Invalid."""
    for one in wanted:
        _check_types(one.event_types)
    rows = await connection.fetch(store.SUBSCRIPTIONS_OF_ENDPOINT, company_id, endpoint_id)
    have = {_identity(one): one for one in map(store.subscription_of, rows)}
    want = {_identity(one): one for one in wanted}
    for identity in have.keys() - want.keys():
        gone = have[identity].id
        await connection.execute(store.UNSUBSCRIBE, company_id, gone)
        await connection.execute(store.CANCEL, company_id, endpoint_id, gone, timeout=BULK_SECONDS)
    kept = [have[identity] for identity in want if identity in have]
    new = [
        await connection.fetchrow(
            store.SUBSCRIBE,
            company_id,
            endpoint_id,
            one.name,
            list(one.event_types),
            _encoded("filter", one.filter),
            _encoded("options", one.options),
            one.ordered,
            None,
        )
        for identity, one in want.items()
        if identity not in have
    ]
    return [*kept, *(store.subscription_of(_found(row, "endpoint")) for row in new)]


def _found(row: asyncpg.Record | None, kind: str) -> asyncpg.Record:
    if row is None:
        raise NotFound(kind)
    return row


def _secret_or_new(secret: str | None) -> str:
    if secret is None:
        return new_secret()
    check_secret(secret)
    return secret


def _check_url(url: str) -> None:
    if not 1 <= len(url) <= URL_LIMIT:
        raise Invalid("url", f"must have 1 to {URL_LIMIT} characters")
    if not url.isprintable() or any(character.isspace() for character in url):
        raise Invalid("url", "holds white space or control characters")


def _check_types(event_types: Sequence[str]) -> None:
    unknown = sorted(set(event_types) - TYPES)
    if unknown or not event_types:
        raise Invalid("event_types", f"unknown: {', '.join(unknown)}" if unknown else "must not be empty")


def _identity(one: Subscription | Wanted) -> bytes:
    told = (one.name, sorted(one.event_types), one.filter, one.options, one.ordered)
    return msgspec.json.encode(told, order="deterministic")


def _encoded(field: str, value: Mapping[str, Any] | None) -> str:
    text = msgspec.json.encode(value or {}).decode()
    if "\\u0000" in text:
        raise Invalid(field, "holds a character that cannot be stored")
    return text
