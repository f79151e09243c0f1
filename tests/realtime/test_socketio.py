import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import socketio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ringmain.realtime.socketio import SocketServer
from tests.realtime.conftest import read_whole

Serve = Callable[..., contextlib.AbstractAsyncContextManager[str]]
ROOM = "company:1"
NEWS = "texting.message.new"
PATIENCE = 30  # seconds; only a broken test waits that long
NODE_CLIENT = Path(__file__).parents[1] / "clients" / "socketio_client.js"
TRANSPORTS = [["websocket"], ["polling"], ["polling", "websocket"]]

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def server_with_rooms(**options: Any) -> SocketServer:
    server = SocketServer(**options)

    async def join(sid: str, room: Any) -> str:
        await server.join(sid, room)
        return sid

    server.on("join", join)
    return server


async def publish(server: SocketServer, payload: object, **options: Any) -> int:
    return await server.broadcast(ROOM, NEWS, msgspec.json.encode(payload), **options)


class Inbox:
    """What a client received, in order."""

    def __init__(self) -> None:
        self.sid = ""
        self.transport = ""
        self._items: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def put(self, event: str, payload: Any) -> None:
        self._items.put_nowait((event, payload))

    async def take(self, count: int) -> list[Any]:
        async with asyncio.timeout(PATIENCE):
            return [(await self._items.get())[1] for _ in range(count)]

    async def until(self, event: str) -> Any:
        async with asyncio.timeout(PATIENCE):
            while True:
                kind, payload = await self._items.get()
                if kind == event:
                    return payload

    async def until_all(self, *events: str) -> dict[str, Any]:
        """Waits for each of these and leaves everything else for later."""
        found: dict[str, Any] = {}
        others = []
        async with asyncio.timeout(PATIENCE):
            while len(found) < len(events):
                event, payload = await self._items.get()
                if event in events:
                    found[event] = payload
                else:
                    others.append((event, payload))
        for item in others:
            self.put(*item)
        return found

    def empty(self) -> bool:
        return self._items.empty()


@contextlib.asynccontextmanager
async def python_client(url: str, transports: list[str], path: str = "/ws/") -> AsyncIterator[Inbox]:
    inbox = Inbox()
    async with aiohttp.ClientSession(raise_for_status=read_whole) as http:
        client = socketio.AsyncClient(reconnection=False, http_session=http)

        async def receive(event: str, payload: Any = None) -> None:
            inbox.put(event, payload)

        client.on("*", receive)
        client.on("disconnect", lambda reason: inbox.put("disconnect", reason))
        await client.connect(url, socketio_path=path, transports=transports)
        try:
            inbox.sid = await client.call("join", ROOM)
            inbox.transport = client.transport()
            yield inbox
        finally:
            await client.disconnect()
            if client.eio.write_loop_task:
                # The polling client would wait half a minute for something to write.
                client.eio.write_loop_task.cancel()
            await client.eio.wait()


@contextlib.asynccontextmanager
async def node_client(url: str, transports: list[str], path: str = "/ws") -> AsyncIterator[Inbox]:
    options = json.dumps({"path": path, "transports": transports, "reconnection": False})
    inbox = Inbox()
    process = await asyncio.create_subprocess_exec(
        "node",
        str(NODE_CLIENT),
        url,
        options,
        json.dumps([["join", ROOM]]),
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 23,
    )
    assert process.stdout is not None
    lines = process.stdout

    async def read() -> None:
        async for line in lines:
            said = json.loads(line)
            inbox.put(said["event"], said["args"][-1])

    reading = asyncio.create_task(read())
    try:
        greeting = await inbox.until_all("connect", "ack", *(["upgrade"] if len(transports) > 1 else []))
        inbox.sid = greeting["ack"]
        inbox.transport = greeting.get("upgrade", greeting["connect"])
        yield inbox
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await reading


async def members(server: SocketServer, count: int) -> None:
    """Waits until so many clients are in the room."""
    async with asyncio.timeout(PATIENCE):
        while len(list(server.sio.manager.get_participants("/", ROOM))) != count:
            await asyncio.sleep(0.01)


