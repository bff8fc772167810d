"""The world as the explorer plays it: which events are possible in which state, over small domains.

Driver, car, hardware, Central System, network and power are functions from a state to what may happen next. They keep
no state of their own: what the station has commanded and what it waits for is in its own state, and a world that
does the opposite of what it was told is a fault, which is an event like any other.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from pilotline.core.calendar import EPOCH
from pilotline.core.effects import CloseContactor
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    CallReceived,
    ConnectorLocked,
    ContactorClosed,
    ContactorOpened,
    EnergyDeclined,
    EnergyRequested,
    ErrorReceived,
    EvUnplugged,
    External,
    FaultCleared,
    FaultDetected,
    LinkLost,
    LinkUp,
    LockFailed,
    MeterRead,
    PoweredUp,
    ResultReceived,
    TagPresented,
)
from pilotline.core.levels import contactor
from pilotline.core.machines.outbox import message_id_of
from pilotline.core.state import Readings, StartMessage, State, StopMessage, Wh
from pilotline.spec.messages.actions import Confirmation
from pilotline.spec.messages.core import (
    AuthorizeConf,
    BootNotificationConf,
    ChangeAvailabilityReq,
    HeartbeatConf,
    MeterValuesConf,
    RemoteStartTransactionReq,
    RemoteStopTransactionReq,
    StartTransactionConf,
    StatusNotificationConf,
    StopTransactionConf,
)
from pilotline.spec.messages.structures import IdTagInfo
from pilotline.spec.products import Product

Player = Callable[[State], Iterable[External]]
READINGS: Final = Readings(Wh(0))
TAG: Final = "TAG"
OTHER: Final = "OTHER"
GROUP: Final = "GROUP"
ENTROPY: Final = "e"


class Answers(NamedTuple):
    """What the Central System may say to each of our requests."""

    boot: tuple[Confirmation, ...] = (
        BootNotificationConf(status="Accepted", current_time=EPOCH, interval=0),
    )
    authorize: tuple[Confirmation, ...] = (
        AuthorizeConf(id_tag_info=IdTagInfo(status="Accepted")),
        AuthorizeConf(id_tag_info=IdTagInfo(status="Invalid")),
    )
    start: tuple[Confirmation, ...] = (
        StartTransactionConf(transaction_id=1, id_tag_info=IdTagInfo(status="Accepted")),
        StartTransactionConf(transaction_id=1, id_tag_info=IdTagInfo(status="Invalid")),
    )
    errs: bool = True
    """It may also answer with a CALLERROR."""
    late: bool = True
    """It may also answer what has timed out."""

    def to(self, request: str) -> tuple[Confirmation, ...]:
        """The answers to a request by the name of its model."""
        return {
            "BootNotificationReq": self.boot,
            "AuthorizeReq": self.authorize,
            "StartTransactionReq": self.start,
            "StopTransactionReq": (StopTransactionConf(),),
            "MeterValuesReq": (MeterValuesConf(),),
            "StatusNotificationReq": (StatusNotificationConf(),),
            "HeartbeatReq": (HeartbeatConf(current_time=EPOCH),),
        }[request]


MOODY: Final = Answers(
    boot=(
        BootNotificationConf(status="Accepted", current_time=EPOCH, interval=2),
        BootNotificationConf(status="Pending", current_time=EPOCH, interval=0),
        BootNotificationConf(status="Pending", current_time=EPOCH, interval=2),
        BootNotificationConf(status="Rejected", current_time=EPOCH, interval=2),
    ),
    late=False,
)


def driver(connector: int, tags: tuple[str, ...] = (TAG,)) -> Player:
    """Plugs, unplugs and presents tags, at any time."""

    def play(state: State) -> Iterator[External]:
        cable = state.moment.cables[connector].state
        if cable != "plugged":
            yield CablePlugged(connector)
        if cable == "plugged":
            yield EvUnplugged(connector)
        fixed = state.product.connectors[connector - 1].cable == "fixed"
        locked = state.moment.sessions[connector].state in ("starting", "charging", "ending")
        if cable != "unplugged" and not fixed and not locked:
            yield CableUnplugged(connector)
        for reader, served in enumerate(state.product.readers, start=1):
            if connector in served.connectors:
                for tag in tags:
                    yield TagPresented(reader, tag)

    return play


def car(connector: int) -> Player:
    """Asks for energy and stops asking while it is plugged in."""

    def play(state: State) -> Iterator[External]:
        if state.moment.cables[connector].state == "plugged":
            asking = state.moment.evs[connector].state == "asking"
            yield EnergyDeclined(connector) if asking else EnergyRequested(connector)

    return play


def hardware(connector: int, *, fails: bool = False) -> Player:
    """Does what it is told, sooner or later; with `fails` it may also not."""

    def play(state: State) -> Iterator[External]:
        moment = state.moment
        closed = moment.contactors[connector].state == "closed"
        wanted = isinstance(contactor(state, connector), CloseContactor)
        if wanted and not closed:
            yield ContactorClosed(connector)
        if closed and not wanted:
            yield ContactorOpened(connector, READINGS)
        if moment.sessions[connector].state == "starting":
            if state.product.connectors[connector - 1].lock:
                yield ConnectorLocked(connector, READINGS)
                if fails:
                    yield LockFailed(connector)
            else:
                yield MeterRead(connector, None, "Transaction.Begin", READINGS)
        for number, transaction in state.memory.transactions.items():
            if transaction.connector == connector and transaction.state == "stopping" and not closed:
                yield MeterRead(connector, number, "Transaction.End", READINGS)

    return play


def faults(connector: int) -> Player:
    """A fault comes and goes."""

    def play(state: State) -> Iterator[External]:
        if any(raised.error_code == "GroundFailure" for raised in state.moment.faults[connector].raised):
            yield FaultCleared(connector, "GroundFailure")
        else:
            yield FaultDetected(connector, "GroundFailure")
        for raised in state.moment.faults[connector].raised:
            if raised.error_code != "GroundFailure":
                yield FaultCleared(connector, raised.error_code)

    return play


def central_system(answers: Answers) -> Player:
    """Answers, refuses, errs, or says something too late; silence is the deadline that passes."""

    def play(state: State) -> Iterator[External]:
        call, link = state.moment.call, state.moment.link
        if link.state != "up":
            return
        if call.open is not None:
            for confirmation in answers.to(call.open.action):
                yield ResultReceived(link.connection, call.open.message_id, confirmation)
            if answers.errs:
                yield ErrorReceived(link.connection, call.open.message_id, "GenericError", "")
        head = state.memory.outbox.get(state.moment.queue.head)
        if answers.late and head is not None and state.moment.queue.state == "waiting":
            message_id = message_id_of(head, state.memory.boot)
            late = (
                answers.start[0]
                if isinstance(head.message, StartMessage)
                else (StopTransactionConf() if isinstance(head.message, StopMessage) else MeterValuesConf())
            )
            yield ResultReceived(link.connection, message_id, late)

    return play


def remote_control(connector: int) -> Player:
    """RemoteStart and RemoteStop at any time."""

    def play(state: State) -> Iterator[External]:
        link = state.moment.link
        if link.state == "up":
            yield CallReceived(
                link.connection, "r", RemoteStartTransactionReq(id_tag=TAG, connector_id=connector)
            )
            yield CallReceived(link.connection, "r", RemoteStopTransactionReq(transaction_id=1))

    return play


def availability(connector: int) -> Player:
    """ChangeAvailability at any time."""

    def play(state: State) -> Iterator[External]:
        link = state.moment.link
        if link.state == "up":
            for change in ("Operative", "Inoperative"):
                yield CallReceived(
                    link.connection, "r", ChangeAvailabilityReq(connector_id=connector, type=change)
                )

    return play


def network_comes_up(state: State) -> Iterator[External]:
    """Comes, and stays."""
    if state.moment.link.state == "connecting":
        yield LinkUp(state.moment.link.connection)


def network(state: State) -> Iterator[External]:
    """Comes and goes."""
    link = state.moment.link
    if link.state == "connecting":
        yield LinkUp(link.connection)
    if link.state in ("connecting", "up"):
        yield LinkLost(link.connection)


def power(state: State) -> Iterator[External]:
    """Is cut and returns, at any moment; the car stays where it is."""
    yield powered_up(state.product, tuple(cable.state == "plugged" for cable in state.moment.cables))


def powered_up(product: Product, plugged: tuple[bool, ...]) -> PoweredUp:
    """The station's boot, with these cables in."""
    return PoweredUp(product, "PowerLoss", plugged, (READINGS,) * len(plugged), ENTROPY)
