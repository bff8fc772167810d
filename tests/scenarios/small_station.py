"""A station in virtual time whose hardware does what it is told, before a Central System that agrees: for scenarios.

While connector 1 charges its register grows by 1 Wh in each second.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pilotline.core.calendar import utc_of
from pilotline.core.effects import (
    CloseContactor,
    Effect,
    LimitEnergy,
    LockConnector,
    OpenContactor,
    OpenLink,
    ReadMeter,
    SendCall,
)
from pilotline.core.events import (
    CablePlugged,
    CallReceived,
    ConnectorLocked,
    ContactorClosed,
    ContactorOpened,
    DeadlinePassed,
    EnergyLimitReached,
    EnergyRequested,
    External,
    LinkLost,
    LinkUp,
    MeterRead,
    PoweredUp,
    ResultReceived,
    TagPresented,
)
from pilotline.core.snapshot import decode_record, encode_record, memory_of, records_of
from pilotline.core.state import Counter, Instant, Readings, SampledReading, State, Wh
from pilotline.core.step import next_deadline, step
from pilotline.spec.messages.actions import Confirmation, Request
from pilotline.spec.messages.core import (
    AuthorizeConf,
    BootNotificationConf,
    ChangeConfigurationReq,
    DataTransferConf,
    HeartbeatConf,
    MeterValuesConf,
    MeterValuesReq,
    StartTransactionConf,
    StatusNotificationConf,
    StopTransactionConf,
    StopTransactionReq,
)
from pilotline.spec.messages.structures import IdTagInfo, MeterValue
from pilotline.spec.products import Product
from pilotline.spec.types import AuthorizationStatus, Measurand, Phase

BEGIN: Final = datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC)
TAG: Final = "CAFE"
REGISTER: Final = "Energy.Active.Import.Register"
TRANSACTION_ID: Final = 7


def at(text: str) -> datetime:
    """A time of the day on which the scenarios play."""
    return datetime.fromisoformat(f"2026-11-23T{text}+00:00")


class SmallStation:
    """The station and its world."""

    def __init__(self, product: Product, *, heartbeat_s: int = 300) -> None:
        self.product, self.heartbeat_s = product, heartbeat_s
        self.register = [0, 1000, 2000]
        self.values: tuple[SampledReading, ...] = ()
        """What the meters show besides the register."""
        self.age_ms = 0
        self.meter_is_silent = False
        self.says_of_starts: AuthorizationStatus = "Accepted"
        self.central_system_is_mute = False
        self.true_time = BEGIN
        """What the Central System takes for the time."""
        self.sent: list[Request] = []
        self.closed, self.plugged = False, False
        self.limit: int | None = None
        self.now = 0
        self.connection = Counter(0)
        self.state: State | None = None
        self._told: deque[External] = deque()
        self.power_on()

    # --- what happens ---------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Power is on; what was stored is all that is left."""
        memory = None
        if self.state is not None:
            stored = [(c, k, encode_record(c, record)) for c, k, record in records_of(self.state.memory)]
            memory = memory_of(self.product, [(c, k, decode_record(c, k, data)) for c, k, data in stored])
        self.now, self.closed = 0, False
        readings = (None, self.readings(1), self.readings(2))
        event = PoweredUp(self.product, "PowerLoss", (False, self.plugged, False), readings, "c0ffee")
        taken = step(memory, event, Instant(0))
        self.state = taken.state
        self._obey(taken.effects)
        self._settle()

    def connects(self) -> None:
        """The link comes up."""
        self.tell(LinkUp(self.connection))

    def goes_offline(self) -> None:
        """The link is lost, and stays so."""
        self.tell(LinkLost(self.connection))

    def tell(self, event: External) -> None:
        """One event, and all that the world does about it."""
        self._told.append(event)
        self._settle()

    def charges(self) -> None:
        """Connector 1 charges."""
        self.plugged = True
        self.tell(CablePlugged(1))
        self.tell(EnergyRequested(1))
        self.tell(TagPresented(1, TAG))
        assert self.closed

    def stops(self) -> None:
        """The driver stops."""
        self.tell(TagPresented(1, TAG))
        assert not self.closed

    def passes(self, seconds: float, *, busy: bool = False) -> None:
        """Time passes; a station that is busy hears of what was due only at the end."""
        until = self.now + int(seconds * 1000)
        while (due := next_deadline(self.standing())) is not None and due <= until:
            self._flow(until if busy else max(due, self.now))
            self.tell(DeadlinePassed())
        self._flow(until)

    def configures(self, **values: str) -> None:
        """The Central System changes keys."""
        for key, value in values.items():
            request = ChangeConfigurationReq(key=key, value=value)
            self.tell(CallReceived(self.connection, f"{key}-{self.now}-{value}", request))

    # --- what was sent --------------------------------------------------------------------------------------

    def standing(self) -> State:
        """The state as it is."""
        assert self.state is not None
        return self.state

    def meter_values(self, connector: int = 1, context: str | None = None) -> list[MeterValue]:
        """What was told of a connector, in MeterValues.req; all of it, or of one context."""
        return [
            value
            for request in self.sent
            if isinstance(request, MeterValuesReq) and request.connector_id == connector
            for value in request.meter_value
            if context in (None, value.sampled_value[0].context)
        ]

    def stop_transaction(self) -> StopTransactionReq:
        """The one StopTransaction.req."""
        (stop,) = [request for request in self.sent if isinstance(request, StopTransactionReq)]
        return stop

    def readings(self, connector: int) -> Readings:
        """What a meter shows now; 0: the sum."""
        register = self.register[connector] if connector else sum(self.register)
        shown = SampledReading(REGISTER, str(register), None, "Outlet", "Wh")
        return Readings(Wh(register), (shown, *self.values), self.age_ms)

    # --- the world ------------------------------------------------------------------------------------------

    def _flow(self, until: int) -> None:
        while self.now // 1000 < until // 1000:
            self.now = (self.now // 1000 + 1) * 1000
            if self.closed and (self.limit is None or self.register[1] < self.limit):
                self.register[1] += 1
                if self.register[1] == self.limit:
                    self.tell(EnergyLimitReached(1, self.readings(1)))
        self.now = until

    def _settle(self) -> None:
        while self._told:
            taken = step(self.standing(), self._told.popleft(), Instant(self.now))
            self.state = taken.state
            self._obey(taken.effects)

    def _obey(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case OpenLink(connection):
                    self.connection = connection
                case SendCall(connection, message_id, request):
                    self.sent.append(request)
                    if not self.central_system_is_mute:
                        self._told.append(ResultReceived(connection, message_id, self._answer(request)))
                case LockConnector(1):
                    self._told.append(ConnectorLocked(1, self.readings(1)))
                case CloseContactor(1):
                    self.closed = True
                    self._told.append(ContactorClosed(1))
                case OpenContactor(1):
                    self.closed = False
                    self._told.append(ContactorOpened(1, self.readings(1)))
                case LimitEnergy(1, register):
                    self.limit = register
                case ReadMeter(connector, transaction, context) if not self.meter_is_silent:
                    self._told.append(MeterRead(connector, transaction, context, self.readings(connector)))
                case _:
                    pass

    def _answer(self, request: Request) -> Confirmation:
        accepted = IdTagInfo(status="Accepted")
        answers: dict[str, Any] = {
            "BootNotificationReq": BootNotificationConf(
                status="Accepted", current_time=self._time(), interval=self.heartbeat_s
            ),
            "HeartbeatReq": HeartbeatConf(current_time=self._time()),
            "AuthorizeReq": AuthorizeConf(id_tag_info=accepted),
            "StartTransactionReq": StartTransactionConf(
                transaction_id=TRANSACTION_ID, id_tag_info=IdTagInfo(status=self.says_of_starts)
            ),
            "StopTransactionReq": StopTransactionConf(),
            "StatusNotificationReq": StatusNotificationConf(),
            "MeterValuesReq": MeterValuesConf(),
            "DataTransferReq": DataTransferConf(status="Accepted"),
        }
        confirmation: Confirmation = answers[type(request).__name__]
        return confirmation

    def _time(self) -> datetime:
        return self.true_time + timedelta(milliseconds=self.now)

    def sets_the_clock(self, told: datetime) -> None:
        """The next Heartbeat says that it is this time now."""
        self.true_time = told - timedelta(milliseconds=self.now)
        before = self.standing().moment.clock.epoch
        while self.standing().moment.clock.epoch == before:
            due = next_deadline(self.standing())
            assert due is not None
            self.passes((due - self.now) / 1000)
        assert self.standing().moment.clock.epoch == utc_of(self.true_time)


def values_of(value: MeterValue, measurand: Measurand = REGISTER, phase: Phase | None = None) -> list[str]:
    """The values of a measurand in a MeterValue."""
    return [v.value for v in value.sampled_value if (v.measurand, v.phase) == (measurand, phase)]
