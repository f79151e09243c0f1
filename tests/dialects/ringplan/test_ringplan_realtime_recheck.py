"""Keys that are revoked while sockets are being checked for keys that were revoked before."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from ringmain.core.system import Core
from ringmain.dialects.ringplan.auth import DIALECT
from ringmain.dialects.ringplan.realtime import RingPlanRealtime
from tests.conditions import eventually
from tests.conftest import Office


class Wires:
    """Sockets without a network: what is told to each is kept."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[str, Any], Awaitable[object]]] = {}
        self.told: defaultdict[str, list[str]] = defaultdict(list)
        self.slow: set[str] = set()
        self.go_on = asyncio.Event()

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nobody connects")

    def on(self, event: str, handler: Callable[[str, Any], Awaitable[object]]) -> None:
        self.handlers[event] = handler

    def on_other(self, handler: Callable[[str, str, Any], Awaitable[object]]) -> None:
        pass

    def on_disconnect(self, handler: Callable[[str], Awaitable[object]]) -> None:
        pass

    async def join(self, sid: str, room: str) -> None:
        pass

    async def leave(self, sid: str, room: str) -> None:
        pass

    async def emit(self, sid: str, event: str, payload: bytes) -> bool:
        self.told[sid].append(event)
        if sid in self.slow:
            await self.go_on.wait()
        return True

    async def broadcast(self, room: str, event: str, payload: bytes, *, skip_sid: str | None = None) -> int:
        return 0


async def test_a_key_that_is_revoked_while_sockets_are_checked(core: Core, office: Office) -> None:
    wires = Wires()
    RingPlanRealtime(core, wires)
    keys = {}
    for sid in ("checked first", "checked next"):
        new = await core.credentials.create_api_key(office.company_id, DIALECT, sid)
        keys[sid] = new.key.id
        await wires.handlers["authenticate"](sid, {"token": new.secret})
    assert dict(wires.told) == {sid: ["authenticated"] for sid in keys}
    # Without the echo of each wake-up by the database: that may come before the check is over.
    await core.wakeups.stop()
    wires.slow = {"checked next"}
    await core.credentials.revoke_api_key(office.company_id, keys["checked next"])

    async def was_told(sid: str) -> bool:
        return wires.told[sid][-1] == "unauthorized"

    await eventually(lambda: was_told("checked next"))
    await core.credentials.revoke_api_key(office.company_id, keys["checked first"])
    wires.go_on.set()
    await eventually(lambda: was_told("checked first"))
