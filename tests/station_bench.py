"""A station on the bench: the real core in virtual time, prompt hardware, a Central System that says what it is told.

The car draws `POWER_W` while the contactor is closed, so registers are a matter of time alone.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

from typing_extensions import override

from pilotline.core.calendar import date_of
from pilotline.core.effects import (
    BreakContactor,
    CloseContactor,
    Effect,
    LockConnector,
    OpenContactor,
    OpenLink,
    ReadMeter,
    Reboot,
    ReleaseConnector,
    SendCall,
    SendError,
    SendResult,
)
from pilotline.core.events import (
    CablePlugged,
    CallReceived,
    ConnectorLocked,
    ConnectorUnlocked,
    ContactorClosed,
    ContactorOpened,
    DeadlinePassed,
    EnergyRequested,
    ErrorReceived,
    EvUnplugged,
    External,
    LinkLost,
    LinkUp,
    MeterRead,
    PoweredUp,
    RebootFailed,
    ResultReceived,
    TagPresented,
)
from pilotline.core.state import Instant, Memory, Readings, SampledReading, State, UtcTime, Wh
from pilotline.core.step import next_deadline, step
from pilotline.spec.messages.actions import Confirmation, Request
from pilotline.spec.messages.core import (
    AuthorizeConf,
    BootNotificationConf,
    DataTransferConf,
    HeartbeatConf,
    MeterValuesConf,
    StartTransactionConf,
    StatusNotificationConf,
    StopTransactionConf,
)
from pilotline.spec.messages.firmware_management import (
    DiagnosticsStatusNotificationConf,
    FirmwareStatusNotificationConf,
)
from pilotline.spec.messages.structures import IdTagInfo
from pilotline.spec.products import Product, adjusted, load_product

TAG: Final = "TAG"
POWER_W: Final = 3_600
MIDNIGHT: Final = UtcTime(1_795_305_600_000)
"""When a bench starts: 2026-11-22T00:00:00Z."""
ACCEPTED: Final = IdTagInfo(status="Accepted")
INVALID: Final = IdTagInfo(status="Invalid")

Says: TypeAlias = Confirmation | Callable[[Any], Confirmation] | None
C = TypeVar("C")


class Bench:
    """One station with its world; `sent` is every request of the station in order, `done` every effect."""

    begins = MIDNIGHT
    network = True
    own_clock = False
    """Of the station, which tells the time at power-on."""

    def __init__(self, product: str | Product = "reference", /, **configuration: str) -> None:
        base = load_product(product) if isinstance(product, str) else product
        self.product = adjusted(base, configuration=configuration) if configuration else base
        self.points = range(len(self.product.connectors) + 1)
        self.now = 0
        self.utc_at_0 = self.begins
        self.sent: list[Request] = []
        self.answers: list[Confirmation | SendError] = []
        self.done: list[Effect] = []
        self.plugged = dict.fromkeys(self.points, False)
        self.energy_ws = dict.fromkeys(self.points, 1000 * 3600)
        self.closed = dict.fromkeys(self.points, False)
        self.reboots = True
        """A restart that is ordered comes about."""
        self.transaction_id = 0
        self.says: dict[str, Says] = {
            "BootNotificationReq": lambda _: BootNotificationConf(
                status="Accepted", current_time=date_of(self.utc()), interval=0
            ),
            "HeartbeatReq": lambda _: HeartbeatConf(current_time=date_of(self.utc())),
            "AuthorizeReq": AuthorizeConf(id_tag_info=ACCEPTED),
            "StartTransactionReq": self._start_answer,
            "StopTransactionReq": StopTransactionConf(),
            "MeterValuesReq": MeterValuesConf(),
            "StatusNotificationReq": StatusNotificationConf(),
            "DataTransferReq": DataTransferConf(status="Accepted"),
            "FirmwareStatusNotificationReq": FirmwareStatusNotificationConf(),
            "DiagnosticsStatusNotificationReq": DiagnosticsStatusNotificationConf(),
        }
        self._memory: Memory | None = None
        self._asked = 0
        self.state = self.power_on()

    # --- the world ---

    def utc(self) -> UtcTime:
        return UtcTime(self.utc_at_0 + self.now)

    def readings(self, connector: int) -> Readings:
        register = Wh(self.energy_ws[connector] // 3600)
        power = str(POWER_W if self.closed[connector] else 0)
        return Readings(
            register,
            (
                SampledReading("Energy.Active.Import.Register", str(register), unit="Wh"),
                SampledReading("Power.Active.Import", power, unit="W"),
                SampledReading("Voltage", "230", phase="L1", unit="V"),
                SampledReading("Voltage", "231", phase="L2", unit="V"),
                SampledReading("Voltage", "232", phase="L3", unit="V"),
            ),
        )

    def power_on(self, cause: Any = "PowerLoss") -> State:
        """Power is on; what was stored is all there is of the past."""
        return self._happens(self._powered_up(cause))

    def _powered_up(self, cause: Any) -> PoweredUp:
        self.utc_at_0, self.now = self.utc(), 0
        self.closed = dict.fromkeys(self.points, False)
        return PoweredUp(
            self.product,
            cause,
            tuple(self.plugged.values()),
            (None, *(self.readings(c) for c in self.points[1:])),
            "e",
            utc=self.utc() if self.own_clock else None,
        )

    def power_is_cut(self, dark_s: int = 0) -> None:
        """Power goes, and comes back after a while."""
        self._memory = self.state.memory
        self.now += dark_s * 1000
        self.power_on()

    def tell(self, *events: External) -> "Bench":
        """Let these happen now, one after the other, and all that follows at once."""
        for event in events:
            self._happens(event)
        return self

    def passes(self, seconds: float) -> "Bench":
        """Time passes, deadline by deadline."""
        end = self.now + round(seconds * 1000)
        while (due := next_deadline(self.state)) is not None and due <= end:
            self._until(max(due, self.now))
            self._happens(DeadlinePassed())
        self._until(end)
        return self

    def _until(self, instant: int) -> None:
        for connector, closed in self.closed.items():
            self.energy_ws[connector] += POWER_W * (instant - self.now) // 1000 if closed else 0
        self.now = instant

    def _happens(self, event: External) -> State:
        """All effects of a step are carried out, in order, before what follows from them is told."""
        pending = deque([event])
        while pending:
            event = pending.popleft()
            before: State | Memory | None = self._memory if isinstance(event, PoweredUp) else self.state
            decided = step(before, event, Instant(self.now))
            self.state = decided.state
            for effect in decided.effects:
                self.done.append(effect)
                pending.extend(self._carried_out(effect))
        return self.state

    def _carried_out(self, effect: Effect) -> list[External]:
        match effect:
            case OpenLink(connection):
                return [LinkUp(connection)] if self.network else [LinkLost(connection, 0)]
            case SendCall():
                self.sent.append(effect.request)
                return self._answered(effect)
            case Reboot(cause):
                self._memory = self.state.memory
                return [self._powered_up(cause) if self.reboots else RebootFailed()]
            case SendResult():
                self.answers.append(effect.confirmation)
            case SendError():
                self.answers.append(effect)
            case LockConnector(connector) if self._holds(effect):
                return [ConnectorLocked(connector, self.readings(connector))]
            case CloseContactor(connector) if not self.closed[connector]:
                self.closed[connector] = True
                return [ContactorClosed(connector)]
            case OpenContactor(connector) if self.closed[connector]:
                self.closed[connector] = False
                return [ContactorOpened(connector, self.readings(connector))]
            case BreakContactor(connector):
                self.closed[connector] = False
                return [ContactorOpened(connector, self.readings(connector))]
            case ReadMeter(connector, transaction, context):
                return [MeterRead(connector, transaction, context, self.readings(connector))]
            case ReleaseConnector(connector):
                return [ConnectorUnlocked(connector)]
            case _:
                pass
        return []

    def _holds(self, effect: LockConnector) -> bool:
        return self.plugged[effect.connector]

    # --- driver and network ---

    def plug(self, connector: int = 1) -> "Bench":
        """The driver plugs in, and the car asks for energy."""
        self.plugged[connector] = True
        return self.tell(CablePlugged(connector), EnergyRequested(connector))

    def unplug_at_the_ev(self, connector: int = 1) -> "Bench":
        self.plugged[connector] = False
        return self.tell(EvUnplugged(connector))

    def present(self, id_tag: str = TAG, reader: int = 1) -> "Bench":
        return self.tell(TagPresented(reader, id_tag))

    def charge(self, connector: int = 1, id_tag: str = TAG, reader: int | None = None) -> "Bench":
        """A session begins; without a reader given the one that serves the connector is used."""
        reader = reader or next(
            number for number, r in enumerate(self.product.readers, start=1) if connector in r.connectors
        )
        self.plug(connector).present(id_tag, reader)
        assert self.state.moment.sessions[connector].state == "charging"
        return self

    def lose_network(self) -> "Bench":
        self.network = False
        return self.tell(LinkLost(self.state.moment.link.connection, 0))

    def restore_network(self, wait_s: int = 600) -> "Bench":
        self.network = True
        return self.passes(wait_s)

    # --- the Central System ---

    def asks(self, request: Request) -> Any:
        """Send a request to the station; what it answers, a confirmation or a SendError."""
        self._asked += 1
        known = len(self.answers)
        connection = self.state.moment.link.connection
        self.tell(CallReceived(connection, f"c{self._asked}", request))
        return self.answers[known] if len(self.answers) > known else None

    def _answered(self, call: SendCall) -> list[External]:
        if not self.network:
            return []
        says = self.says[type(call.request).__name__]
        confirmation = says(call.request) if callable(says) else says
        if confirmation is None:
            return []
        return [ResultReceived(call.connection, call.message_id, confirmation)]

    def _start_answer(self, _request: object) -> Confirmation:
        self.transaction_id += 1
        return StartTransactionConf(transaction_id=self.transaction_id, id_tag_info=ACCEPTED)

    def refuses(self, action: str) -> None:
        """The Central System answers this request with a CALLERROR from now on."""
        self.says[action] = None
        answered = self._answered

        def erring(call: SendCall) -> list[External]:
            if type(call.request).__name__ == action:
                return [ErrorReceived(call.connection, call.message_id, "InternalError", "")]
            return answered(call)

        self._answered = erring  # type: ignore[method-assign]

    def requests(self, kind: type[C]) -> list[C]:
        """What the station has sent of one kind."""
        return [request for request in self.sent if isinstance(request, kind)]

    def effects(self, kind: type[C]) -> list[C]:
        """What the station has asked the world of one kind."""
        return [effect for effect in self.done if isinstance(effect, kind)]


class WeldedBench(Bench):
    """Its contactors do not open once they are closed, and its meters may be silent."""

    meter_is_silent = False

    @override
    def _carried_out(self, effect: Effect) -> list[External]:
        welded = isinstance(effect, OpenContactor) and self.closed[effect.connector]
        silent = isinstance(effect, ReadMeter) and self.meter_is_silent
        return [] if welded or silent else super()._carried_out(effect)
