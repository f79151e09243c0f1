"""RingPlan over Socket.IO: handshake, what clients may say, what they are told (specs/ringplan.md 3)."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

import msgspec
import structlog

from ringmain.core.credentials.model import Caller
from ringmain.core.credentials.service import PRIMARY
from ringmain.core.errors import CoreError, Unauthenticated
from ringmain.core.events import Event
from ringmain.core.system import Core
from ringmain.database.wakeup import CREDENTIALS
from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan.auth import DIALECT, is_user_token
from ringmain.dialects.ringplan.events import PUSHES

log = structlog.get_logger()

NOTHING: Final = b"{}"
RECHECK: Final = 0.1
"""Seconds in which changes of credentials are gathered before sockets are checked again."""


class Sockets(Protocol):
    """What is needed of realtime/socketio.py."""

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application."""
        ...

    def on(self, event: str, handler: Callable[[str, Any], Awaitable[object]]) -> None:
        """Calls `handler(sid, data)`."""
        ...

    def on_other(self, handler: Callable[[str, str, Any], Awaitable[object]]) -> None:
        """Calls `handler(sid, event, data)` for events without a handler."""
        ...

    def on_disconnect(self, handler: Callable[[str], Awaitable[object]]) -> None:
        """Calls `handler(sid)` when a client has gone."""
        ...

    async def join(self, sid: str, room: str) -> None:
        """Puts a client into a room."""
        ...

    async def leave(self, sid: str, room: str) -> None:
        """Takes a client out of a room."""
        ...

    async def emit(self, sid: str, event: str, payload: bytes) -> bool:
        """Sends one client an event with one argument, encoded as JSON."""
        ...

    async def broadcast(self, room: str, event: str, payload: bytes, *, skip_sid: str | None = None) -> int:
        """Sends everybody in the room an event with one argument, encoded as JSON."""
        ...


class Authenticate(msgspec.Struct, frozen=True):
    """Data of `authenticate`. `user_email` says who acts, with an API key; without it the company's owner does."""

    token: str
    user_email: str | None = None


class MarkAsRead(msgspec.Struct, frozen=True, rename={"message_ids": "messagesIds"}):
    """Data of `texting.message.markAsRead` from a client; its `timezone` is the company's anyway."""

    conversation_id: str
    message_ids: list[str]


class Session(msgspec.Struct, frozen=True):
    """What an authenticated socket showed, and the room that it is in."""

    shown: Authenticate
    room: str


class RingPlanRealtime:
    """Speaks for this process's sockets. Give `push` to the follower of the event log."""

    def __init__(self, core: Core, sockets: Sockets) -> None:
        self._core = core
        self._sockets = sockets
        self._sessions: dict[str, Session] = {}
        self._rechecking: asyncio.Task[None] | None = None
        self._to_recheck = False
        sockets.on("authenticate", self._authenticate)
        sockets.on("texting.message.markAsRead", self._mark_as_read)
        sockets.on_other(self._other)
        sockets.on_disconnect(self._gone)
        core.wakeups.listen(CREDENTIALS, self._credentials_changed)

    async def push(self, events: Sequence[Event]) -> None:
        """Tell each event to the authenticated sockets of its company."""
        rooms = {session.room for session in self._sessions.values()}
        for event in events:
            room = _room(event.company_id)
            render = PUSHES.get(event.type) if room in rooms else None
            push = render(event) if render else None
            if push is not None:
                await self._sockets.broadcast(room, push.name, push.payload, skip_sid=push.session or None)

    async def _authenticate(self, sid: str, data: Any) -> None:
        await self._forget(sid)
        try:
            shown = msgspec.convert(data, Authenticate)
            caller = await self._caller(shown)
        except (msgspec.ValidationError, CoreError):
            await self._sockets.emit(sid, "unauthorized", NOTHING)
            return
        session = self._sessions[sid] = Session(shown, _room(caller.company_id))
        await self._sockets.join(sid, session.room)
        await self._sockets.emit(sid, "authenticated", NOTHING)

    async def _mark_as_read(self, sid: str, data: Any) -> None:
        caller = await self._authenticated(sid)
        if caller is None:
            return
        try:
            given = msgspec.convert(data, MarkAsRead)
            await self._core.texting.mark_read(
                caller.company_id,
                ids.decode(given.conversation_id, "conversation"),
                ids.decode_all(given.message_ids, "message"),
                person_id=caller.person_id,
                session=sid,
                origin=DIALECT,
            )
        except (msgspec.ValidationError, CoreError) as error:
            # The vendor has no event for refusals.
            log.info("markAsRead refused", error=type(error).__name__)

    async def _other(self, sid: str, _event: str, _data: Any) -> None:
        await self._authenticated(sid)

    async def _gone(self, sid: str) -> None:
        self._sessions.pop(sid, None)

    async def _authenticated(self, sid: str) -> Caller | None:
        """Who is at this socket, as of now; one who is nobody is told so, and the socket stays open."""
        session = self._sessions.get(sid)
        if session is not None:
            try:
                return await self._caller(session.shown)
            except Unauthenticated:
                await self._forget(sid)
        await self._sockets.emit(sid, "unauthorized", NOTHING)
        return None

    async def _caller(self, shown: Authenticate) -> Caller:
        """Raises Unauthenticated."""
        credentials, token = self._core.credentials, shown.token.rpartition(" ")[2]
        if is_user_token(token):
            return await credentials.caller_by_user_token(token)
        owner = await credentials.caller_by_api_key(DIALECT, token, PRIMARY)
        if not shown.user_email:
            return owner
        person = None
        if shown.user_email.isprintable():
            person = await self._core.people.find_by_email(owner.company_id, shown.user_email)
        if person is None:
            raise Unauthenticated("user_email names nobody")
        return await credentials.caller_by_api_key(DIALECT, token, person.id)

    async def _forget(self, sid: str) -> None:
        session = self._sessions.pop(sid, None)
        if session is not None:
            await self._sockets.leave(sid, session.room)

    def _credentials_changed(self) -> None:
        """Keys are revoked and people leave while their sockets are open."""
        # Also while they are being checked, or are authenticating: what was read of them may be of before.
        self._to_recheck = True
        if self._rechecking is None or self._rechecking.done():
            self._rechecking = asyncio.get_running_loop().create_task(self._recheck())

    async def _recheck(self) -> None:
        while self._to_recheck:
            await asyncio.sleep(RECHECK)
            self._to_recheck = False
            await self._recheck_once()

    async def _recheck_once(self) -> None:
        sockets: defaultdict[Authenticate, list[str]] = defaultdict(list)
        for sid, session in self._sessions.items():
            sockets[session.shown].append(sid)
        for shown, sids in sockets.items():
            try:
                await self._caller(shown)
            except Unauthenticated:
                for sid in sids:
                    await self._forget(sid)
                    await self._sockets.emit(sid, "unauthorized", NOTHING)
            except Exception as error:
                # The database is away; its return is a change of credentials too (database/wakeup.py).
                log.warning("sockets could not be checked again", error=repr(error))
                return


def _room(company_id: int) -> str:
    return f"{DIALECT}/{company_id}"
