"""A webhook receiver that writes down what it gets before it answers. Run as a process: `python hook.py PORT FILE`.

A line of the file is the webhook-id, the event's id, its type and the id of what it is about.
"""

import asyncio
import os
import sys

import msgspec
from aiohttp import web


class Body(msgspec.Struct):
    """Of our own face's notification, what is written down."""

    id: int
    type: str
    data: dict[str, msgspec.Raw]


class Subject(msgspec.Struct):
    id: int


BODY = msgspec.json.Decoder(Body)
SUBJECT = msgspec.json.Decoder(Subject)


async def receive(port: int, path: str) -> None:
    # One write a line on a file opened for appending: what is written outlives the process.
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    async def handle(request: web.BaseRequest) -> web.Response:
        body = BODY.decode(await request.read())
        subject = SUBJECT.decode(body.data["message"])
        os.write(file, f"{request.headers['webhook-id']} {body.id} {body.type} {subject.id}\n".encode())
        return web.Response()

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    # It ends with the test, however that ends.
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(receive(int(sys.argv[1]), sys.argv[2]))
