"""The embedded Central System answers as the standard says, to frames written by hand."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

pytest.importorskip("ocpp")

from ocpp.exceptions import OCPPError

from pilotline.tools.central_system import CentralSystem, RecordedFrame, Tag

OCPP16 = [Subprotocol("ocpp1.6")]
START = {"connectorId": 1, "idTag": "ANNA-4711", "meterStart": 100, "timestamp": "2026-01-01T10:00:00.000Z"}


class Peer:
    """A charge point that is only a WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._count = 0

    async def receive(self) -> list[Any]:
        frame = json.loads(await asyncio.wait_for(self.connection.recv(), 5))
        assert isinstance(frame, list)
        return frame

    async def call(self, action: str, payload: dict[str, Any], message_id: str | None = None) -> Any:
        """The payload of the answer; of a CALLERROR its code."""
        self._count += 1
        sent = message_id or str(self._count)
        await self.connection.send(json.dumps([2, sent, action, payload]))
        answer = await self.receive()
        assert answer[1] == sent
        return answer[2]


def against(
    talk: Callable[[CentralSystem, Peer], Awaitable[None]],
    central_system: CentralSystem | None = None,
) -> CentralSystem:
    """Run a talk between a central system and one peer that calls itself CP-1."""
    server = central_system or CentralSystem()

    async def run() -> None:
        async with server, connect(f"{server.url}/CP-1", subprotocols=OCPP16) as connection:
            await talk(server, Peer(connection))

    asyncio.run(run())
    return server


async def boot(peer: Peer) -> Any:
    return await peer.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})


