"""Whole stations on real WebSockets, against a Central System made of the `ocpp` package."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from adapters.link_bench import OCPP, WAIT_S, listening
from adapters.virtual_station import ac
from ocpp.routing import on
from ocpp.v16 import ChargePoint as PeerOfChargePoint
from ocpp.v16 import call, call_result
from ocpp.v16.enums import AuthorizationStatus, DataTransferStatus, RegistrationStatus
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import MemoryStore, SqliteStore, Store
from pilotline.adapters.websocket import WebSocketLink
from pilotline.core.state import State
from pilotline.spec.products import Product, load_product


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
        return call_result.StartTransaction(4711, {"status": AuthorizationStatus.accepted})

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

    async def behave(self, connection: ServerConnection) -> None:
        self.peer = Peer("CP1", connection)
        self.peer.log = self
        with contextlib.suppress(ConnectionClosed):
            await self.peer.start()


class Site:
    """A station with a real link and virtual time."""

    def __init__(self, url: str, store: Store, product: Product) -> None:
        self.clock = VirtualClock()
        self.world = SimulatedHardware(product, self.clock, entropy="c0ffee")
        self.link = WebSocketLink(url, "CP1", max_frame_bytes=product.max_frame_bytes)
        self.station = Station(product, store, self.world, self.link, clock=self.clock)

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
async def site(url: str, store: Store | None = None, product: Product | None = None) -> AsyncIterator[Site]:
    place = Site(url, store or MemoryStore(), product or ac(reconnect_min_s=2, reconnect_max_s=8))
    run = asyncio.create_task(place.station.run())
    try:
        yield place
    finally:
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run


async def _charging(place: Site, log: Log) -> None:
    await log.has("Status 2 Available")
    place.world.plug_in(1)
    await log.has("Status 1 Preparing")
    place.world.present_tag(1, "CAFE")
    await place.until(lambda state: state.moment.sessions[1].state == "starting")
    await place.passes(1)
    await log.has("Status 1 Charging")
    await log.has("StartTransaction")


def test_a_whole_session_over_a_real_websocket_in_order_and_to_the_watt_hour() -> None:
    async def scenario() -> None:
        log = Log()
        async with listening(log.behave) as url, site(url) as place:
            await _charging(place, log)
            for number in range(1, 4):
                await place.passes(60)
                await log.has("MeterValues", number)
            place.world.present_tag(1, "CAFE")
            await place.passes(1)
            await log.has("StopTransaction")
            await log.has("Status 1 Finishing")
            await place.passes(1)
            place.world.unplug_station(1)
            await log.has("Status 1 Available", 2)

        assert log.names()[:4] == ["BootNotification", *(f"Status {c} Available" for c in range(3))]
        session = [name for name in log.names() if name.endswith(("Transaction", "Values", "Authorize"))]
        assert session == ["Authorize", "StartTransaction", *["MeterValues"] * 3, "StopTransaction"]
        statuses = [name for name in log.names()[4:] if name.startswith("Status")]
        assert statuses == [f"Status 1 {s}" for s in ("Preparing", "Charging", "Finishing", "Available")]
        (start,), (stop,) = log.all("StartTransaction"), log.all("StopTransaction")
        samples = [
            int(value["value"])
            for payload in log.all("MeterValues")
            for value in payload["meter_value"][0]["sampled_value"]
            if value["measurand"] == "Energy.Active.Import.Register" and "phase" not in value
        ]
        registers = [start["meter_start"], *samples, stop["meter_stop"]]
        assert registers == sorted(registers)
        # the contactor is closed from 0.35 s after the tag until 0.05 s after the second tag
        assert stop["meter_stop"] - start["meter_start"] == int(11_000 * (1 + 180 - 0.35 + 0.05) / 3600)
        assert (stop["transaction_id"], stop["reason"], stop["id_tag"]) == (4711, "Local", "CAFE")

    asyncio.run(scenario())


def test_a_power_cut_in_a_session_is_told_once_with_the_right_id_from_the_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        log = Log()
        store = SqliteStore(tmp_path / "station.db")
        async with listening(log.behave) as url, site(url, store) as place:
            await _charging(place, log)
            await place.passes(90)
            await log.has("MeterValues")
            await place.station.cut_power()
            await log.has("StopTransaction")
            await log.has("Status 1 Finishing")
            await place.passes(300)
            await log.has("Heartbeat")
        store.close()
        (stop,) = log.all("StopTransaction")
        assert (stop["transaction_id"], stop["reason"]) == (4711, "PowerLoss")
        assert stop["meter_stop"] == int(place.world.point(1).register_wh)
        assert len(log.all("BootNotification")) == 2
        assert len(log.all("StartTransaction")) == 1

    asyncio.run(scenario())


def test_a_session_paid_by_card_is_settled_once_although_power_goes_between_question_and_answer(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        log = Log()
        log.transfers = [
            (DataTransferStatus.rejected, None),
            (DataTransferStatus.accepted, '{"amount": 1234}'),
        ]
        store = SqliteStore(tmp_path / "station.db")
        async with listening(log.behave) as url, site(url, store, load_product("c6eu")) as place:
            await log.has("Status 2 Available")
            place.world.plug_in(2)
            await log.has("Status 2 Preparing")
            place.world.terminals.present(1, 2, "visa")
            await place.passes(1)
            await log.has("StartTransaction")
            await place.passes(90)
            place.world.unplug_ev(2)
            await place.passes(1)
            await log.has("StopTransaction")
            await log.has("DataTransfer")
            await place.passes(1)
            await place.station.cut_power()
            await log.has("DataTransfer", 2)
            await place.passes(2)
            assert not place.station.state.memory.card_sessions
        store.close()

        (start,) = log.all("StartTransaction")
        assert [hold.reference for hold in place.world.terminals.holds.values()] == [start["id_tag"]]
        (hold,) = place.world.terminals.holds.values()
        assert (hold.reserved, hold.settled, hold.released) == (5000, 1234, 3766)
        first, second = log.all("DataTransfer")
        assert first == second
        assert (first["vendor_id"], first["message_id"]) == ("X-CHARGE", "RequestSettlementAmount")
        assert json.loads(first["data"]) == {"transactionId": 4711}

    asyncio.run(scenario())


@pytest.mark.rule(85)
def test_a_network_that_is_lost_in_a_session_loses_no_message() -> None:
    async def scenario() -> None:
        log = Log()
        async with listening(log.behave) as url, site(url) as place:
            await _charging(place, log)
            place.station.lose_network()
            await place.passes(150)
            place.world.present_tag(1, "CAFE")
            await place.passes(1)
            assert log.all("MeterValues") == log.all("StopTransaction") == []
            place.station.restore_network()
            await place.passes(8)
            await place.link_is("up")
            await log.has("StopTransaction")
            await log.has("Status 1 Finishing")
        session = [name for name in log.names() if name.endswith(("Transaction", "Values"))]
        assert session == ["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"]
        assert len(log.all("BootNotification")) == 1

    asyncio.run(scenario())


@pytest.mark.rule(3)
def test_a_central_system_that_goes_away_is_found_again_with_longer_and_longer_waits() -> None:
    async def scenario() -> None:
        log = Log()
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            port = reserved.getsockname()[1]
        async with (
            serve(log.behave, "127.0.0.1", port, subprotocols=OCPP) as server,
            site(f"ws://127.0.0.1:{port}/ocpp") as place,
        ):
            await log.has("Status 2 Available")
            server.close()
            await server.wait_closed()
            waits: list[int] = []
            for _ in range(4):
                await place.link_is("waiting")
                begun = place.clock.now_ms()
                connection = place.station.state.moment.link.connection
                while place.station.state.moment.link.connection == connection:
                    await place.passes(0.5)
                waits.append(place.clock.now_ms() - begun)
            assert waits == [2000, 4000, 8000, 8000]
            async with serve(log.behave, "127.0.0.1", port, subprotocols=OCPP):
                await place.link_is("waiting")
                await place.passes(8)
                await place.link_is("up")
                place.world.plug_in(2)
                await log.has("Status 2 Preparing")
            assert len(log.all("BootNotification")) == 1

    asyncio.run(scenario())


def test_the_central_system_can_call_the_station() -> None:
    async def scenario() -> None:
        log = Log()
        async with listening(log.behave) as url, site(url) as place:
            await log.has("Status 2 Available")
            assert log.peer is not None
            answer = await log.peer.call(call.ChangeConfiguration("HeartbeatInterval", "60"))
            assert answer.status == "Accepted"
            got = await log.peer.call(call.GetConfiguration(["HeartbeatInterval"]))
            assert got.configuration_key[0]["value"] == "60"
            assert json.dumps(got.unknown_key or []) == "[]"
            await place.passes(61)
            await log.has("Heartbeat")

    asyncio.run(scenario())
