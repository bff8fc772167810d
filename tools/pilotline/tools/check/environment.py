"""The world as the explorer plays it: which events are possible in which state, over small domains.

Driver, car, hardware, Central System, network and power are functions from a state to what may happen next. They keep
no state of their own: what the station has commanded and what it waits for is in its own state, and a world that
does the opposite of what it was told is a fault, which is an event like any other.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from msgspec.structs import replace

from pilotline.core.calendar import EPOCH
from pilotline.core.effects import CloseContactor, LockConnector
from pilotline.core.events import (
    AmountRefused,
    AmountReleased,
    AmountReserved,
    AmountSettled,
    CablePlugged,
    CableUnplugged,
    CallReceived,
    CardPresented,
    ConnectorLocked,
    ConnectorUnlocked,
    ContactorClosed,
    ContactorOpened,
    DataTransferAnswered,
    DataTransferRequested,
    DiagnosticsUploaded,
    DownloadFailed,
    EnergyDeclined,
    EnergyRequested,
    ErrorReceived,
    EvUnplugged,
    External,
    FaultCleared,
    FaultDetected,
    FirmwareDownloaded,
    FirmwareInstalled,
    InstallationFailed,
    LinkLost,
    LinkUp,
    LocalLimitFound,
    LocalLimitLifted,
    LockFailed,
    MainsRestored,
    MeterRead,
    PoweredUp,
    PowerFailing,
    RebootFailed,
    ResultReceived,
    TagPresented,
    UnlockFailed,
    UploadFailed,
)
from pilotline.core.levels import contactor, lock
from pilotline.core.machines.outbox import message_id_of
from pilotline.core.state import (
    Cause,
    Counter,
    HeldCall,
    Readings,
    SampledReading,
    StartMessage,
    State,
    StopMessage,
    UtcTime,
    Wh,
)
from pilotline.spec.messages.actions import Confirmation, Request
from pilotline.spec.messages.core import (
    AuthorizeConf,
    BootNotificationConf,
    ChangeAvailabilityReq,
    ChangeConfigurationReq,
    DataTransferConf,
    HeartbeatConf,
    MeterValuesConf,
    RemoteStartTransactionReq,
    RemoteStopTransactionReq,
    StartTransactionConf,
    StatusNotificationConf,
    StopTransactionConf,
)
from pilotline.spec.messages.firmware_management import (
    DiagnosticsStatusNotificationConf,
    FirmwareStatusNotificationConf,
)
from pilotline.spec.messages.structures import IdTagInfo
from pilotline.spec.products import Product
from pilotline.spec.types import ChargePointErrorCode

Player = Callable[[State], Iterable[External]]
READINGS: Final = Readings(Wh(0), (SampledReading("Energy.Active.Import.Register", "0", unit="Wh"),))
TAG: Final = "TAG"
OTHER: Final = "OTHER"
RUBBISH: Final = "\x00"
"""What a reader may read when a tag is held badly."""
GROUP: Final = "GROUP"
ENTROPY: Final = "e"
FEEDBACK_FAILURES: Final = frozenset({"ConnectorLockFailure", "PowerMeterFailure", "PowerSwitchFailure"})
"""What the station itself finds wrong when the hardware does not tell."""


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
    transfer: tuple[Confirmation, ...] = (DataTransferConf(status="Accepted"),)
    late: bool = True
    """It may also answer what has timed out."""

    def by_request(self) -> dict[str, tuple[Confirmation, ...]]:
        """The answers to each request, by the name of its model."""
        return {
            "BootNotificationReq": self.boot,
            "AuthorizeReq": self.authorize,
            "StartTransactionReq": self.start,
            "StopTransactionReq": (StopTransactionConf(),),
            "MeterValuesReq": (MeterValuesConf(),),
            "StatusNotificationReq": (StatusNotificationConf(),),
            "HeartbeatReq": (HeartbeatConf(current_time=EPOCH),),
            "DataTransferReq": self.transfer,
            "DiagnosticsStatusNotificationReq": (DiagnosticsStatusNotificationConf(),),
            "FirmwareStatusNotificationReq": (FirmwareStatusNotificationConf(),),
        }


ALL: Final = Answers()
YES_OR_NO: Final = Answers(errs=False, late=False)
YES: Final = YES_OR_NO._replace(start=ALL.start[:1], authorize=ALL.authorize[:1])
YES_TO_GROUP: Final = YES._replace(
    authorize=(AuthorizeConf(id_tag_info=IdTagInfo(status="Accepted", parent_id_tag=GROUP)),)
)
MOODY: Final = Answers(
    boot=(
        BootNotificationConf(status="Accepted", current_time=EPOCH, interval=2),
        BootNotificationConf(status="Pending", current_time=EPOCH, interval=0),
        BootNotificationConf(status="Pending", current_time=EPOCH, interval=2),
        BootNotificationConf(status="Rejected", current_time=EPOCH, interval=2),
    ),
    late=False,
)


# --- driver and car ------------------------------------------------------------------------------------------


def cable(connector: int, *, forced: bool = False) -> Player:
    """Plugs and unplugs, at either end, at any time; a locked cable stays in the socket, unless by force."""

    def play(state: State) -> Iterator[External]:
        at = state.moment.cables[connector].state
        if at != "plugged":
            yield CablePlugged(connector)
        if at == "plugged":
            yield EvUnplugged(connector)
        fixed = state.product.connectors[connector - 1].cable == "fixed"
        has_lock = state.product.connectors[connector - 1].lock
        locked = has_lock and not forced and isinstance(lock(state, connector), LockConnector)
        if at != "unplugged" and not fixed and not locked:
            yield CableUnplugged(connector)

    return play


def tags(reader: int, *presented: str) -> Player:
    """Presents any of these tags to the reader, at any time."""

    def play(_state: State) -> Iterator[External]:
        for tag in presented:
            yield TagPresented(reader, tag)

    return play


def cards(terminal: int, connector: int, most: int) -> Player:
    """Cards are presented at any time, so many of them at most; one that is at work also again."""

    def play(state: State) -> Iterator[External]:
        so_far = state.memory.terminal.cards
        if so_far < most:
            yield CardPresented(terminal, connector, f"card {so_far + 1}")
        for card in state.memory.card_sessions.values():
            if card.state in ("granted", "started"):
                yield CardPresented(card.terminal, card.connector, card.card)

    return play


def car(connector: int) -> Player:
    """Asks for energy and stops asking while it is plugged in."""

    def play(state: State) -> Iterator[External]:
        if state.moment.cables[connector].state == "plugged":
            asking = state.moment.evs[connector].state == "asking"
            yield EnergyDeclined(connector) if asking else EnergyRequested(connector)

    return play


def hungry_car(connector: int) -> Player:
    """Asks for energy as soon as it is plugged in, and never stops."""

    def play(state: State) -> Iterator[External]:
        if (
            state.moment.cables[connector].state == "plugged"
            and state.moment.evs[connector].state != "asking"
        ):
            yield EnergyRequested(connector)

    return play


# --- hardware ------------------------------------------------------------------------------------------------


def hardware(connector: int, *, fails: bool = False, delivers_wh: int = 0) -> Player:
    """Does what it is told, sooner or later, and is mended when it did not; with `fails` it may also refuse.

    A charging that ends has delivered `delivers_wh`.
    """
    at_end = replace(READINGS, register=Wh(delivers_wh))

    def play(state: State) -> Iterator[External]:
        moment = state.moment
        closed = moment.contactors[connector].state == "closed"
        wanted = isinstance(contactor(state, connector), CloseContactor)
        if wanted and not closed:
            yield ContactorClosed(connector)
        if (closed and not wanted) or moment.phase_switches[connector].state == "breaking":
            yield ContactorOpened(connector, at_end)
        if moment.sessions[connector].state == "starting":
            kept = moment.kept_cables[connector].state == "kept"
            if state.product.connectors[connector - 1].lock and not kept:
                yield ConnectorLocked(connector, READINGS)
                if fails:
                    yield LockFailed(connector)
            else:
                yield MeterRead(connector, None, "Transaction.Begin", READINGS)
        for number, transaction in state.memory.transactions.items():
            if transaction.connector == connector and transaction.state == "stopping" and not closed:
                yield MeterRead(connector, number, "Transaction.End", at_end)
        if moment.unlocks[connector].state == "releasing":
            yield ConnectorUnlocked(connector)
            if fails:
                yield UnlockFailed(connector)
        for raised in moment.faults[connector].raised:
            if raised.error_code in FEEDBACK_FAILURES:
                yield FaultCleared(connector, raised.error_code)

    return play


def terminal(*, refuses: bool = False, late: bool = False) -> Player:
    """Does what it is told about money, sooner or later; it may refuse a card, and tell of a reservation too late."""

    def play(state: State) -> Iterator[External]:
        for number, card in state.memory.card_sessions.items():
            if card.state == "reserving" or (late and card.state == "releasing"):
                yield AmountReserved(number)
            if card.state == "reserving" and refuses:
                yield AmountRefused(number)
            if card.state == "settling":
                yield AmountSettled(number)
            if card.state == "releasing":
                yield AmountReleased(number)

    return play


def slow_meter(connector: int) -> Player:
    """A sample that was asked for long ago comes now, also when its transaction has stopped."""

    def play(state: State) -> Iterator[External]:
        for number, transaction in state.memory.transactions.items():
            if transaction.connector == connector:
                yield MeterRead(connector, number, "Sample.Periodic", READINGS)

    return play


def triggered_meter(connector: int) -> Player:
    """Somebody may read the meter for TriggerMessage at any time; late readings are as good as others."""

    def play(_state: State) -> Iterator[External]:
        yield MeterRead(connector, None, "Trigger", READINGS)

    return play


def faults(
    connector: int, code: ChargePointErrorCode = "GroundFailure", *, prevents_charging: bool = True
) -> Player:
    """A fault or a warning comes and goes."""

    def play(state: State) -> Iterator[External]:
        if any(fault.error_code == code for fault in state.moment.faults[connector].raised):
            yield FaultCleared(connector, code)
        else:
            yield FaultDetected(connector, code, prevents_charging=prevents_charging)

    return play


def local_limits(connector: int, limit_a: int) -> Player:
    """A limit on the spot comes and goes."""

    def play(state: State) -> Iterator[External]:
        if any(local.connector == connector for local in state.moment.smart_charging.local_limits):
            yield LocalLimitLifted(connector, "heat")
        else:
            yield LocalLimitFound(connector, "heat", Decimal(limit_a), "A")

    return play


def looked_at_meter(connector: int) -> Player:
    """Tells, sooner or later, what is left of an allowance."""

    def play(state: State) -> Iterator[External]:
        if state.moment.allowances[connector].state == "looking":
            yield MeterRead(connector, state.moment.sessions[connector].transaction, "Other", READINGS)

    return play


# --- Central System ------------------------------------------------------------------------------------------


def central_system(answers: Answers) -> Player:
    """Answers, refuses, errs, or says something too late; silence is the deadline that passes."""
    by_request = answers.by_request()

    def play(state: State) -> Iterator[External]:
        call, link = state.moment.call, state.moment.link
        if link.state != "up":
            return
        if call.open is not None:
            for confirmation in by_request[call.open.action]:
                yield ResultReceived(link.connection, call.open.message_id, confirmation)
            if answers.errs:
                yield ErrorReceived(link.connection, call.open.message_id, "GenericError", "")
        head = state.memory.outbox.get(state.moment.queue.head)
        if answers.late and head is not None and head.attempts and state.moment.queue.state == "waiting":
            message_id = message_id_of(head, state.memory.boot)
            late = (
                answers.start[0]
                if isinstance(head.message, StartMessage)
                else (StopTransactionConf() if isinstance(head.message, StopMessage) else MeterValuesConf())
            )
            yield ResultReceived(link.connection, message_id, late)

    return play


def calls(*requests: Request) -> Player:
    """The Central System makes any of these requests, at any time that it can; each has an id of its own."""

    def play(state: State) -> Iterator[External]:
        link, answered = state.moment.link, state.moment.answered
        used = {unlock.call.message_id for unlock in state.moment.unlocks if unlock.call}
        held = state.moment.vendor.call
        used |= {held.message_id} if held else set()
        used |= {answered.message_id} if answered else set()
        fresh = next(message_id for message_id in "abcdefgh" if message_id not in used)
        if link.state == "up":
            for request in requests:
                yield CallReceived(link.connection, fresh, request)

    return play


def repeats(state: State) -> Iterator[External]:
    """The Central System makes its last call again, with the same id (OCPP-J errata 3.1)."""
    answered, link = state.moment.answered, state.moment.link
    if answered is not None and link.state == "up" and answered.connection == link.connection:
        yield CallReceived(answered.connection, answered.message_id, answered.request)


def remote_control(connector: int | None) -> Player:
    """RemoteStart and RemoteStop at any time; None: the station finds the connector."""
    return calls(
        RemoteStartTransactionReq(id_tag=TAG, connector_id=connector),
        RemoteStopTransactionReq(transaction_id=1),
    )


def availability(connector: int) -> Player:
    """ChangeAvailability at any time; connector 0 is the whole station."""
    return calls(
        ChangeAvailabilityReq(connector_id=connector, type="Operative"),
        ChangeAvailabilityReq(connector_id=connector, type="Inoperative"),
    )


def configuration(key: str, *values: str) -> Player:
    """ChangeConfiguration of one key to any of these values, at any time."""
    return calls(*(ChangeConfigurationReq(key=key, value=value) for value in values))


def vendor(state: State) -> Iterator[External]:
    """The embedder answers a vendor's message, or one that is not waited for any more."""
    held = state.moment.vendor.call
    if held is not None:
        yield DataTransferAnswered(held, "Accepted", "data")
        yield DataTransferAnswered(HeldCall(held.connection, "old"), "Accepted")


