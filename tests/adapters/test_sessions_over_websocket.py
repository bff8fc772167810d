"""Whole stations on real WebSockets, against a Central System made of the `ocpp` package."""

import asyncio
import json
import socket
from pathlib import Path

import pytest
from adapters.link_bench import OCPP, listening
from adapters.websocket_site import Log, charging, site
from ocpp.v16 import call
from ocpp.v16.enums import DataTransferStatus
from websockets.asyncio.server import serve

from pilotline.adapters.store import SqliteStore
from pilotline.spec.products import load_product


def test_a_whole_session_over_a_real_websocket_in_order_and_to_the_watt_hour() -> None:
    async def scenario() -> None:
        log = Log()
        async with listening(log.behave) as url, site(url) as place:
            await charging(place, log)
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
            await charging(place, log)
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
            await charging(place, log)
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
