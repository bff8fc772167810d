"""How soon a RemoteStartTransaction.req is answered, over a WebSocket on the loopback.

The station is the real one: run loop, WebSocket, SQLite store, simulated hardware. The Central System is a
small server in the same process, so both share one core, and what is measured is longer than the station's
own part: from before the request is given to the server's socket until its confirmation was read there.

Half of the requests are Accepted (a free connector is then held for the tag, and freed by ChangeAvailability,
which commits), half are Rejected (an unknown connector).
"""

import asyncio
import contextlib
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from pilotline.adapters.clock import SystemClock
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import SqliteStore
from pilotline.adapters.websocket import WebSocketLink
from pilotline.spec.products import adjusted, load_product
from pilotline.tools.bench_figure import Figure, below

P99_MS: Final = 10.0
_PATIENCE_S: Final = 10
_Payload: TypeAlias = dict[str, Any]


class BenchCentralSystem:
    """Agrees to all a station says, for one station; `call` asks it something."""

    def __init__(self) -> None:
        self._socket: ServerConnection | None = None
        self._open: dict[str, asyncio.Future[_Payload]] = {}
        self._numbers = itertools.count()
        self.registered = asyncio.Event()
        """Set when the station has reported its connectors: the boot is over."""

    async def serve_station(self, socket: ServerConnection) -> None:
        """One connection, until it ends."""
        self._socket = socket
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                kind, message_id, *rest = json.loads(text)
                if kind == 2:
                    action = rest[0]
                    await socket.send(json.dumps([3, message_id, answer_to(action)]))
                    if action == "StatusNotification":
                        self.registered.set()
                elif message_id in self._open:
                    answer = self._open.pop(message_id)
                    if kind == 3:
                        answer.set_result(rest[0])
                    else:
                        answer.set_exception(RuntimeError(f"the station answered CALLERROR {rest}"))

    async def call(self, action: str, payload: _Payload) -> _Payload:
        """Ask the station, and wait for its confirmation."""
        if self._socket is None:
            raise RuntimeError("no station is connected")
        message_id = str(next(self._numbers))
        answer: asyncio.Future[_Payload] = asyncio.get_running_loop().create_future()
        self._open[message_id] = answer
        await self._socket.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(_PATIENCE_S):
            return await answer


def answer_to(action: str) -> _Payload:
    """What a Central System that agrees to everything says."""
    now = datetime.now(UTC).isoformat()
    match action:
        case "BootNotification":
            return {"status": "Accepted", "currentTime": now, "interval": 300}
        case "Heartbeat":
            return {"currentTime": now}
        case "Authorize":
            return {"idTagInfo": {"status": "Accepted"}}
        case "StartTransaction":
            return {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
        case _:
            return {}


@contextlib.asynccontextmanager
async def central_system() -> AsyncIterator[tuple[BenchCentralSystem, str]]:
    """A server on a free port of the loopback, and its URL."""
    system = BenchCentralSystem()
    ocpp = [Subprotocol("ocpp1.6")]
    async with serve(system.serve_station, "127.0.0.1", 0, subprotocols=ocpp, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield system, f"ws://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def _station(url: str, folder: Path) -> AsyncIterator[None]:
    """A running station of two connectors that starts remotely without asking first."""
    product = adjusted(load_product("c6eu"), {"AuthorizeRemoteTxRequests": "false"})
    clock = SystemClock()
    with contextlib.closing(SqliteStore(folder / "station.sqlite")) as store:
        hardware = SimulatedHardware(product, clock, file=folder / "world.json")
        link = WebSocketLink(url, "BENCH", max_frame_bytes=product.frame_bytes_max)
        running = asyncio.create_task(Station(product, store, hardware, link, clock=clock).run())
        try:
            yield
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def answer_times_ms(requests: int) -> dict[str, list[float]]:
    """How long each answer took, in ms, by the status it gave."""
    times: dict[str, list[float]] = {"Accepted": [], "Rejected": []}
    with tempfile.TemporaryDirectory() as folder:
        async with central_system() as (system, url), _station(url, Path(folder)):
            async with asyncio.timeout(_PATIENCE_S):
                await system.registered.wait()
            for number in range(requests):
                fits = number % 2 == 0
                request = {"idTag": "BENCH", "connectorId": 1 if fits else 99}
                began = time.perf_counter()
                answer = await system.call("RemoteStartTransaction", request)
                times[answer["status"]].append((time.perf_counter() - began) * 1000)
                if fits:
                    for kind in ("Inoperative", "Operative"):
                        await system.call("ChangeAvailability", {"connectorId": 1, "type": kind})
    return times


def answer_figures(requests: int = 500) -> list[Figure]:
    """Median and 99th percentile over all answers."""
    times = asyncio.run(answer_times_ms(requests))
    accepted, rejected = len(times["Accepted"]), len(times["Rejected"])
    both = times["Accepted"] + times["Rejected"]
    mixed = f"{accepted} Accepted, {rejected} Rejected"
    p99 = statistics.quantiles(both, n=100)[98]
    return [
        below(f"answer: RemoteStartTransaction p50 ({mixed})", statistics.median(both), P99_MS, "ms"),
        below(f"answer: RemoteStartTransaction p99 ({mixed})", p99, P99_MS, "ms"),
    ]