def files(*, late: bool = False) -> Player:
    """Firmware comes and is installed, diagnostics go, or any of it fails; what was abandoned is told of, too."""

    def play(state: State) -> Iterator[External]:
        firmware, diagnostics = state.memory.firmware, state.memory.diagnostics
        if firmware.state == "downloading":
            yield FirmwareDownloaded(firmware.job)
            yield DownloadFailed(firmware.job, "")
            if late:
                yield FirmwareDownloaded(Counter(firmware.job - 1))
        if firmware.state == "installing":
            yield FirmwareInstalled(firmware.job, "2")
            yield InstallationFailed(firmware.job, "")
        if diagnostics.state == "uploading":
            yield DiagnosticsUploaded(diagnostics.job)
            yield UploadFailed(diagnostics.job, "")
            if late:
                yield DiagnosticsUploaded(Counter(diagnostics.job - 1))

    return play


def embedder(_state: State) -> Iterator[External]:
    """Wants a DataTransfer to be sent, at any time."""
    yield DataTransferRequested("vendor")


# --- network and power ---------------------------------------------------------------------------------------


def network_comes_up(state: State) -> Iterator[External]:
    """Comes, and stays."""
    if state.moment.link.state == "connecting":
        yield LinkUp(state.moment.link.connection)


def network(state: State) -> Iterator[External]:
    """Comes and goes; it fails at most twice in a row, since the wait does not grow in these products."""
    link = state.moment.link
    if link.state == "connecting":
        yield LinkUp(link.connection)
    if link.state == "up" or (link.state == "connecting" and link.failures < 2):
        yield LinkLost(link.connection)


