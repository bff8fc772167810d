"""A transaction, until its last message was delivered or skipped; it lives in Memory (§3.6, §4.8, §4.10).

Theory of operation: StartTransaction is recorded before the contactor closes, StopTransaction after the contactor has
told that it is open, with the register of that moment. Why it stops is in Memory before anything is commanded, so a cut
in between loses neither the stop nor its reason. What power interrupted is stopped with PowerLoss at the next boot, or
resumed, as the product says.
"""

from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.boot import is_resumed
from pilotline.core.calendar import dated, stamped
from pilotline.core.effects import Arm, Disarm, ReadMeter
from pilotline.core.events import (
    ChargingBegan,
    ConfigurationChanged,
    FaultDetected,
    LastDelivered,
    MessageRecorded,
    MeterRead,
    PoweredUp,
    SampleDue,
    StartAnswered,
    StartInvalidated,
    StopAsked,
    StopTimedOut,
    TransactionBegan,
    TransactionEnded,
    TransactionStopAsked,
)
from pilotline.core.metering import selected
from pilotline.core.slices import TRANSACTION, every, fact, key, station
from pilotline.core.state import (
    Boot,
    Clock,
    Contactor,
    Instant,
    MeterMessage,
    StartAnswer,
    StartMessage,
    StopCause,
    StopMessage,
    Transaction,
    Wh,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import TransactionRows as row
from pilotline.spec.types import ReadingContext

SAMPLE: Final[ReadingContext] = "Sample.Periodic"
END: Final[ReadingContext] = "Transaction.End"


class Reads(Struct, frozen=True):
    """The clock, the contactors, and the keys of metering and stopping."""

    boot: Annotated[Boot, station("boot")]
    clock: Annotated[Clock, station("clock")]
    contactors: Annotated[tuple[Contactor, ...], every("contactors")]
    contactor_deadline_ms: Annotated[int, fact(facts.contactor_deadline_ms)]
    resumes: Annotated[bool, fact(facts.resumes_after_power_cut)]
    sample_interval_s: Annotated[int, key("MeterValueSampleInterval")]
    sampled: Annotated[tuple[str, ...], key("MeterValuesSampledData")]
    stop_on_invalid_id: Annotated[bool, key("StopTransactionOnInvalidId")]


# --- start ---------------------------------------------------------------------------------------------------


def begin(
    own: Transaction, reads: Reads, event: TransactionBegan, now: Instant
) -> tuple[Transaction, tuple[MessageRecorded | Arm | ChargingBegan, ...]]:
    register = event.readings.register
    began = Transaction(
        event.transaction, event.connector, own.state, event.id_tag, event.parent_id_tag, register
    )
    stamp = stamped(reads.boot, reads.clock, now)
    start = StartMessage(event.connector, event.id_tag, register, stamp, event.reservation)
    return began, (
        MessageRecorded(event.transaction, start),
        *_next_sample(reads, now),
        ChargingBegan(event.connector),
    )


def start_accepted(_own: Transaction, _reads: Reads, event: StartAnswered) -> bool:
    return event.status == "Accepted"


def must_stop(own: Transaction, reads: Reads, _event: StartAnswered) -> bool:
    """StopTransactionOnInvalidId (§9.1.24), online as well as offline (errata 3.17)."""
    return reads.stop_on_invalid_id


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


# --- samples -------------------------------------------------------------------------------------------------


def take_sample(
    own: Transaction, reads: Reads, event: SampleDue, now: Instant
) -> tuple[Transaction, tuple[ReadMeter | Arm, ...]]:
    """Every interval counted from the start: a sample that is late does not delay the next one (§3.16.1)."""
    interval_ms = max(reads.sample_interval_s, 1) * 1000
    missed = (now - event.due) // interval_ms
    last = Instant(event.due + missed * interval_ms)
    return own, (ReadMeter(own.connector, own.number, SAMPLE), *_next_sample(reads, last))


def of_the_sample_interval(_own: Transaction, _reads: Reads, event: ConfigurationChanged) -> bool:
    return event.key == "MeterValueSampleInterval"


def start_sampling_anew(
    own: Transaction, reads: Reads, _event: ConfigurationChanged, now: Instant
) -> tuple[Transaction, tuple[Arm | Disarm, ...]]:
    return own, (Disarm("sample"), *_next_sample(reads, now))


def is_sample(_own: Transaction, _reads: Reads, event: MeterRead) -> bool:
    return event.context == SAMPLE


def record_sample(
    own: Transaction, reads: Reads, event: MeterRead, now: Instant
) -> tuple[Transaction, tuple[MessageRecorded, ...]]:
    readings = selected(event.readings, reads.sampled)
    if not readings.values:
        return own, ()
    sample = MeterMessage(own.connector, stamped(reads.boot, reads.clock, now), event.context, readings)
    return replace(own, register=event.readings.register), (MessageRecorded(own.number, sample),)


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


def is_end(_own: Transaction, _reads: Reads, event: MeterRead) -> bool:
    return event.context == END


def record_stop(
    own: Transaction, reads: Reads, event: MeterRead, _now: Instant
) -> tuple[Transaction, tuple[MessageRecorded | TransactionEnded, ...]]:
    return _stopped(own, event.readings.register), (
        _stop_message(own, reads, event.readings.register),
        _ended(own),
    )


def record_stop_blind(
    own: Transaction, reads: Reads, _event: StopTimedOut, _now: Instant
) -> tuple[Transaction, tuple[MessageRecorded | TransactionEnded | FaultDetected, ...]]:
    """The contactor does not tell: the last reading has to do, and the connector is not safe to use."""
    return own, (
        _stop_message(own, reads, own.register),
        _ended(own),
        FaultDetected(own.connector, "PowerSwitchFailure", by_station=True),
    )


# --- power ---------------------------------------------------------------------------------------------------


def resumed(own: Transaction, reads: Reads, event: PoweredUp) -> bool:
    return is_resumed(own, reads.resumes, event)


def go_on(
    own: Transaction, reads: Reads, _event: PoweredUp, now: Instant
) -> tuple[Transaction, tuple[Arm, ...]]:
    return own, _next_sample(reads, now)


def stop_for_the_cut(
    own: Transaction, reads: Reads, event: PoweredUp, now: Instant
) -> tuple[Transaction, tuple[MessageRecorded]]:
    cause = StopCause(event.cause, None, stamped(reads.boot, reads.clock, now))
    caused = replace(own, stop=cause)
    register = _register_at_boot(own, event)
    return _stopped(caused, register), (_stop_message(caused, reads, register),)


def finish_stop(
    own: Transaction, reads: Reads, event: PoweredUp, _now: Instant
) -> tuple[Transaction, tuple[MessageRecorded]]:
    register = _register_at_boot(own, event)
    return _stopped(own, register), (_stop_message(own, reads, register),)


def _register_at_boot(own: Transaction, event: PoweredUp) -> Wh:
    readings = event.readings[own.connector]
    return own.register if readings is None else readings.register


def _answered(own: Transaction, event: StartAnswered) -> Transaction:
    answer = StartAnswer(event.transaction_id, event.status, event.processed)
    return replace(own, answered=answer, parent_id_tag=event.parent_id_tag or own.parent_id_tag)


def _next_sample(reads: Reads, now: Instant) -> tuple[Arm, ...]:
    if reads.sample_interval_s <= 0:
        return ()
    return (Arm("sample", Instant(now + reads.sample_interval_s * 1000)),)


def _stopped(own: Transaction, register: Wh) -> Transaction:
    return replace(own, register=register)


def _stop_message(own: Transaction, reads: Reads, register: Wh) -> MessageRecorded:
    """The clock may have become known since it was told to stop."""
    assert own.stop is not None, "stopping without a cause"  # noqa: S101  (an assertion of ours, see step)
    stamp = dated(own.stop.stamp, reads.boot, reads.clock)
    return MessageRecorded(own.number, StopMessage(register, stamp, own.stop.reason, own.stop.id_tag))


def _ended(own: Transaction) -> TransactionEnded:
    return TransactionEnded(own.connector)


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
    ),
    table=(
        on(TransactionBegan, row.T1, begin),
        on(StartAnswered, row.T3, keep_answer, when=[start_accepted]),
        on(StartAnswered, row.T3R, deauthorize, when=[must_stop]),
        on(StartAnswered, row.T3R, withhold_energy),
        on(StartAnswered, row.T3S, keep_answer),
        on(SampleDue, row.T2, take_sample),
        on(ConfigurationChanged, row.T2, start_sampling_anew, when=[of_the_sample_interval]),
        on(MeterRead, row.T2, record_sample, when=[is_sample]),
        on(TransactionStopAsked, row.T4, prepare_stop),
        on(MeterRead, row.T5, record_stop, when=[is_end]),
        on(StopTimedOut, row.T5, record_stop_blind),
        on(LastDelivered, row.T8),
        on(PoweredUp, row.T7, go_on, when=[resumed]),
        on(PoweredUp, row.T6, stop_for_the_cut),
        on(PoweredUp, row.T5, finish_stop),
    ),
    ignored=(
        ignores(
            StartAnswered, SampleDue, ConfigurationChanged, MeterRead, TransactionStopAsked, StopTimedOut,
            LastDelivered, PoweredUp, in_=("initial",), because="it has not begun",
        ),
        ignores(TransactionBegan, in_=("running", "stopping", "stopped"), because="it has begun already"),
        ignores(SampleDue, ConfigurationChanged, MeterRead, because="no sample is due here"),
        ignores(TransactionStopAsked, StopTimedOut, because="it is stopping already, or does not have to"),
        ignores(LastDelivered, in_=("running", "stopping"), because="its last message is not recorded yet"),
        ignores(PoweredUp, in_=("stopped",), because="all of it is recorded"),
    ),
)  # fmt: skip
