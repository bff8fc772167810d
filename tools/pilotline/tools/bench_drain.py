"""How fast a full outbox drains.

The station is the real one (run loop, WebSocket, SQLite store, simulated hardware), booted on a store that holds
10,000 messages. The peer is the least that sending them could cost: a bare `websockets` client that sends the same
texts to the same Central System and awaits each answer, one outstanding. Both are in this process and run by turns of
`TURN` messages; the Central System, a process of its own as every one is, holds back an answer while the other has its
turn. So what else the machine does falls on both.
"""

import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from pilotline.adapters.clock import SystemClock
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import SqliteStore
from pilotline.adapters.websocket import WebSocketLink
from pilotline.core.effects import Put
from pilotline.spec.products import load_product
from pilotline.tools.bench_answer import answer_to
from pilotline.tools.bench_figure import Figure, at_least_of
from pilotline.tools.bench_waiting import waiting

SHARE: Final = 0.4
TURN: Final = 500
_STATION: Final = "BENCH"
_GO: Final = "go"
_OVER: Final = "over"
_OCPP: Final = [Subprotocol("ocpp1.6")]
_QUEUED: Final = ("StartTransaction", "MeterValues", "StopTransaction")


# --- the Central System, a process of its own ---------------------------------------------------------------


class _Server:
    """Answers both sides alike. Before it answers the last message of a turn, the bare client has its turn."""

    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._bare: ServerConnection | None = None
        self._counted = 0
        self._go_on = asyncio.Event()

    async def serve(self, socket: ServerConnection) -> None:
        """One connection, until it ends."""
        is_station = socket.request is not None and socket.request.path.endswith(_STATION)
        if not is_station:
            self._bare = socket
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                if text == _OVER:
                    self._go_on.set()
                    continue
                _, message_id, action, *_ = json.loads(text)
                if is_station and action in _QUEUED:
                    await self._count()
                await socket.send(json.dumps([3, message_id, answer_to(action)]))

    async def _count(self) -> None:
        if self._counted % self._turn == 0 and self._bare is not None:
            self._go_on.clear()
            await self._bare.send(_GO)
            await self._go_on.wait()
        self._counted += 1


async def _serve(turn: int) -> None:
    server = _Server(turn)
    async with serve(server.serve, "127.0.0.1", 0, subprotocols=_OCPP, compression=None) as listening:
        print(next(iter(listening.sockets)).getsockname()[1], flush=True)  # noqa: T201  (tells the parent the port)
        await listening.serve_forever()


@contextlib.asynccontextmanager
async def _central_system(turn: int) -> AsyncIterator[str]:
    """The URL of a Central System in a process of its own, as every Central System is."""
    command = (sys.executable, "-m", "pilotline.tools.bench_drain", str(turn))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None  # noqa: S101  (it is a pipe)
        yield f"ws://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


# --- both sides ---------------------------------------------------------------------------------------------


class Turn(NamedTuple):
    """How long each side took for the same messages."""

    station_s: float
    bare_s: float


async def turns(messages: int, turn: int = TURN) -> list[Turn]:
    """Drain a station that was offline for `messages` messages, and send the same ones barely, by turns."""
    product, clock = load_product("c6eu"), SystemClock()
    queue = waiting(product, messages)
    with tempfile.TemporaryDirectory() as folder:
        async with _central_system(turn) as url, _bare(url) as bare:
            with contextlib.closing(SqliteStore(Path(folder, "station.sqlite"))) as store:
                store.commit([Put(*record) for record in queue.records()])
                link = WebSocketLink(url, _STATION, max_frame_bytes=product.max_frame_bytes)
                station = Station(product, store, SimulatedHardware(product, clock), link, clock=clock)
                running = asyncio.create_task(station.run())
                try:
                    return [taken async for taken in _taken(bare, queue.texts(), turn)]
                finally:
                    running.cancel()
                    await asyncio.wait((running,))


def _bare(url: str) -> connect:
    return connect(f"{url}/BARE", subprotocols=_OCPP, compression=None, ping_interval=None)


async def _taken(bare: ClientConnection, texts: list[str], turn: int) -> AsyncIterator[Turn]:
    """The first turn of the station ends with its first message, which comes with the boot: it does not count."""
    await bare.recv()
    for place in range(0, len(texts) - turn, turn):
        await bare.send(_OVER)
        began = perf_counter()
        await bare.recv()
        station_s = perf_counter() - began
        for text in texts[place : place + turn]:
            await bare.send(text)
            await bare.recv()
        yield Turn(station_s, perf_counter() - began - station_s)


def drain_figures(messages: int = 10_000, turn: int = TURN) -> list[Figure]:
    """The rates of both sides over all turns, and the median over the turns of how they compare."""
    taken = asyncio.run(turns(messages, turn))
    ours, bare = (turn * len(taken) / sum(times) for times in zip(*taken, strict=True))
    ratio = statistics.median(one.bare_s / one.station_s for one in taken)
    over_all = at_least_of(f"drain: {messages:,} messages", ours, bare, "1/s", SHARE)
    by_turn = over_all._replace(name="drain: the same, median of the turns", ratio=ratio, met=ratio >= SHARE)
    return [over_all, by_turn]


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