def power(
    cause: Cause = "PowerLoss",
    *,
    car_may_leave: bool = False,
    pilot_is_read: bool = False,
    utc: UtcTime | None = None,
) -> Player:
    """Is cut and returns, at any moment; the car stays where it is, or may be gone."""

    def play(state: State) -> Iterator[External]:
        plugged = tuple(cable.state == "plugged" for cable in state.moment.cables)
        asking = tuple(ev.state == "asking" for ev in state.moment.evs) if pilot_is_read else ()
        yield powered_up(state.product, plugged, cause, utc, asking)
        if car_may_leave and any(plugged):
            yield powered_up(state.product, (False,) * len(plugged), cause, utc)

    return play


def restarts(state: State) -> Iterator[External]:
    """The restart that was ordered comes about, or does not."""
    if state.memory.reset.state == "rebooting":
        plugged = tuple(cable.state == "plugged" for cable in state.moment.cables)
        yield powered_up(state.product, plugged, state.memory.reset.cause)
        yield RebootFailed()


def mains(state: State) -> Iterator[External]:
    """Fail while a battery holds, and come back."""
    yield MainsRestored() if state.memory.reset.state == "on_battery" else PowerFailing()


def powered_up(
    product: Product,
    plugged: tuple[bool, ...],
    cause: Cause = "PowerLoss",
    utc: UtcTime | None = None,
    asking: tuple[bool, ...] = (),
) -> PoweredUp:
    """The station's boot, with these cables in."""
    return PoweredUp(product, cause, plugged, (READINGS,) * len(plugged), ENTROPY, utc, asking)