CLIENTS = [
    pytest.param(python_client, id="python"),
    pytest.param(node_client, id="node", marks=needs_node),
]
PAYLOADS: list[object] = [
    *({"n": number, "text": 'Grüße, 世界 🎈\u2028\x00"\\'} for number in range(50)),
    {"n": 50, "text": "ж" * 500_000},
    {"n": 51, "text": ""},
    None,
    [1, 2],
    "text",
]


@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
@pytest.mark.parametrize("client", CLIENTS)
async def test_each_broadcast_arrives_once_and_in_order(serve: Serve, client: Any, transports: list[str]) -> None:
    server = server_with_rooms()
    async with serve(server.asgi) as url, client(url, transports) as inbox:
        await members(server, 1)
        assert inbox.transport == transports[-1]
        for payload in PAYLOADS:
            assert await publish(server, payload) == 1
        assert await inbox.take(len(PAYLOADS)) == PAYLOADS
        # The queue has been emptied by now, so that these go the quick way where there is one.
        for number in range(10):
            await publish(server, number)
            assert await inbox.take(1) == [number]
        assert inbox.empty()
        if transports[-1] == "websocket":
            assert server.written >= 10
        else:
            assert server.written == 0
            assert server.queued == len(PAYLOADS) + 10
        await server.close()


@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
async def test_broadcasts_and_ordinary_emits_keep_their_order(serve: Serve, transports: list[str]) -> None:
    server = server_with_rooms()
    async with serve(server.asgi) as url, python_client(url, transports) as inbox:
        for number in range(300):
            match number % 5:
                case 0:
                    await server.sio.emit(NEWS, number, room=ROOM)
                case 1:
                    await server.emit(inbox.sid, NEWS, b"%d" % number)
                case 2:
                    await publish(server, number)
                    await asyncio.sleep(0)
                case _:
                    await publish(server, number)
            if number % 50 == 0:
                # Lets everything out, so that the next one finds the way free.
                await asyncio.sleep(0.01)
        assert await inbox.take(300) == list(range(300))
        assert (server.written > 0) is (transports[-1] == "websocket")
        await server.close()


@pytest.mark.parametrize("client", CLIENTS)
async def test_nothing_is_lost_or_doubled_while_a_client_upgrades(serve: Serve, client: Any) -> None:
    server = server_with_rooms()
    number = 0

    async def broadcast_all_the_time() -> None:
        nonlocal number
        while True:
            await publish(server, number)
            number += 1
            await asyncio.sleep(0.0005)

    async with serve(server.asgi) as url:
        talking = asyncio.create_task(broadcast_all_the_time())
        try:
            async with client(url, ["polling", "websocket"]) as inbox:
                seen = await inbox.take(500)
                assert seen == list(range(seen[0], seen[0] + len(seen)))
        finally:
            talking.cancel()
        assert server.written > 0
        await server.close()


async def test_the_one_who_is_skipped_hears_nothing(serve: Serve) -> None:
    server = server_with_rooms()
    async with serve(server.asgi) as url:
        async with (
            python_client(url, ["websocket"]) as speaker,
            python_client(url, ["websocket"]) as listener,
            python_client(url, ["polling"]) as poller,
        ):
            assert await publish(server, "to others", skip_sid=speaker.sid) == 2
            assert await publish(server, "to all") == 3
            assert await listener.take(2) == ["to others", "to all"]
            assert await poller.take(2) == ["to others", "to all"]
            assert await speaker.take(1) == ["to all"]
        await server.close()


async def test_only_the_room_hears(serve: Serve) -> None:
    server = server_with_rooms()
    async with serve(server.asgi) as url, python_client(url, ["websocket"]) as inbox:
        assert await server.broadcast("company:2", NEWS, b"1") == 0
        assert not await server.emit("nobody", NEWS, b"1")
        await server.leave(inbox.sid, ROOM)
        assert await publish(server, 1) == 0
        assert await server.emit(inbox.sid, NEWS, b'"for you"')
        assert await inbox.take(1) == ["for you"]
        await server.close()


