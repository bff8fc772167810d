"""The session: the use of one connector, from the first sign of a driver until nothing is left to do.

Theory of operation: plug and authorization may come in either order; when both are there the cable is locked, the
register read, and the transaction begins (§3.6). A fault holds the start back but not the attempt. An attempt that is
not completed in ConnectionTimeOut is given up (B1), but with the plug in and no tag it must be unplugged first (B6).
A tag that was granted the lowest free connector moves to the one that is plugged (`takes over`). On a reserved
connector the plug alone begins nothing (§5.13): there is no Preparing before its tag, or before the reservation ends.
"""

from typing import Annotated, get_args

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.boot import is_resumed, open_transaction
from pilotline.core.effects import Arm, ReadMeter
from pilotline.core.events import (
    AllowanceSpent,
    CablePlugged,
    CableUnplugged,
    ChargingEnded,
    CommitFailed,
    ConnectionTimedOut,
    ConnectorLocked,
    ContactorClosed,
    ContactorOpened,
    EvUnplugged,
    FaultBegan,
    FaultDetected,
    FaultEnded,
    GoingDown,
    LockFailed,
    MadeAvailable,
    MadeUnavailable,
    MeterRead,
    PoweredUp,
    ReservationEnded,
    StartTimedOut,
    StatusOverdue,
    StayedUp,
    StopAsked,
    TransactionBegan,
    TransactionEnded,
    TransactionStopAsked,
    UseBegan,
    UseEnded,
    UseGranted,
    UseTimedOut,
    UseWithdrawn,
)
from pilotline.core.reserving import Floor, may_use, on_connector, used_by
from pilotline.core.sampling import BEGIN, END, INTERRUPTION_BEGIN, INTERRUPTION_END, is_interrupted
from pilotline.core.slices import CONNECTOR, every, fact, here, key, station, stored
from pilotline.core.state import (
    Availability,
    Boot,
    Cable,
    Contactor,
    Counter,
    Fault,
    Instant,
    KeptCable,
    KeptSample,
    Map,
    Outbox,
    Reservation,
    Reset,
    Session,
    Transaction,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import SessionRows as row
from pilotline.spec.rows import SessionState
from pilotline.spec.types import ChargePointErrorCode


class Reads(Struct, frozen=True):
    """The connector, the product's rules, and who else waits for a plug."""

    cable: Annotated[Cable, here("cables")]
    fault: Annotated[Fault, here("faults")]
    availability: Annotated[Availability, here("availability")]
    reservations: Annotated[Map[int, Reservation], every("reservations")]
    faults: Annotated[tuple[Fault, ...], every("faults")]
    availabilities: Annotated[tuple[Availability, ...], every("availability")]
    reset: Annotated[Reset, station("reset")]
    kept_cable: Annotated[KeptCable, here("kept_cables")]
    sessions: Annotated[tuple[Session, ...], every("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    queue: Annotated[Outbox, station("queue")]
    fixed: Annotated[bool, fact(facts.has_fixed_cable)]
    lock: Annotated[bool, fact(facts.has_lock)]
    boot: Annotated[Boot, station("boot")]
    charges_unaccepted: Annotated[bool, fact(facts.charges_before_first_acceptance)]
    readers: Annotated[tuple[int, ...], fact(facts.readers_of)]
    free_vending: Annotated[str | None, fact(facts.free_vending_tag)]
    resumes: Annotated[bool, fact(facts.resumes_after_power_cut)]
    register_max_age_ms: Annotated[int, fact(facts.register_max_age_ms)]
    start_deadline_ms: Annotated[int, fact(facts.lock_deadline_ms)]
    connection_time_out_s: Annotated[int, key("ConnectionTimeOut")]
    contactor: Annotated[Contactor, here("contactors")]
    kept: Annotated[Map[Counter, KeptSample], stored("samples")]
    stop_on_invalid_id: Annotated[bool, key("StopTransactionOnInvalidId")]
    stop_on_ev_side_disconnect: Annotated[bool | None, key("StopTransactionOnEVSideDisconnect")]


# --- beginning -----------------------------------------------------------------------------------------------


def operative(_own: Session, reads: Reads, _event: object) -> bool:
    return reads.availability.state == "operative"


def open_to_use(own: Session, reads: Reads, event: object) -> bool:
    """Operative, and the station does not go down (§5.2, §5.14)."""
    return operative(own, reads, event) and reads.reset.state == "up"


def fit_for_use(own: Session, reads: Reads, event: object) -> bool:
    return open_to_use(own, reads, event) and reads.fault.state != "faulted"


def granted_and_fit(own: Session, reads: Reads, event: UseGranted) -> bool:
    """Fit, and neither reserved for somebody else nor needed for those who reserved any connector (§5.13)."""
    return fit_for_use(own, reads, event) and _may_use(own, reads, event.id_tag, event.parent_id_tag)


def _vends_freely(own: Session, reads: Reads) -> bool:
    """A plug alone starts charging (A3), but not before the first acceptance unless the product says so (§4.2.1)."""
    tag = reads.free_vending
    return (
        tag is not None
        and (reads.boot.ever_accepted or reads.charges_unaccepted)
        and _may_use(own, reads, tag, None)
    )


def free_vending(own: Session, reads: Reads, event: object) -> bool:
    return _vends_freely(own, reads) and fit_for_use(own, reads, event)


def takes_over(own: Session, reads: Reads, event: object) -> bool:
    """A tag of one of our readers was granted another connector, and the driver plugged in here."""
    other = _granted_elsewhere(own, reads)
    return (
        other is not None
        and fit_for_use(own, reads, event)
        and _may_use(own, reads, other.id_tag or "", other.parent_id_tag)
    )


def reserved(own: Session, reads: Reads, event: object) -> bool:
    """For a tag that is still to come (§5.13)."""
    return open_to_use(own, reads, event) and on_connector(reads.reservations, own.connector) is not None


def reserved_no_more(own: Session, reads: Reads, _event: object) -> bool:
    """The connector has said so (G1): now the attempt may begin (A2)."""
    return on_connector(reads.reservations, own.connector) is None


def _may_use(own: Session, reads: Reads, id_tag: str, parent_id_tag: str | None) -> bool:
    floor = Floor(reads.sessions, reads.faults, reads.availabilities, reads.reservations)
    return may_use(floor, own.connector, id_tag, parent_id_tag)


def plugged(_own: Session, reads: Reads, _event: object) -> bool:
    return reads.cable.state == "plugged"


def plugged_anew(_own: Session, reads: Reads, _event: CablePlugged) -> bool:
    """After a full store the world tells all facts again, and nobody has come for that."""
    return reads.cable.state != "plugged"


def plugged_and_staying_up(own: Session, reads: Reads, event: object) -> bool:
    return plugged(own, reads, event) and reads.reset.state == "up"


def plugged_free_vending(own: Session, reads: Reads, event: object) -> bool:
    return free_vending(own, reads, event) and plugged_and_staying_up(own, reads, event)


def plugged_and_operative(own: Session, reads: Reads, event: object) -> bool:
    return plugged(own, reads, event) and operative(own, reads, event)


def operative_free_vending(own: Session, reads: Reads, event: object) -> bool:
    return free_vending(own, reads, event) and plugged_and_operative(own, reads, event)


def reserved_meanwhile(own: Session, reads: Reads, event: object) -> bool:
    return plugged(own, reads, event) and reserved(own, reads, event)


def faulted(_own: Session, reads: Reads, _event: object) -> bool:
    return reads.fault.state == "faulted"


def await_id_tag(
    own: Session, reads: Reads, _event: object, now: Instant
) -> tuple[Session, tuple[Arm | UseBegan, ...]]:
    return Session(own.connector, own.state), (_connection_time_out(reads, now), UseBegan(own.connector))


def await_plug(
    own: Session, reads: Reads, event: UseGranted, now: Instant
) -> tuple[Session, tuple[Arm | UseBegan, ...]]:
    session = _granted(own, event)
    return session, (_connection_time_out(reads, now), UseBegan(own.connector))


def start_unattended(
    own: Session, reads: Reads, _event: object, now: Instant
) -> tuple[Session, tuple[Arm | ReadMeter, ...]]:
    """Free vending: there is no Preparing, the charging itself is the first sign (A3, H3)."""
    return Session(own.connector, own.state, reads.free_vending), _start(own, reads, now)


def start_again_unattended(
    own: Session, reads: Reads, event: object, now: Instant
) -> tuple[Session, tuple[Arm | ReadMeter | UseBegan, ...]]:
    """After Finishing even free vending has a Preparing: the table has no other way (F2)."""
    session, ordered = start_unattended(own, reads, event, now)
    return session, (UseBegan(own.connector), *ordered)


def start(
    own: Session, reads: Reads, _event: object, now: Instant
) -> tuple[Session, tuple[Arm | ReadMeter, ...]]:
    return own, _start(own, reads, now)


def start_for(
    own: Session, reads: Reads, event: UseGranted, now: Instant
) -> tuple[Session, tuple[Arm | ReadMeter | UseBegan, ...]]:
    """The use has begun at the latest now: after Finishing (F2), or where it was reserved (G2)."""
    session = _granted(own, event)
    return session, (UseBegan(own.connector), *_start(own, reads, now))


def take_over(
    own: Session, reads: Reads, _event: object, now: Instant
) -> tuple[Session, tuple[Arm | ReadMeter | UseBegan | UseWithdrawn, ...]]:
    other = _granted_elsewhere(own, reads) or own
    session = Session(own.connector, own.state, other.id_tag, other.parent_id_tag, other.reader)
    return session, (UseWithdrawn(other.connector), UseBegan(own.connector), *_start(own, reads, now))


# --- the attempt comes to nothing ----------------------------------------------------------------------------


def give_up(own: Session, _reads: Reads, _event: object, _now: Instant) -> tuple[Session, tuple[UseEnded]]:
    return Session(own.connector, own.state), (UseEnded(own.connector),)


def ask_to_unplug(
    own: Session, _reads: Reads, _event: object, _now: Instant
) -> tuple[Session, tuple[UseTimedOut]]:
    return Session(own.connector, own.state), (UseTimedOut(own.connector),)


def report_lock(
    own: Session, reads: Reads, _event: LockFailed, now: Instant
) -> tuple[Session, tuple[Arm | FaultDetected, ...]]:
    return _fail(own, reads, now, FaultDetected(own.connector, "ConnectorLockFailure", by_station=True))


def report_silence(
    own: Session, reads: Reads, _event: StartTimedOut, now: Instant
) -> tuple[Session, tuple[Arm | FaultDetected, ...]]:
    """The feedback that was awaited is the lock's where there is one, the meter's where there is none."""
    code: ChargePointErrorCode = "ConnectorLockFailure" if _awaits_lock(reads) else "PowerMeterFailure"
    return _fail(own, reads, now, FaultDetected(own.connector, code, by_station=True))


def was_the_start(own: Session, _reads: Reads, event: CommitFailed) -> bool:
    failed = event.event
    return isinstance(failed, ConnectorLocked | MeterRead) and failed.connector == own.connector


def give_up_start(
    own: Session, reads: Reads, _event: CommitFailed, now: Instant
) -> tuple[Session, tuple[Arm | UseBegan, ...]]:
    """No transaction begins that is not stored; the driver may present the tag again."""
    return Session(own.connector, own.state), (_connection_time_out(reads, now), UseBegan(own.connector))


# --- the transaction -----------------------------------------------------------------------------------------


def of_the_start(_own: Session, _reads: Reads, event: MeterRead) -> bool:
    return event.context == BEGIN


def fresh(_own: Session, reads: Reads, event: ConnectorLocked | ContactorOpened | MeterRead) -> bool:
    """Not too old for a meterStart or meterStop."""
    return event.readings.age_ms <= reads.register_max_age_ms


def ask_for_the_register(
    own: Session, _reads: Reads, _event: ConnectorLocked, _now: Instant
) -> tuple[Session, tuple[ReadMeter]]:
    return own, (ReadMeter(own.connector, None, BEGIN),)


def begin_transaction(
    own: Session, reads: Reads, event: ConnectorLocked | MeterRead, _now: Instant
) -> tuple[Session, tuple[TransactionBegan]]:
    number = Counter(reads.queue.newest + 1)
    session = Session(own.connector, own.state, own.id_tag, own.parent_id_tag, own.reader, number)
    used = used_by(reads.reservations, own.connector, own.id_tag or "", own.parent_id_tag)
    reservation = None if used is None else used.reservation_id
    began = TransactionBegan(
        number, own.connector, own.id_tag or "", own.parent_id_tag, event.readings, reservation, own.profile
    )
    return session, (began,)


def stop(
    own: Session, _reads: Reads, event: StopAsked, _now: Instant
) -> tuple[Session, tuple[TransactionStopAsked, ...]]:
    return own, _stop(own, event)


def pass_on_register(
    own: Session, _reads: Reads, event: ContactorOpened, _now: Instant
) -> tuple[Session, tuple[MeterRead]]:
    """Said to the one transaction that it is about: thousands of others may wait for the network."""
    return own, (MeterRead(own.connector, own.transaction, END, event.readings),)


def ask_for_the_end(
    own: Session, _reads: Reads, _event: ContactorOpened, _now: Instant
) -> tuple[Session, tuple[ReadMeter]]:
    return own, (ReadMeter(own.connector, own.transaction, END),)


def energy_flowed(_own: Session, reads: Reads, _event: ContactorOpened) -> bool:
    return reads.contactor.state == "closed"


def pass_on_interruption(
    own: Session, _reads: Reads, event: ContactorOpened, _now: Instant
) -> tuple[Session, tuple[MeterRead]]:
    """A fault, a cable out at the EV, energy withheld: the transaction goes on without energy."""
    return own, (MeterRead(own.connector, own.transaction, INTERRUPTION_BEGIN, event.readings),)


def was_interrupted(own: Session, reads: Reads, _event: ContactorClosed) -> bool:
    return is_interrupted(own.transaction, reads.kept)


def ask_for_the_end_of_it(
    own: Session, _reads: Reads, _event: ContactorClosed, _now: Instant
) -> tuple[Session, tuple[ReadMeter]]:
    return own, (ReadMeter(own.connector, own.transaction, INTERRUPTION_END),)


def stops_when_refused(_own: Session, reads: Reads, _event: AllowanceSpent) -> bool:
    return reads.stop_on_invalid_id


def stop_refused(
    own: Session, _reads: Reads, _event: AllowanceSpent, _now: Instant
) -> tuple[Session, tuple[TransactionStopAsked, ...]]:
    return own, _stop(own, StopAsked(own.connector, "DeAuthorized"))


def stops_when_unplugged_at_the_ev(_own: Session, reads: Reads, _event: EvUnplugged) -> bool:
    return reads.stop_on_ev_side_disconnect is True


def stop_disconnected(
    own: Session, _reads: Reads, _event: object, _now: Instant
) -> tuple[Session, tuple[TransactionStopAsked, ...]]:
    return own, _stop(own, StopAsked(own.connector, "EVDisconnected"))


def cable_still_in(_own: Session, reads: Reads, _event: object) -> bool:
    return reads.cable.state != "unplugged"


def ask_to_finish(
    own: Session, _reads: Reads, _event: object, _now: Instant
) -> tuple[Session, tuple[ChargingEnded]]:
    """Whose session it was is kept: the same tag may start again without unplugging (F2)."""
    return Session(own.connector, own.state, own.id_tag, own.parent_id_tag), (ChargingEnded(own.connector),)


def cable_is_free(_own: Session, reads: Reads, _event: object) -> bool:
    """A cable that is kept is a use that is not over: nobody but its driver ends it."""
    return reads.kept_cable.state == "free"


def fixed_cable(_own: Session, reads: Reads, _event: object) -> bool:
    return reads.fixed


# --- after a power cut ---------------------------------------------------------------------------------------


def resumed(own: Session, reads: Reads, event: PoweredUp) -> bool:
    transaction = open_transaction(reads.transactions, own.connector)
    return transaction is not None and is_resumed(transaction, reads.resumes, event)


def stopped_by_the_cut(own: Session, reads: Reads, event: PoweredUp) -> bool:
    return event.plugged[own.connector] and open_transaction(reads.transactions, own.connector) is not None


def plugged_at_boot(own: Session, reads: Reads, event: PoweredUp) -> bool:
    return event.plugged[own.connector] and operative(own, reads, event)


def free_vending_at_boot(own: Session, reads: Reads, event: PoweredUp) -> bool:
    return plugged_at_boot(own, reads, event) and _vends_freely(own, reads)


def reserved_at_boot(own: Session, reads: Reads, event: PoweredUp) -> bool:
    return plugged_at_boot(own, reads, event) and on_connector(reads.reservations, own.connector) is not None


def resume(
    own: Session, reads: Reads, _event: PoweredUp, _now: Instant
) -> tuple[Session, tuple[StopAsked, ...]]:
    """A driver who was refused gets no more energy after a cut: what goes on until that is taken ends here."""
    cut = open_transaction(reads.transactions, own.connector) or Transaction()
    refused = cut.answered is not None and cut.answered.status != "Accepted"
    ends = (StopAsked(own.connector, "DeAuthorized"),) if refused and reads.stop_on_invalid_id else ()
    return Session(own.connector, own.state, cut.id_tag, cut.parent_id_tag, None, cut.number), ends


def finish_after_the_cut(own: Session, reads: Reads, _event: PoweredUp, _now: Instant) -> Session:
    cut = open_transaction(reads.transactions, own.connector) or Transaction()
    return Session(own.connector, own.state, cut.id_tag, cut.parent_id_tag)


def _granted_elsewhere(own: Session, reads: Reads) -> Session | None:
    """The session of another connector that waits for its plug, granted by a reader that serves this one too."""
    for other in reads.sessions[1:]:
        elsewhere = other.connector != own.connector
        if elsewhere and other.state == "awaiting_plug" and other.reader in reads.readers:
            return other
    return None


def _granted(own: Session, event: UseGranted) -> Session:
    return Session(
        own.connector, own.state, event.id_tag, event.parent_id_tag, event.reader, profile=event.profile
    )


def _connection_time_out(reads: Reads, now: Instant) -> Arm:
    return Arm("connection_time_out", Instant(now + reads.connection_time_out_s * 1000))


def _start(own: Session, reads: Reads, now: Instant) -> tuple[Arm | ReadMeter, ...]:
    """The lock is a level; where it tells nothing the meter is asked for the register (locked, then recorded)."""
    deadline = Arm("start", Instant(now + reads.start_deadline_ms))
    return (deadline,) if _awaits_lock(reads) else (deadline, ReadMeter(own.connector, None, BEGIN))


def _awaits_lock(reads: Reads) -> bool:
    """There is a lock, and it is not closed already for a cable that is kept."""
    return reads.lock and reads.kept_cable.state == "free"


def _fail(
    own: Session, reads: Reads, now: Instant, fault: FaultDetected
) -> tuple[Session, tuple[Arm | FaultDetected, ...]]:
    return Session(own.connector, own.state), (_connection_time_out(reads, now), fault)


def _stop(own: Session, event: StopAsked) -> tuple[TransactionStopAsked, ...]:
    stopped = own.transaction
    return () if stopped is None else (TransactionStopAsked(stopped, event.reason, event.id_tag),)


SESSION = Machine(
    "session",
    family=CONNECTOR,
    home="moment",
    slot="sessions",
    blank=Session(0),
    reads=Reads,
    states=get_args(SessionState),
    timers=(
        Timer("connection_time_out", ConnectionTimedOut, ("awaiting_id_tag", "awaiting_plug")),
        Timer("start", StartTimedOut, ("starting",)),
    ),
    table=(
        # somebody comes
        on(CablePlugged, row.S1F, start_unattended, when=[free_vending]),
        on(CablePlugged, row.S3F, start_again_unattended, when=[free_vending, plugged_anew]),
        on(CablePlugged, row.S1T, take_over, when=[takes_over]),
        on(CablePlugged, row.S1W, when=[reserved]),
        on(CablePlugged, row.S1, await_id_tag, when=[open_to_use, plugged_anew]),
        on(StatusOverdue, row.S1E, await_id_tag, when=[reserved_no_more]),
        on(ReservationEnded, row.S1E, await_id_tag, when=[faulted]),
        on(MadeAvailable, row.S1F, start_unattended, when=[plugged_free_vending]),
        on(MadeAvailable, row.S1, await_id_tag, when=[plugged_and_staying_up]),
        on(StayedUp, row.S1F, start_unattended, when=[operative_free_vending]),
        on(StayedUp, row.S1W, when=[reserved_meanwhile]),
        on(StayedUp, row.S1R, await_id_tag, when=[plugged_and_operative]),
        on(UseGranted, row.S2, await_plug, when=[granted_and_fit]),
        # both conditions
        on(UseGranted, row.S3, start_for, when=[granted_and_fit]),
        on(UseGranted, row.S3F, start_for, when=[plugged, granted_and_fit]),
        on(CablePlugged, row.S4, when=[faulted]),
        on(CablePlugged, row.S3P, start),
        on(FaultBegan, row.S4S),
        on(FaultEnded, row.S3H, start),
        # it comes to nothing
        on(UseWithdrawn, row.S5P, give_up),
        on(ConnectionTimedOut, row.S5P, give_up),
        on(ConnectionTimedOut, row.S6, ask_to_unplug),
        on(MadeUnavailable, row.S5, give_up),
        on(GoingDown, row.S5D, give_up),
        on(EvUnplugged, row.S5U, give_up),
        on(CableUnplugged, row.S5U, give_up),
        on(LockFailed, row.S7, report_lock),
        on(StartTimedOut, row.S7, report_silence),
        on(CommitFailed, row.S7C, give_up_start, when=[was_the_start]),
        # the transaction
        on(ConnectorLocked, row.S8, begin_transaction, when=[fresh]),
        on(ConnectorLocked, row.S8M, ask_for_the_register),
        on(MeterRead, row.S8, begin_transaction, when=[of_the_start, fresh]),
        on(StopAsked, row.S9, stop),
        on(EvUnplugged, row.S9, stop_disconnected, when=[stops_when_unplugged_at_the_ev]),
        on(CableUnplugged, row.S9, stop_disconnected),
        on(AllowanceSpent, row.S9, stop_refused, when=[stops_when_refused]),
        on(ContactorOpened, row.S8I, pass_on_interruption, when=[energy_flowed, fresh]),
        on(ContactorClosed, row.S8E, ask_for_the_end_of_it, when=[was_interrupted]),
        on(ContactorOpened, row.S9R, pass_on_register, when=[fresh]),
        on(ContactorOpened, row.S9M, ask_for_the_end),
        on(TransactionEnded, row.S10, ask_to_finish, when=[cable_still_in]),
        on(TransactionEnded, row.S11, give_up),
        # nothing is left to do
        on(EvUnplugged, row.S12, give_up, when=[fixed_cable]),
        on(CableUnplugged, row.S12, give_up),
        on(MadeUnavailable, row.S12, give_up, when=[cable_is_free]),
        # after a power cut
        on(PoweredUp, row.S13, resume, when=[resumed]),
        on(PoweredUp, row.S14, finish_after_the_cut, when=[stopped_by_the_cut]),
        on(PoweredUp, row.S1F, start_unattended, when=[free_vending_at_boot]),
        on(PoweredUp, row.S1W, when=[reserved_at_boot]),
        on(PoweredUp, row.S1, await_id_tag, when=[plugged_at_boot]),
    ),
    ignored=(
        ignores(CablePlugged, because="the connector is not open to use, or the plug changes nothing now"),
        ignores(MadeAvailable, StayedUp, because="nobody is there, or the use goes on"),
        ignores(GoingDown, because="not in use, or the transaction is stopped by its own event"),
        ignores(
            MadeUnavailable,
            in_=("idle", "charging", "ending", "finishing"),
            because="not in use, or it waits for the end",
        ),
        ignores(UseGranted, because="the connector is not fit for use, or somebody uses it already"),
        ignores(CommitFailed, because="what did not happen changes nothing"),
        ignores(
            ReservationEnded,
            StatusOverdue,
            because="no driver waits for it to end, or the status comes first",
        ),
        ignores(FaultBegan, FaultEnded, because="a fault holds back nothing but the start"),
        ignores(UseWithdrawn, ConnectionTimedOut, because="no tag waits for its plug"),
        ignores(
            EvUnplugged,
            CableUnplugged,
            because="nobody uses the connector, or the cable is still in the socket",
        ),
        ignores(LockFailed, StartTimedOut, ConnectorLocked, MeterRead, because="nothing is being started"),
        ignores(ContactorOpened, ContactorClosed, because="no energy flowed, or none was interrupted"),
        ignores(AllowanceSpent, because="the transaction goes on without energy, or is over"),
        ignores(StopAsked, TransactionEnded, because="no transaction is running"),
        ignores(PoweredUp, because="nobody is there, or the connector is Inoperative"),
    ),
)
