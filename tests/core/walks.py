"""Random walks of a station: a world that answers, fails, goes away and comes back, one choice at a time."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from hypothesis import strategies as st

from pilotline.core import ChargePoint, Step
from pilotline.core.effects import (
    Change,
    CloseContactor,
    Effect,
    LockConnector,
    OpenContactor,
    OpenLink,
    ReadMeter,
    SendCall,
)
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    ConnectorLocked,
    ContactorClosed,
    ContactorOpened,
    DataTransferRequested,
    DeadlinePassed,
    EnergyDeclined,
    EnergyRequested,
    EvUnplugged,
    External,
    FaultCleared,
    FaultDetected,
    FrameReceived,
    LinkLost,
    LinkUp,
    LockFailed,
    MeterRead,
    TagPresented,
)
from pilotline.core.state import Counter, Readings, SampledReading, Wh
from pilotline.spec.products import Product

TIME: Final = "2026-11-23T06:54:28.123Z"
ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "BootNotificationReq": {"status": "Accepted", "currentTime": TIME, "interval": 300},
    "HeartbeatReq": {"currentTime": TIME},
    "AuthorizeReq": {"idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"}},
    "StartTransactionReq": {"idTagInfo": {"status": "Accepted"}, "transactionId": 7},
    "StopTransactionReq": {"idTagInfo": {"status": "Expired", "expiryDate": TIME}},
    "DataTransferReq": {"status": "UnknownVendorId"},
}
"""What a Central System that agrees says to a request; to the others it says {}."""
CALLS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 2}),
    ("RemoteStopTransaction", {"transactionId": 7}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
    ("ChangeConfiguration", {"key": "MinimumStatusDuration", "value": "2"}),
    ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "5"}),
    ("GetConfiguration", {}),
    ("UnknownAction", {}),
)


class World:
    """A station and what it is waiting for; `move` lets one thing happen."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.station = ChargePoint(product)
        self.now = 0
        self.register = 1_000
        self.link = 0
        self.asked: list[Effect] = []
        self.calls: list[SendCall] = []
        self.serial = 0
        self.changes: list[Change] = []
        self.power_on()

    def power_on(self) -> None:
        """Power is back; what was on its way is gone."""
        self.asked.clear()
        self.calls.clear()
        self._heard(self.station.power_on(now=0, entropy="c0ffee", plugged=(1,)))
        self.now = 0

    def tell(self, event: External) -> Step:
        """Let the event happen now."""
        decided = self.station.receive(event, self.now)
        self._heard(decided)
        return decided

    def _heard(self, decided: Step) -> None:
        self.decided = decided
        self.changes.extend(decided.changes)
        for effect in decided.effects:
            match effect:
                case OpenLink(connection):
                    self.link = connection
                case SendCall():
                    self.calls.append(effect)
                case LockConnector() | CloseContactor() | OpenContactor() | ReadMeter():
                    self.asked.append(effect)
                case _:
                    pass

    def readings(self) -> Readings:
        """The meter, which has run on."""
        self.register += 7
        sample = SampledReading("Energy.Active.Import.Register", str(self.register), unit="Wh")
        return Readings(Wh(self.register), (sample,))

    def frame(self, *elements: object) -> External:
        """A frame of the Central System, on the newest connection."""
        return FrameReceived(Counter(self.link), json.dumps(elements))

    def answer(self, fails: bool) -> External | None:
        """The Central System answers the oldest CALL."""
        if not self.calls:
            return None
        call = self.calls.pop(0)
        if fails:
            return self.frame(4, call.message_id, "InternalError", "no", {})
        return self.frame(3, call.message_id, ANSWERS.get(type(call.request).__name__, {}))

    def feedback(self, fails: bool) -> External | None:
        """The hardware answers the oldest command."""
        if not self.asked:
            return None
        match self.asked.pop(0):
            case LockConnector(connector):
                return LockFailed(connector) if fails else ConnectorLocked(connector, self.readings())
            case CloseContactor(connector):
                return ContactorClosed(connector)
            case OpenContactor(connector):
                return None if fails else ContactorOpened(connector, self.readings())
            case ReadMeter(connector, transaction, context):
                return MeterRead(connector, transaction, context, self.readings())
            case other:
                raise AssertionError(other)

    def call(self, index: int) -> External:
        """The Central System calls."""
        self.serial += 1
        action, payload = CALLS[index % len(CALLS)]
        return self.frame(2, f"cs-{self.serial}", action, payload)

    def deadline(self) -> External | None:
        """Time passes until something is due."""
        due = self.station.next_deadline()
        if due is None:
            return None
        self.now = max(self.now, due)
        return DeadlinePassed()

    def choices(self, n: int) -> External | None:
        """One of the things that may happen; None: nothing does."""
        connector = 1 + n % 2
        reader = 1 + n % len(self.product.readers)
        fixed = self.product.connectors[connector - 1].cable == "fixed"
        fault = ("GroundFailure", "HighTemperature")[n % 2]
        choices: tuple[Callable[[], External | None], ...] = (
            lambda: self.answer(fails=False),
            lambda: self.answer(fails=False),
            lambda: self.answer(fails=True),
            lambda: self.feedback(fails=False),
            lambda: self.feedback(fails=False),
            lambda: self.feedback(fails=True),
            lambda: LinkUp(Counter(self.link)),
            lambda: LinkLost(Counter(self.link), n % 1001),
            self.deadline,
            self.deadline,
            lambda: self.call(n),
            lambda: TagPresented(reader, "TAG"),
            lambda: TagPresented(reader, "OTHER"),
            lambda: CablePlugged(connector),
            lambda: EvUnplugged(connector),
            lambda: EvUnplugged(connector) if fixed else CableUnplugged(connector),
            lambda: EnergyRequested(connector),
            lambda: EnergyDeclined(connector),
            lambda: FaultDetected(n % 3, fault),  # type: ignore[arg-type]  # one of the two words above
            lambda: FaultCleared(n % 3, fault),  # type: ignore[arg-type]  # one of the two words above
            lambda: DataTransferRequested("vendor", None, "data é"),
            lambda: FrameReceived(Counter(self.link), '[3,"nobody",{}]'),
        )
        return choices[n % len(choices)]()

    def move(self, n: int) -> Step | None:
        """Choice `n` of what may happen now; a very seldom one is that power is cut."""
        self.now += n % 97
        if n % 101 == 100:
            self.power_on()
            return None
        event = self.choices(n)
        return None if event is None else self.tell(event)

    def settle(self) -> None:
        """Everybody answers until nothing is open: calls, and commands to the hardware."""
        while (event := self.answer(fails=False) or self.feedback(fails=False)) is not None:
            self.tell(event)

    def charge(self) -> None:
        """Connector 1 charges, and a sample of its meter was taken."""
        self.tell(TagPresented(1, "TAG"))
        self.settle()
        self.tell(EnergyRequested(1))
        self.settle()


def walk(product: Product, numbers: list[int]) -> Iterator[World]:
    """The world after each move of a station that is registered and charges: there is much to lose."""
    world = World(product)
    world.tell(LinkUp(Counter(world.link)))
    world.settle()
    yield world
    if not numbers or numbers[0] % 4:
        world.charge()
    for number in numbers:
        world.move(number)
        yield world


WALKS: Final = st.lists(st.integers(0, 22 * 101 * 97 * 2), max_size=60)
