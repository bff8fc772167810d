"""How fast a full outbox drains, and whether a full one slows what is queued behind it.

The station is the real one (run loop, WebSocket, SQLite store, simulated hardware), booted on a store that holds
10,000 messages. The peer is the least that sending them could cost: a bare `websockets` client that sends the same
texts to the same server and awaits each answer, one outstanding. Both run by turns of `TURN` messages in one process:
the server holds back its answer while the other has its turn, so what else the machine does falls on both.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
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
from pilotline.core.boot import model_of
from pilotline.core.effects import Change, Put, SendCall
from pilotline.core.frames import text_of
from pilotline.core.machines.outbox import message_id_of
from pilotline.core.state import (
    Boot,
    Counter,
    Entry,
    Instant,
    MeterMessage,
    Readings,
    SampledReading,
    Stamp,
    StartMessage,
    StopCause,
    StopMessage,
    Transaction,
    UtcTime,
    Wh,
)
from pilotline.core.transaction_messages import request_of
from pilotline.spec.products import Product, load_product
from pilotline.tools.bench_answer import answer_to
from pilotline.tools.bench_figure import Figure, at_least_of

SHARE: Final = 0.4
TURN: Final = 500
PER_TRANSACTION: Final = 32
"""A start, a sample a minute for half an hour, a stop."""
_STATION: Final = "BENCH"
_GO: Final = "go"
_OVER: Final = "over"
_OCPP: Final = [Subprotocol("ocpp1.6")]
_QUEUED: Final = ("StartTransaction", "MeterValues", "StopTransaction")
_READINGS: Final = tuple(
    SampledReading(measurand, value, None, location, unit)
    for measurand, value, location, unit in (
        ("Energy.Active.Import.Register", "1000000", "Outlet", "Wh"),
        ("Voltage", "400.0", "Outlet", "V"),
        ("Power.Active.Import", "11000.0", "Outlet", "W"),
        ("SoC", "57", "EV", "Percent"),
        ("Current.Import", "27.50", "Outlet", "A"),
        ("Temperature", "25.0", "Body", "Celsius"),
    )
)


def stored(product: Product, messages: int) -> list[Change]:
    """What the store of a station holds that was offline for `messages` messages."""
    boot = Boot(Counter(1), "0123456789abcdef", model_of(product), UtcTime(1_764_000_000_000), True)
    changes: list[Change] = [Put("boot", None, boot)]
    for number in range(1, messages + 1):
        transaction, place = divmod(number - 1, PER_TRANSACTION)
        transaction = Counter(transaction + 1)
        stamp = Stamp(Counter(1), Instant(number * 60_000), UtcTime(1_764_000_000_000 + number * 60_000))
        message: StartMessage | MeterMessage | StopMessage
        if place == 0:
            message = StartMessage(1, "04A1B2C3D4E5F6", Wh(1_000_000), stamp)
            cause = StopCause("Local", "04A1B2C3D4E5F6", stamp)
            record = Transaction(
                transaction, 1, "stopped", "04A1B2C3D4E5F6", None, Wh(1_000_000), None, cause
            )
            changes.append(Put("transactions", transaction, record))
        elif place == PER_TRANSACTION - 1:
            message = StopMessage(Wh(1_000_000), stamp, "Local", "04A1B2C3D4E5F6")
        else:
            message = MeterMessage(1, stamp, "Sample.Periodic", Readings(Wh(1_000_000), _READINGS))
        changes.append(
            Put("outbox", Counter(number), Entry(Counter(1), Counter(number), transaction, message))
        )
    return changes


def texts_of(changes: Iterable[Change]) -> list[str]:
    """The frames of these messages, as the station sends them."""
    records = {
        (change.collection, change.key): change.record for change in changes if isinstance(change, Put)
    }
    boot = records["boot", None]
    assert isinstance(boot, Boot)  # noqa: S101  (`stored` begins with it)
    texts = []
    for (collection, _), entry in records.items():
        if collection == "outbox" and isinstance(entry, Entry):
            transaction = records["transactions", entry.transaction]
            assert isinstance(transaction, Transaction)  # noqa: S101  (likewise)
            call = SendCall(Counter(1), message_id_of(entry, boot), request_of(entry, transaction))
            texts.append(text_of(call))
    return texts


# --- the Central System, a process of its own ---------------------------------------------------------------


class _Server:
    """Answers both sides alike. Before it answers the last message of a turn, the bare client has its turn."""

    def __init__(self) -> None:
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
        if self._counted % TURN == 0 and self._bare is not None:
            self._go_on.clear()
            await self._bare.send(_GO)
            await self._go_on.wait()
        self._counted += 1


async def _serve() -> None:
    server = _Server()
    async with serve(server.serve, "127.0.0.1", 0, subprotocols=_OCPP, compression=None) as listening:
        print(next(iter(listening.sockets)).getsockname()[1], flush=True)  # noqa: T201  (tells the parent the port)
        await listening.serve_forever()


@contextlib.asynccontextmanager
async def _central_system() -> AsyncIterator[str]:
    """The URL of a Central System in a process of its own, as every Central System is."""
    command = (sys.executable, "-m", "pilotline.tools.bench_drain")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None  # noqa: S101  (it is a pipe)
        yield f"ws://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


# --- both sides ---------------------------------------------------------------------------------------------


class Turn(NamedTuple):
    """How long each side took for the same `TURN` messages."""

    station_s: float
    bare_s: float


async def turns(messages: int) -> list[Turn]:
    """Drain a station that was offline for `messages` messages, and send the same ones barely, by turns."""
    product, clock = load_product("c6eu"), SystemClock()
    changes = stored(product, messages)
    texts = texts_of(changes)
    with tempfile.TemporaryDirectory() as folder:
        async with _central_system() as url, _bare(url) as bare:
            with contextlib.closing(SqliteStore(Path(folder, "station.sqlite"))) as store:
                store.commit(changes)
                link = WebSocketLink(url, _STATION, max_frame_bytes=product.max_frame_bytes)
                station = Station(product, store, SimulatedHardware(product, clock), link, clock=clock)
                running = asyncio.create_task(station.run())
                try:
                    return [turn async for turn in _taken(bare, texts)]
                finally:
                    running.cancel()
                    await asyncio.wait((running,))


def _bare(url: str) -> connect:
    return connect(f"{url}/BARE", subprotocols=_OCPP, compression=None, ping_interval=None)


async def _taken(bare: ClientConnection, texts: list[str]) -> AsyncIterator[Turn]:
    """The first turn of the station ends with its first message, which comes with the boot: it does not count."""
    await bare.recv()
    for place in range(0, len(texts) - TURN, TURN):
        await bare.send(_OVER)
        began = perf_counter()
        await bare.recv()
        station_s = perf_counter() - began
        for text in texts[place : place + TURN]:
            await bare.send(text)
            await bare.recv()
        yield Turn(station_s, perf_counter() - began - station_s)


if __name__ == "__main__":
    asyncio.run(_serve())