class WrappingMiddleware:
    """An ASGI application in front that hides the server's own send, as many frameworks do."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def wrapped(message: Any) -> None:
            await send(message)

        await self.app(scope, receive, wrapped)


@pytest.mark.parametrize("hidden", ["compression", "middleware", "other server"])
async def test_without_the_seam_broadcasts_go_the_ordinary_way(serve: Serve, hidden: str) -> None:
    server = server_with_rooms()
    app: Any = WrappingMiddleware(server.asgi) if hidden == "middleware" else server.asgi
    options: dict[str, Any] = {}
    if hidden == "compression":
        options = {"ws_per_message_deflate": True}
    elif hidden == "other server":
        options = {"ws": "wsproto"}
    async with serve(app, **options) as url:
        async with connect_raw(url) as raw:
            for number in range(20):
                assert await publish(server, number) == 1
                assert await raw.recv() == f'42["{NEWS}",{number}]'
        assert (server.written, server.queued) == (0, 20)
        await server.close()


@contextlib.asynccontextmanager
async def connect_raw(url: str) -> AsyncIterator[ClientConnection]:
    """A Socket.IO client by hand, in the room: it reads only when told to."""
    address = url.replace("http", "ws") + "/ws/?EIO=4&transport=websocket"
    async with connect(address, max_queue=1, max_size=None, ping_interval=None, close_timeout=1) as raw:
        assert str(await raw.recv()).startswith('0{"sid":')
        await raw.send("40")
        assert str(await raw.recv()).startswith('40{"sid":')
        await raw.send(f'421["join","{ROOM}"]')
        assert str(await raw.recv()).startswith("431[")
        yield raw


@pytest.mark.parametrize("hidden", [False, True], ids=["seam", "no seam"])
async def test_a_slow_reader_is_dropped_and_the_others_stay(serve: Serve, hidden: bool) -> None:
    server = server_with_rooms(buffer_limit=1 << 19)
    gone: list[tuple[str, object]] = []

    async def farewell(sid: str) -> None:
        gone.append((sid, server.session(sid)))

    server.on_disconnect(farewell)
    app = WrappingMiddleware(server.asgi) if hidden else server.asgi
    news = "x" * (1 << 16)
    async with serve(app) as url, python_client(url, ["websocket"]) as quick, connect_raw(url) as slow:
        async with asyncio.timeout(PATIENCE):
            while server.count() == 2:
                await publish(server, news)
                assert await quick.take(1) == [news]
        assert server.dropped == 1
        assert [sid for sid, _ in gone] != [quick.sid]
        assert len(gone) == 1
        assert await publish(server, "still here") == 1
        assert await quick.take(1) == ["still here"]
        if not hidden:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await slow.recv()
        else:
            slow.transport.abort()
        await server.close()


async def test_a_poller_that_stops_polling_is_dropped(serve: Serve) -> None:
    server = server_with_rooms(buffer_limit=100_000)
    async with serve(server.asgi) as url, aiohttp.ClientSession() as session:
        address = f"{url}/ws/?EIO=4&transport=polling"
        async with session.get(address) as answer:
            sid = json.loads((await answer.text())[1:])["sid"]
        for packet in ("40", f'42["join","{ROOM}"]'):
            async with session.post(f"{address}&sid={sid}", data=packet) as answer:
                assert await answer.text() == "OK"
        assert server.count() == 1
        async with asyncio.timeout(PATIENCE):
            while server.count():
                await publish(server, "x" * 1000)
                await asyncio.sleep(0)
        assert server.dropped == 1
        async with session.get(f"{address}&sid={sid}") as answer:
            assert answer.status == 400
        await server.close()


@pytest.mark.parametrize("path", ["/ws", "/ws/"])
@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_both_spellings_of_the_path_work(serve: Serve, path: str, transport: str) -> None:
    server = SocketServer(close_timeout=0.1)
    async with serve(server.asgi) as url, aiohttp.ClientSession() as session:
        address = f"{url}{path}?EIO=4&transport={transport}"
        if transport == "websocket":
            async with session.ws_connect(address) as raw:
                opened = await raw.receive_str()
        else:
            async with session.get(address, headers={"Origin": "https://any.example"}) as answer:
                assert answer.headers["access-control-allow-origin"] == "https://any.example"
                opened = await answer.text()
        assert opened.startswith('0{"sid":')
        await server.close()


@needs_node
async def test_the_node_client_without_a_trailing_slash(serve: Serve) -> None:
    server = server_with_rooms()
    async with serve(server.asgi) as url:
        options = json.dumps({"path": "/ws", "addTrailingSlash": False, "reconnection": False})
        process = await asyncio.create_subprocess_exec(
            "node", str(NODE_CLIENT), url, options, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while json.loads(await process.stdout.readline())["event"] != "connect":
                pass
            await server.close()
            assert json.loads((await process.communicate())[0].splitlines()[-1])["event"] == "disconnect"


async def test_sessions_handlers_and_acknowledgements(serve: Serve) -> None:
    server = SocketServer()
    calls: list[tuple[object, ...]] = []

    async def authenticate(sid: str, data: Any) -> dict[str, bool]:
        await asyncio.sleep(0.02)
        server.save(sid, data["token"])
        return {"ok": True}

    async def other(sid: str, event: str, data: Any) -> None:
        calls.append((event, data, server.session(sid)))
        await server.emit(sid, "heard", b"{}")

    async def farewell(sid: str) -> None:
        calls.append(("bye", server.session(sid)))

    server.on("authenticate", authenticate)
    server.on_other(other)
    server.on_disconnect(farewell)
    async with serve(server.asgi) as url:
        client = socketio.AsyncClient(reconnection=False)
        heard: asyncio.Queue[Any] = asyncio.Queue()
        client.on("heard", heard.put)
        await client.connect(url, socketio_path="/ws", transports=["websocket"])
        # The second event finds the session although the first one's handler takes its time.
        await client.emit("authenticate", {"token": "t"})
        await client.emit("unknown.event", {"a": 1})
        await client.emit("bare")
        async with asyncio.timeout(PATIENCE):
            assert [await heard.get(), await heard.get()] == [{}, {}]
        assert calls == [("unknown.event", {"a": 1}, "t"), ("bare", None, "t")]
        assert await client.call("authenticate", {"token": "u"}) == {"ok": True}
        sid = client.get_sid()
        assert (server.session(sid), server.count()) == ("u", 1)

        await server.disconnect(sid)
        await client.wait()
        assert calls[2:] == [("bye", "u")]
        server.save(sid, "too late")
        await server.join(sid, ROOM)
        await server.leave(sid, ROOM)
        await server.disconnect(sid)
        assert (server.session(sid), server.count()) == (None, 0)
        assert await publish(server, 1) == 0
        await server.close()


async def test_disconnecting_does_not_wait_for_a_reader_that_stands_still(serve: Serve) -> None:
    server = server_with_rooms(close_timeout=0.1)
    async with serve(server.asgi) as url, connect_raw(url) as slow:
        [(sid, _)] = server.sio.manager.get_participants("/", ROOM)
        while server.queued < 10:
            await publish(server, "x" * (1 << 18))
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            await server.disconnect(sid)
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await slow.recv()
            await server.close()
    assert server.count() == 0


async def test_closing_says_goodbye_to_every_kind_of_client(serve: Serve) -> None:
    server = server_with_rooms()
    async with serve(server.asgi) as url:
        async with (
            python_client(url, ["websocket"]) as one,
            python_client(url, ["polling"]) as two,
            python_client(url, ["polling", "websocket"]) as three,
        ):
            assert server.count() == 3
            await server.close()
            for inbox in (one, two, three):
                await inbox.until("disconnect")
        assert server.count() == 0
        assert not server.sio.eio.sockets


@pytest.mark.parametrize(
    "said",
    [
        "42[]",
        "42{}",
        "42[1]",
        '42["connect",{}]',
        '42["disconnect"]',
        "43[",
        "43{}",
        "44",
        "49",
        "42" + "[" * 100_000,
        '45999999999-["news"]',
        '451-["news",{"_placeholder":true,"num":0}]',
        '461-["news"]',
        '421-["news"]',
        f"42{'9' * 200}[]",
    ],
    ids=lambda said: str(said)[:24],
)
async def test_who_says_what_is_no_packet_is_dropped(serve: Serve, said: str) -> None:
    server = server_with_rooms()
    async with serve(server.asgi) as base:
        address = f"{base.replace('http', 'ws')}/ws/?EIO=4&transport=websocket"
        async with connect(address) as broken, connect(address) as sound:
            for socket in (broken, sound):
                await socket.recv()
                await socket.send("40")
                await socket.recv()
            await broken.send(said)
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(ConnectionClosed):
                    await broken.recv()
            await sound.send('421["join","company:1"]')
            assert str(await sound.recv()).startswith("431[")
        await server.close()
