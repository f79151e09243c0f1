from collections.abc import AsyncIterator, Mapping, MutableMapping
from typing import Any

import aiohttp
import msgspec
import pytest
import structlog
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from ringmain.front import Front, merge
from tests.realtime.conftest import serving


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    bound = structlog.contextvars.get_contextvars()["request_id"]
    await PlainTextResponse(f"{scope['path']} {bound}")(scope, receive, send)


async def shout(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(scope["path"].upper())(scope, receive, send)


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("no")


async def socket(scope: Scope, receive: Receive, send: Send) -> None:
    connection = WebSocket(scope, receive, send)
    await connection.accept()
    await connection.send_text("hello")
    await connection.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    front = Front({"a": echo, "two": echo, "two/own": shout, "broken": broken, "ws": socket})
    async with serving(front) as url, aiohttp.ClientSession(url) as session:
        yield session


class Answer(msgspec.Struct):
    status: int
    headers: Mapping[str, str]
    text: str


async def get(client: aiohttp.ClientSession, path: str, request_id: str | None = None) -> Answer:
    headers = {} if request_id is None else {"x-request-id": request_id}
    async with client.get(path, headers=headers) as answer:
        return Answer(answer.status, answer.headers, await answer.text())


@pytest.mark.parametrize("path", ["/a", "/a/", "/a/b/c", "/a?x=/b"])
async def test_the_first_segment_decides(client: aiohttp.ClientSession, path: str) -> None:
    answer = await get(client, path)
    assert answer.status == 200
    assert answer.text.startswith(path.partition("?")[0])


@pytest.mark.parametrize(
    ("path", "text"),
    [("/two", "/two "), ("/two/a/own", "/two/a/own "), ("/two/own", "/TWO/OWN"), ("/two/own/a", "/TWO/OWN/A")],
)
async def test_two_parts_may_share_a_first_segment(client: aiohttp.ClientSession, path: str, text: str) -> None:
    assert (await get(client, path)).text.startswith(text)


@pytest.mark.parametrize("path", ["/ab", "/b/a", "/", "/A", "/%2Fa"])
async def test_everything_else_is_not_found(client: aiohttp.ClientSession, path: str) -> None:
    answer = await get(client, path)
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert msgspec.json.decode(answer.text)["status"] == 404
    assert answer.headers["x-request-id"]


async def test_request_ids_go_along(client: aiohttp.ClientSession) -> None:
    answer = await get(client, "/a", "abc-1.2")
    assert answer.headers["x-request-id"] == "abc-1.2"
    assert answer.text.endswith(" abc-1.2")
    made = (await get(client, "/a")).headers["x-request-id"]
    assert len(made) == 16
    assert (await get(client, "/a")).headers["x-request-id"] != made


@pytest.mark.parametrize("odd", ["", "a b", "x" * 129, "a;b", 'a"b'])
async def test_odd_request_ids_are_replaced(client: aiohttp.ClientSession, odd: str) -> None:
    assert (await get(client, "/a", odd)).headers["x-request-id"] != odd


async def test_a_failure_is_a_problem_and_says_nothing(client: aiohttp.ClientSession) -> None:
    answer = await get(client, "/broken")
    assert answer.status == 500
    assert msgspec.json.decode(answer.text)["detail"] == "It was logged"


async def test_websockets_pass(client: aiohttp.ClientSession) -> None:
    async with client.ws_connect("/ws/x") as connection:
        assert await connection.receive_str() == "hello"
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.ws_connect("/nowhere")


async def test_sockets_get_the_servers_own_send() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(send)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        pass

    await Front({"ws": app})({"type": "websocket", "path": "/ws", "headers": []}, receive, send)
    assert seen == [send]


def test_segments_are_wanted_once() -> None:
    assert set(merge([{"a": echo}, {"b": echo}])) == {"a", "b"}
    with pytest.raises(ValueError, match="'a'"):
        merge([{"a": echo}, {"b": echo}, {"a": broken}])
