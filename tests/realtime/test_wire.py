import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import Protocol, Side

from ringmain.realtime.wire import BATCH, Outbox, Wire, text_frame


@given(text=st.one_of(st.text(max_size=200), st.text(min_size=1).map(lambda text: text * 3000)))
def test_a_frame_reads_back_as_one_text_message(text: str) -> None:
    reader = Protocol(Side.CLIENT, max_size=None)
    reader.receive_data(text_frame(text.encode()))
    [frame] = reader.events_received()
    assert frame.opcode is Opcode.TEXT  # type: ignore[union-attr]
    assert bytes(frame.data) == text.encode()  # type: ignore[union-attr]


async def test_an_outbox_counts_packets_until_they_are_done() -> None:
    outbox = Outbox()
    await outbox.put(SimpleNamespace(data="12345"))
    outbox.put_nowait(SimpleNamespace(data=None))
    outbox.put_nowait(None)
    assert (outbox.unsent, outbox.size) == (2, 5)
    await outbox.get()
    assert (outbox.unsent, outbox.size) == (2, 0)
    outbox.task_done()
    assert outbox.unsent == 1
    await outbox.get()
    outbox.task_done()
    assert outbox.unsent == 0
    await asyncio.wait_for(outbox.join(), 30)
    assert await outbox.get() is None
    outbox.task_done()
    assert outbox.unsent == 0


async def test_a_wire_introduces_itself_once_and_not_by_the_probe() -> None:
    sent: list[Any] = []
    met: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message)

    wire = Wire(send, lambda _, text: met.append(text))
    for message in (
        {"type": "websocket.accept"},
        {"type": "websocket.send", "text": "3probe"},
        {"type": "websocket.send", "text": "2"},
        {"type": "websocket.send", "text": "42[]"},
    ):
        await wire.send(message)
    assert met == ["2"]
    assert len(sent) == 4


async def test_a_wire_of_an_unknown_server_writes_nothing() -> None:
    async def send(_: Any) -> None: ...

    wire = Wire(send, lambda _, text: None)
    assert not wire.write(b"")
    assert not wire.abort()


async def test_a_send_that_fails_is_no_longer_counted() -> None:
    async def send(_: Any) -> None:
        raise ConnectionError

    wire = Wire(send, lambda _, text: None)
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(wire.send({"type": "websocket.send", "text": "2"}), 30)
    assert not wire._sending


async def test_an_outbox_hands_out_small_batches_and_clears_at_once() -> None:
    outbox = Outbox()
    for number in range(2 * BATCH):
        outbox.put_nowait(number)
    for start in (0, BATCH):
        batch = [await outbox.get()]
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                batch.append(outbox.get_nowait())
        assert batch == list(range(start, start + BATCH))
    outbox.put_nowait(1)
    outbox.clear()
    assert outbox.empty()
    assert outbox.unsent == 2 * BATCH