def test_a_boot_is_accepted_with_the_time_and_the_interval() -> None:
    async def talk(_server: CentralSystem, peer: Peer) -> None:
        assert await boot(peer) == {
            "status": "Accepted",
            "interval": 77,
            "currentTime": "2030-02-03T04:05:06.789Z",
        }
        assert await peer.call("Heartbeat", {}) == {"currentTime": "2030-02-03T04:05:06.789Z"}

    now = datetime(2030, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
    against(talk, CentralSystem(heartbeat_interval_s=77, now=lambda: now))


def test_tags_are_looked_up_in_any_case_and_unknown_ones_are_invalid() -> None:
    async def talk(_server: CentralSystem, peer: Peer) -> None:
        accepted = await peer.call("Authorize", {"idTag": "anna-4711"})
        assert accepted == {"idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}
        assert await peer.call("Authorize", {"idTag": "LOST-CARD"}) == {"idTagInfo": {"status": "Blocked"}}
        assert await peer.call("Authorize", {"idTag": "nobody"}) == {"idTagInfo": {"status": "Invalid"}}

    against(talk)


def test_a_given_table_replaces_the_tags() -> None:
    async def talk(_server: CentralSystem, peer: Peer) -> None:
        assert await peer.call("Authorize", {"idTag": "X"}) == {"idTagInfo": {"status": "ConcurrentTx"}}
        assert await peer.call("Authorize", {"idTag": "ANNA-4711"}) == {"idTagInfo": {"status": "Invalid"}}

    against(talk, CentralSystem({"x": Tag("ConcurrentTx")}))


def test_a_transaction_is_kept_from_start_to_stop() -> None:
    async def talk(_server: CentralSystem, peer: Peer) -> None:
        started = await peer.call("StartTransaction", START)
        assert started["idTagInfo"]["status"] == "Accepted"
        sample = {"timestamp": "2026-01-01T10:01:00Z", "sampledValue": [{"value": "150"}]}
        values = {"connectorId": 1, "transactionId": started["transactionId"], "meterValue": [sample]}
        assert await peer.call("MeterValues", values) == {}
        stop = {
            "transactionId": started["transactionId"],
            "meterStop": 900,
            "timestamp": "2026-01-01T11:00:00Z",
        }
        assert await peer.call("StopTransaction", stop) == {}

    (transaction,) = against(talk).transactions.values()
    assert (transaction.station, transaction.connector_id, transaction.id_tag) == ("CP-1", 1, "ANNA-4711")
    assert (transaction.meter_start_wh, transaction.meter_stop_wh) == (100, 900)
    assert transaction.reason == "Local"
    assert [value["timestamp"] for value in transaction.meter_values] == ["2026-01-01T10:01:00Z"]


def test_a_repeated_start_is_the_same_transaction() -> None:
    async def talk(_server: CentralSystem, peer: Peer) -> None:
        first = await peer.call("StartTransaction", START, "again")
        assert await peer.call("StartTransaction", START, "again") == first
        assert (await peer.call("StartTransaction", START, "another"))["transactionId"] != first[
            "transactionId"
        ]

    assert len(against(talk).transactions) == 2


def test_requests_reach_the_station_and_their_answers_come_back() -> None:
    async def talk(server: CentralSystem, peer: Peer) -> None:
        await boot(peer)
        station = await server.station("CP-1")

        async def answered(payload: dict[str, Any]) -> tuple[str, Any]:
            _, message_id, action, request = await peer.receive()
            await peer.connection.send(json.dumps([3, message_id, payload]))
            return action, request

        async with asyncio.TaskGroup() as group:
            start = group.create_task(station.remote_start("ANNA-4711", 2))
            assert await answered({"status": "Accepted"}) == (
                "RemoteStartTransaction",
                {"idTag": "ANNA-4711", "connectorId": 2},
            )
            assert await start == "Accepted"
            stop = group.create_task(station.remote_stop(7))
            assert await answered({"status": "Rejected"}) == ("RemoteStopTransaction", {"transactionId": 7})
            assert await stop == "Rejected"
            change = group.create_task(station.change_configuration("LightIntensity", "5"))
            assert await answered({"status": "RebootRequired"}) == (
                "ChangeConfiguration",
                {"key": "LightIntensity", "value": "5"},
            )
            assert await change == "RebootRequired"
            get = group.create_task(station.get_configuration("A", "B"))
            known = {"key": "A", "readonly": True, "value": "1"}
            assert await answered({"configurationKey": [known], "unknownKey": ["B"]}) == (
                "GetConfiguration",
                {"key": ["A", "B"]},
            )
            assert await get == {"A": "1"}

    against(talk)


def test_an_error_of_the_station_is_raised_to_who_asked() -> None:
    async def talk(server: CentralSystem, peer: Peer) -> None:
        await boot(peer)
        station = await server.station("CP-1")
        asked = asyncio.create_task(station.remote_stop(1))
        _, message_id, _, _ = await peer.receive()
        await peer.connection.send(json.dumps([4, message_id, "InternalError", "no", {}]))
        with pytest.raises(OCPPError, match="InternalError"):
            await asked

    against(talk)


def test_a_request_against_the_schema_is_refused_and_the_connection_lives() -> None:
    async def talk(_server: CentralSystem, peer: Peer) -> None:
        assert await peer.call("Authorize", {}) == "ProtocolError"
        assert await peer.call("Authorize", {"idTag": 5}) == "TypeConstraintViolation"
        assert await peer.call("Nonsense", {}) == "NotSupported"
        await peer.connection.send("no JSON")
        assert "currentTime" in await peer.call("Heartbeat", {})

    against(talk)


def test_a_boot_that_is_not_accepted_yet_is_no_connected_station() -> None:
    server = CentralSystem()
    server.registration_status = type(server.registration_status)("Pending")

    async def talk(server: CentralSystem, peer: Peer) -> None:
        assert (await boot(peer))["status"] == "Pending"
        with pytest.raises(TimeoutError):
            await server.station("CP-1", timeout_s=0.05)
        server.registration_status = type(server.registration_status)("Accepted")
        await boot(peer)
        assert (await server.station("CP-1")).identity == "CP-1"

    against(talk, server)


def test_all_frames_are_on_record_both_ways_and_told_as_they_pass() -> None:
    told: list[RecordedFrame] = []
    server = CentralSystem()
    server.on_frame = told.append

    async def talk(server: CentralSystem, peer: Peer) -> None:
        await peer.call("Heartbeat", {})
        await server.until(lambda: len(server.frames) == 2)

    against(talk, server)
    assert [(frame.station, frame.direction) for frame in server.frames] == [
        ("CP-1", "received"),
        ("CP-1", "sent"),
    ]
    assert told == server.frames
    assert server.calls("Heartbeat") == [{}]
    assert server.calls("Heartbeat", "CP-2") == []
    assert server.calls("Authorize") == []


def test_a_password_is_asked_for_under_the_identity_of_the_station() -> None:
    async def run() -> None:
        async with CentralSystem(password="secret") as server:
            url = f"{server.url}/CP-1"
            with pytest.raises(InvalidStatus, match="401"):
                await connect(url, subprotocols=OCPP16)
            right = {"Authorization": "Basic " + base64.b64encode(b"CP-1:secret").decode()}
            async with connect(url, subprotocols=OCPP16, additional_headers=right) as connection:
                assert "currentTime" in await Peer(connection).call("Heartbeat", {})
            other = {"Authorization": "Basic " + base64.b64encode(b"CP-2:secret").decode()}
            with pytest.raises(InvalidStatus, match="401"):
                await connect(url, subprotocols=OCPP16, additional_headers=other)

    asyncio.run(run())


def test_a_peer_without_an_identity_is_sent_away() -> None:
    async def run() -> None:
        async with CentralSystem() as server, connect(f"{server.url}/", subprotocols=OCPP16) as connection:
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(connection.recv(), 5)
            assert server.stations == {}

    asyncio.run(run())


def test_a_station_that_leaves_is_forgotten_and_may_come_back() -> None:
    async def run() -> None:
        async with CentralSystem() as server:
            for _ in range(2):
                async with connect(f"{server.url}/CP-1", subprotocols=OCPP16) as connection:
                    await boot(Peer(connection))
                    await server.station("CP-1")
                await server.until(lambda: not server.stations)

    asyncio.run(run())
