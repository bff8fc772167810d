"""A whole station on a real WebSocket in virtual time, before a Central System made of the `ocpp` package."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from adapters.link_bench import WAIT_S
from adapters.virtual_station import ac
from ocpp.routing import on
from ocpp.v16 import ChargePoint as PeerOfChargePoint
from ocpp.v16 import call_result
from ocpp.v16.enums import AuthorizationStatus, DataTransferStatus, RegistrationStatus
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.journal import Journal
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import MemoryStore, Store
from pilotline.adapters.websocket import WebSocketLink
from pilotline.core.state import State
from pilotline.spec.products import Product


class Peer(PeerOfChargePoint):
    """The Central System's end of one connection, by the `ocpp` package; `log` outlives the connection."""

    log: "Log"

    @on("BootNotification")
    def on_boot(self, **payload: Any) -> call_result.BootNotification:
        self.log.add("BootNotification", payload)
        return call_result.BootNotification("2026-01-01T00:00:00Z", 300, RegistrationStatus.accepted)

    @on("Heartbeat")
    def on_heartbeat(self, **payload: Any) -> call_result.Heartbeat:
        self.log.add("Heartbeat", payload)
        return call_result.Heartbeat("2026-01-01T00:00:00Z")

    @on("StatusNotification")
    def on_status(self, **payload: Any) -> call_result.StatusNotification:
        self.log.add(f"Status {payload['connector_id']} {payload['status']}", payload)
        return call_result.StatusNotification()

    @on("Authorize")
    def on_authorize(self, **payload: Any) -> call_result.Authorize:
        self.log.add("Authorize", payload)
        return call_result.Authorize({"status": AuthorizationStatus.accepted})

    @on("StartTransaction")
    def on_start(self, **payload: Any) -> call_result.StartTransaction:
        self.log.add("StartTransaction", payload)
        return call_result.StartTransaction(4711, {"status": self.log.says_of_starts})

    @on("MeterValues")
    def on_meter_values(self, **payload: Any) -> call_result.MeterValues:
        self.log.add("MeterValues", payload)
        return call_result.MeterValues()

    @on("StopTransaction")
    def on_stop(self, **payload: Any) -> call_result.StopTransaction:
        self.log.add("StopTransaction", payload)
        return call_result.StopTransaction()

    @on("DataTransfer")
    def on_data_transfer(self, **payload: Any) -> call_result.DataTransfer:
        self.log.add("DataTransfer", payload)
        return call_result.DataTransfer(*self.log.transfers.pop(0))


class Log:
    """What the Central System was told."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.transfers: list[tuple[DataTransferStatus, str | None]] = []  # what is answered to DataTransfer
        self.peer: Peer | None = None
        self.says_of_starts = AuthorizationStatus.accepted
        self._news = asyncio.Event()

    def add(self, name: str, payload: dict[str, Any]) -> None:
        self.entries.append((name, payload))
        self._news.set()

    def names(self) -> list[str]:
        return [name for name, _ in self.entries]

    def all(self, name: str) -> list[dict[str, Any]]:
        return [payload for entry, payload in self.entries if entry == name]

    async def has(self, name: str, times: int = 1) -> None:
        """Wait until it was told this so many times."""
        async with asyncio.timeout(WAIT_S):
            while len(self.all(name)) < times:
                self._news.clear()
                await self._news.wait()

    async def meets_another(self, peer: Peer) -> None:
        """Wait until the station has come back over another connection."""
        async with asyncio.timeout(WAIT_S):
            while self.peer is peer:
                self._news.clear()
                await self._news.wait()

    async def behave(self, connection: ServerConnection) -> None:
        self.peer = Peer("CP1", connection)
        self.peer.log = self
        self._news.set()
        with contextlib.suppress(ConnectionClosed):
            await self.peer.start()


class Site:
    """A station with a real link and virtual time."""

    def __init__(self, url: str, store: Store, product: Product, journal: Journal | None = None) -> None:
        self.clock = VirtualClock()
        self.world = SimulatedHardware(product, self.clock, entropy="c0ffee")
        self.link = WebSocketLink(url, "CP1", max_frame_bytes=product.max_frame_bytes)
        self.station = Station(product, store, self.world, self.link, clock=self.clock, journal=journal)

    async def passes(self, seconds: float) -> None:
        await self.clock.advance(int(seconds * 1000), self._answered)

    async def _answered(self) -> None:
        """The network takes real time: virtual time waits for its answers, or every CALL would time out."""
        await self.station.settled()
        await self.until(lambda state: state.moment.call.open is None)

    async def until(self, holds: Callable[[State], bool]) -> None:
        """Wait in real time for what the network brings, while virtual time stands still."""
        happenings = self.station.subscribe()
        async with asyncio.timeout(WAIT_S):
            while not holds(self.station.state):
                await anext(happenings)

    async def link_is(self, state: str) -> None:
        await self.until(lambda now: now.moment.link.state == state)


@contextlib.asynccontextmanager
async def site(
    url: str, store: Store | None = None, product: Product | None = None, journal: Journal | None = None
) -> AsyncIterator[Site]:
    product = product or ac(reconnect_min_s=2, reconnect_max_s=8)
    place = Site(url, store or MemoryStore(), product, journal)
    run = asyncio.create_task(place.station.run())
    try:
        yield place
    finally:
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run


async def charging(place: Site, log: Log) -> None:
    """A driver charges at connector 1."""
    await log.has("Status 2 Available")
    place.world.plug_in(1)
    await log.has("Status 1 Preparing")
    place.world.present_tag(1, "CAFE")
    await place.until(lambda state: state.moment.sessions[1].state == "starting")
    await place.passes(1)
    await log.has("Status 1 Charging")
    await log.has("StartTransaction")
