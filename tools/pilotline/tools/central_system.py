"""A little Central System on the `ocpp` package: for `pilotline demo`, and for tests that want another peer.

Nothing of Pilotline's own codec is used here: routing, validation and field names are the package's, so both
sides must agree on the standard. It accepts every boot, knows a table of tags, gives transaction ids, keeps
what the stations reported and records every frame.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Literal, Self
from urllib.parse import unquote

from ocpp.exceptions import OCPPError
from ocpp.routing import on
from ocpp.v16 import ChargePoint as OcppPeer
from ocpp.v16 import call, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import (
    AuthorizationStatus,
    DataTransferStatus,
    RegistrationStatus,
)
from typing_extensions import override
from websockets.asyncio.server import Server, ServerConnection, basic_auth, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from pilotline.spec.payment import MESSAGE_ID, VENDOR_ID

Json = dict[str, Any]  # Any: payloads as the package hands them over, checked by its JSON schemas

_LOG: Final = logging.getLogger("pilotline.central_system")
_LOG.propagate = False  # what went wrong is in the frames; the terminal is the demo's
_LOG.addHandler(logging.NullHandler())
_FRAMES_MAX: Final = 100_000
_PRICE_PER_KWH: Final = 59  # in minor units, for cards


@dataclass(frozen=True)
class Tag:
    """What the Central System knows of an idTag (OCPP 1.6 §7.8)."""

    status: str = "Accepted"
    parent_id_tag: str | None = None

    def info(self) -> IdTagInfo:
        """The idTagInfo of an answer."""
        return IdTagInfo(status=AuthorizationStatus(self.status), parent_id_tag=self.parent_id_tag)


TAGS: Final[Mapping[str, Tag]] = {
    "ANNA-4711": Tag(parent_id_tag="FAMILY"),
    "BEN-0815": Tag(parent_id_tag="FAMILY"),
    "GUEST-42": Tag(),
    "LOST-CARD": Tag("Blocked"),
    "OLD-CARD": Tag("Expired"),
}
"""The tags known unless others are given; all others are Invalid."""


@dataclass
class CentralTransaction:
    """One transaction as it was reported."""

    transaction_id: int
    station: str
    connector_id: int
    id_tag: str
    meter_start_wh: int
    start_time: str
    meter_stop_wh: int | None = None
    stop_time: str | None = None
    reason: str | None = None
    meter_values: list[Json] = field(default_factory=list)


@dataclass(frozen=True)
class RecordedFrame:
    """One WebSocket message, `received` from or `sent` to a station."""

    at: datetime
    station: str
    direction: Literal["received", "sent"]
    text: str


class RecordedConnection:
    """What the `ocpp` package wants of a connection, with everything that passes put on record."""

    def __init__(self, connection: ServerConnection, station: str, central_system: "CentralSystem") -> None:
        self._connection, self._station, self._central_system = connection, station, central_system

    async def recv(self) -> str:
        """The next message of the station."""
        message = await self._connection.recv()
        text = message if isinstance(message, str) else message.decode(errors="replace")
        self._central_system.record(self._station, "received", text)
        return text

    async def send(self, text: str) -> None:
        """Send it to the station."""
        self._central_system.record(self._station, "sent", text)
        await self._connection.send(text)


class CentralSystem:
    """The server, as an asynchronous context manager.

    >>> async with CentralSystem() as central_system:
    ...     await run_a_station_against(central_system.url)
    ...     station = await central_system.station("CP-1")
    ...     assert await station.remote_start("ANNA-4711") == "Accepted"

    `now` tells the time that stations are given; `password` asks for HTTP Basic authentication under the
    station's identity (OCPP-J §6.2).
    """

    def __init__(
        self,
        tags: Mapping[str, Tag] = TAGS,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        heartbeat_interval_s: int = 300,
        password: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.tags = {name.casefold(): tag for name, tag in tags.items()}
        self.heartbeat_interval_s = heartbeat_interval_s
        self.registration_status = RegistrationStatus.accepted
        self.now = now
        self.frames: list[RecordedFrame] = []
        self.on_frame: Callable[[RecordedFrame], None] | None = None
        self.stations: dict[str, ConnectedStation] = {}
        self.transactions: dict[int, CentralTransaction] = {}
        self.statuses: dict[tuple[str, int], str] = {}
        self._started_by: dict[tuple[str, str], int] = {}
        self._host, self._port, self._password = host, port, password
        self._server: Server | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        # compression costs more than it saves on a loopback
        self._server = await serve(
            self._serve,
            self._host,
            self._port,
            subprotocols=[Subprotocol("ocpp1.6")],
            compression=None,
            process_request=self._check_credentials if self._password is not None else None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def url(self) -> str:
        """What a station is given as the URL of its Central System, without its identity."""
        assert self._server is not None, "not started"  # noqa: S101  (the caller's mistake)
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://{self._host}:{port}/ocpp"

    # --- what it knows --------------------------------------------------------------------------------------

    def calls(self, action: str, station: str | None = None) -> list[Json]:
        """The payloads of all CALLs of this action that came in, oldest first, repeats included."""
        found = []
        for frame in self.frames:
            if frame.direction == "received" and station in (None, frame.station):
                message = json.loads(frame.text)
                if message[0] == 2 and message[2] == action:
                    found.append(message[3])
        return found

    async def until(self, condition: Callable[[], bool], timeout_s: float = 10) -> None:
        """Wait until the condition holds, looking again after every frame. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def station(self, identity: str, timeout_s: float = 10) -> "ConnectedStation":
        """The station of this identity, as soon as it is connected and its boot was accepted."""

        def accepted() -> bool:
            return identity in self.stations and self.stations[identity].accepted

        await self.until(accepted, timeout_s)
        return self.stations[identity]

    # --- connections ----------------------------------------------------------------------------------------

    def record(self, station: str, direction: Literal["received", "sent"], text: str) -> None:
        """Put a frame on record and tell who waits for news."""
        frame = RecordedFrame(self.now(), station, direction, text)
        if len(self.frames) < _FRAMES_MAX:
            self.frames.append(frame)
        if self.on_frame is not None:
            self.on_frame(frame)
        self.news()

    def news(self) -> None:
        """Something changed: `until` looks again."""
        self._news.set()

    def recorded(self, connection: ServerConnection, identity: str) -> RecordedConnection:
        """The way of the frames from and to a station; what is to misbehave on it overrides this."""
        return RecordedConnection(connection, identity, self)

    async def _check_credentials(self, connection: ServerConnection, request: Request) -> Response | None:
        identity = _identity(request.path)
        check = basic_auth(realm="ocpp", credentials=(identity, self._password or ""))
        return await check(connection, request)

    async def _serve(self, connection: ServerConnection) -> None:
        path = "" if connection.request is None else connection.request.path
        identity = _identity(path)
        if connection.subprotocol != "ocpp1.6" or not identity:
            await connection.close(
                1002, f"{HTTPStatus.BAD_REQUEST.value}: ocpp1.6 and an identity are needed"
            )
            return
        station = ConnectedStation(identity, self.recorded(connection, identity), self)
        self.stations[identity] = station
        self.news()
        try:
            await station.start()
        except ConnectionClosed:
            pass  # stations come and go
        finally:
            if self.stations.get(identity) is station:
                del self.stations[identity]
            self.news()

    # --- tags and transactions ------------------------------------------------------------------------------

    def tag_info(self, id_tag: str) -> IdTagInfo:
        """What the table says of a tag; idTags are the same in any case (CiString20, §7.2)."""
        return self.tags.get(id_tag.casefold(), Tag("Invalid")).info()

    def begin(self, message_id: str, transaction: CentralTransaction) -> int:
        """Keep a transaction under a fresh id; a repeated message gets the id it got before (§3.7.2)."""
        key = (transaction.station, message_id)
        if key not in self._started_by:
            transaction.transaction_id = len(self.transactions) + 1
            self.transactions[transaction.transaction_id] = transaction
            self._started_by[key] = transaction.transaction_id
        return self._started_by[key]


