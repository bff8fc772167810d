"""A whole station in virtual time, with a Central System that answers from this program."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from typing_extensions import override

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.link import Link, Teller
from pilotline.adapters.simulated_car import Car
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import MemoryStore, Store
from pilotline.core.events import FrameReceived, LinkUp
from pilotline.core.state import Counter
from pilotline.spec.products import Product, adjusted, load_product

SECOND_MS = 1000
TAG = "CAFE0001"
ACCEPTED = {"idTagInfo": {"status": "Accepted"}}

Answer = Callable[[str, dict[str, Any]], dict[str, Any] | None]


class CentralSystem(Link):
    """A link whose other end answers at once; `said` is every CALL: action, payload, message id."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any], str]] = []
        self.answers: list[list[Any]] = []
        self.pings: list[int] = []
        self.connections: list[int] = []
        self.mute: set[str] = set()
        self.transaction_id = 100
        self.planned: dict[str, list[dict[str, Any]]] = {}
        """By action, fields of the next answers."""
        self._connection: Counter | None = None
        self._post: Callable[[FrameReceived | LinkUp], None] = lambda _event: None

    def wire(self, station: Station) -> None:
        self._post = station.post

    @override
    def open(self, connection: Counter, tell: Teller) -> None:
        self.connections.append(connection)
        self._connection = connection
        self._post(LinkUp(connection))

    @override
    def send(self, connection: Counter, text: str) -> None:
        if connection != self._connection:
            return
        frame = json.loads(text)
        if frame[0] != 2:
            self.answers.append(frame)
            return
        _, message_id, action, payload = frame
        self.said.append((action, payload, message_id))
        if action not in self.mute:
            planned = self.planned.get(action)
            self.hear([3, message_id, {**self._answer(action), **(planned.pop(0) if planned else {})}])

    @override
    def ping_every(self, interval_s: int) -> None:
        self.pings.append(interval_s)

    @override
    def close(self) -> None:
        self._connection = None

    @override
    def drop(self) -> None:
        self._connection = None

    def hear(self, frame: list[Any]) -> None:
        """Let the station receive a frame."""
        if self._connection is not None:
            self._post(FrameReceived(self._connection, json.dumps(frame)))

    def actions(self) -> list[str]:
        return [action for action, _, _ in self.said]

    def all(self, action: str) -> list[dict[str, Any]]:
        return [payload for said, payload, _ in self.said if said == action]

    def statuses(self, connector: int) -> list[str]:
        return [p["status"] for p in self.all("StatusNotification") if p["connectorId"] == connector]

    def _answer(self, action: str) -> dict[str, Any]:
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 300}
            case "Heartbeat":
                return {"currentTime": "2026-01-01T00:00:00Z"}
            case "StartTransaction":
                self.transaction_id += 1
                return {"transactionId": self.transaction_id, **ACCEPTED}
            case "Authorize":
                return ACCEPTED
            case _:
                return {}


class Bench:
    """A station on the bench: clock, world, Central System."""

    def __init__(self, product: Product, store: Store | None = None, **parts: Any) -> None:
        self.clock = VirtualClock()
        self.world = parts.pop("world", None) or SimulatedHardware(product, self.clock, entropy="c0ffee")
        self.system = CentralSystem()
        self.store = store or MemoryStore()
        self.station = Station(product, self.store, self.world, self.system, clock=self.clock, **parts)
        self.system.wire(self.station)

    async def passes(self, seconds: float) -> None:
        await self.clock.advance(int(seconds * SECOND_MS), self.station.settled)

    async def charges(self, car: Car | None = None) -> None:
        """A driver plugs in at connector 1, shows a tag, and charges."""
        self.world.plug_in(1, car)
        self.world.present_tag(1, TAG)
        await self.passes(1)
        assert self.status(1) == "Charging"

    def status(self, connector: int) -> str:
        return self.station.state.moment.connectors[connector].state


def ac(**facts: Any) -> Product:
    """Two AC sockets with locks, which stop at a power cut and retry without chance."""
    chosen = {"power_cut": "stop", "reconnect_jitter_percent": 0, **facts}
    return adjusted(load_product("reference"), chosen.pop("configuration", None), **chosen)


@contextlib.asynccontextmanager
async def running(product: Product, store: Store | None = None, **parts: Any) -> AsyncIterator[Bench]:
    """A station that has booted and is registered; it is stopped at the end."""
    bench = Bench(product, store, **parts)
    run = asyncio.create_task(bench.station.run())
    try:
        await bench.passes(1)
        yield bench
    finally:
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run
