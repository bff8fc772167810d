"""A transaction, until its last message was delivered or skipped; it lives in Memory (§3.6, §4.8, §4.10).

Theory of operation: StartTransaction is recorded before the contactor closes, StopTransaction after the contactor has
told that it is open, with the register of that moment; if it does not tell, with what the meter shows then. Why it
stops is in Memory before anything is commanded, so a cut in between loses neither the stop nor its reason. What power
interrupted is stopped with PowerLoss at the next boot, or resumed, as the product says. What is made of readings is in
`pilotline.core.sampling`.
"""

from typing import Annotated

from msgspec.structs import replace

from pilotline.core import facts, sampling
from pilotline.core.boot import is_resumed
from pilotline.core.calendar import dated, stamped
from pilotline.core.effects import Arm, Disarm, Drop, ReadMeter
from pilotline.core.events import (
    ChargingBegan,
    ConfigurationChanged,
    ContactorClosed,
    FaultDetected,
    LastDelivered,
    MessageRecorded,
    MeterRead,
    PoweredUp,
    SampleDue,
    SampleTaken,
    StartAnswered,
    StartInvalidated,
    StopAsked,
    StopTimedOut,
    StopUnread,
    TransactionBegan,
    TransactionEnded,
    TransactionStopAsked,
)
from pilotline.core.sampling import (
    CLOCK,
    END,
    INTERRUPTION_BEGIN,
    INTERRUPTION_END,
    PERIODIC,
    SamplingReads,
    is_plausible,
)
from pilotline.core.slices import TRANSACTION, every, fact, key
from pilotline.core.state import (
    Contactor,
    Instant,
    Readings,
    Stamp,
    StartAnswer,
    StartMessage,
    StopCause,
    StopMessage,
    Transaction,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import TransactionRows as row


class Reads(SamplingReads, frozen=True):
    """What it takes to sample, the contactors, and the keys of stopping."""

    contactors: Annotated[tuple[Contactor, ...], every("contactors")]
    contactor_deadline_ms: Annotated[int, fact(facts.contactor_deadline_ms)]
    resumes: Annotated[bool, fact(facts.resumes_after_power_cut)]
    stop_on_invalid_id: Annotated[bool, key("StopTransactionOnInvalidId")]
    energy_on_invalid_id_wh: Annotated[int | None, key("MaxEnergyOnInvalidId")]


# --- start ---------------------------------------------------------------------------------------------------


def begin(
    own: Transaction, reads: Reads, event: TransactionBegan, now: Instant
) -> tuple[Transaction, tuple[MessageRecorded | SampleTaken | Arm | ChargingBegan, ...]]:
    register, stamp = event.readings.register, stamped(reads.boot, reads.clock, now)
    began = Transaction(
        event.transaction,
        event.connector,
        own.state,
        event.id_tag,
        event.parent_id_tag,
        register,
        began=stamp,
    )
    start = StartMessage(event.connector, event.id_tag, register, stamp, event.reservation)
    began, kept = sampling.begun(began, reads, event.readings, stamp)
    return began, (
        MessageRecorded(event.transaction, start),
        *kept,
        *_next_sample(reads, now),
        ChargingBegan(event.connector),
    )


def start_accepted(_own: Transaction, _reads: Reads, event: StartAnswered) -> bool:
    return event.status == "Accepted"


def must_stop(_own: Transaction, reads: Reads, _event: StartAnswered) -> bool:
    """StopTransactionOnInvalidId (§9.1.24), online as well as offline (errata 3.17); what MaxEnergyOnInvalidId grants
    is taken first (§9.1.14).
    """
    return reads.stop_on_invalid_id and not reads.energy_on_invalid_id_wh


def keep_answer(own: Transaction, _reads: Reads, event: StartAnswered, _now: Instant) -> Transaction:
    return _answered(own, event)


def deauthorize(
    own: Transaction, _reads: Reads, event: StartAnswered, _now: Instant
) -> tuple[Transaction, tuple[StopAsked]]:
    return _answered(own, event), (StopAsked(own.connector, "DeAuthorized"),)


def withhold_energy(
    own: Transaction, _reads: Reads, event: StartAnswered, _now: Instant
) -> tuple[Transaction, tuple[StartInvalidated]]:
    return _answered(own, event), (StartInvalidated(own.connector),)


def has_not_charged(own: Transaction, _reads: Reads, event: ContactorClosed) -> bool:
    return own.connector == event.connector and own.charged is None


def charge(own: Transaction, reads: Reads, _event: ContactorClosed, now: Instant) -> Transaction:
    return replace(own, charged=stamped(reads.boot, reads.clock, now))


# --- samples -------------------------------------------------------------------------------------------------


def take_sample(
    own: Transaction, reads: Reads, event: SampleDue, now: Instant
) -> tuple[Transaction, tuple[ReadMeter | Arm, ...]]:
    """Every interval counted from the start: a sample that is late does not delay the next one (§3.16.1)."""
    interval_ms = max(reads.sample_interval_s, 1) * 1000
    missed = (now - event.due) // interval_ms
    last = Instant(event.due + missed * interval_ms)
    return own, (ReadMeter(own.connector, own.number, PERIODIC), *_next_sample(reads, last))


def of_the_sample_interval(_own: Transaction, _reads: Reads, event: ConfigurationChanged) -> bool:
    return event.key == "MeterValueSampleInterval"


def start_sampling_anew(
    own: Transaction, reads: Reads, _event: ConfigurationChanged, now: Instant
) -> tuple[Transaction, tuple[Arm | Disarm, ...]]:
    return own, (Disarm("sample"), *_next_sample(reads, now))


def is_periodic(own: Transaction, reads: Reads, event: MeterRead) -> bool:
    return event.context == PERIODIC and _is_plausible(own, reads, event)


def record_sample(
    own: Transaction, reads: Reads, event: MeterRead, now: Instant
) -> tuple[Transaction, tuple[MessageRecorded | SampleTaken, ...]]:
    return sampling.taken(own, reads, event.readings, PERIODIC, stamped(reads.boot, reads.clock, now))


def is_of_the_tick(own: Transaction, reads: Reads, event: MeterRead) -> bool:
    """The reading of a tick that is still awaited."""
    awaited = reads.aligned_points[own.connector].state == "reading"
    return event.context == CLOCK and awaited and _is_plausible(own, reads, event)


def record_aligned(
    own: Transaction, reads: Reads, event: MeterRead, now: Instant
) -> tuple[Transaction, tuple[MessageRecorded | SampleTaken, ...]]:
    """It bears the time of its tick, not that of the reading (§3.16.2)."""
    stamp = Stamp(reads.boot.number, now, reads.aligned_points[own.connector].tick)
    return sampling.taken(own, reads, event.readings, CLOCK, stamp)


def is_interruption(own: Transaction, reads: Reads, event: MeterRead) -> bool:
    """The energy stops, or flows again after it had stopped."""
    begins = event.context == INTERRUPTION_BEGIN
    ends = event.context == INTERRUPTION_END and sampling.is_interrupted(own.number, reads.kept)
    return (begins or ends) and _is_plausible(own, reads, event)


def keep_interruption(
    own: Transaction, reads: Reads, event: MeterRead, now: Instant
) -> tuple[Transaction, tuple[SampleTaken, ...]]:
    kept = sampling.interrupted(own, reads, event.context, event.readings, now)
    return replace(own, register=event.readings.register), kept


# --- stop ----------------------------------------------------------------------------------------------------


def prepare_stop(
    own: Transaction, reads: Reads, event: TransactionStopAsked, now: Instant
) -> tuple[Transaction, tuple[Arm | ReadMeter, ...]]:
    """The contactor opens by itself now (`levels`); if it is open, nobody will tell the register unasked."""
    cause = StopCause(event.reason, event.id_tag, stamped(reads.boot, reads.clock, now))
    deadline = Arm("stop", Instant(now + reads.contactor_deadline_ms))
    closed = reads.contactors[own.connector].state == "closed"
    return replace(own, stop=cause), (deadline,) if closed else (
        deadline,
        ReadMeter(own.connector, own.number, END),
    )


def is_end(_own: Transaction, reads: Reads, event: MeterRead) -> bool:
    return event.context == END and event.readings.age_ms <= reads.register_max_age_ms


def record_stop(
    own: Transaction, reads: Reads, event: MeterRead, _now: Instant
) -> tuple[Transaction, tuple[Drop | MessageRecorded | TransactionEnded, ...]]:
    stopped, recorded = _stopped(own, reads, event.readings)
    return stopped, (*recorded, TransactionEnded(own.connector))


def contactor_does_not_tell(own: Transaction, reads: Reads, _event: StopTimedOut) -> bool:
    """It may be welded, and energy still flow: what the meter shows now is nearer to the end than any sample."""
    return reads.contactors[own.connector].state == "closed"


def ask_the_meter(
    own: Transaction, reads: Reads, _event: StopTimedOut, now: Instant
) -> tuple[Transaction, tuple[Arm | ReadMeter | FaultDetected, ...]]:
    return own, (
        Arm("reading", Instant(now + reads.contactor_deadline_ms)),
        ReadMeter(own.connector, own.number, END),
        FaultDetected(own.connector, "PowerSwitchFailure", by_station=True),
    )


def record_stop_blind(
    own: Transaction, reads: Reads, _event: StopTimedOut | StopUnread, _now: Instant
) -> tuple[Transaction, tuple[Drop | MessageRecorded | TransactionEnded | FaultDetected, ...]]:
    """The meter does not tell: the last reading has to do. The connector is not fit for use."""
    stopped, recorded = _stopped(own, reads, None)
    failure = FaultDetected(own.connector, "PowerMeterFailure", by_station=True)
    return stopped, (*recorded, TransactionEnded(own.connector), failure)


# --- power ---------------------------------------------------------------------------------------------------


def resumed(own: Transaction, reads: Reads, event: PoweredUp) -> bool:
    return is_resumed(own, reads.resumes, event)


def go_on(
    own: Transaction, reads: Reads, event: PoweredUp, now: Instant
) -> tuple[Transaction, tuple[Arm | SampleTaken, ...]]:
    readings = _readings_at_boot(own, reads, event)
    kept = sampling.interrupted_by_the_cut(own, reads, readings, now)
    return own, (*_next_sample(reads, now), *kept)


def stop_for_the_cut(
    own: Transaction, reads: Reads, event: PoweredUp, now: Instant
) -> tuple[Transaction, tuple[Drop | MessageRecorded, ...]]:
    cause = StopCause(event.cause, None, stamped(reads.boot, reads.clock, now))
    return _stopped(replace(own, stop=cause), reads, _readings_at_boot(own, reads, event))


def finish_stop(
    own: Transaction, reads: Reads, event: PoweredUp, _now: Instant
) -> tuple[Transaction, tuple[Drop | MessageRecorded, ...]]:
    return _stopped(own, reads, _readings_at_boot(own, reads, event))


def _readings_at_boot(own: Transaction, reads: Reads, event: PoweredUp) -> Readings | None:
    readings = event.readings[own.connector]
    return readings if readings is not None and is_plausible(own, reads, readings) else None


def _is_plausible(own: Transaction, reads: Reads, event: MeterRead) -> bool:
    return event.connector == own.connector and is_plausible(own, reads, event.readings)


def _answered(own: Transaction, event: StartAnswered) -> Transaction:
    answer = StartAnswer(event.transaction_id, event.status, event.processed)
    return replace(own, answered=answer, parent_id_tag=event.parent_id_tag or own.parent_id_tag)


def _next_sample(reads: Reads, now: Instant) -> tuple[Arm, ...]:
    if reads.sample_interval_s <= 0:
        return ()
    return (Arm("sample", Instant(now + reads.sample_interval_s * 1000)),)


def _stopped(
    own: Transaction, reads: Reads, readings: Readings | None
) -> tuple[Transaction, tuple[Drop | MessageRecorded, ...]]:
    """The transaction with its last register, which never runs backwards, and what is recorded of its end."""
    assert own.stop is not None, "stopping without a cause"  # noqa: S101  (an assertion of ours, see step)
    stop, stamp = own.stop, dated(own.stop.stamp, reads.boot, reads.clock)  # the clock may be known by now
    register = max(own.register, readings.register) if readings else own.register
    data, before = sampling.ended(own, reads, readings, stamp)
    message = StopMessage(register, stamp, stop.reason, stop.id_tag, data)
    return replace(own, register=register, since=None), (*before, MessageRecorded(own.number, message))


TRANSACTION_MACHINE = Machine(
    "transaction",
    family=TRANSACTION,
    home="memory",
    slot="transactions",
    boot_event=PoweredUp,
    blank=Transaction(),
    reads=Reads,
    states=("initial", "running", "stopping", "stopped", "closed"),
    final=("closed",),
    timers=(
        Timer("sample", SampleDue, ("running",)),
        Timer("stop", StopTimedOut, ("stopping",)),
        Timer("reading", StopUnread, ("stopping",)),
    ),
    table=(
        on(TransactionBegan, row.T1, begin),
        on(ContactorClosed, row.T1C, charge, when=[has_not_charged]),
        on(StartAnswered, row.T3, keep_answer, when=[start_accepted]),
        on(StartAnswered, row.T3R, deauthorize, when=[must_stop]),
        on(StartAnswered, row.T3R, withhold_energy),
        on(StartAnswered, row.T3S, keep_answer),
        on(SampleDue, row.T2, take_sample),
        on(ConfigurationChanged, row.T2, start_sampling_anew, when=[of_the_sample_interval]),
        on(MeterRead, row.T2, record_sample, when=[is_periodic]),
        on(MeterRead, row.T2C, record_aligned, when=[is_of_the_tick]),
        on(MeterRead, row.T2I, keep_interruption, when=[is_interruption]),
        on(TransactionStopAsked, row.T4, prepare_stop),
        on(MeterRead, row.T5, record_stop, when=[is_end]),
        on(StopTimedOut, row.T4M, ask_the_meter, when=[contactor_does_not_tell]),
        on(StopTimedOut, row.T5, record_stop_blind),
        on(StopUnread, row.T5, record_stop_blind),
        on(LastDelivered, row.T8),
        on(PoweredUp, row.T7, go_on, when=[resumed]),
        on(PoweredUp, row.T6, stop_for_the_cut),
        on(PoweredUp, row.T5, finish_stop),
    ),
    ignored=(
        ignores(
            StartAnswered, SampleDue, ConfigurationChanged, MeterRead, TransactionStopAsked, StopTimedOut,
            StopUnread, ContactorClosed, LastDelivered, PoweredUp, in_=("initial",), because="it has not begun",
        ),
        ignores(TransactionBegan, in_=("running", "stopping", "stopped"), because="it has begun already"),
        ignores(ContactorClosed, because="of another connector, charged before, or no more to be charged"),
        ignores(SampleDue, ConfigurationChanged, MeterRead, because="no such reading counts here"),
        ignores(
            TransactionStopAsked, StopTimedOut, StopUnread,
            because="it is stopping already, or does not have to",
        ),
        ignores(LastDelivered, in_=("running", "stopping"), because="its last message is not recorded yet"),
        ignores(PoweredUp, in_=("stopped",), because="all of it is recorded"),
    ),
)  # fmt: skip