class ConnectedStation(OcppPeer):  # type: ignore[misc]  # the package comes without types
    """One connected charge point: the answers to its requests, and requests to it."""

    def __init__(self, identity: str, connection: RecordedConnection, central_system: CentralSystem) -> None:
        super().__init__(identity, connection, response_timeout=10, logger=_LOG)
        self.identity = identity
        self.accepted = False
        self._central_system = central_system

    @override
    async def route_message(self, raw_msg: str) -> None:
        try:
            await super().route_message(raw_msg)
        except OCPPError:  # a frame the package cannot even refuse must not end the connection
            _LOG.exception("%s sent what cannot be answered: %s", self.identity, raw_msg)

    # --- requests to the station ----------------------------------------------------------------------------

    async def remote_start(self, id_tag: str, connector_id: int | None = None) -> str:
        """RemoteStartTransaction (§5.11): the status of the answer."""
        answer = await self._ask(call.RemoteStartTransaction(id_tag=id_tag, connector_id=connector_id))
        return str(answer.status)

    async def remote_stop(self, transaction_id: int) -> str:
        """RemoteStopTransaction (§5.12): the status of the answer."""
        return str((await self._ask(call.RemoteStopTransaction(transaction_id=transaction_id))).status)

    async def get_configuration(self, *keys: str) -> dict[str, str | None]:
        """GetConfiguration (§5.8): the values by key, of all keys if none is named; unknown ones left out."""
        answer = await self._ask(call.GetConfiguration(key=list(keys) or None))
        return {entry["key"]: entry.get("value") for entry in answer.configuration_key or ()}

    async def change_configuration(self, key: str, value: str) -> str:
        """ChangeConfiguration (§5.3): the status of the answer."""
        return str((await self._ask(call.ChangeConfiguration(key=key, value=value))).status)

    async def _ask(self, request: object) -> Any:  # Any: the package's result class of this request
        """Send a request. Raises the package's OCPPError for a CALLERROR, TimeoutError after 10 s."""
        return await self.call(request, suppress=False)

    # --- requests of the station ----------------------------------------------------------------------------

    @on("BootNotification")  # type: ignore[untyped-decorator]  # the package comes without types
    def _on_boot_notification(self, **_: object) -> object:
        central_system = self._central_system
        self.accepted = central_system.registration_status == RegistrationStatus.accepted
        return call_result.BootNotification(
            current_time=_wire_time(central_system.now()),
            interval=central_system.heartbeat_interval_s,
            status=central_system.registration_status,
        )

    @on("Heartbeat")  # type: ignore[untyped-decorator]  # likewise
    def _on_heartbeat(self) -> object:
        return call_result.Heartbeat(current_time=_wire_time(self._central_system.now()))

    @on("Authorize")  # type: ignore[untyped-decorator]  # likewise
    def _on_authorize(self, id_tag: str) -> object:
        return call_result.Authorize(id_tag_info=self._central_system.tag_info(id_tag))

    @on("StatusNotification")  # type: ignore[untyped-decorator]  # likewise
    def _on_status_notification(self, connector_id: int, status: str, **_: object) -> object:
        self._central_system.statuses[self.identity, connector_id] = status
        return call_result.StatusNotification()

    @on("StartTransaction")  # type: ignore[untyped-decorator]  # likewise
    def _on_start_transaction(
        self,
        call_unique_id: str,
        connector_id: int,
        id_tag: str,
        meter_start: int,
        timestamp: str,
        **_: object,
    ) -> object:
        begun = CentralTransaction(0, self.identity, connector_id, id_tag, meter_start, timestamp)
        return call_result.StartTransaction(
            transaction_id=self._central_system.begin(call_unique_id, begun),
            id_tag_info=self._central_system.tag_info(id_tag),
        )

    @on("MeterValues")  # type: ignore[untyped-decorator]  # likewise
    def _on_meter_values(
        self, meter_value: list[Json], transaction_id: int | None = None, **_: object
    ) -> object:
        transaction = self._central_system.transactions.get(transaction_id or 0)
        if transaction is not None:
            transaction.meter_values.extend(meter_value)
        return call_result.MeterValues()

    @on("StopTransaction")  # type: ignore[untyped-decorator]  # likewise
    def _on_stop_transaction(
        self, meter_stop: int, timestamp: str, transaction_id: int, id_tag: str | None = None, **more: object
    ) -> object:
        transaction = self._central_system.transactions.get(transaction_id)
        if transaction is not None:
            transaction.meter_stop_wh, transaction.stop_time = meter_stop, timestamp
            transaction.reason = str(more.get("reason") or "Local")  # left out means Local (§6.49)
        info = self._central_system.tag_info(id_tag) if id_tag else None
        return call_result.StopTransaction(id_tag_info=info)

    @on("DataTransfer")  # type: ignore[untyped-decorator]  # likewise
    def _on_data_transfer(
        self, vendor_id: str, message_id: str | None = None, data: str | None = None
    ) -> object:
        """Prices what was paid by card, by the one message of docs/payment.md; knows no other."""
        if (vendor_id, message_id) != (VENDOR_ID, MESSAGE_ID):
            return call_result.DataTransfer(status=DataTransferStatus.unknown_vendor_id)
        told = self._central_system.transactions.get(json.loads(data or "{}").get("transactionId"))
        if told is None or told.meter_stop_wh is None:
            return call_result.DataTransfer(status=DataTransferStatus.rejected)
        amount = (told.meter_stop_wh - told.meter_start_wh) * _PRICE_PER_KWH // 1000
        return call_result.DataTransfer(
            status=DataTransferStatus.accepted, data=json.dumps({"amount": amount})
        )

    @on("DiagnosticsStatusNotification")  # type: ignore[untyped-decorator]  # likewise
    def _on_diagnostics_status_notification(self, **_: object) -> object:
        return call_result.DiagnosticsStatusNotification()

    @on("FirmwareStatusNotification")  # type: ignore[untyped-decorator]  # likewise
    def _on_firmware_status_notification(self, **_: object) -> object:
        return call_result.FirmwareStatusNotification()


def _identity(path: str) -> str:
    """The station's identity: the last part of the URL's path (OCPP-J §3.1.1)."""
    return unquote(path.partition("?")[0].rpartition("/")[2])


def _wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
