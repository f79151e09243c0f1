"""Our side of bench/fanout.py: uvicorn as `ringmain serve` sets it up, with nothing but the Socket.IO server.

Prints its port, then obeys lines on standard input: "broadcast COUNT", "quit".
"""

import asyncio
import os
import socket
import sys

import uvicorn
import uvloop

from ringmain.realtime.socketio import SocketServer

ROOM = "company"


async def main() -> None:
    payload = os.environ["FANOUT_PAYLOAD"].encode()
    server = SocketServer()

    async def admit(sid: str, _environ: object, _auth: object = None) -> None:
        await server.sio.enter_room(sid, ROOM)

    server.sio.on("connect", admit)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    config = uvicorn.Config(
        server.asgi,
        interface="asgi3",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="error",
        lifespan="off",
    )
    web = uvicorn.Server(config)
    serving = asyncio.create_task(web.serve(sockets=[listener]))
    print(listener.getsockname()[1], flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while (order := (await orders.readline()).decode().split()) and order[0] == "broadcast":
        for _ in range(int(order[1])):
            await server.broadcast(ROOM, "texting.message.new", payload)
            await asyncio.sleep(float(os.environ["FANOUT_PAUSE"]))
        print("sent", flush=True)
    print(f"written {server.written} queued {server.queued} dropped {server.dropped}", file=sys.stderr)
    web.should_exit = True
    await serving


if __name__ == "__main__":
    uvloop.run(main())
